"""The results of a day's steps, for the code that shows them to a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.model import (
    DeliveryState,
    Edition,
    Fault,
    Health,
    Issue,
    Later,
    Paper,
    Pick,
    SourceReport,
)
from newsletter.render.checks.findings import Finding
from newsletter.send.tallies import Sent
from newsletter.store.clearing import Cleared
from newsletter.store.retention import Gone

MANY_ROWS = 20_000
MANY_BYTES = 100_000_000
"""Rows and bytes that are worth a line, when they are deleted in one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What `collect` found."""

    at: dt.datetime
    reports: tuple[SourceReport, ...]
    health: Mapping[str, Health]
    """What is remembered of each source from now on, by its name."""
    new: int
    """Papers never seen before."""
    candidates: int
    """Papers that the issue can choose from."""
    notes: tuple[str, ...] = ()
    """What could not be found out about papers."""

    @property
    def all_failed(self) -> bool:
        """Whether no source could be read."""
        return not any(report.ok for report in self.reports)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSummary:
    """A summary of one edition, for uses that do not need its text."""

    key: str
    subject: str
    picks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What `render` made."""

    issue: Issue
    editions: tuple[Edition, ...]
    """The first editions in full: as many as are written to files."""
    contents: tuple[EditionSummary, ...]
    """A summary of every edition."""
    readers: int
    """How many people get one, or may: of single readers not all are known before it is sent."""
    papers: tuple[Paper, ...]
    """The papers that the issue chose from; empty when it was planned before."""
    files: tuple[Path, ...]
    considered: frozenset[str] = frozenset()
    """Names of the audiences that the issue was made for, including those that get nothing."""
    later: int = 0
    """How many editions of single readers are made only when they are sent."""
    findings: tuple[Finding, ...] = ()
    """What the checks found in the editions."""
    shown: tuple[Pick, ...] = ()
    """What the page for everybody shows."""
    for_site: bool = False
    """Whether the newsletter has a site, on which everybody reads the page."""

    @property
    def is_issue(self) -> bool:
        """Whether there is anything to plan: mail for somebody, or a page on the site."""
        is_mail = self.contents or self.later
        return bool(is_mail or (self.for_site and self.shown))


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was deleted because it was kept long enough."""

    rows: Gone = field(default_factory=Gone)
    files: Cleared = field(default_factory=Cleared)
    shrunk: int = 0
    """Bytes by which the database became smaller."""

    @property
    def is_much(self) -> bool:
        """Whether it is more than a usual day's, so that a person should be told."""
        return self.rows.total >= MANY_ROWS or self.files.size + self.shrunk >= MANY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What `run` did."""

    date: dt.date
    already: bool
    """Whether the issue was planned before this run."""
    collected: Collected | None = None
    rendered: Rendered | None = None
    sent: Sent = field(default_factory=Sent)
    counts: Mapping[DeliveryState, int] = field(default_factory=dict)
    """How many deliveries are in each state afterwards; empty when there was nothing to send."""
    later: Later = field(default_factory=Later)
    """Deliveries of the issue that wait for the hour that their readers chose."""
    earlier: Later = field(default_factory=Later)
    """The same of earlier issues."""
    unfinished: tuple[dt.date, ...] = ()
    """Earlier issues that still have mail to send now, or to send again."""
    forgotten: Forgotten = field(default_factory=Forgotten)
    """What was deleted, as `keep:` says."""
    faults: tuple[Fault, ...] = ()
    """What was left out so that everything else could go on."""
