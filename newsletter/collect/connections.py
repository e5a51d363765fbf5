"""Connections to public addresses only, checked when they are opened, on every hop of a redirect.

A feed's address is somebody else's text: it may name this machine, its network or a cloud's
metadata service, and a name may resolve to another address a moment later (DNS rebinding). So the
name is resolved here, and the connection goes to the very address that was checked.
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
"""Idle connections: sources of one server come one after the other, others never come back."""
KEPT_SECONDS = 10.0
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_PUBLIC = (ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("192.88.99.0/24"))
"""IETF protocol assignments and the old 6to4 relays, which Python before 3.13 takes for public."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is really meant."""


class PrivateAddressError(httpcore2.ConnectError):
    """A name that resolves to nothing but addresses of private networks."""


def real_address(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Tell whether an address is of the open Internet.

    Not so are loopback, private, link-local (with the clouds' 169.254.169.254), CGNAT, reserved
    and multicast addresses: the IANA special-purpose registries, as the standard library has them.
    """
    real = real_address(address)
    special = any(real in network for network in _NOT_PUBLIC if network.version == real.version)
    return real.is_global and not real.is_multicast and not special


async def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of `host` from the system's resolver; raises httpcore2.ConnectError."""
    with contextlib.suppress(ValueError):
        return [ipaddress.ip_address(host)]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore2.ConnectError(error.strerror or str(error)) from error
    addresses = (ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found)
    return list(dict.fromkeys(addresses))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to public addresses, and to networks that the operator allows."""

    def __init__(
        self,
        allowed: Sequence[Network],
        *,
        resolver: Callable[[str, int], Awaitable[list[Address]]] = resolve,
        backend: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        """Allow `allowed` beside the public addresses; connect by `backend`."""
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
        """Resolve `host`, refuse what is private, and connect to the first that answers."""
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
        """Tell whether `address` may be connected to."""
        real = real_address(address)
        return is_public(address) or any(
            real in network for network in self._allowed if network.version == real.version
        )

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks between tries."""
        await asyncio.sleep(seconds)


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """httpx's transport on guarded connections."""

    def __init__(self, allowed: Sequence[Network], connections: int) -> None:
        """Hold at most `connections` at a time."""
        super().__init__(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=connections,
            # Every request looks at every idle connection: few are worth keeping.
            max_keepalive_connections=KEPT,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=GuardedBackend(allowed),
        )
