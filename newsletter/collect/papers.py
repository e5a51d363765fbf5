"""Collect the day's papers from every source at once; keep what worked, report what did not."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace

from newsletter.collect.http.addresses import digest, shown
from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.reader import DocumentReader
from newsletter.collect.visits import Unseen, failed_visit, visit_source
from newsletter.model import Health, Source, Visit

AT_ONCE = 256
"""Visits that may be under way or waiting to be yielded: a limit to what memory must hold."""


async def collect_papers(
    sources: Sequence[Source],
    fetcher: Fetcher,
    reader: DocumentReader,
    unseen: Unseen,
    *,
    remembered: Callable[[Source], Health],
    now: dt.datetime,
    max_age: dt.timedelta,
    oldest: dt.datetime | None = None,
) -> AsyncIterator[Visit]:
    """Visit every source at once and yield each visit, in the order of the configuration.

    Papers from before `oldest` (default: `max_age` before `now`) are no news.
    `remembered` holds each source's health from earlier visits. `unseen` returns the papers that
    no source had shown before this run. A source that fails loses only its own papers. A visit is
    yielded when it ends, so memory does not grow with the number of sources. Sources named by a
    list of sources (OPML) come at the end.
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
                oldest=oldest,
            )
        except Exception as error:  # noqa: BLE001  guard: one source must not stop the others
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
    """Return the listed sources that are not visited already, each with a unique name."""
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
