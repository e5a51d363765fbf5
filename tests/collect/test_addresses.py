"""Addresses of sources, and what may be secret in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.collect.http.addresses import base, may_be_kept, on_server, shown, without_secrets

SHOWN = {
    "https://bob:pw@e.example/feed?format=rss&key=abc#top": "https://e.example/feed?format=…&key=…",
    "https://e.example/feed?abc": "https://e.example/feed?…",
    "https://e.example/feed": "https://e.example/feed",
    "http://a:b@c:d@e.example/": "http://e.example/",
    "http://bob:pw@[bad/feed?key=x": "http://[bad/feed?key=…",
    "feeds/list.opml": "feeds/list.opml",
    "https://e.example/\x1b[31m\u202ered": "https://e.example/[31mred",
}


@pytest.mark.parametrize("address", SHOWN)
def test_an_address_is_shown_without_what_may_be_secret(address: str) -> None:
    """Neither name nor password nor values of its query; no control reaches a terminal."""
    assert shown(address) == SHOWN[address]


@given(st.text(st.characters(categories=["L", "N"]), min_size=12, max_size=20), st.text(max_size=5))
def test_no_secret_survives(secret: str, odd: str) -> None:
    """Wherever a login or a query stands in an address, and the address in a text."""
    for address in (f"https://bob:{secret}@e.example/", f"https://e.example/?key={secret}"):
        assert secret not in shown(address)
        assert secret not in base(address)
        assert not may_be_kept(address)
        assert secret not in without_secrets(f"{odd} cannot reach {address} today")


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("/pdf/1.pdf", "https://openreview.net/pdf/1.pdf"),
        ("//evil.example/1.pdf", ""),
        ("https://evil.example/1.pdf", ""),
        ("http://openreview.net/1.pdf", ""),
        ("javascript:alert(1)", ""),
        ("http://[", ""),
    ],
)
def test_links_of_a_service_stay_on_its_server(link: str, found: str) -> None:
    """A path may be an address of another server, or of another scheme."""
    assert on_server("https://openreview.net/", link) == found
