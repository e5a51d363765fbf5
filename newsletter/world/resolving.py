"""DNS as this machine sees it: questions to its resolver, with answers that are never errors."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from newsletter.errors import NewsletterError

LIFETIME: Final = 5.0
"""Seconds for a question with all its tries."""
TIMEOUT: Final = 2.0
"""Seconds for one try."""
PATIENCE: Final = 3
"""Questions without any answer after which the others get less time: a domain whose servers are
away is asked a dozen things."""
SHORT: Final = 1.0
"""Seconds for each of them."""
MAX_RECORDS: Final = 200
"""Records of one answer that are looked at."""


class ResolverError(NewsletterError, ValueError):
    """A resolver that was named, but is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """What DNS says about one name and type."""

    name: str
    kind: str
    records: tuple[str, ...] = ()
    """As text: strings of TXT joined, MX as `10 host`, names without a dot at the end."""
    exists: bool = True
    """False when there is nothing of that name, of no type (NXDOMAIN)."""
    problem: str = ""
    """Why there is no answer, in a few words; then nothing is known of the name."""
    silent: bool = False
    """Whether no server said anything at all: this name's servers are away, or our resolver is."""
    alias: str = ""
    """The name that this is an alias of (CNAME); empty for none."""

    @property
    def is_void(self) -> bool:
        """Whether there is an answer, and it is that there is nothing."""
        return not self.problem and not self.records


Lookup = Callable[[str, str], Coroutine[object, None, DnsAnswer]]
"""(name, type) → what DNS says; never raises."""


def remembering(ask: Lookup) -> Lookup:
    """Return the same, asking each question once, also when it is asked again meanwhile."""
    known: dict[tuple[str, str], asyncio.Task[DnsAnswer]] = {}

    async def lookup(name: str, kind: str) -> DnsAnswer:
        key = (name.lower().rstrip("."), kind)
        if key not in known:
            known[key] = asyncio.create_task(_asking(ask, name, kind))
        return await asyncio.shield(known[key])

    return lookup


async def _asking(ask: Lookup, name: str, kind: str) -> DnsAnswer:
    return await ask(name, kind)


def open_resolver(server: str = "", lifetime: float = LIFETIME) -> Lookup:
    """Return what asks the resolver of this machine, or `server`: an address, or address:port.

    Raises ResolverError when there is none, or `server` is no address.
    """
    try:
        resolver = dns.asyncresolver.Resolver(configure=not server)
    except dns.exception.DNSException:
        raise ResolverError("this machine names no resolver (/etc/resolv.conf)") from None
    if server:
        address, resolver.port = _address_of(server)
        resolver.nameservers = [address]
    resolver.timeout = min(TIMEOUT, lifetime / 2)
    # A search list would answer for another name than the world sees.
    resolver.search, resolver.use_search_by_default = [], False

    silences = 0

    async def ask(name: str, kind: str) -> DnsAnswer:
        nonlocal silences
        seconds = lifetime if silences < PATIENCE else min(SHORT, lifetime)
        found = await _ask(resolver, name, kind, seconds)
        silences += found.silent
        return found

    return remembering(ask)


def outgoing_addresses() -> tuple[str, ...]:
    """Return the addresses from which this machine reaches the internet; sends nothing.

    Behind address translation they are private, and the public one is not known here.
    """
    found: list[str] = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))  # of a datagram socket: only chooses a route
                found.append(probe.getsockname()[0])
        except OSError:
            continue
    return tuple(found)


def _address_of(server: str) -> tuple[str, int]:
    host, port = server, "53"
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif server.count(":") == 1:
        host, _, port = server.partition(":")
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        raise ResolverError(
            f"`{server}` is not the address of a resolver, such as 9.9.9.9 or [2620:fe::fe]:53"
        ) from None


async def _ask(
    resolver: dns.asyncresolver.Resolver, name: str, kind: str, seconds: float
) -> DnsAnswer:
    """Ask; whatever goes wrong is told in the answer."""
    try:
        asked = dns.name.from_text(name.rstrip(".") + ".", idna_codec=dns.name.IDNA_2008_Practical)
        found = await resolver.resolve(asked, kind, raise_on_no_answer=False, lifetime=seconds)
    except dns.resolver.NXDOMAIN:
        return DnsAnswer(name=name, kind=kind, exists=False)
    except dns.resolver.NoNameservers as error:
        said, silent = _refusals(error)
        return DnsAnswer(name=name, kind=kind, problem=said, silent=silent)
    except dns.exception.Timeout:
        return DnsAnswer(name=name, kind=kind, problem="no answer in time", silent=True)
    except OSError as error:
        said = error.strerror or type(error).__name__
        return DnsAnswer(name=name, kind=kind, problem=said, silent=True)
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        said = " ".join(str(error).split())[:100] or type(error).__name__
        return DnsAnswer(name=name, kind=kind, problem=f"not to be asked in DNS ({said})")
    # Servers shuffle them; diagnoses should not change from one look to the next.
    records = tuple(sorted(_text(record) for record in list(found.rrset or ())[:MAX_RECORDS]))
    canonical = found.canonical_name
    alias = "" if canonical == asked else canonical.to_text(omit_final_dot=True)
    return DnsAnswer(name=name, kind=kind, records=records, alias=alias)


def _refusals(error: dns.resolver.NoNameservers) -> tuple[str, bool]:
    """Return what servers answered instead of an answer, and whether none of them said a thing."""
    tries: Any = error.kwargs.get("errors", ())
    said = [tried[3] for tried in tries]
    silent = all(isinstance(one, OSError | dns.exception.Timeout) for one in said)
    words = dict.fromkeys(
        (one.strerror or type(one).__name__) if isinstance(one, OSError) else str(one)
        for one in said
    )
    return "; ".join(" ".join(word.split())[:100] for word in words) or "no answer", silent


def _text(record: Any) -> str:
    """Return a record's data as plain text."""
    if record.rdtype == dns.rdatatype.TXT:
        # A text of more than 255 bytes comes in pieces, joined without spaces (RFC 7208, 3.3).
        return b"".join(record.strings).decode("utf-8", "backslashreplace")
    if record.rdtype == dns.rdatatype.MX:
        return f"{record.preference} {record.exchange.to_text(omit_final_dot=True)}"
    if record.rdtype in (dns.rdatatype.PTR, dns.rdatatype.CNAME, dns.rdatatype.NS):
        return str(record.target.to_text(omit_final_dot=True))
    return str(record.to_text())
