"""Collect the day's papers: every source at once; keep what worked, report what did not."""

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
"""Visits begun and not yet handed on: their papers are all that memory has to hold."""


async def collect_papers(
    sources: Sequence[Source],
    fetcher: Fetcher,
    reader: DocumentReader,
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
