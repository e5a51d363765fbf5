"""Whether an address may send mail of a domain: check_host() of RFC 7208, section 4."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final

from newsletter.doctor.dns.spf import ASKING, SpfRecord, SpfTerm, read_spf, records_of
from newsletter.doctor.dns.walking import MOST_HOSTS, MOST_LOOKUPS, MOST_VOIDS
from newsletter.world.resolving import DnsAnswer, Lookup

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MEANINGS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
MOST_NAME: Final = 253
"""Characters of a domain, after macros (7.3)."""
_MACRO = re.compile(r"%(?:([%_-])|\{([a-zA-Z])(\d*)([rR]?)([-.+,/_=]*)\})")


class _EndError(Exception):
    """The judgement ends here: `permerror` or `temperror`."""


@dataclass(slots=True, kw_only=True)
class _Case:
    """One judgement: who sends, and how much was asked so far."""

    lookup: Lookup
    address: Address
    sender: str
    hello: str
    lookups: int = field(default=0)
    voids: int = field(default=0)

    async def ask(self, name: str, kind: str) -> DnsAnswer:
        answer = await self.lookup(name, kind)
        if answer.problem:
            raise _EndError("temperror")
        if answer.is_void:
            self.voids += 1
            if self.voids > MOST_VOIDS:
                raise _EndError("permerror")
        return answer


async def judge(lookup: Lookup, address: Address, sender: str, hello: str = "") -> str:
    """Return what a receiver makes of mail from `address` with the envelope sender `sender`.

    One of none, neutral, pass, fail, softfail, temperror and permerror (2.6). `hello` is the name
    that the server gives itself, for records that look at it.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    case = _Case(lookup=lookup, address=address, sender=sender, hello=hello or "unknown")
    try:
        return await _host(case, sender.rpartition("@")[2])
    except _EndError as end:
        return str(end)


async def _host(case: _Case, domain: str) -> str:
    record = await _record(case, domain)
    if record is None:
        return "none"
    if record.mistakes:
        raise _EndError("permerror")
    for term in record.reached:
        if await _matches(case, term, domain):
            return MEANINGS[term.sign]
    if record.redirect:
        _count(case, record.redirect)
        found = await _host(case, _expanded(case, record.redirect, domain))
        if found == "none":
            raise _EndError("permerror")
        return found
    return "neutral"


async def _record(case: _Case, domain: str) -> SpfRecord | None:
    # Looking for the record itself is no void lookup (4.6.4 speaks of terms).
    answer = await case.lookup(domain, "TXT")
    if answer.problem:
        raise _EndError("temperror")
    texts = records_of(answer.records)
    if len(texts) > 1:
        raise _EndError("permerror")
    return read_spf(texts[0]) if texts else None


def _count(case: _Case, term: SpfTerm) -> None:
    case.lookups += term.name in ASKING
    if case.lookups > MOST_LOOKUPS:
        raise _EndError("permerror")


async def _matches(case: _Case, term: SpfTerm, domain: str) -> bool:  # noqa: PLR0911  one per kind
    _count(case, term)
    if term.network is not None:
        return case.address in term.network
    if term.name == "all":
        return True
    name = _expanded(case, term, domain)
    match term.name:
        case "include":
            found = await _host(case, name)
            if found == "none":
                raise _EndError("permerror")
            return found == "pass"
        case "a":
            return await _is_host(case, name, term)
        case "mx":
            return await _is_exchanger(case, name, term)
        case "ptr":
            return await _is_named(case, name)
        case _:
            return bool((await case.ask(name, "A")).records)


async def _is_host(case: _Case, name: str, term: SpfTerm, *, counted: bool = True) -> bool:
    kind = "A" if case.address.version == 4 else "AAAA"  # noqa: PLR2004  IPv4
    length = term.four if kind == "A" else term.six
    answer = await (case.ask if counted else case.lookup)(name, kind)
    networks = (ipaddress.ip_network(f"{host}/{length}", strict=False) for host in answer.records)
    return any(case.address in network for network in networks)


async def _is_exchanger(case: _Case, name: str, term: SpfTerm) -> bool:
    records = (await case.ask(name, "MX")).records
    if len(records) > MOST_HOSTS:
        raise _EndError("permerror")
    for record in records:
        host = record.partition(" ")[2]
        if host and await _is_host(case, host, term, counted=False):
            return True
    return False


async def _is_named(case: _Case, name: str) -> bool:
    answer = await case.lookup(case.address.reverse_pointer, "PTR")
    kind = "A" if case.address.version == 4 else "AAAA"  # noqa: PLR2004  IPv4
    for host in answer.records[:MOST_HOSTS]:
        inside = f".{host.lower()}".endswith(f".{name.lower().rstrip('.')}")
        if inside and str(case.address) in (await case.lookup(host, kind)).records:
            return True
    return False


def _expanded(case: _Case, term: SpfTerm, domain: str) -> str:
    """Return a term's domain with its macros replaced (7)."""
    if not term.domain:
        return domain
    name = _MACRO.sub(lambda found: _value(case, found, domain), term.domain).rstrip(".")
    while len(name) > MOST_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def _value(case: _Case, found: re.Match[str], domain: str) -> str:
    if found[1]:
        return {"%": "%", "_": " ", "-": "%20"}[found[1]]
    local, _, host = case.sender.rpartition("@")
    address = case.address
    dotted = str(address) if address.version == 4 else ".".join(address.exploded.replace(":", ""))  # noqa: PLR2004  IPv4
    values = {
        "s": f"{local or 'postmaster'}@{host}",
        "l": local or "postmaster",
        "o": host,
        "d": domain,
        "i": dotted,
        "p": "unknown",
        "v": "in-addr" if address.version == 4 else "ip6",  # noqa: PLR2004  IPv4
        "h": case.hello,
    }
    value = values.get(found[2].lower())
    if value is None or found[3] == "0":
        raise _EndError("permerror")
    parts = re.split(f"[{re.escape(found[5] or '.')}]", value)
    parts = parts[::-1] if found[4] else parts
    return ".".join(parts[-int(found[3]) :] if found[3] else parts)
