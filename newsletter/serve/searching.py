"""Search: papers by words and meaning, author and date."""

from __future__ import annotations

import urllib.parse
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from newsletter.collect.identity import keys
from newsletter.model.gate import line
from newsletter.serve.forms import date_in
from newsletter.serve.given import Site, SiteNow, visited
from newsletter.serve.look import page
from newsletter.serve.views import bare, cards
from newsletter.store import Found, Query

SHOWN: Final = 20
"""Papers on a page of findings."""
MOST_PAGES: Final = 25
MAX_WORDS: Final = 300
"""Characters of a query."""


class Searching:
    """The page on which all papers are searched, not only those that were picked."""

    def __init__(self, site: SiteNow) -> None:
        """Show the site as it is at each request."""
        self._site = site

    def page(self, request: Request) -> Response:
        """Show the form and, when something is asked for, what was found."""
        given = request.query_params
        words, author = (line(given.get(name, ""))[:MAX_WORDS] for name in ("q", "author"))
        since, until = (date_in(given.get(name, "")) for name in ("since", "until"))
        number = _number(given.get("page", ""))
        return search_page(
            visited(self._site, request),
            Query(words=words, author=author, since=since, until=until),
            number,
        )


def search_page(site: Site, query: Query, number: int = 1) -> Response:
    """Return a page of what fits a query; pages are counted from 1."""
    is_asked = query != Query()
    search, offset = site.day.stores.search, (number - 1) * SHOWN
    found = (
        search.about(query, limit=SHOWN, offset=offset) if is_asked else Found(papers=(), total=0)
    )
    picks = [(None, bare(paper)) for paper in found.papers]
    last = min(MOST_PAGES, -(-found.total // SHOWN))
    values = {
        "title": "",
        "path": "/search",
        "canonical": "/search",
        "query": query,
        "is_asked": is_asked,
        "total": found.total,
        "cards": cards(site, picks),
        "without": found.without,
        "page": number,
        "previous": _address(query, number - 1) if number > 1 else "",
        "next": _address(query, number + 1) if number < last else "",
    }
    return page(site, "search.html", values)


def identities(words: str) -> tuple[str, ...]:
    """Return the identities that words are: an arXiv id, a DOI, an address; none usually."""
    if " " in words.strip():
        return ()
    known = keys.arxiv_id(words)
    return (f"arxiv:{known[0]}",) if known else tuple(keys.reference_keys(words))


def _address(query: Query, number: int) -> str:
    fields = {
        "q": query.words,
        "author": query.author,
        "since": query.since or "",
        "until": query.until or "",
        "page": number,
    }
    return "/search?" + urllib.parse.urlencode(
        {name: told for name, told in fields.items() if told}
    )


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= 3  # noqa: PLR2004  digits
    return min(MOST_PAGES, max(1, int(text))) if is_number else 1
