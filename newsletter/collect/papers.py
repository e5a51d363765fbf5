"""Collect the day's papers: every source at once; keep what worked, report what did not."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from newsletter.collect import arxiv, biorxiv, hackernews, huggingface, openreview, reddit
from newsletter.collect import semanticscholar as scholar
from newsletter.collect.addresses import digest, shown
from newsletter.collect.answers import Kind, Manners
from newsletter.collect.feeds import parse_feed
from newsletter.collect.fetcher import Fetcher
from newsletter.collect.opml import parse_opml
from newsletter.collect.reader import Reader
from newsletter.collect.visits import Unseen, failed_visit, visit_source
from newsletter.model import Health, Source, Visit

AT_ONCE = 256
"""Visits begun and not yet handed on: their papers are all that memory has to hold."""

_ARXIV_TERMS = (
    "One request every three seconds, one connection at a time "
    "(https://info.arxiv.org/help/api/tou.html)."
)
_BIORXIV = Kind(
    parse=biorxiv.parse_preprints,
    locate=biorxiv.locate_preprints("biorxiv"),
    needs=(),
    takes=("url", "api", "categories", "announce"),
    manners=Manners(connections=1, pause=1.0),
    terms="Open to programs; pages of 100 (https://api.biorxiv.org).",
)

KINDS: Final[dict[str, Kind]] = {
    "feed": Kind(
        parse=parse_feed,
        takes=("url", "announce", "headers"),
        terms="Feeds are made for programs; a server's Cache-Control and Retry-After are kept to.",
    ),
    "opml": Kind(
        parse=parse_opml,
        takes=("url", "announce", "headers"),
        terms="As for feeds, for each that the list names.",
    ),
    "arxiv": Kind(
        parse=arxiv.parse_arxiv,
        locate=arxiv.locate_announcements,
        catch_up=arxiv.catch_up,
        needs=("url", "categories"),
        takes=("url", "api", "categories", "announce"),
        manners=arxiv.MANNERS,
        terms=_ARXIV_TERMS,
    ),
    "arxiv-search": Kind(
        parse=arxiv.parse_arxiv,
        locate=arxiv.locate_search,
        needs=("query",),
        takes=("api", "query", "announce"),
        manners=arxiv.MANNERS,
        terms=_ARXIV_TERMS,
    ),
    "huggingface": Kind(
        parse=huggingface.parse_daily_papers,
        locate=huggingface.locate_daily_papers,
        needs=(),
        takes=("url", "api", "headers"),
        manners=Manners(connections=1, pause=0.5),
        terms="A public API without a key; robots.txt leaves /api open (https://huggingface.co/docs/hub/api).",
    ),
    "biorxiv": _BIORXIV,
    "medrxiv": replace(_BIORXIV, locate=biorxiv.locate_preprints("medrxiv")),
    "openreview": Kind(
        parse=openreview.parse_notes,
        locate=openreview.locate_notes,
        needs=("query",),
        takes=("api", "query"),
        manners=Manners(connections=1, pause=1.0),
        terms="A public API, limited by rate (https://docs.openreview.net).",
    ),
    "semantic-scholar": Kind(
        parse=scholar.parse_papers,
        locate=scholar.locate_papers,
        needs=("query", "authors"),
        takes=("api", "query", "authors", "headers"),
        manners=scholar.MANNERS,
        terms="One request a second; without a key all share one limit "
        "(https://www.semanticscholar.org/product/api).",
    ),
    "hackernews": Kind(
        parse=hackernews.parse_stories,
        locate=hackernews.locate_stories,
        needs=(),
        takes=("api", "query"),
        manners=Manners(connections=1, pause=1.0),
        terms="A public search API, 10,000 requests an hour (https://hn.algolia.com/api).",
    ),
    "reddit": Kind(
        parse=reddit.parse_posts,
        locate=reddit.locate_posts,
        needs=("query",),
        takes=("api", "query", "headers"),
        manners=Manners(connections=1, pause=6.0),
        terms="Ten requests a minute without a login, and robots.txt asks programs to use the API "
        "with one (https://support.reddithelp.com/hc/en-us/articles/16160319875092).",
    ),
}
"""How each kind of source is asked and read. A new kind is one file and one entry here."""


async def collect_papers(
    sources: Sequence[Source],
    fetcher: Fetcher,
    reader: Reader,
    unseen: Unseen,
    *,
    remembered: Callable[[Source], Health],
    now: dt.datetime,
    max_age: dt.timedelta,
) -> AsyncIterator[Visit]:
    """Visit every source at once and yield what each gave, in the order of the configuration.

    `remembered` is what is known of each source from its visits; `unseen` tells which papers no
    source had shown before this run. A source that fails costs its own papers only. Visits are
    handed on as they end, so that memory does not grow with the number of sources; those that a
    list of sources (OPML) names follow at the end.
    """
    waiting = deque(sources)
    known = {source.location for source in sources if source.location}
    names = {source.name for source in sources}
    running: deque[asyncio.Task[Visit]] = deque()

    async def visited(source: Source) -> Visit:
        try:
            return await visit_source(
                source,
                KINDS[source.kind],
                fetcher,
                reader.read,
                unseen,
                remembered(source),
                now=now,
                max_age=max_age,
            )
        except Exception as error:  # noqa: BLE001  the guard: one source stops no other
            return failed_visit(source, error)

    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                source = waiting.popleft()
                running.append(asyncio.create_task(visited(source)))
            visit = await running.popleft()
            waiting += _others(visit.sources, known, names)
            yield visit
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _others(listed: Iterable[Source], known: set[str], names: set[str]) -> list[Source]:
    """Return the sources of a list that are not visited anyway, each under a name of its own."""
    found = []
    for source in listed:
        if source.location in known:
            continue
        name = source.name
        if name in names:
            name = f"{source.name} ({shown(source.location)})"
        if name in names:
            name = f"{name} {digest(source.location)[:8]}"
        known.add(source.location)
        names.add(name)
        found.append(replace(source, name=name))
    return found
