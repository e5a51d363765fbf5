"""How much a paper is talked about for its age, among the papers of the same source.

Votes are what a source's readers gave, so they are compared within that source. They come over
days, so they are weighed by age, as Hacker News ranks its stories: (points - 1) / (hours + 2)^1.8
(P. Graham, news.arc, 2009). Papers are voted on for days where stories are for hours: here it is
(votes + 2 comments) / (hours + 12)^1.8, and thirty votes of this morning beat a hundred of
yesterday. Comments count twice: they cost more to give.
"""

from __future__ import annotations

import bisect
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.model import Paper, Reason, ReasonKind

GRAVITY = 1.8
HEAD_START = 12.0
"""Hours during which a paper's age hardly counts."""
STARS = "stars"
"""The stars of a paper's code, as if they were a source of votes."""
UNNAMED = ""
"""The source of votes that no sighting names."""
ENOUGH_RANKED = 10
"""Papers of which a percentage means something."""
TOP_SHARE = 20
"""Percent within which a paper is said to be among the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """What one source says of a paper."""

    source: str
    votes: int
    comments: int
    value: float
    """Interest for its age; only compared within a source."""


def heats(paper: Paper, now: dt.datetime) -> tuple[Heat, ...]:
    """Return what each source says of a paper, those that say something."""
    found = [
        Heat(
            source=sighting.source,
            votes=sighting.votes,
            comments=sighting.comments,
            value=_heat(sighting.votes + 2 * sighting.comments, sighting.seen_at, now),
        )
        for sighting in paper.sightings
        if sighting.votes or sighting.comments
    ]
    since = paper.first_seen or paper.published
    if not found and (paper.votes or paper.comments):
        value = _heat(paper.votes + 2 * paper.comments, since, now)
        found = [Heat(source=UNNAMED, votes=paper.votes, comments=paper.comments, value=value)]
    if paper.stars:
        value = _heat(paper.stars, since, now)
        found.append(Heat(source=STARS, votes=paper.stars, comments=0, value=value))
    return tuple(found)


def _heat(interest: float, since: dt.datetime | None, now: dt.datetime) -> float:
    hours = max(0.0, (now - since) / dt.timedelta(hours=1)) if since else 0.0
    return float(interest / (hours + HEAD_START) ** GRAVITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What all papers of a day got, by source: what one of them is compared with."""

    by_paper: Mapping[str, tuple[Heat, ...]]
    ranks: Mapping[str, Sequence[float]]
    """Of each source, the heat of every paper that has any, ascending."""


def crowd_of(papers: Sequence[Paper], now: dt.datetime) -> Crowd:
    """Return what the papers of a day got."""
    by_paper = {paper.id: found for paper in papers if (found := heats(paper, now))}
    ranks: dict[str, list[float]] = defaultdict(list)
    for some in by_paper.values():
        for heat in some:
            ranks[heat.source].append(heat.value)
    return Crowd(by_paper=by_paper, ranks={name: sorted(some) for name, some in ranks.items()})


def trend(paper: Paper, crowd: Crowd) -> tuple[float, Reason | None]:
    """Return the interest in a paper against the hottest of the same source, and the reason.

    The scale is logarithmic, because votes are heavy-tailed: on a linear one the day's first
    would leave all others at zero. Of several sources the one that says most counts.
    """
    best: float = 0.0
    reason: Reason | None = None
    told = crowd.by_paper.get(paper.id, ())
    for heat in told:
        ranks = crowd.ranks[heat.source]
        value = math.log1p(1000 * heat.value) / math.log1p(1000 * ranks[-1])
        if value > best:
            best, reason = value, _reason(heat, ranks, is_only=len(told) == 1)
    return min(1.0, best), reason


def _reason(heat: Heat, ranks: Sequence[float], *, is_only: bool) -> Reason:
    # The share of papers that did at least as well, itself included.
    place = len(ranks) - bisect.bisect_left(ranks, heat.value)
    share = math.ceil(100 * place / len(ranks))
    # Where there is but one source of votes, its name tells nothing.
    name = "" if is_only else heat.source
    if heat.source == STARS:
        return Reason(kind=ReasonKind.STARS, count=heat.votes)
    # A percentage of a handful of papers would be a joke.
    if share <= TOP_SHARE and len(ranks) >= ENOUGH_RANKED:
        return Reason(kind=ReasonKind.TOP, share=share)
    if heat.votes:
        return Reason(kind=ReasonKind.VOTES, count=heat.votes, name=name)
    return Reason(kind=ReasonKind.COMMENTS, count=heat.comments, name=name)
