"""sample_sources(): what sources would bring that are not in sources.yaml yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from newsletter.collect.finding import already_there, find_sources, named_apart
from newsletter.collect.http.addresses import shown
from newsletter.collect.papers import collect_papers
from newsletter.config.settings import Config
from newsletter.day.given import Web
from newsletter.errors import SourceError
from newsletter.model import Health, Paper, Source, SourceReport

MOST_TRIED: Final = 100
"""Feeds of a list that are tried; a longer list is better a source of its own (`kind: opml`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A source that was tried."""

    source: Source
    report: SourceReport
    papers: tuple[Paper, ...] = ()
    """Of its newest day, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What an address has led to."""

    samples: tuple[Sample, ...] = ()
    there: tuple[tuple[Source, str], ...] = ()
    """Sources that are not needed, and the names of those which bring the same already."""
    untried: int = 0
    """Feeds of a list beyond MOST_TRIED."""


async def sample_sources(
    location: str, config: Config, web: Web, now: dt.datetime, name: str = ""
) -> Sampled:
    """Return what the sources would bring that an address, or the path of a file, leads to.

    They are visited as `collect` visits new ones; nothing is kept. `name` is for a single source.
    Raises SourceError when there is none.
    """
    known = config.collecting.sources
    given = Source(name=shown(location), kind="feed", location=location)
    if other := already_there(given, known):
        return Sampled(there=((given, other.name),))
    found = await find_sources(location, web.fetcher, web.reader, now)
    if name and len(found.sources) > 1:
        raise SourceError(f"a list of {len(found.sources)} feeds: --name is for a single source")
    there = {one: other.name for one in found.sources if (other := already_there(one, known))}
    fresh = [one for one in found.sources if one not in there]
    names = [source.name for source in known]
    if name:
        fresh = [replace(one, name=name) for one in fresh]
    wanted = named_apart(fresh[:MOST_TRIED], names)
    if name and wanted and wanted[0].name != name:
        raise SourceError(f"a source is called `{name}` already; choose another --name")
    secret = [one for one in wanted if _has_login(one)]
    open_ = [one for one in wanted if not _has_login(one)]
    return Sampled(
        samples=(*await _visited(open_, config, web, now), *map(_refused, secret)),
        there=tuple(there.items()),
        untried=max(0, len(fresh) - MOST_TRIED),
    )


def _has_login(source: Source) -> bool:
    return "@" in urlsplit(source.location).netloc


def _refused(source: Source) -> Sample:
    """Return a source that is not written: a file is no place for a password."""
    told = "its address has a name and password: write it into sources.yaml by hand"
    return Sample(source=source, report=SourceReport(source=source.name, error=told, asked=False))


async def _visited(
    sources: Sequence[Source], config: Config, web: Web, now: dt.datetime
) -> tuple[Sample, ...]:
    """Visit sources as if for the first time."""
    visits = collect_papers(
        sources,
        web.fetcher,
        web.reader,
        tuple,
        remembered=lambda _source: Health(),
        now=now,
        max_age=dt.timedelta(days=config.choice.max_age_days),
    )
    samples = []
    async for visit in visits:
        web.on_source(visit.report)
        samples.append(
            Sample(source=visit.source, report=visit.report, papers=newest(visit.papers, now))
        )
    return tuple(samples)


def newest(papers: Sequence[Paper], now: dt.datetime) -> tuple[Paper, ...]:
    """Return the papers of the newest day that has any; undated ones count as of today."""
    dated = sorted(papers, key=lambda paper: paper.published or now, reverse=True)
    if not dated:
        return ()
    day = (dated[0].published or now).date()
    return tuple(paper for paper in dated if (paper.published or now).date() == day)
