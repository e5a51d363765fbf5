"""What the steps of a day have done, for whoever tells a person about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.model import DeliveryState, Edition, Fault, Health, Issue, Paper, SourceReport
from newsletter.render.checks.findings import Finding
from newsletter.send.tallies import Sent


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
        """Whether not one source could be read."""
        return not any(report.ok for report in self.reports)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSummary:
    """What is told of one edition, where its text is not wanted."""

    key: str
    subject: str
    picks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What `render` made."""

    issue: Issue
    editions: tuple[Edition, ...]
    """The first ones, whole: as many as are written to files."""
    contents: tuple[EditionSummary, ...]
    """Of every edition."""
    readers: int
    """How many people get one."""
    papers: tuple[Paper, ...]
    """What the issue chose from; empty when it was planned before."""
    files: tuple[Path, ...]
    considered: frozenset[str] = frozenset()
    """Names of the audiences that the issue was made for, also of those who get nothing."""
    findings: tuple[Finding, ...] = ()
    """What the checks found in the editions."""


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
    """The ledger afterwards; empty when there was nothing to send."""
    unfinished: tuple[dt.date, ...] = ()
    """Earlier issues of which some mail still waits."""
    faults: tuple[Fault, ...] = ()
    """What was left out so that all others could go on."""
