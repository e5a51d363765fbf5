"""Issues, their editions, and who gets them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from newsletter.model.picks import Pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When issues are due."""

    at: dt.time
    days: frozenset[int]
    """Days of the week, Monday is 0."""
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueWindow:
    """Which papers belong to an issue: those seen before `until` that no earlier one offered."""

    date: dt.date
    until: dt.datetime
    """When the next issue is due: what comes later is the next one's."""
    oldest: dt.datetime
    """What was published earlier is never news."""


class IssueState(StrEnum):
    """Whether anything is sent of an issue."""

    PLANNED = "planned"
    """Its deliveries are sent as they are due."""
    PAUSED = "paused"
    """Nothing more is sent until somebody resumes it."""
    CANCELLED = "cancelled"
    """Given up, for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One dated newsletter."""

    date: dt.date
    number: int
    papers: int
    """How many papers were collected for it, picked or not."""
    planned_at: dt.datetime | None = None
    """When its deliveries were written to the ledger; from then on it does not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one set of subscribers gets of an issue; the same bytes for all but their tokens."""

    key: str
    """The names of its topics joined by `+`, or a digest of them when that is long."""
    subject: str
    html_blocks: tuple[int, ...] = field(repr=False)
    """The HTML in pieces, of which other editions have most too: their places in `blocks`. What
    is a reader's own, a token, is a piece for itself."""
    text_blocks: tuple[int, ...] = field(repr=False)
    blocks: Sequence[str] | Mapping[int, str] = field(repr=False, compare=False)
    """By number: at least those that this edition is made of."""
    picks: tuple[Pick, ...] = field(default=(), repr=False)

    @property
    def html(self) -> str:
        """The whole of the HTML."""
        return "".join([self.blocks[number] for number in self.html_blocks])

    @property
    def text(self) -> str:
        """The whole of the text part."""
        return "".join([self.blocks[number] for number in self.text_blocks])


class DeliveryState(StrEnum):
    """Where a delivery stands; the legal moves are in `newsletter.model.moves`."""

    PLANNED = "planned"
    """Waiting for a sender."""
    LEASED = "leased"
    """A sender holds it; not a byte of the message has left."""
    DATA_STARTED = "data_started"
    """The message may be on its way: from here a crash is ambiguous."""
    ACCEPTED = "accepted"
    """The mail server took responsibility for it."""
    DEFERRED = "deferred"
    """Refused for now; tried again after `next_at`."""
    FAILED = "failed"
    """Refused for good."""
    UNKNOWN = "unknown"
    """The connection or the sender died after DATA began: never sent again on its own."""
    EXPIRED = "expired"
    """Deferred until the issue was too old to be worth sending."""
    SUPPRESSED = "suppressed"
    """The address must not be mailed."""
    CANCELLED = "cancelled"
    """The subscriber left, or was paused, after the issue was planned."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen; the others are final."""
        return self in (
            DeliveryState.PLANNED,
            DeliveryState.LEASED,
            DeliveryState.DATA_STARTED,
            DeliveryState.DEFERRED,
        )


LEFT = "no longer on the list"
"""Why a delivery is cancelled whose reader has left; they may come back."""


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
    """An edition's key."""
    language: str = "en"
    state: DeliveryState = DeliveryState.PLANNED
    attempt: int = 0
    """How often it was leased; also the fencing number of the present lease."""
    next_at: dt.datetime | None = None
    reason: str = ""
    """The last answer of the mail server, or why there was none."""
    verdict: str = ""
    """What that answer is about: a `Verdict`."""

    @property
    def domain(self) -> str:
        """The domain of the address, in lower case."""
        return self.email.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt to deliver."""

    state: DeliveryState
    reason: str = ""
    code: int = 0
    """The SMTP reply code, 0 when there was none."""
    verdict: str = ""
    """What a refusal says of the address, or of us: a `Verdict`."""
    is_busy: bool = False
    """Whether the server asks everybody to be slower, and not this mailbox alone."""


def delivery_name(issue: dt.date, subscriber: str) -> str:
    """Return what mail calls a delivery at every attempt (Message-ID; ENVID, RFC 3461)."""
    return f"{_day(issue)}.{subscriber}"


@lru_cache(maxsize=8)
def _day(date: dt.date) -> str:
    return date.strftime("%Y%m%d")
