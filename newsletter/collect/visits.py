"""visit_source(): ask one source, page by page, and report how it went."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from newsletter.collect.answers import Document, Parsed, SourceKind, VisitWindow
from newsletter.collect.http.addresses import may_be_kept, origin, shown, without_secrets
from newsletter.collect.http.failures import gathered
from newsletter.collect.http.fetcher import Fetched, Fetcher, GoneError
from newsletter.collect.identity.duplicates import merge_papers
from newsletter.errors import SourceError
from newsletter.model import (
    Border,
    Fault,
    Health,
    Paper,
    Source,
    SourceReport,
    Validators,
    Visit,
    fault_of,
)
from newsletter.model.gate import link

FIRST_LOOK = dt.timedelta(days=2)
"""How far back the first visit of a service looks: an issue covers a day, not a month."""
OVERLAP = dt.timedelta(hours=6)
"""How far before the last visit the next one looks: services index papers with a delay."""
MAX_PAGES = 40
MAX_PAPERS = 20_000
"""Papers of one visit, over all pages; the next visit continues."""
PATIENCE = 20
"""A visit, over all pages, may take this many times the time limit of one document."""
BACKLOG = 10
"""Undated entries of a first visit that count as news; the rest are taken for an archive."""

Read = Callable[[SourceKind, Document, Source, dt.datetime], Awaitable[Parsed]]
"""Parses a document off the event loop; raises SourceError."""
Unseen = Callable[[Sequence[Paper]], Sequence[Paper]]
"""Returns the papers that no source had shown before this run."""


@dataclass(slots=True)
class _Answer:
    """What a source has given so far."""

    parsed: list[Parsed] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchanged: int = 0
    first: Fetched = field(default_factory=Fetched)
    """The answer at the first address; its validators are sent with the next visit."""
    gone: bool = False
    covered: dt.datetime | None = None
    """The last batch that has been collected now."""
    caught_up: bool = False
    """The service was asked for what the feed did not show, and it answered."""

    @property
    def papers(self) -> list[Paper]:
        return [paper for part in self.parsed for paper in part.papers]

    def failed(self, source: Source, error: Exception) -> None:
        """Record a failure: a reason, or a fault of ours that must not stop other sources."""
        if isinstance(error, SourceError):
            self.errors.append(str(error))
            return
        fault = fault_of(Border.SOURCE, source.name, error)
        # The text of an exception may hold an address with its secrets.
        told, trace = without_secrets(fault.problem), without_secrets(fault.trace)
        fault = replace(fault, problem=told, trace=trace)
        self.faults.append(fault)
        self.errors.append(fault.problem)

    def take(self, parsed: Parsed) -> None:
        """Add the content of a document."""
        self.parsed.append(parsed)
        self.faults += parsed.faults
        self.errors += [fault.problem for fault in parsed.faults if fault.border is Border.SOURCE]


async def visit_source(  # noqa: PLR0913  a visit has many conditions
    source: Source,
    kind: SourceKind,
    fetcher: Fetcher,
    read: Read,
    unseen: Unseen,
    health: Health,
    *,
    now: dt.datetime,
    max_age: dt.timedelta,
    oldest: dt.datetime | None = None,
) -> Visit:
    """Return a source's papers since its last visit, with a report that says what is missing.

    Papers from before `oldest` (default: `max_age` before `now`) are no news, and are counted.
    Raises nothing: failures are in the report. A source that is retired, or that asked to be left
    alone for a while, is not asked.
    """
    if health.retired:
        note = "retired: the server said that it is gone for good; remove it from sources.yaml"
        return _left_alone(source, note, retired=True)
    if health.fresh_until and now < health.fresh_until:
        return _left_alone(
            source, f"the server asked for no visit before {health.fresh_until:%H:%M} UTC"
        )
    reach = oldest or now - max_age
    since = health.last_good - OVERLAP if health.last_good else now - FIRST_LOOK
    window = VisitWindow(since=max(since, reach), until=now, reach=reach, covered=health.covered)
    visiting = _Visiting(source, kind, fetcher, read, health, now)
    answer = await visiting.visit(window, unseen)
    try:
        papers = await asyncio.to_thread(merge_papers, answer.papers, alike=False)
    except Exception as error:  # noqa: BLE001  guard: papers are merged again when stored
        answer.failed(source, error)
        papers = tuple(answer.papers)
    if old := sum(1 for paper in papers if paper.published and paper.published < reach):
        answer.notes.append(f"{old} of {len(papers)} older than {max_age.days} days")
    return _visited(source, answer, papers, health, now)


def failed_visit(source: Source, error: Exception) -> Visit:
    """Return a visit that failed with an error that no guard inside it caught."""
    answer = _Answer()
    answer.failed(source, error)
    return _visited(source, answer, (), Health(), None)


class _Visiting:
    """The requests of one visit."""

    def __init__(
        self,
        source: Source,
        kind: SourceKind,
        fetcher: Fetcher,
        read: Read,
        health: Health,
        now: dt.datetime,
    ) -> None:
        self.source, self.kind, self.fetcher, self.read = source, kind, fetcher, read
        self.validators: Validators = health.validators
        self.health, self.now = health, now
        self.until = asyncio.get_running_loop().time() + PATIENCE * fetcher.timeout

    async def visit(self, window: VisitWindow, unseen: Unseen) -> _Answer:
        """Ask for the papers of a window, then for those that the source's document lacks."""
        source = self.source
        try:
            given = (self.health.moved_to or source.location,) if source.location else ()
            answer = await self.ask(given or self.kind.locate(source, window))
        except Exception as error:  # noqa: BLE001  guard: one source must not stop the others
            answer = _Answer()
            answer.failed(source, error)
        if self.kind.catch_up and not answer.gone:
            try:
                await self.catch_up(answer, window, unseen)
            except Exception as error:  # noqa: BLE001  guard: keep what the document showed
                answer.failed(source, error)
        return answer

    async def ask(self, locations: Sequence[str], kind: SourceKind | None = None) -> _Answer:
        """Ask at each address in turn, and at the further pages that its answer names."""
        answer = _Answer()
        for number, location in enumerate(locations):
            try:
                await self.pages(location, answer, kind or self.kind, is_first=number == 0)
            except Exception as error:  # noqa: BLE001  guard: one page must not stop the others
                answer.gone = answer.gone or isinstance(error, GoneError)
                answer.failed(self.source, error)
        return answer

    async def pages(
        self, location: str, answer: _Answer, kind: SourceKind, *, is_first: bool
    ) -> None:
        url, found = location, 0
        for page in range(MAX_PAGES):
            # Headers may hold keys: send them only to the server that the configuration names.
            ours = origin(url) == origin(location)
            fetched = await self.fetcher.fetch(
                url,
                self.validators,
                headers=dict(self.source.headers) if ours else {},
                manners=kind.manners,
            )
            if is_first and page == 0:
                answer.first = fetched
            answer.unchanged += fetched.unchanged
            url = ""
            for document in fetched.documents:
                try:
                    parsed = await self.read(kind, document, self.source, self.now)
                except SourceError as error:
                    answer.errors.append(str(error))
                    continue
                answer.take(parsed)
                found += len(parsed.papers)
                url = parsed.more
                if url and origin(url) != origin(document.url):
                    answer.notes.append("the next page is on another server, and was left out")
                    url = ""
            if not url:
                return
            if found >= MAX_PAPERS or asyncio.get_running_loop().time() > self.until:
                break
        answer.notes.append(f"stopped after {page + 1} pages; the rest comes with the next visit")

    async def catch_up(self, answer: _Answer, window: VisitWindow, unseen: Unseen) -> None:
        """Ask for what the feed did not show, and note which batch has been collected now."""
        assert self.kind.catch_up is not None  # noqa: S101  the caller checks this
        shown = None
        if answer.parsed:
            dated = next((part.dated for part in answer.parsed if part.dated), None)
            shown = Parsed(papers=tuple(answer.papers), dated=dated)
        elif answer.unchanged:
            shown = Parsed()
        fresh = unseen(shown.papers) if shown else ()
        missing = self.kind.catch_up(self.source, window, shown, fresh)
        if not missing.url:
            answer.covered = missing.covered
            return
        answer.notes.append(missing.why)
        more = await self.ask([missing.url])
        for other in self.kind.stand_ins:
            if not more.errors:
                break
            answer.errors += more.errors
            answer.faults += more.faults
            kind = replace(self.kind, parse=other.parse, manners=other.manners)
            more = await self.ask(other.locate(self.source, missing), kind)
            answer.notes.append(f"asked {other.name} instead")
        answer.parsed += more.parsed
        answer.errors += more.errors
        answer.faults += more.faults
        if not more.errors:
            answer.covered = missing.covered
            answer.caught_up = True
            answer.notes.append(
                f"asked the service: {len(merge_papers(more.papers, alike=False))} papers"
            )


