"""Signals: numbers in [0, 1] about one paper on one day, each with a reason."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter.model import Paper, Reason, ReasonKind, Term, Topic
from newsletter.pick.filters.folding import Folded, fold
from newsletter.pick.filters.matching import Hit, hits
from newsletter.pick.trending import Crowd, trend

# How telling a place is. A word of the title says what the paper is about, one of the abstract
# what it touches, a category only its field.
PLACE_WEIGHT: Final = {
    "title": 0.6, "author": 0.6, "abstract": 0.35, "regex": 0.35, "venue": 0.3, "category": 0.2,
    "source": 0.1, "votes": 0.1,
}  # fmt: skip
PLACE_KINDS: Final = {
    "title": ReasonKind.IN_TITLE, "abstract": ReasonKind.IN_ABSTRACT,
    "author": ReasonKind.IN_AUTHORS, "regex": ReasonKind.IN_TEXT, "venue": ReasonKind.IN_VENUE,
    "source": ReasonKind.IN_SOURCE, "category": ReasonKind.IN_CATEGORY,
}  # fmt: skip
MOST_WORDS: Final = 2
"""Words that a reason names."""
HALF_LIFE_DAYS: Final = 2.0
"""After so many days a paper is half as recent: daily readers want yesterday's, not last week's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the signals may know beside the paper."""

    topic: Topic
    folded: Folded
    now: dt.datetime
    crowd: Crowd
    """What the day's papers got of votes, comments and stars."""
    mark: Mark | None = None
    """How near the paper is to what the topic likes."""
    novelty: float | None = None
    """How unlike it is to all that was sent lately, in [0, 1], where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How near a paper is to what somebody likes."""

    value: float
    """In [0, 1]; see `newsletter.learn.spaces.marks`."""
    reason: Callable[[], Reason]
    """Says why; asked only where it is shown."""


LIKED_MARK: Final = 0.5
"""What is as near as this is wanted, whether or not it holds a topic's words."""
OLD_DAYS: Final = 7.0

Signal = Callable[[Paper, Context], tuple[float, Reason | None]]
"""Returns the value in [0, 1] and its reason, if there is something to say."""


def relevance(paper: Paper, context: Context) -> tuple[float, Reason | None]:
    """Return how much of the topic's words the paper holds, and where.

    Evidence is combined as independent chances (noisy-or: 1 - prod(1 - w), Pearl 1988, 4.3.2), so
    that a second term adds less than the first and the value never passes 1.
    """
    del paper
    match = context.topic.match
    if match is None:
        return 0.0, None
    found = list({(hit.term, hit.place): hit for hit in hits(match, context.folded)}.values())
    value = 1 - math.prod(1 - PLACE_WEIGHT[hit.place] for hit in found)
    return value, _where(sorted(found, key=lambda hit: -PLACE_WEIGHT[hit.place]))


def _where(found: Sequence[Hit]) -> Reason | None:
    if not found:
        return None
    place, term = found[0].place, found[0].term
    if isinstance(term, Term) and term.field == "votes":
        return Reason(kind=ReasonKind.VOTES_WANTED, count=int(term.words))
    best = [hit.term.text for hit in found if hit.place == place][:MOST_WORDS]
    return Reason(kind=PLACE_KINDS[place], words=tuple(best))


def trending(paper: Paper, context: Context) -> tuple[float, Reason | None]:
    """Return how much the paper is talked about for its age; see `newsletter.pick.trending`."""
    return trend(paper, context.crowd)


def recency(paper: Paper, context: Context) -> tuple[float, Reason | None]:
    """Return how new the paper is: 1 now, halved every HALF_LIFE_DAYS."""
    since = paper.published or paper.first_seen
    if since is None:
        return 0.0, None
    days = max(0.0, (context.now - since) / dt.timedelta(days=1))
    if days < 1:
        reason = Reason(kind=ReasonKind.NEW)
    elif days <= OLD_DAYS:
        reason = Reason(kind=ReasonKind.AGE, count=round(days))
    else:
        reason = None  # nobody is shown a paper because it is old
    return 0.5 ** (days / HALF_LIFE_DAYS), reason


def taste(paper: Paper, context: Context) -> tuple[float, Reason | None]:
    """Return how near the paper is to what the topic likes; see `newsletter.learn.spaces`."""
    del paper
    if context.mark is None:
        return 0.0, None
    value = context.mark.value
    return value, context.mark.reason() if value >= LIKED_MARK else None


def author(paper: Paper, context: Context) -> tuple[float, Reason | None]:
    """Return 1 when one of the topic's `authors` wrote the paper."""
    for name in context.topic.authors:
        words = fold(name).split()
        for written, folded in zip(paper.authors, context.folded.authors, strict=True):
            if all(f" {word} " in folded for word in words):
                return 1.0, Reason(kind=ReasonKind.AUTHOR, name=written)
    return 0.0, None


def venue(paper: Paper, context: Context) -> tuple[float, Reason | None]:
    """Return 1 when the paper is published at one of the topic's `venues`."""
    found = any(fold(name) in context.folded.venue for name in context.topic.venues)
    return float(found), Reason(kind=ReasonKind.VENUE, name=paper.venue) if found else None


NOVEL: Final = 0.8
"""From here on a paper is said to be unlike what was sent."""


def novelty(paper: Paper, context: Context) -> tuple[float, Reason | None]:
    """Return how unlike the paper is to all that was sent lately; 0 where nothing is known."""
    del paper
    value = context.novelty or 0.0
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
"""What `rank:` in topics.yaml may weigh. A new signal is a function and a line here."""
