"""No private address is connected to, on any hop, by any name."""

from __future__ import annotations

import ipaddress

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import run
from servers import Page, http_server

from newsletter.collect.http.connections import (
    Address,
    GuardedBackend,
    PrivateAddressError,
    is_public,
)
from newsletter.collect.http.fetcher import Fetcher
from newsletter.errors import SourceError

PRIVATE = (
    "127.0.0.1 127.8.8.8 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.8 "
    "198.18.0.1 224.0.0.1 255.255.255.255 ::1 :: fe80::1 fd00::1 ff02::1 ::ffff:127.0.0.1 "
    "::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 "
    "192.175.48.1 198.51.100.1 203.0.113.1 240.0.0.1 168.63.129.16 ::ffff:168.63.129.16 ::7f00:1 ::808:808 "
    "::ffff:0:7f00:1 ::ffff:0:808:808 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:0:4136:e378::1 2001:2::1 "
    "2001:10::1 2001:20::1 2001:db8::1 2002:a00:1:: 2620:4f:8000::1 3fff::1 4000::1 5f00::1 fec0::1 feff::1"
).split()


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str) -> None:
    """Loopback, private, link-local, CGNAT, metadata and IPv6 disguises of them."""
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "151.101.1.1",
        "2606:4700::1",
        "64:ff9b::808:808",
        "2002:808:808::",
        "2a00:1450::1",
    ],
)
def test_public_addresses_are_public(address: str) -> None:
    """What feeds are really served from."""
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv6_disguise_is_as_public_as_what_it_stands_for(
    address: ipaddress.IPv4Address,
) -> None:
    """Mapped, 6to4 and NAT64 forms of an address are judged as that address."""
    number = int(address)
    for disguise in (0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x64FF9B << 96 | number):
        assert is_public(ipaddress.IPv6Address(disguise)) == is_public(address)


async def fetch(url: str, *allowed: str) -> bytes:
    networks = [ipaddress.ip_network(text) for text in allowed]
    async with Fetcher(user_agent="test", timeout=5, private_networks=networks) as fetcher:
        return (await fetcher.fetch(url)).documents[0].content


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1"]
)
def test_this_machine_is_refused_by_any_name(host: str) -> None:
    """And the server there is not even asked."""
    with http_server(feed=Page(b"secret")) as web:
        port = web.url.rpartition(":")[2]
        with pytest.raises(SourceError, match=r"is in a private network|cannot connect"):
            run(fetch(f"http://{host}:{port}/feed"))

    assert web.requests == []


def test_a_redirect_into_a_private_network_is_refused() -> None:
    """Each hop is checked, not only the first: an allowed host cannot lead to another."""
    with http_server(feed=Page(b"secret")) as inside:
        port = inside.url.rpartition(":")[2]
        hop = Page(status=302, headers={"Location": f"http://127.0.0.2:{port}/feed"})
        with (
            http_server(feed=hop) as outside,
            pytest.raises(SourceError, match=r"127\.0\.0\.2 is in a private"),
        ):
            run(fetch(f"{outside.url}/feed", "127.0.0.1/32"))

    assert inside.requests == []


def test_an_allowed_network_is_reached() -> None:
    """A feed on one's own network, once its network is named; the message says how."""
    with http_server(feed=Page(b"mine")) as web:
        assert run(fetch(f"{web.url}/feed", "127.0.0.0/8")) == b"mine"
        with pytest.raises(SourceError, match="add its network to `private_networks` in sources"):
            run(fetch(f"{web.url}/feed", "10.0.0.0/8"))


class Recording(httpcore2.AsyncNetworkBackend):
    """A network that is not there: it notes where it was asked to connect."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def connect_tcp(
        self, host: str, *_rest: object, **_options: object
    ) -> httpcore2.AsyncNetworkStream:
        self.asked.append(host)
        raise httpcore2.ConnectError("nobody there")


def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    """A name that resolves to something else a moment later (DNS rebinding) gains nothing."""
    answers = iter(["8.8.8.8", "127.0.0.1"])

    async def resolver(_host: str, _port: int) -> list[Address]:
        return [ipaddress.ip_address(next(answers))]

    network = Recording()
    backend = GuardedBackend([], resolver=resolver, backend=network)
    with pytest.raises(httpcore2.ConnectError, match="nobody there"):
        run(backend.connect_tcp("rebinding.example", 80))
    with pytest.raises(PrivateAddressError):
        run(backend.connect_tcp("rebinding.example", 80))

    assert network.asked == ["8.8.8.8"]


def test_of_many_addresses_only_the_public_ones_are_tried() -> None:
    """A name with a public and a private address is reached by the public one, or not at all."""

    async def resolver(_host: str, _port: int) -> list[Address]:
        return [
            ipaddress.ip_address(address) for address in ("10.0.0.1", "8.8.8.8", "::1", "8.8.4.4")
        ]

    network = Recording()
    with pytest.raises(httpcore2.ConnectError):
        run(GuardedBackend([], resolver=resolver, backend=network).connect_tcp("mixed.example", 80))

    assert network.asked == ["8.8.8.8", "8.8.4.4"]


def test_a_disguised_address_of_an_allowed_network_is_allowed() -> None:
    """The operator's network is named once, in either form."""
    four = GuardedBackend([ipaddress.ip_network("10.0.0.0/8")])
    six = GuardedBackend([ipaddress.ip_network("fd00::/8")])

    assert four.permits(ipaddress.ip_address("::ffff:10.0.0.1"))
    assert not four.permits(ipaddress.ip_address("::ffff:192.168.0.1"))
    assert six.permits(ipaddress.ip_address("fd00::1"))
    assert not six.permits(ipaddress.ip_address("fe80::1"))
