"""Topics, scores and picks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from newsletter.model.papers import Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing to look for in a paper."""

    text: str
    """As the user wrote it, for reasons and messages."""
    field: str
    """`text` (title, abstract and keywords), `title`, `abstract`, `author`, `category`, `venue`,
    `source`, `regex` or `votes`."""
    words: str
    """`text` folded for matching; for `category` a lower-case glob such as `cs.*`, for `regex`
    the expression, for `votes` the least number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Words or phrases that stand close together."""

    terms: tuple[Term, ...]
    within: int
    """Words between the first and the last of them."""
    text: str
    """For reasons and messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A filter: all of `all`, at least one of `any` (when there is one), none of `none`."""

    any: tuple[Term | Near | Match, ...] = ()
    all: tuple[Term | Near | Match, ...] = ()
    none: tuple[Term | Near | Match, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A section of an issue: what belongs to it and how its papers are ranked."""

    name: str
    title: str
    match: Match | None
    """None: only what is near to `like`."""
    weights: tuple[tuple[str, float], ...]
    """Signal name and weight; weights need not add up to one."""
    limit: int
    min_score: float = 0.0
    authors: tuple[str, ...] = ()
    """People whose papers count more, for the signal `author`."""
    venues: tuple[str, ...] = ()
    """Journals and conferences whose papers count more, for the signal `venue`."""
    fresh: dt.timedelta | None = None
    """Papers older than this are left out."""
    like: tuple[str, ...] = ()
    """Papers by id, library files, or words, that its papers are like."""


class ReasonKind(StrEnum):
    """What a reason says, with the values of `Reason` that it says it of."""

    IN_TITLE = "in-title"
    """The title holds `words` that the topic looks for."""
    IN_ABSTRACT = "in-abstract"
    IN_AUTHORS = "in-authors"
    IN_TEXT = "in-text"
    """The expressions in `words` match somewhere in the text."""
    IN_VENUE = "in-venue"
    IN_SOURCE = "in-source"
    IN_CATEGORY = "in-category"
    VOTES_WANTED = "votes-wanted"
    """It has the `count` of votes, or more, that the topic asks for."""
    VOTES = "votes"
    """It got `count` votes; from the source `name`, where there are several."""
    COMMENTS = "comments"
    """The same of comments."""
    TOP = "top"
    """Among the best `share` percent of today's votes."""
    STARS = "stars"
    """Its code has `count` stars."""
    NEW = "new"
    """Not older than a day."""
    AGE = "age"
    """It is `count` days old."""
    LIKED = "liked"
    """Near to what the reader or topic likes, shown by `words` where there are such."""
    AUTHOR = "author"
    """The topic asks for the author `name`."""
    VENUE = "venue"
    """The topic asks for the venue `name`."""
    NOVEL = "novel"
    """Unlike all that was sent lately."""
    SHOWN_ELSEWHERE = "shown-elsewhere"
    """Not shown here: it scores more under the topic with the title `name`."""
    SAYS_THE_SAME = "says-the-same"
    """Not shown: a paper with the title `name` says the same."""
    SAME_AUTHOR = "same-author"
    """Not shown: `count` papers of the author `name` are."""
    NO_ROOM = "no-room"
    """Not shown: `count` papers score more; `gap` is missing."""
    LEFT_OUT = "left-out"
    """Not shown: left out for variety, or muted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a paper is shown or not, as data; `newsletter.render.words` says it in words."""

    kind: ReasonKind
    words: tuple[str, ...] = ()
    """As the topic or the paper writes them."""
    name: str = ""
    count: int = 0
    share: int = 0
    """Percent."""
    gap: float = 0.0
    """Points of a score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One signal's share of a score."""

    signal: str
    value: float
    """In [0, 1]."""
    points: float
    """What it adds to the score's total, after weighting."""
    reason: Reason | None
    """None: the signal says nothing about this paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A weighted mean of signals in [0, 1] that explains itself."""

    total: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A paper chosen under a topic, with the reasons."""

    paper: Paper
    topic: str
    score: Score
    reasons: tuple[Reason, ...]
    """The strongest first."""
    tldr: str = ""
    """One or two sentences that tell what is new."""
    tldr_by: str = ""
    """Who wrote `tldr`; empty when it is the abstract's own words."""
    also: tuple[Paper, ...] = ()
    """Papers that say the same, and are not shown beside it."""
