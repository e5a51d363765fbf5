"""Hacker News: stories about papers, as a signal of discussion → Mention."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlencode

from newsletter.collect.answers import (
    Document,
    Parsed,
    VisitWindow,
    asking,
    count,
    mapping,
    read_list,
)
from newsletter.collect.entries import read_mentions
from newsletter.collect.identity.keys import reference_keys, web_url
from newsletter.model import Mention, Sighting, Source

API = "https://hn.algolia.com/api/v1"
PAGE = 100
VOTED_DAYS = 3
"""Days for which a story is read again: most of its points come in the first few."""


def locate_stories(source: Source, window: VisitWindow) -> tuple[str, ...]:
    """Return where to ask for the stories whose link contains the source's query (arxiv.org)."""
    since = min(window.since, window.until - dt.timedelta(days=VOTED_DAYS))
    query = {
        "query": source.query or "arxiv.org",
        "restrictSearchableAttributes": "url",
        "tags": "story",
        "numericFilters": f"created_at_i>{int(since.timestamp())}",
        "hitsPerPage": str(PAGE),
        "page": "0",
    }
    return (f"{source.api or API}/search_by_date?{urlencode(query)}",)


def parse_stories(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the discussions of one page.

    Raises SourceError when the answer is an error or not a list of stories.
    """
    found, answer = read_list(document, "Hacker News", "hits")
    mentions, account = read_mentions(found, lambda hit: _mentions(hit, source, now), source)
    page, pages = count(answer.get("page")), count(answer.get("nbPages"))
    more = ""
    if page + 1 < pages:
        more = asking(document.url, page=str(page + 1))
    return Parsed(
        mentions=mentions,
        skipped=account.skipped,
        note="; ".join(account.notes()),
        more=more,
        faults=tuple(account.faults),
    )


def _mentions(hit: object, source: Source, now: dt.datetime) -> Iterator[Mention]:
    given = mapping(hit)
    link, story = web_url(str(given.get("url") or "")), str(given.get("objectID") or "")
    keys = reference_keys(link)
    if not keys or not story.isdecimal():
        return
    sighting = Sighting(
        source=source.name,
        seen_at=now,
        url=f"https://news.ycombinator.com/item?id={story}",
        votes=count(given.get("points")),
        comments=count(given.get("num_comments")),
    )
    yield Mention(keys=keys, sighting=sighting)
