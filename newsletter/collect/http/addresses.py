"""Addresses of sources: how to show them, what links start from, and which server they are on.

An address may hold a key, in its name and password or in its query. These are never shown, stored,
or given to another server.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urljoin, urlsplit

from newsletter.model.gate import line

MAX_SHOWN = 200
_PARTS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^/?#]*@)?(?P<place>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s<>\"']+", re.IGNORECASE)
_STARTS = ("http://", "https://")


def shown(address: str) -> str:
    """Return an address as it may be shown to people: on one line, without possible secrets.

    >>> shown("https://bob:pw@example.org/feed?format=rss&key=abc")
    'https://example.org/feed?format=…&key=…'
    """
    found = _PARTS.fullmatch(address[:5000])
    if found is None:
        return line(address, MAX_SHOWN)
    told = found["scheme"] + found["place"]
    if found["query"]:
        names = (pair.partition("=") for pair in found["query"].split("&")[:10])
        told += "?" + "&".join(f"{name}=…" if equals else "…" for name, equals, _ in names)
    return line(told, MAX_SHOWN)


def without_secrets(text: str) -> str:
    """Return a text in which every address is shown without possible secrets."""
    return _IN_TEXT.sub(lambda found: shown(found[0]), text)


def base(address: str) -> str:
    """Return the address that relative links start from: without name, password and query."""
    found = _PARTS.fullmatch(address)
    return found["scheme"] + found["place"] if found else address


def digest(address: str) -> str:
    """Return a digest that recognises an address without storing it."""
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32]


def may_be_kept(address: str) -> bool:
    """Return whether an address has no part that could hold a secret."""
    return address == base(address)


def origin(address: str) -> tuple[str, str]:
    """Return the scheme, host and port that identify a server (RFC 6454, 4)."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def joined(start: str, link: str) -> str:
    """Return a relative link as a whole address (RFC 3986, 5), or nothing if it is malformed."""
    try:
        return urljoin(start, link)
    except ValueError:  # `http://[`
        return ""


def on_server(server: str, link: str) -> str:
    """Return a link of a service as a whole address, or nothing if it leads to another server.

    >>> on_server("https://openreview.net/", "//evil.example/pdf")
    ''
    """
    found = joined(server, link)
    return found if found.startswith(_STARTS) and origin(found) == origin(server) else ""
