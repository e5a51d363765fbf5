"""Signals: numbers in [0, 1] about one paper on one day, each with a reason."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter.model import Paper, Reason, ReasonKind, Term, Topic
from newsletter.pick.filters.folding import Folded, fold, fold_name
from newsletter.pick.filters.matching import Hit, hits, is_name, mentions
from newsletter.pick.trending import Crowd, trend

# How much a term says about the paper, by the place where it stands. A word in the title says what
# the paper is about, a word in the abstract what it mentions, a category only its field.
PLACE_WEIGHT: Final = {
    "title": 0.6, "author": 0.6, "abstract": 0.35, "regex": 0.35, "venue": 0.3, "category": 0.2,
    "source": 0.1, "votes": 0.1,
}  # fmt: skip
PLACE_KINDS: Final = {
    "title": ReasonKind.IN_TITLE, "abstract": ReasonKind.IN_ABSTRACT,
    "author": ReasonKind.IN_AUTHORS, "regex": ReasonKind.IN_TEXT, "venue": ReasonKind.IN_VENUE,
    "source": ReasonKind.IN_SOURCE, "category": ReasonKind.IN_CATEGORY,
}  # fmt: skip
EARLY: Final = 300
"""Characters of an abstract that its first two sentences have, about."""
IN_PASSING: Final = 0.15
"""What a term says that stands later in the abstract, and once."""
AGAIN: Final = 0.2
"""What each further mention says."""
MOST_AGAIN: Final = 3
MOST_WORDS: Final = 2
"""How many words a reason names at most."""
HALF_LIFE_DAYS: Final = 2.0
"""Days after which recency is halved: daily readers want papers of yesterday, not of last week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the signals may use besides the paper."""

    topic: Topic
    folded: Folded
    now: dt.datetime
    crowd: Crowd
    """The votes, comments and stars that the day's papers got."""
    mark: Mark | None = None
    """How near the paper is to what the topic likes."""
    novelty: float | None = None
    """How different it is from all that was sent lately, in [0, 1]; None where not known."""


LIKED_CHANCE: Final = 0.1
"""The usual chance from which on a paper is near enough to what somebody likes: of papers at this
border one in ten is kept, of all papers one in sixty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How near a paper is to what somebody likes, or to what they do not like."""

    chance: float
    """How probable it is that they keep the paper; see `newsletter.learn.models.chances`."""
    reason: Callable[[], Reason]
    """Returns the reason; called only when the reason may be shown."""
    floor: float = LIKED_CHANCE
    """The chance from which on the paper is near enough to be wanted."""
    against: bool = False
    """Whether it is about what they do not like: then a near paper loses."""

    @property
    def value(self) -> float:
        """The chance on the scale of the other signals: one half at LIKED_CHANCE."""
        return self.chance / (self.chance + LIKED_CHANCE)

    @property
    def is_near(self) -> bool:
        """Whether the paper is near enough to be wanted, whatever words it contains."""
        return self.chance >= self.floor


OLD_DAYS: Final = 7.0


def chance_of(value: float) -> float:
    """Return the chance that a value of the signal `taste` stands for, as `Mark.value` makes it."""
    return LIKED_CHANCE * value / (1 - value) if value < 1 else 1.0


Told = tuple[float, Reason | None] | None
"""A value in [0, 1], and the reason for it, if there is one to show; None if it is not known."""
Signal = Callable[[Paper, Context], Told]


def relevance(paper: Paper, context: Context) -> Told:
    """Return how well the paper matches the topic's terms, and where it contains them.

    A term in the title, in the first sentences or repeated says more than one in passing. The
    terms are combined as independent probabilities (noisy-or: 1 - prod(1 - w), Pearl 1988,
    4.3.2), so that a second term adds less than the first and the value never exceeds 1.
    """
    del paper
    match = context.topic.match
    if match is None:
        return None
    found = list({(hit.term, hit.place): hit for hit in hits(match, context.folded)}.values())
    weights = {hit: _weight(hit, context.folded) for hit in found}
    value = 1 - math.prod(1 - weight for weight in weights.values())
    return value, _where(sorted(found, key=lambda hit: (-PLACE_WEIGHT[hit.place], -weights[hit])))


