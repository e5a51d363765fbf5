"""How much a paper is talked about for its age, among the papers of the same source.

Votes come from the readers of a source, so they are compared only within that source. They collect
over days, so they are weighed by age, as Hacker News ranks its stories: (points - 1) /
(hours + 2)^1.8 (P. Graham, news.arc, 2009). People vote on papers for days, but on stories only
for hours. Therefore the formula here is (votes + 2 comments) / (hours + 12)^1.8: thirty votes of
this morning beat a hundred of yesterday. Comments count twice, because they take more effort.
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
"""The source name for votes that belong to no sighting."""
ENOUGH_RANKED = 10
"""The number of papers from which on a percentage is meaningful."""
HOT = 10 / HEAD_START**GRAVITY
"""The heat of ten votes of this hour: where the hottest paper has less, nothing is hot, and one
vote is not the most that a paper can get."""
TOP_SHARE = 20
"""A paper within this top percentage is said to be among the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """The votes and comments that one source has for a paper."""

    source: str
    votes: int
    comments: int
    value: float
    """The interest weighed by age; compared only within a source."""


def heats(paper: Paper, now: dt.datetime) -> tuple[Heat, ...]:
    """Return the heat of a paper in each source that has votes, comments or stars for it."""
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
    """The heat of all papers of a day, by source: each paper is compared with these."""

    by_paper: Mapping[str, tuple[Heat, ...]]
    ranks: Mapping[str, Sequence[float]]
    """For each source the heat values of its papers that have any, in ascending order."""


def crowd_of(papers: Sequence[Paper], now: dt.datetime) -> Crowd:
    """Return the heat of the papers of a day."""
    by_paper = {paper.id: found for paper in papers if (found := heats(paper, now))}
    ranks: dict[str, list[float]] = defaultdict(list)
    for some in by_paper.values():
        for heat in some:
            ranks[heat.source].append(heat.value)
    return Crowd(by_paper=by_paper, ranks={name: sorted(some) for name, some in ranks.items()})


def trend(paper: Paper, crowd: Crowd) -> tuple[float, Reason | None] | None:
    """Return the interest in a paper relative to the hottest of the same source, and the reason.

    The scale is logarithmic, because votes are heavy-tailed: on a linear scale all papers but the
    day's first would be near zero. Of several sources the one with the highest value counts.
    Return None for a paper of sources that have no votes for any paper: what they do not know says
    nothing about it.
    """
    if paper.id not in crowd.by_paper:
        has_votes = any(sighting.source in crowd.ranks for sighting in paper.sightings)
        return (0.0, None) if has_votes else None
    best: float = 0.0
    reason: Reason | None = None
    told = crowd.by_paper.get(paper.id, ())
    for heat in told:
        ranks = crowd.ranks[heat.source]
        value = math.log1p(1000 * heat.value) / math.log1p(1000 * max(ranks[-1], HOT))
        if value > best:
            best, reason = value, _reason(heat, ranks, is_only=len(told) == 1)
    return min(1.0, best), reason


def _reason(heat: Heat, ranks: Sequence[float], *, is_only: bool) -> Reason:
    # The share of papers that did at least as well, including this one.
    place = len(ranks) - bisect.bisect_left(ranks, heat.value)
    share = math.ceil(100 * place / len(ranks))
    # When only one source has votes for the paper, the reason does not name it.
    name = "" if is_only else heat.source
    if heat.source == STARS:
        return Reason(kind=ReasonKind.STARS, count=heat.votes)
    # A percentage of only a few papers would mean nothing.
    if share <= TOP_SHARE and len(ranks) >= ENOUGH_RANKED:
        return Reason(kind=ReasonKind.TOP, share=share)
    if heat.votes:
        return Reason(kind=ReasonKind.VOTES, count=heat.votes, name=name)
    return Reason(kind=ReasonKind.COMMENTS, count=heat.comments, name=name)
