"""Topics, scores and picks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from newsletter.model.papers import Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing to look for in a paper."""

    text: str
    """The text as the user wrote it, for reasons and messages."""
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
    """Most words between the first and the last of them."""
    text: str
    """The text as the user wrote it, for reasons and messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A filter: all of `all`, at least one of `any` (unless empty), and none of `none`."""

    any: tuple[Term | Near | Match, ...] = ()
    all: tuple[Term | Near | Match, ...] = ()
    none: tuple[Term | Near | Match, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A section of an issue: what belongs to it and how its papers are ranked."""

    name: str
    title: str
    match: Match | None
    """None: the topic takes only papers that are near to `like`."""
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
    """What its papers should be like: papers by id, library files, or words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One signal's share of a score."""

    signal: str
    value: float
    """In [0, 1]."""
    points: float
    """What it adds to the score's total, after weighting."""
    reason: str
    """A few plain words; empty when the signal says nothing about this paper."""


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
    """One or two sentences that say what is new."""
    tldr_by: str = ""
    """Who wrote `tldr`; empty when it is taken from the abstract."""
    also: tuple[Paper, ...] = ()
    """Papers that say the same; they are not shown themselves."""
