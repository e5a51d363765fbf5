"""Issues, their editions, and who gets them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from newsletter.model.papers import Paper
from newsletter.model.picks import Pick
from newsletter.model.subscribers import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When issues are due."""

    at: dt.time
    days: frozenset[int]
    """Days of the week; Monday is 0."""
    zone: ZoneInfo
    weekly: int = 4
    """The day of the week on which readers who want mail once a week get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueWindow:
    """Which papers belong to an issue: seen before `until`, and offered by no earlier issue."""

    date: dt.date
    until: dt.datetime
    """When the next issue is due; papers seen later belong to that one."""
    oldest: dt.datetime
    """Papers published before this are never news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How many known papers an issue cannot choose from, and why."""

    offered: int
    """Offered in another issue."""
    old: int
    """Published too long ago, or without a date where that is no news."""
    later: int
    """Seen only after the next issue was due."""


class IssueState(StrEnum):
    """Whether an issue's deliveries are sent."""

    PLANNED = "planned"
    """Its deliveries are sent when they are due."""
    PAUSED = "paused"
    """Nothing more is sent until somebody resumes it."""
    CANCELLED = "cancelled"
    """Given up for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One dated newsletter."""

    date: dt.date
    number: int
    papers: int
    """How many papers were collected for it, whether picked or not."""
    planned_at: dt.datetime | None = None
    """When its deliveries were written to the ledger; after that the issue does not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one set of subscribers gets of an issue; only the tokens differ between them."""

    key: str
    """The names of its topics joined by `+`, or a digest of them if that is too long."""
    subject: str
    html_blocks: tuple[int, ...] = field(repr=False)
    """The HTML in pieces, as their numbers in `blocks`; editions share most pieces. A token, which
    stands for something of one reader's own, is a piece by itself."""
    text_blocks: tuple[int, ...] = field(repr=False)
    blocks: Sequence[str] | Mapping[int, str] = field(repr=False, compare=False)
    """Number → block; it holds at least the blocks of this edition."""
    picks: tuple[Pick, ...] = field(default=(), repr=False)

    @property
    def html(self) -> str:
        """The whole HTML part."""
        return "".join([self.blocks[number] for number in self.html_blocks])

    @property
    def text(self) -> str:
        """The whole text part."""
        return "".join([self.blocks[number] for number in self.text_blocks])


class DeliveryState(StrEnum):
    """Where a delivery stands; the legal moves are in `newsletter.model.moves`."""

    PLANNED = "planned"
    """Waiting for a sender."""
    LEASED = "leased"
    """A sender holds it; no byte of the message has left yet."""
    DATA_STARTED = "data_started"
    """The message may be on its way: after a crash nobody knows whether it left."""
    ACCEPTED = "accepted"
    """The mail server took responsibility for the message."""
    DEFERRED = "deferred"
    """Refused for now; to be tried again after `next_at`."""
    FAILED = "failed"
    """Refused for good."""
    UNKNOWN = "unknown"
    """The connection or the sender died after DATA began; not sent again unless someone says so."""
    EXPIRED = "expired"
    """Deferred until the issue was too old to be worth sending."""
    SUPPRESSED = "suppressed"
    """The address must not be mailed."""
    CANCELLED = "cancelled"
    """The subscriber left or paused after the issue was planned."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen; all other states are final."""
        return self in (
            DeliveryState.PLANNED,
            DeliveryState.LEASED,
            DeliveryState.DATA_STARTED,
            DeliveryState.DEFERRED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """What an issue was made of, kept for the editions that are made only when they are sent."""

    made_at: dt.datetime
    """The moment at which papers are as old as they were in the editions made before."""
    papers: tuple[Paper, ...] = field(repr=False)
    """What the issue of the day chooses from."""
    week: tuple[Paper, ...] = field(default=(), repr=False)
    """What weekly editions choose from; none on days without them."""
    bad: frozenset[str] = frozenset()
    """Ids of papers that the templates fail on."""
    cadences: frozenset[Cadence] = frozenset(Cadence)
    """How often readers want mail, of those who get some on this day."""


MADE_WHEN_SENT = ""
"""The edition of a delivery whose reader gets one alone, which is made when it is sent."""
LEFT = "no longer on the list"
"""The reason of a delivery that is cancelled because its reader left; readers may come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One edition to one subscriber: a row of the ledger."""

    issue: dt.date
    subscriber: str
    """A subscriber's id."""
    email: str
    name: str
    timezone: str
    edition: str
    """An edition's key, or MADE_WHEN_SENT."""
    language: str = "en"
    state: DeliveryState = DeliveryState.PLANNED
    attempt: int = 0
    """How often it was leased; also the fencing number of the current lease."""
    next_at: dt.datetime | None = None
    not_before: dt.datetime | None = None
    """When the hour begins that the reader chose; None: as soon as may be."""
    reason: str = ""
    """The mail server's last answer, or why there was none."""
    verdict: str = ""
    """What that answer is about: a `Verdict`."""

    @property
    def domain(self) -> str:
        """The domain of the address, in lower case."""
        return self.email.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Deliveries that wait for the hour that their readers chose."""

    count: int = 0
    first: dt.datetime | None = None
    """When the first of them is due."""

    def __add__(self, other: Later) -> Later:
        """Return both together."""
        moments = [moment for moment in (self.first, other.first) if moment]
        return Later(count=self.count + other.count, first=min(moments, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt to deliver."""

    state: DeliveryState
    reason: str = ""
    code: int = 0
    """The SMTP reply code, 0 when there was none."""
    verdict: str = ""
    """What a refusal says about the address, or about us: a `Verdict`."""
    is_busy: bool = False
    """Whether the server asks us to slow down for all mail, not only for this mailbox."""


def delivery_name(issue: dt.date, subscriber: str) -> str:
    """Return a delivery's name in mail, equal at every attempt (Message-ID; ENVID, RFC 3461)."""
    return f"{_day(issue)}.{subscriber}"


@lru_cache(maxsize=8)
def _day(date: dt.date) -> str:
    return date.strftime("%Y%m%d")