def _left_alone(source: Source, note: str, *, retired: bool = False) -> Visit:
    report = SourceReport(source=source.name, note=note, asked=False, retired=retired)
    return Visit(source=source, report=report)


def _visited(
    source: Source,
    answer: _Answer,
    papers: tuple[Paper, ...],
    health: Health,
    now: dt.datetime | None,
) -> Visit:
    mentions = tuple(mention for part in answer.parsed for mention in part.mentions)
    notes = [part.note for part in answer.parsed if part.note] + answer.notes
    errors = answer.errors
    if answer.unchanged and not answer.parsed and not errors:
        notes.append("nothing new since the last visit")
    # If some pages or files worked, the errors of the others become notes. The same holds when
    # the feed failed but the service itself gave the papers.
    if errors and (papers or mentions or answer.caught_up):
        notes += gathered(errors)
        errors = []
    backlog = (
        _backlog(papers) if health.last_good is None and not source.is_service else frozenset()
    )
    if backlog:
        notes.append(f"{len(backlog)} undated entries taken for an archive")
    first = answer.first
    moved_to = "" if errors or source.headers else (first.moved_to or health.moved_to)
    if first.moved_to and moved_to:
        notes.append(f"moved for good to {shown(moved_to)}: change `url` in sources.yaml")
    if link(moved_to) != moved_to or not may_be_kept(moved_to):
        moved_to = ""  # it may hold a key: do not keep it, follow the redirect each time
    report = SourceReport(
        source=source.name,
        papers=len(papers),
        skipped=sum(part.skipped for part in answer.parsed),
        faults=len(answer.faults),
        mentions=len(mentions),
        error="; ".join(gathered(errors)[:3]),
        note="; ".join(dict.fromkeys(notes)),
        # If a document could not be read, the next visit must get it again in full.
        validators=None if answer.errors or answer.faults else first.validators,
        fresh_until=(
            now + dt.timedelta(seconds=first.fresh) if now and first.fresh and not errors else None
        ),
        moved_to=moved_to,
        retired=answer.gone,
        covered=answer.covered,
    )
    sources = tuple(named for part in answer.parsed for named in part.sources)
    return Visit(
        source=source,
        papers=papers,
        mentions=mentions,
        sources=sources,
        backlog=backlog,
        faults=tuple(answer.faults),
        report=report,
    )


def _backlog(papers: Sequence[Paper]) -> frozenset[str]:
    """Return the ids of undated papers after the first BACKLOG: a feed begins with its newest."""
    undated = [paper.id for paper in papers if paper.published is None]
    return frozenset(undated[BACKLOG:])
