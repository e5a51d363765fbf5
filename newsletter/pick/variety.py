"""choose(): limit the papers of each topic, show no paper twice, and avoid similar papers."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from newsletter.model import Paper, Pick, Topic
from newsletter.pick.filters.folding import fold

ALIKE = 0.5
"""Two papers say the same if they share at least this part of all their words. Examples: a second
version of a paper under another id, two halves of one work."""
ALIKE_TITLES = 0.3
"""Their titles must share this part, too: a feed may repeat one sentence under all its entries."""
FEW_WORDS = 12
"""Papers with fewer words are compared by their titles alone: short texts share words by chance."""
CROWD = 20
"""A paper with more authors comes from a large collaboration: `per_author` does not apply to it."""


def choose(
    picks: Sequence[Pick],
    topics: Sequence[Topic],
    *,
    per_author: int | None = None,
    variety: float = 0.0,
) -> tuple[Pick, ...]:
    """Return what a reader of `topics` gets, in the reader's order of topics, best first.

    A paper that several topics want goes to the one that it is most about; when that topic is full,
    to the next one. A paper that says the same as a better one is added to it (`also`). At
    most `per_author` papers of any author are chosen. Ties are broken by the order of topics, then
    by paper id, never at random.

    With `variety` above 0 the next paper is always the one with the highest marginal relevance
    (Carbonell and Goldstein 1998): (1 - variety) * score - variety * similarity, where similarity
    is that to the nearest paper already chosen.
    """
    order = {topic.name: place for place, topic in enumerate(topics)}
    room = {topic.name: topic.limit for topic in topics}
    wanted = [pick for pick in picks if pick.topic in order]
    wanted.sort(key=lambda pick: (-pick.score.total, order[pick.topic], pick.paper.id))
    taken: set[str] = set()
    chosen: list[Pick] = []
    words: list[_Words] = []
    by_author: Counter[str] = Counter()
    nearest = dict.fromkeys((pick.paper.id for pick in wanted), 0.0)
    words_of = functools.cache(_words)
    same: dict[str, list[Pick]] = {}
    for pick in wanted:
        same.setdefault(pick.paper.id, []).append(pick)
    while wanted:
        first = wanted.pop(_next(wanted, nearest, variety))
        if not room[first.topic] or first.paper.id in taken:
            continue
        # `max` takes the first of equals: the topic where the paper scores more.
        open_to = [pick for pick in same[first.paper.id] if room[pick.topic]]
        pick = max(open_to, key=lambda pick: pick.score.about)
        people = _people(pick.paper) if per_author else ()
        if any(by_author[name] >= (per_author or 0) for name in people):
            continue
        own = words_of(pick.paper)
        taken.add(pick.paper.id)
        twin = next((n for n, other in enumerate(words) if _is_alike(own, other)), None)
        if twin is not None:
            chosen[twin] = replace(chosen[twin], also=(*chosen[twin].also, pick.paper))
            continue
        room[pick.topic] -= 1
        by_author.update(people)
        chosen.append(pick)
        words.append(own)
        for other in wanted if variety else ():
            likeness = _shared(own[1], words_of(other.paper)[1])
            nearest[other.paper.id] = max(nearest[other.paper.id], likeness)
    # A stable sort: within a topic the best stays first.
    return tuple(sorted(chosen, key=lambda pick: order[pick.topic]))


def _next(wanted: Sequence[Pick], nearest: Mapping[str, float], variety: float) -> int:
    """Return the index of the pick to choose next; `wanted` is sorted by score."""
    if not variety:
        return 0
    return max(
        range(len(wanted)),
        key=lambda place: (
            (1 - variety) * wanted[place].score.total - variety * nearest[wanted[place].paper.id],
            -place,
        ),
    )


def _people(paper: Paper) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(fold, paper.authors))) if len(paper.authors) <= CROWD else ()


_Words = tuple[frozenset[str], frozenset[str]]
"""The words of a paper's title, and the words of title and abstract."""


def _words(paper: Paper) -> _Words:
    title = fold(paper.title)
    text = frozenset(title.split()) | frozenset(fold(paper.abstract).split())
    if len(text) < FEW_WORDS:
        text = frozenset((title,))
    return frozenset(title.split()), text


def _is_alike(left: _Words, right: _Words) -> bool:
    return _shared(left[0], right[0]) >= ALIKE_TITLES and _shared(left[1], right[1]) >= ALIKE


def _shared(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the share of all words that both have: the Jaccard index (Jaccard 1901)."""
    return len(left & right) / max(1, len(left | right))
