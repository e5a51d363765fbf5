"""Addresses of sources: as they may be told, what links start from, which server they are of.

An address may hold a key, in its name and password or in its query: neither is ever shown, kept, or
given to another server.
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
    """Return an address as it may be told to people: in one line, without what may be secret.

    >>> shown("https://bob:pw@example.org/feed?format=rss&key=abc")
    'https://example.org/feed?format=…&key=…'
    """
    found = _PARTS.fullmatch(address[:5000])
    if found is None:
        return line(address, MAX_SHOWN)
    told = found["scheme"] + found["place"]
    if found["query"]:
        names = (one.partition("=") for one in found["query"].split("&")[:10])
        told += "?" + "&".join(f"{name}=…" if equals else "…" for name, equals, _ in names)
    return line(told, MAX_SHOWN)


def without_secrets(text: str) -> str:
    """Return a text in which every address is as it may be told."""
    return _IN_TEXT.sub(lambda found: shown(found[0]), text)


def base(address: str) -> str:
    """Return what relative links in a document start from: its address without name and query."""
    found = _PARTS.fullmatch(address)
    return found["scheme"] + found["place"] if found else address


def digest(address: str) -> str:
    """Return what an address is recognised by without being kept."""
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32]


def may_be_kept(address: str) -> bool:
    """Tell whether an address has no room for a secret."""
    return address == base(address)


def origin(address: str) -> tuple[str, str]:
    """Return what tells one server from another (RFC 6454, 4)."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def joined(start: str, link: str) -> str:
    """Return a relative link as a whole one (RFC 3986, 5); nothing where that cannot be."""
    try:
        return urljoin(start, link)
    except ValueError:  # `http://[`
        return ""


def on_server(server: str, link: str) -> str:
    """Return a link of a service as a whole one, or nothing when it leads to another server.

    >>> on_server("https://openreview.net/", "//evil.example/pdf")
    ''
    """
    found = joined(server, link)
    return found if found.startswith(_STARTS) and origin(found) == origin(server) else ""
