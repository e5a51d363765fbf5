"""Collect the day's papers: every source at once; keep what worked, report what did not."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from newsletter.collect.arxiv import parse_arxiv
from newsletter.collect.duplicates import merge_papers
from newsletter.collect.feeds import Parsed, parse_feed
from newsletter.collect.fetcher import Document, Fetcher
from newsletter.collect.huggingface import parse_daily_papers
from newsletter.errors import SourceError
from newsletter.model import Collection, Paper, Source, SourceReport, Validators

Parser = Callable[[Document, Source, dt.datetime], Parsed]

KINDS: Final[dict[str, Parser]] = {
    "feed": parse_feed,
    "arxiv": parse_arxiv,
    "huggingface": parse_daily_papers,
}
"""How the document of each kind of source is read. A new kind is one file and one line here."""


async def collect_papers(
    sources: Sequence[Source],
    fetcher: Fetcher,
    now: dt.datetime,
    *,
    validators: Mapping[str, Validators] | None = None,
    on_source: Callable[[SourceReport], None] = lambda _report: None,
) -> Collection:
    """Visit every source at once and return the merged papers with a report for each source.

    `validators` are those of the last visit, by source name. `on_source` is called as each source
    is done. A source that fails costs its own papers only.
    """

    async def visit(source: Source) -> tuple[tuple[Paper, ...], SourceReport]:
        known = (validators or {}).get(source.name)
        papers, report = await _visit(source, fetcher, known, now)
        on_source(report)
        return papers, report

    visits = await asyncio.gather(*map(visit, sources))
    return Collection(
        papers=merge_papers(paper for papers, _ in visits for paper in papers),
        reports=tuple(report for _, report in visits),
    )


async def _visit(
    source: Source, fetcher: Fetcher, validators: Validators | None, now: dt.datetime
) -> tuple[tuple[Paper, ...], SourceReport]:
    try:
        fetched = await fetcher.fetch(source.location, validators)
    except SourceError as error:
        return (), SourceReport(source=source.name, error=str(error))
    if fetched.unchanged:
        return (), SourceReport(source=source.name, note="nothing new since the last visit")
    # feedparser holds the processor for 150 ms per 500 entries: off the event loop with it.
    papers, report = await asyncio.to_thread(_parse, fetched.documents, source, now)
    # A document that could not be read must be asked for again, whole.
    return papers, replace(report, validators=fetched.validators if report.ok else None)


def _parse(
    documents: Iterable[Document], source: Source, now: dt.datetime
) -> tuple[tuple[Paper, ...], SourceReport]:
    papers: list[Paper] = []
    notes: list[str] = []
    errors: list[str] = []
    skipped = 0
    for document in documents:
        try:
            parsed = KINDS[source.kind](document, source, now)
        except SourceError as error:
            errors.append(str(error))
            continue
        papers += parsed.papers
        skipped += parsed.skipped
        notes += [parsed.note] if parsed.note else []
    # One bad file in a folder of good ones is worth a note; when nothing worked it is the error.
    if errors and papers:
        notes += errors
        errors = []
    merged = merge_papers(papers)
    report = SourceReport(
        source=source.name,
        papers=len(merged),
        skipped=skipped,
        error="; ".join(errors[:3]),
        note="; ".join(dict.fromkeys(notes)),
    )
    return merged, report


def with_news(found: Collection, known: Iterable[Paper]) -> tuple[SourceReport, ...]:
    """Return the reports with how much of each source is new, and a word when nothing is.

    A source that shows only what was `known` before is healthy and worth a look all the same: a
    batch that is never renewed looks just like a quiet day.
    """
    keys = {key for paper in known for key in paper.keys}
    news = Counter(
        source
        for paper in found.papers
        if keys.isdisjoint(paper.keys)
        for source in {sighting.source for sighting in paper.sightings}
    )
    told = []
    for report in found.reports:
        stale = report.papers > 0 and not news[report.source]
        note = "; ".join(filter(None, (report.note, "nothing that was not seen before" * stale)))
        told.append(replace(report, new=news[report.source], note=note))
    return tuple(told)
