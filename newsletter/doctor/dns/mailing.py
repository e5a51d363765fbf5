"""What the checks of DNS need to know of a newsletter: domains, keys, how its mail leaves."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter.doctor.diagnoses import Group
from newsletter.send.signatures import SigningKey

DNS: Final = Group("DNS")
Where = Callable[[str], str]
"""A setting of newsletter.yaml, such as `delivery.bounce` → file:line:column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """Whose DNS is looked at."""

    sender: str
    """The address in `From`."""
    bounce: str
    """The envelope sender."""
    reply_to: str
    keys: Sequence[SigningKey]
    """Those that sign here; none when the provider signs, or nobody."""
    server: str
    """The name of the mail server that takes our mail; empty when a command does."""
    is_here: bool
    """Whether that server is on this machine, so that mail leaves from here."""
    addresses: Sequence[str] = ()
    """Those from which this machine reaches the internet."""
    where: Where

    @property
    def domain(self) -> str:
        """The domain in `From`, which DMARC is about."""
        return domain_of(self.sender)

    @property
    def bounce_domain(self) -> str:
        """The domain of the envelope sender, which SPF is about."""
        return domain_of(self.bounce)

    @property
    def public(self) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
        """The addresses of this machine that the internet sees."""
        found = (ipaddress.ip_address(text) for text in self.addresses)
        return tuple(address for address in found if address.is_global)


def domain_of(address: str) -> str:
    """Return the domain of an address, in lower case."""
    return address.rpartition("@")[2].lower().rstrip(".")
