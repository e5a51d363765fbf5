"""arXiv announcements (RSS since 2024, the older RDF, Atom) → Paper."""

from __future__ import annotations

import datetime as dt

from newsletter.collect.feeds import Parsed, feed_of, parse_feed
from newsletter.collect.fetcher import Document
from newsletter.errors import SourceError
from newsletter.model import Source

URL = "https://rss.arxiv.org/rss/{categories}"
"""Several categories joined by `+` come as one feed (https://info.arxiv.org/help/rss.html)."""


def arxiv_location(categories: tuple[str, ...]) -> str:
    """Return the address of today's announcements in `categories`."""
    return URL.format(categories="+".join(categories))


def parse_arxiv(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the announced papers; an empty weekend feed is said to be one.

    arXiv announces on Sunday to Thursday evenings, US Eastern, and its feed names the days that
    stay empty in `skipDays` (https://info.arxiv.org/help/availability.html).

    Raises SourceError when the document is no feed, or is an error that the API sent as an entry.
    """
    parsed = parse_feed(document, source, now)
    if len(parsed.papers) == 1 and "arxiv.org/api/errors" in parsed.papers[0].url:
        raise SourceError(f"{document.url}: arXiv says: {parsed.papers[0].abstract}")
    if parsed.papers or parsed.skipped:
        return parsed
    quiet = feed_of(document)["feed"].get("skipdays") or b"<skipDays>" in document.content
    note = "no announcement today (arXiv is quiet at weekends)" if quiet else "an empty feed"
    return Parsed(papers=(), skipped=0, note=note)
