"""Addresses of services that have a kind of their own → sources."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, urlsplit

from newsletter.model import Source
from newsletter.model.gate import line

_CATEGORIES = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?(?:\+[a-z-]+(?:\.[A-Za-z-]+)?)*")
_FIELD = re.compile(r"[a-z][a-z0-9_%+ -]{1,80}", re.IGNORECASE)
_VENUE = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_SUBREDDITS = re.compile(r"\w{2,30}(?:\+\w{2,30})*")
_AUTHOR = re.compile(r"/author/(?:[^/]+/)?(\d{1,12})$")


def source_at(address: str) -> Source | None:
    """Return the source that an address means, if it is a page of a service that has a kind.

    >>> source_at("https://arxiv.org/list/cs.CL/recent").categories
    ('cs.CL',)
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    host = (parts.hostname or "").removeprefix("www.")
    read = _SERVICES.get(host)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return read(parts.path.rstrip("/"), asked) if read else None


Asked = dict[str, str]


def _arxiv(path: str, _asked: Asked) -> Source | None:
    named = re.fullmatch(r"/(?:list|rss|atom|archive)/([^/]+)(?:/\w+)?", path)
    if not named or not _CATEGORIES.fullmatch(named[1]):
        return None
    categories = tuple(dict.fromkeys(named[1].split("+")))
    return Source(name=f"arXiv {', '.join(categories)}", kind="arxiv", categories=categories)


def _preprints(kind: str, name: str) -> Callable[[str, Asked], Source | None]:
    def read(path: str, asked: Asked) -> Source | None:
        field = asked.get("subject", "")
        if named := re.fullmatch(r"/collection/([^/]+)", path):
            field = named[1]
        elif path not in ("", f"/{kind}_xml.php"):
            return None
        if field.lower() in ("", "all"):
            return Source(name=name, kind=kind)
        if not _FIELD.fullmatch(field):
            return None
        field = line(re.sub(r"[-_+]|%20", " ", field)).lower()
        return Source(name=f"{name} {field}", kind=kind, categories=(field,))

    return read


def _openreview(path: str, asked: Asked) -> Source | None:
    venue = asked.get("id", "").strip("/")
    if path not in ("/group", "/submissions") or not _VENUE.fullmatch(venue):
        return None
    return Source(name=f"OpenReview {venue}", kind="openreview", query=venue)


def _huggingface(path: str, _asked: Asked) -> Source | None:
    is_daily = path == "/papers" or path.startswith(("/papers/date", "/papers/trending"))
    return Source(name="Hugging Face Daily Papers", kind="huggingface") if is_daily else None


def _hackernews(path: str, _asked: Asked) -> Source | None:
    is_front = path in ("", "/news", "/rss", "/newest")
    return Source(name="Hacker News", kind="hackernews") if is_front else None


def _reddit(path: str, _asked: Asked) -> Source | None:
    named = re.match(r"/r/([^/.]+)", path)
    if not named or not _SUBREDDITS.fullmatch(named[1]):
        return None
    return Source(name=f"Reddit {named[1]}", kind="reddit", query=named[1])


def _semanticscholar(path: str, _asked: Asked) -> Source | None:
    named = _AUTHOR.search(path)
    if not named:
        return None
    return Source(name=f"Author {named[1]}", kind="semantic-scholar", authors=(named[1],))


_SERVICES: Final[dict[str, Callable[[str, Asked], Source | None]]] = {
    **dict.fromkeys(("arxiv.org", "export.arxiv.org", "rss.arxiv.org"), _arxiv),
    **dict.fromkeys(("biorxiv.org", "connect.biorxiv.org"), _preprints("biorxiv", "bioRxiv")),
    **dict.fromkeys(("medrxiv.org", "connect.medrxiv.org"), _preprints("medrxiv", "medRxiv")),
    "openreview.net": _openreview,
    "huggingface.co": _huggingface,
    "news.ycombinator.com": _hackernews,
    **dict.fromkeys(("reddit.com", "old.reddit.com"), _reddit),
    "semanticscholar.org": _semanticscholar,
}
