"""What becomes of the papers that sources show: merged, counted, kept, and talked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from newsletter.collect.identity.duplicates import attach_mentions, merge_papers
from newsletter.collect.services.enrichment import Enriched
from newsletter.errors import StoreError
from newsletter.model import (
    Border,
    Fault,
    Health,
    Mention,
    Paper,
    SourceReport,
    Visit,
    fault_of,
)
from newsletter.model.gate import LINKS
from newsletter.store import FactStore, PaperStore, SourceStore


@dataclass(slots=True, kw_only=True)
class Intake:
    """One run's visits on their way into the store, and the account of them."""

    papers: PaperStore
    sources: SourceStore
    facts: FactStore
    now: dt.datetime
    redact: Callable[[str], str] = str
    """Takes the operator's secrets out of a text: a server may say what it was given."""
    reports: list[SourceReport] = field(default_factory=list)
    health: dict[str, Health] = field(default_factory=dict)
    """What is remembered of each source from now on, by its name."""
    new: int = 0
    """Papers never seen before."""
    mentions: list[Mention] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """What went wrong with one source or paper, and stopped no other."""
    arrived: set[str] = field(default_factory=set)
    """Keys of papers that came with this run: new, whichever source showed them first."""

    def unseen(self, papers: Sequence[Paper]) -> tuple[Paper, ...]:
        """Return those papers that no source had shown before this run."""
        old = self.papers.known_keys(papers) - self.arrived
        return tuple(paper for paper in papers if old.isdisjoint(paper.keys))

    def take(self, visit: Visit) -> SourceReport:
        """Keep what a source showed; return its report with how much of it is new.

        Raises StoreError when the database cannot be used. Any other fault costs one paper, or
        this source.
        """
        self.faults += visit.faults
        try:
            report = self._take(visit)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  the guard: one source stops no other
            fault = fault_of(Border.SOURCE, visit.source.name, error)
            self.faults.append(fault)
            report = replace(
                visit.report,
                error=self.redact(fault.problem),
                papers=0,
                faults=visit.report.faults + 1,
            )
        self.reports.append(report)
        return report

    def _take(self, visit: Visit) -> SourceReport:
        fresh = self.unseen(visit.papers)
        self.arrived |= {key for paper in fresh for key in paper.keys}
        before = len(self.faults)
        self.new += self.keep(visit.papers, visit.backlog)
        told = replace(
            visit.report, error=self.redact(visit.report.error), note=self.redact(visit.report.note)
        )
        report = _with_news(told, len(fresh), len(self.faults) - before)
        # Only now: papers that were not saved must not be taken for known at the next visit.
        self.health[report.source] = self.sources.record(visit.source, report, self.now)
        self.mentions += visit.mentions
        return report

    def keep(self, papers: Sequence[Paper], backlog: frozenset[str] = frozenset()) -> int:
        """Add papers to what is known of them; return how many were new.

        One that cannot be kept is a fault, and costs itself only.
        """

        def save(some: Sequence[Paper]) -> int:
            some = [redacted(paper, self.redact) for paper in some]
            merged = merge_papers((*self.papers.known(some), *some))
            return self.papers.save(merged, self.now, backlog)

        return self._each(papers, save)

    def _each(self, papers: Sequence[Paper], save: Callable[[Sequence[Paper]], int]) -> int:
        """Save all at once; when that fails, each half, down to the paper that is at fault."""
        try:
            return save(papers) if papers else 0
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  the guard: one paper stops no other
            if len(papers) > 1:
                middle = len(papers) // 2
                return self._each(papers[:middle], save) + self._each(papers[middle:], save)
            content = repr(papers[0]).encode("utf-8", "replace")
            self.faults.append(fault_of(Border.ENTRY, papers[0].title, error, content))
            return 0

    def attach_discussions(self) -> None:
        """Tell the papers of where they are talked about: after all of them are there."""
        talked_of = self.papers.with_keys(key for one in self.mentions for key in one.keys)

        def save(some: Sequence[Paper]) -> int:
            return self.papers.save(attach_mentions(some, self.mentions), self.now)

        self._each(talked_of, save)

    def enrich(self, enriched: Enriched) -> None:
        """Keep what other services knew, and their answers, so that they are not asked again."""
        self.faults += enriched.faults
        for service, facts in enriched.told:
            try:
                self.facts.save(service, facts, self.now)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001  the guard: it is asked again
                self.faults.append(fault_of(Border.SOURCE, service, error))
        self.keep(enriched.papers)


def redacted(paper: Paper, redact: Callable[[str], str]) -> Paper:
    """Return a paper without secrets in it; a link that held one is empty."""
    if redact is str:
        return paper
    changed: dict[str, Any] = {}
    for field_ in fields(paper):
        value = getattr(paper, field_.name)
        if isinstance(value, str) and redact(value) != value:
            changed[field_.name] = "" if field_.name in LINKS else redact(value)
        elif field_.name in ("authors", "categories", "keywords"):
            passed = tuple(map(redact, value))
            if passed != value:
                changed[field_.name] = passed
    if any(redact(one.url) != one.url for one in paper.sightings):
        changed["sightings"] = tuple(
            one if redact(one.url) == one.url else replace(one, url="") for one in paper.sightings
        )
    return replace(paper, **changed) if changed else paper


def _with_news(report: SourceReport, new: int, lost: int) -> SourceReport:
    """Return the report with how much is new, and a word when nothing is.

    A source that shows only what was known before is healthy and worth a look all the same: a
    batch that is never renewed looks just like a quiet day.
    """
    stale = "nothing that was not seen before" if report.papers and not new else ""
    unkept = f"{lost} could not be kept" if lost else ""
    note = "; ".join(filter(None, (report.note, unkept, stale)))
    return replace(report, new=new, note=note, faults=report.faults + lost)
