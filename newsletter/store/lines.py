"""Lines of the lists that editors look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.model import DeliveryState, IssueState, Origin, SubscriberState


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the deliveries of an issue stand."""

    total: int
    """How many there are: the audience when the issue was planned."""
    states: Mapping[DeliveryState, int]

    @property
    def adds_up(self) -> bool:
        """Whether every delivery is in a state that we know."""
        return sum(self.states.values()) == self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLine:
    """An issue in a list."""

    date: dt.date
    number: int
    papers: int
    planned_at: dt.datetime
    state: IssueState
    halted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """A delivery in a list."""

    issue: dt.date
    subscriber: str
    email: str
    edition: str
    subject: str
    state: DeliveryState
    attempt: int
    code: int
    reason: str
    verdict: str
    changed_at: dt.datetime
    next_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLine:
    """A reader in a list."""

    id: str
    address: str
    email: str
    name: str
    state: SubscriberState
    origin: Origin
    paused_until: dt.date | None
    consent_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceLine:
    """A bounce in a list."""

    issue: dt.date | None
    subscriber: str | None
    email: str
    verdict: str
    verified: bool
    evidence: str
    seen_at: dt.datetime
