"""Intake: merge, count and save the papers that sources show, and attach mentions to them."""

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
    """Saves what the visits of one run gave, and keeps an account of it."""

    papers: PaperStore
    sources: SourceStore
    facts: FactStore
    now: dt.datetime
    redact: Callable[[str], str] = str
    """Removes the operator's secrets from a text: a server may repeat a secret that it was sent."""
    reports: list[SourceReport] = field(default_factory=list)
    health: dict[str, Health] = field(default_factory=dict)
    """What is remembered of each source from now on, by its name."""
    new: int = 0
    """Papers never seen before."""
    mentions: list[Mention] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """What went wrong with one source or paper, while all others went on."""
    arrived: set[str] = field(default_factory=set)
    """Keys of papers that are new in this run: they count as new for every source showing them."""

    def unseen(self, papers: Sequence[Paper]) -> tuple[Paper, ...]:
        """Return those papers that no source had shown before this run."""
        old = self.papers.known_keys(papers) - self.arrived
        return tuple(paper for paper in papers if old.isdisjoint(paper.keys))

    def take(self, visit: Visit) -> SourceReport:
        """Save what a source showed; return its report with the number of new papers.

        Raises StoreError when the database cannot be used. Any other error affects only one paper,
        or this source.
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
        # Record the visit only after saving: the next visit must not treat unsaved papers as known.
        self.health[report.source] = self.sources.record(visit.source, report, self.now)
        self.mentions += visit.mentions
        return report

    def keep(self, papers: Sequence[Paper], backlog: frozenset[str] = frozenset()) -> int:
        """Merge papers with what is stored of them, and save them; return how many were new.

        A paper that cannot be saved is recorded as a fault; all others are saved.
        """

        def save(some: Sequence[Paper]) -> int:
            some = [redacted(paper, self.redact) for paper in some]
            merged = merge_papers((*self.papers.known(some), *some))
            return self.papers.save(merged, self.now, backlog)

        return self._each(papers, save)

    def _each(self, papers: Sequence[Paper], save: Callable[[Sequence[Paper]], int]) -> int:
        """Save all papers at once; if that fails, save each half, down to the faulty paper."""
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
        """Attach the mentions to their papers; call this after all papers have been saved."""
        talked_of = self.papers.with_keys(key for mention in self.mentions for key in mention.keys)

        def save(some: Sequence[Paper]) -> int:
            return self.papers.save(attach_mentions(some, self.mentions), self.now)

        self._each(talked_of, save)

    def enrich(self, enriched: Enriched) -> None:
        """Save the enriched papers, and the services' answers, so that they are not asked again."""
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
    """Return the paper without secrets; a link that contained one becomes empty."""
    if redact is str:
        return paper
    changed: dict[str, Any] = {}  # fields of several types
    for field_ in fields(paper):
        value = getattr(paper, field_.name)
        if isinstance(value, str) and redact(value) != value:
            changed[field_.name] = "" if field_.name in LINKS else redact(value)
        elif field_.name in ("authors", "categories", "keywords"):
            passed = tuple(map(redact, value))
            if passed != value:
                changed[field_.name] = passed
    if any(redact(sighting.url) != sighting.url for sighting in paper.sightings):
        changed["sightings"] = tuple(
            sighting if redact(sighting.url) == sighting.url else replace(sighting, url="")
            for sighting in paper.sightings
        )
    return replace(paper, **changed) if changed else paper


def _with_news(report: SourceReport, new: int, lost: int) -> SourceReport:
    """Return the report with the number of new papers, and notes on what was lost or is not new.

    A source that shows only known papers is healthy, but still worth a look: a list that is never
    updated looks just like a quiet day.
    """
    stale = "nothing that was not seen before" if report.papers and not new else ""
    unkept = f"{lost} could not be kept" if lost else ""
    note = "; ".join(filter(None, (report.note, unkept, stale)))
    return replace(report, new=new, note=note, faults=report.faults + lost)
