"""Diagnoses on MX: whether mail can come back to the addresses that ours names."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import AsyncIterator
from typing import Final

from newsletter.doctor.diagnoses import Diagnosis, Record, excerpt
from newsletter.doctor.dns.mailing import DNS, Mailing, domain_of
from newsletter.world.resolving import DnsAnswer, Lookup

MOST: Final = 10
"""Servers of one domain that are looked at."""


async def check_exchangers(lookup: Lookup, mailing: Mailing) -> AsyncIterator[Diagnosis]:
    """Yield whether bounces and answers find a mail server."""
    wanted: dict[str, tuple[str, str]] = {}
    for what, address, setting in (
        ("bounces", mailing.bounce, "delivery.bounce"),
        ("answers", mailing.reply_to, "reply_to"),
        ("answers", mailing.sender, "from"),
    ):
        wanted.setdefault(domain_of(address), (what, mailing.where(setting)))
    for domain, (what, where) in wanted.items():
        async for diagnosis in _domain(lookup, domain, what, where):
            yield diagnosis


async def _domain(lookup: Lookup, domain: str, what: str, where: str) -> AsyncIterator[Diagnosis]:
    answer = await lookup(domain, "MX")
    record = Record(domain, "MX", "10 <the name of the server that takes its mail>")
    if answer.problem:
        yield DNS.error(
            "MX",
            f"{domain}: DNS gives no answer ({excerpt(answer.problem)})",
            "look at the name servers of the domain",
            where=where,
        )
    elif not answer.exists:
        yield DNS.error(
            "MX",
            f"{domain}: there is no such domain, so no {what} arrive",
            "write an address at a domain of yours",
            where=where,
        )
    elif not answer.records:
        yield await _without(lookup, domain, what, record, where)
    elif any(not _host(text) for text in answer.records):
        yield DNS.error(
            "MX",
            f"{domain} says that it takes no mail (a null MX, RFC 7505), so no {what} arrive",
            "name a server there, or write an address at another domain",
            publish=record,
            where=where,
        )
    else:
        async for diagnosis in _servers(lookup, domain, what, answer, where):
            yield diagnosis


async def _without(lookup: Lookup, domain: str, what: str, record: Record, where: str) -> Diagnosis:
    """Return what it means that a domain has no MX: its own address counts (RFC 5321, 5.1)."""
    found = [*(await lookup(domain, "A")).records, *(await lookup(domain, "AAAA")).records]
    if found:
        return DNS.warning(
            "MX",
            f"{domain} has no MX, so {what} are tried at {found[0]}",
            "name its mail server: some senders refuse to write to a domain without",
            publish=record,
            where=where,
        )
    return DNS.error(
        "MX",
        f"{domain} has neither MX nor address, so no {what} arrive: some receivers refuse "
        "mail from it",
        "name its mail server",
        publish=record,
        where=where,
    )


async def _servers(
    lookup: Lookup, domain: str, what: str, answer: DnsAnswer, where: str
) -> AsyncIterator[Diagnosis]:
    """Yield what is wrong with the servers of a domain; that all is well, if nothing is."""
    good: list[str] = []
    for text in sorted(answer.records, key=_preference)[:MOST]:
        host = _host(text)
        problem, mend = await _server(lookup, host)
        if problem:
            yield DNS.warning("MX", f"{domain}: {problem}", mend, where=where)
        else:
            good.append(host)
    if good:
        yield DNS.good("MX", f"{domain}: {what} go to {', '.join(good)}")
    else:
        yield DNS.error(
            "MX",
            f"{domain}: no {what} arrive: none of its servers is there",
            "name one that is",
            where=where,
        )


async def _server(lookup: Lookup, host: str) -> tuple[str, str]:
    """Return what is wrong with a server, and how to mend it."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return f"MX {host} is an address; only names count", "give it a name, and write that"
    four, six = await lookup(host, "A"), await lookup(host, "AAAA")
    if four.problem and six.problem:
        return f"MX {host}: DNS gives no answer ({excerpt(four.problem)})", "look at its name"
    if not four.records and not six.records:
        return f"MX {host} has no address", "take it out, or publish its address"
    if four.alias or six.alias:
        told = f"MX {host} is an alias (CNAME), which RFC 5321 does not allow"
        return told, f"write {four.alias or six.alias} for it"
    return "", ""


def _preference(text: str) -> int:
    return int(text.partition(" ")[0])


def _host(text: str) -> str:
    return text.partition(" ")[2].rstrip(".")
