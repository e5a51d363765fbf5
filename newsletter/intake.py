"""What becomes of the papers that sources show: merged, counted, kept, and talked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from newsletter.collect import attach_mentions, merge_papers
from newsletter.collect.enrichment import Enriched
from newsletter.model import Health, Mention, Paper, SourceReport, Visit
from newsletter.store import FactStore, PaperStore, SourceStore


@dataclass(slots=True, kw_only=True)
class Intake:
    """One run's visits on their way into the store, and the account of them."""

    papers: PaperStore
    sources: SourceStore
    facts: FactStore
    now: dt.datetime
    reports: list[SourceReport] = field(default_factory=list)
    health: dict[str, Health] = field(default_factory=dict)
    """What is remembered of each source from now on, by its name."""
    new: int = 0
    """Papers never seen before."""
    mentions: list[Mention] = field(default_factory=list)
    arrived: set[str] = field(default_factory=set)
    """Keys of papers that came with this run: new, whichever source showed them first."""

    def unseen(self, papers: Sequence[Paper]) -> tuple[Paper, ...]:
        """Return those papers that no source had shown before this run."""
        old = self.papers.known_keys(papers) - self.arrived
        return tuple(paper for paper in papers if old.isdisjoint(paper.keys))

    def take(self, visit: Visit) -> SourceReport:
        """Keep what a source showed; return its report with how much of it is new."""
        fresh = self.unseen(visit.papers)
        self.arrived |= {key for paper in fresh for key in paper.keys}
        self.new += self.keep(visit.papers, visit.backlog)
        report = _with_news(visit.report, len(fresh))
        # Only now: papers that were not saved must not be taken for known at the next visit.
        self.health[report.source] = self.sources.record(visit.source, report, self.now)
        self.mentions += visit.mentions
        self.reports.append(report)
        return report

    def keep(self, papers: Sequence[Paper], backlog: frozenset[str] = frozenset()) -> int:
        """Add papers to what is known of them; return how many were new."""
        merged = merge_papers((*self.papers.known(papers), *papers))
        return self.papers.save(merged, self.now, backlog)

    def attach_discussions(self) -> None:
        """Tell the papers of where they are talked about: after all of them are there."""
        talked_of = self.papers.with_keys(key for one in self.mentions for key in one.keys)
        self.papers.save(attach_mentions(talked_of, self.mentions), self.now)

    def enrich(self, enriched: Enriched) -> None:
        """Keep what other services knew, and their answers, so that they are not asked again."""
        for service, facts in enriched.told:
            self.facts.save(service, facts, self.now)
        self.keep(enriched.papers)


def _with_news(report: SourceReport, new: int) -> SourceReport:
    """Return the report with how much is new, and a word when nothing is.

    A source that shows only what was known before is healthy and worth a look all the same: a
    batch that is never renewed looks just like a quiet day.
    """
    stale = "nothing that was not seen before" if report.papers and not new else ""
    return replace(report, new=new, note="; ".join(filter(None, (report.note, stale))))
