"""The facts of the system as frozen plain data; every stage takes and returns these."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When issues are due."""

    at: dt.time
    days: frozenset[int]
    """Days of the week, Monday is 0."""
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place that papers come from."""

    name: str
    kind: str
    """A key of `newsletter.collect.papers.KINDS`."""
    location: str
    """An http(s) URL, or the absolute path of a file or folder."""
    announce: tuple[str, ...] = ("new", "cross")
    """arXiv announcement types that count; the others (replacements) are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to recognise its document by (RFC 9110, 8.8)."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One time that one source showed a paper."""

    source: str
    seen_at: dt.datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A research paper (or a post about one), its text already plain Unicode."""

    id: str
    """The strongest of `keys`: what the store, the ledger and the reader's links call it."""
    keys: tuple[str, ...]
    """Every identity it is known by: `arxiv:2410.01234`, `doi:10.1/x`, `url:example.org/p`."""
    title: str
    url: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published: dt.datetime | None = None
    announce: str = ""
    """arXiv's announcement type, where there is one."""
    version: int = 1
    summary: str = ""
    """A one-sentence summary that a source gave; never mixed with the authors' abstract."""
    summary_by: str = ""
    """Who wrote `summary`, in words for the reader."""
    keywords: tuple[str, ...] = ()
    pdf_url: str = ""
    code_url: str = ""
    discussion_url: str = ""
    votes: int = 0
    comments: int = 0
    stars: int = 0
    sightings: tuple[Sighting, ...] = ()
    """Oldest first."""

    @property
    def first_seen(self) -> dt.datetime | None:
        """When any source first showed it."""
        return self.sightings[0].seen_at if self.sightings else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How one source did today: papers or a clear reason why not."""

    source: str
    papers: int = 0
    new: int = 0
    """Those of its papers that no source had shown before this visit."""
    skipped: int = 0
    """Entries left out on purpose, such as arXiv replacements."""
    error: str = ""
    note: str = ""
    """Worth knowing though not an error: an empty weekend feed, entries without a title."""
    validators: Validators | None = None
    """To ask with at the next visit; None leaves those of the last one."""
    last_good: dt.datetime | None = None
    """Of a source that failed: when it last worked, as far as is known."""

    @property
    def ok(self) -> bool:
        """Whether the source answered with a document that could be read."""
        return not self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What one visit to every source gave."""

    papers: tuple[Paper, ...]
    reports: tuple[SourceReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing to look for in a paper."""

    text: str
    """As the user wrote it, for reasons and messages."""
    field: str
    """`text` (title, abstract and keywords), `title`, `abstract`, `author` or `category`."""
    words: str
    """`text` folded for matching; for `category` a lower-case glob such as `cs.*`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A filter: all of `all`, at least one of `any` (when there is one), none of `none`."""

    any: tuple[Term | Match, ...] = ()
    all: tuple[Term | Match, ...] = ()
    none: tuple[Term | Match, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A section of an issue: what belongs to it and how its papers are ranked."""

    name: str
    title: str
    match: Match
    weights: tuple[tuple[str, float], ...]
    """Signal name and weight; weights need not add up to one."""
    limit: int
    min_score: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One signal's share of a score."""

    signal: str
    value: float
    """In [0, 1]."""
    points: float
    """What it adds to the score's total, after weighting."""
    reason: str
    """A few plain words, or nothing when the signal says nothing about this paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A weighted mean of signals in [0, 1] that explains itself."""

    total: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A paper chosen under a topic, with the reasons in words."""

    paper: Paper
    topic: str
    score: Score
    reasons: tuple[str, ...]
    tldr: str = ""
    """One or two sentences that tell what is new."""
    tldr_by: str = ""
    """Who wrote `tldr`; empty when it is the abstract's own words."""


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
    html: str
    text: str
    picks: tuple[Pick, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person who asked for the newsletter."""

    id: str
    """Stable, opaque and derived from the address; part of Message-IDs and links."""
    email: str
    name: str = ""
    topics: tuple[str, ...] = ()
    """Topic names in the order the reader wants them."""
    timezone: str = "UTC"
    """IANA name."""


class DeliveryState(StrEnum):
    """Where a delivery stands; the legal moves are in `newsletter.send.ledger`."""

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
    state: DeliveryState = DeliveryState.PLANNED
    attempt: int = 0
    """How often it was leased; also the fencing number of the present lease."""
    next_at: dt.datetime | None = None
    reason: str = ""
    """The last answer of the mail server, or why there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt to deliver."""

    state: DeliveryState
    reason: str = ""
    code: int = 0
    """The SMTP reply code, 0 when there was none."""