def _weight(hit: Hit, paper: Folded) -> float:
    """Return how much a term says about a paper, by where and how often it stands there."""
    term = hit.term
    if hit.place not in ("title", "abstract") or not isinstance(term, Term):
        return PLACE_WEIGHT[hit.place]
    without = 1 - PLACE_WEIGHT["title"] if hit.place == "title" else 1.0
    said = mentions(term, paper.abstract) if term.field != "title" else ()
    if said:
        is_early = said[0] < EARLY
        without *= 1 - (PLACE_WEIGHT["abstract"] if is_early else IN_PASSING)
        without *= (1 - AGAIN) ** min(len(said) - 1, MOST_AGAIN)
    return 1 - without


def _where(found: Sequence[Hit]) -> Reason | None:
    if not found:
        return None
    place, term = found[0].place, found[0].term
    if isinstance(term, Term) and term.field == "votes":
        return Reason(kind=ReasonKind.VOTES_WANTED, count=int(term.words))
    best = [hit.term.text for hit in found if hit.place == place][:MOST_WORDS]
    return Reason(kind=PLACE_KINDS[place], words=tuple(best))


def trending(paper: Paper, context: Context) -> Told:
    """Return how much the paper is talked about for its age; see `newsletter.pick.trending`."""
    return trend(paper, context.crowd)


def recency(paper: Paper, context: Context) -> Told:
    """Return how new the paper is: 1 now, halved every HALF_LIFE_DAYS."""
    since = paper.published or paper.first_seen
    if since is None:
        return None
    days = max(0.0, (context.now - since) / dt.timedelta(days=1))
    if days < 1:
        reason = Reason(kind=ReasonKind.NEW)
    elif days <= OLD_DAYS:
        reason = Reason(kind=ReasonKind.AGE, count=round(days))
    else:
        reason = None  # being old is no reason to show a paper
    return 0.5 ** (days / HALF_LIFE_DAYS), reason


def taste(paper: Paper, context: Context) -> Told:
    """Return how near the paper is to what the topic likes; see `newsletter.learn.models`."""
    del paper
    mark = context.mark
    if mark is None:
        return None
    return mark.value, mark.reason() if mark.is_near else None


def author(paper: Paper, context: Context) -> Told:
    """Return 1 when one of the topic's `authors` wrote the paper."""
    if not paper.authors:
        return None
    for name in context.topic.authors:
        wanted = fold_name(name)
        for written, folded in zip(paper.authors, context.folded.authors, strict=True):
            if is_name(wanted, folded):
                return 1.0, Reason(kind=ReasonKind.AUTHOR, name=written)
    return 0.0, None


def venue(paper: Paper, context: Context) -> Told:
    """Return 1 when the paper is published at one of the topic's `venues`."""
    if not paper.venue:
        return None
    found = any(fold(name) in context.folded.venue for name in context.topic.venues)
    return float(found), Reason(kind=ReasonKind.VENUE, name=paper.venue) if found else None


NOVEL: Final = 0.8
"""From this value on, the reason says that the paper is unlike what was sent."""


def novelty(paper: Paper, context: Context) -> Told:
    """Return how different the paper is from all that was sent lately; 0 where not known."""
    del paper
    value = context.novelty
    if value is None:
        return None
    return value, Reason(kind=ReasonKind.NOVEL) if value >= NOVEL else None


SIGNALS: Final[dict[str, Signal]] = {
    "relevance": relevance,
    "trending": trending,
    "recency": recency,
    "taste": taste,
    "author": author,
    "venue": venue,
    "novelty": novelty,
}
"""The signals that `rank:` in topics.yaml may weigh. To add one: a function, and a line here."""
