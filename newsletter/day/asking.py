"""most_telling(): the papers to which somebody's yes or no tells most."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from newsletter.model import Paper, Pick, Topic
from newsletter.pick.filters.folding import fold
from newsletter.pick.personal import OWN_WORDS, OWN_WORDS_TOPIC, marked
from newsletter.pick.signals import Mark

EACH_DAY = 12
"""Doubts that are kept of a day."""
BORDER = 0.5
"""The value of a mark from which on a paper is usually wanted."""
LIKENESS = 2.0
"""How much likeness to a paper that is asked about already counts against a paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A paper of which it is not plain whether somebody wants it."""

    paper: Paper
    distance: float
    """How far its score is from the border between what is picked and what is not."""


def doubts(
    papers: Sequence[Paper],
    picks: Sequence[Pick],
    shown: Sequence[Pick],
    topics: Sequence[Topic],
    marks: Mapping[str, Mark],
    said: Collection[str] = (),
) -> tuple[Doubt, ...]:
    """Return the papers of a day that are next to the border of what a reader gets, nearest first.

    `picks` are those of the reader's `topics` and own words, of which `shown` came through; `marks`
    are by the reader's likes. Papers about which the reader has `said` something are left out.

    In a section that is full, the border is the least score in it. For papers without a section it
    is the mark from which on a paper is near enough to what the reader likes.
    """
    least: dict[str, float] = {}
    count: dict[str, int] = {}
    for pick in shown:
        least[pick.topic] = min(pick.score.total, least.get(pick.topic, 1.0))
        count[pick.topic] = count.get(pick.topic, 0) + 1
    borders = {
        topic.name: least[topic.name]
        if count.get(topic.name, 0) >= topic.limit
        else topic.min_score
        for topic in (*topics, OWN_WORDS_TOPIC)
    }
    found: dict[str, float] = {}

    def note(paper: Paper, distance: float) -> None:
        if paper.id not in said:
            found[paper.id] = min(distance, found.get(paper.id, distance))

    for pick in picks:
        section = pick.topic.partition("~")[0] if pick.topic.startswith(OWN_WORDS) else pick.topic
        if section in borders:
            total = marked(pick.score.total, marks.get(pick.paper.id))
            note(pick.paper, abs(total - borders[section]))
    for paper in papers:
        if mark := marks.get(paper.id):
            note(paper, abs(mark.value - BORDER))
    by_id = {paper.id: paper for paper in papers}
    nearest = sorted((distance, name) for name, distance in found.items() if name in by_id)
    return tuple(Doubt(paper=by_id[name], distance=far) for far, name in nearest[:EACH_DAY])


def most_telling(
    given: Sequence[Doubt], said: Collection[str] = (), count: int = 5
) -> tuple[Paper, ...]:
    """Return papers to ask somebody about: near the border, and different from each other.

    Each is the best one beside those before it (maximal marginal relevance, Carbonell and Goldstein
    1998): an answer about two papers that are alike would tell the same twice.
    """
    left = list({doubt.paper.id: doubt for doubt in given if doubt.paper.id not in said}.values())
    words = {doubt.paper.id: _words(doubt.paper) for doubt in left}
    chosen: list[Doubt] = []
    nearest = dict.fromkeys(words, 0.0)
    while left and len(chosen) < count:
        best = min(
            left,
            key=lambda doubt: (
                doubt.distance + LIKENESS * nearest[doubt.paper.id], doubt.paper.id
            ),
        )  # fmt: skip
        chosen.append(best)
        left.remove(best)
        for doubt in left:
            likeness = _likeness(words[best.paper.id], words[doubt.paper.id])
            nearest[doubt.paper.id] = max(nearest[doubt.paper.id], likeness)
    return tuple(doubt.paper for doubt in chosen)


def _words(paper: Paper) -> frozenset[str]:
    return frozenset(fold(f"{paper.title} {paper.abstract}").split())


def _likeness(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / max(1, len(left | right))
