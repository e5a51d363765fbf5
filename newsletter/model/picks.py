"""Topics, scores and picks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from newsletter.model.papers import Paper
from newsletter.model.sentences import Wording


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
    """The phrase as the user wrote it, for reasons and messages."""


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


class ReasonKind(StrEnum):
    """What a reason says; the names in backquotes are the fields of `Reason` that it uses."""

    IN_TITLE = "in-title"
    """The title contains `words` that the topic looks for."""
    IN_ABSTRACT = "in-abstract"
    IN_AUTHORS = "in-authors"
    IN_TEXT = "in-text"
    """The expressions in `words` match somewhere in the text."""
    IN_VENUE = "in-venue"
    IN_SOURCE = "in-source"
    IN_CATEGORY = "in-category"
    VOTES_WANTED = "votes-wanted"
    """It has at least `count` votes, as the topic requires."""
    VOTES = "votes"
    """It has `count` votes, from the source `name` if there are several sources."""
    COMMENTS = "comments"
    """It has `count` comments, from the source `name` if there are several sources."""
    TOP = "top"
    """Among the best `share` percent of today's votes."""
    STARS = "stars"
    """Its code has `count` stars."""
    NEW = "new"
    """Not older than a day."""
    AGE = "age"
    """It is `count` days old."""
    LIKED = "liked"
    """Near to the likes of the reader or topic; `words` show it, if there are any."""
    DISLIKED = "disliked"
    """Near to what the reader does not like; `words` show it, if there are any."""
    AUTHOR = "author"
    """The topic asks for the author `name`."""
    VENUE = "venue"
    """The topic asks for the venue `name`."""
    NOVEL = "novel"
    """Unlike everything that was sent recently."""
    SHOWN_ELSEWHERE = "shown-elsewhere"
    """Not shown here: it is shown under the topic with the title `name`."""
    SAYS_THE_SAME = "says-the-same"
    """Not shown: a paper with the title `name` says the same."""
    SAME_AUTHOR = "same-author"
    """Not shown: `count` papers of the author `name` are shown already."""
    NO_ROOM = "no-room"
    """Not shown: `count` papers have higher scores; this one lacks `gap` points."""
    LEFT_OUT = "left-out"
    """Not shown: left out for variety, or muted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a paper is shown or not, as data; `newsletter.render.words` puts it into words."""

    kind: ReasonKind
    words: tuple[str, ...] = ()
    """The words as the topic or the paper writes them."""
    name: str = ""
    count: int = 0
    share: int = 0
    """In percent."""
    gap: float = 0.0
    """In points of a score."""


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
    """A weighted mean of those signals in [0, 1] that are known of a paper; it explains itself."""

    total: float
    """By the weights of the topic: it ranks the papers of the topic."""
    parts: tuple[Part, ...]
    overall: float
    """By the same weights for all topics: it compares papers of different topics."""
    about: float = 0.0
    """How much the paper is about the topic, in [0, 1]: it belongs where this is highest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A paper chosen under a topic, with the reasons."""

    paper: Paper
    topic: str
    score: Score
    reasons: tuple[Reason, ...]
    """Reasons, the strongest first."""
    tldr: str = ""
    """One or two sentences that say what is new."""
    tldr_by: str = ""
    """Who wrote `tldr`: a source, or the model of a machine; empty: it is from the abstract."""
    wording: Wording = Wording.GIVEN
    """Whether a machine of ours wrote or translated `tldr`."""
    tldr_language: str = ""
    """The language that a machine was asked to write `tldr` in (BCP 47)."""
    details: tuple[str, ...] = ()
    """Sentences of the abstract that add a result to `tldr`, in the abstract's order."""
    also: tuple[Paper, ...] = ()
    """Papers that say the same; they are not shown themselves."""
