"""Connect to public addresses only; each connection is checked, on every hop of a redirect.

A stranger chooses a feed's address: it may name this machine, its network or a cloud's metadata
service, and its name may resolve to another address a moment later (DNS rebinding). So the name is
resolved here, and the connection goes to the very address that was checked.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore2
import httpx2

KEPT = 2
"""Idle connections that are kept: the sources of one server follow each other closely."""
KEPT_SECONDS = 10.0
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_PUBLIC_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32",
        ),
    )
)  # fmt: skip
"""IANA's whole IPv4 Special-Purpose Address Registry (RFC 6890, https://www.iana.org/assignments/
iana-ipv4-special-registry); multicast (RFC 5771); and, last, the address at which Azure's machines
find their platform, which only looks public."""
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
"""All addresses that IANA has allocated for the Internet (https://www.iana.org/assignments/
ipv6-address-space). Loopback, mapped, translated, unique-local, link-local, site-local,
segment-routing, multicast and unallocated addresses are outside it."""
_NOT_PUBLIC_6 = tuple(
    map(
        ipaddress.IPv6Network,
        ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
"""The special-purpose addresses within that (https://www.iana.org/assignments/
iana-ipv6-special-registry): protocol assignments with Teredo, whose addresses hide an IPv4 address
behind a relay, documentation, 6to4 and AS112."""
_EMBEDDING = (
    ipaddress.IPv6Network("64:ff9b::/96"),  # NAT64 (RFC 6052)
    ipaddress.IPv6Network("::ffff:0:0/96"),  # mapped (RFC 4291, 2.5.5.2)
)
"""Networks in which the last 32 bits of an address are the IPv4 address really meant."""
_6TO4 = ipaddress.IPv6Network("2002::/16")
"""6to4 (RFC 3056): bits 16 to 47 of an address are the IPv4 address really meant."""


class PrivateAddressError(httpcore2.ConnectError):
    """A name that resolves only to addresses in private networks."""


def real_address(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for (mapped, 6to4, NAT64), or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4:
        return ipaddress.IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Return whether an address is on the open Internet.

    Addresses that IANA's registries keep for a special purpose are not: loopback, private,
    link-local (with the clouds' 169.254.169.254), shared, reserved, multicast and others.
    """
    real = real_address(address)
    if isinstance(real, ipaddress.IPv4Address):
        return not any(real in network for network in _NOT_PUBLIC_4)
    return real in _GLOBAL_6 and not any(real in network for network in _NOT_PUBLIC_6)


async def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of `host` from the system's resolver; raises httpcore2.ConnectError."""
    with contextlib.suppress(ValueError):
        return [ipaddress.ip_address(host)]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore2.ConnectError(error.strerror or str(error)) from error
    addresses = (ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found)
    return list(dict.fromkeys(addresses))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Connects over TCP to public addresses, and to networks that the operator allows."""

    def __init__(
        self,
        allowed: Sequence[Network],
        *,
        resolver: Callable[[str, int], Awaitable[list[Address]]] = resolve,
        backend: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        """Allow the `allowed` networks beside public addresses; connect through `backend`."""
        self._allowed = tuple(allowed)
        self._resolve = resolver
        self._backend = backend or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve `host`, refuse private addresses, and connect to the first that answers."""
        refused: list[str] = []
        failure: Exception | None = None
        for address in await self._resolve(host, port):
            if not self.permits(address):
                refused.append(str(address))
                continue
            try:
                return await self._backend.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        if failure is not None:
            raise failure
        named = host if refused == [host] else f"{host} ({', '.join(refused)})"
        raise PrivateAddressError(
            f"{named} is in a private network; if the feed there is yours, add its network to "
            "`private_networks` in sources.yaml"
        )

    def permits(self, address: Address) -> bool:
        """Return whether connecting to `address` is allowed."""
        meant = {address, real_address(address)}
        return is_public(address) or any(
            form in network for form in meant for network in self._allowed
        )

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks between tries."""
        await asyncio.sleep(seconds)


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """httpx's transport, with guarded connections."""

    def __init__(self, allowed: Sequence[Network], connections: int) -> None:
        """Keep at most `connections` open at a time."""
        super().__init__(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=connections,
            # Every request looks through all idle connections, so keep few.
            max_keepalive_connections=KEPT,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=GuardedBackend(allowed),
        )
