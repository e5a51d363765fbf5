"""Limits: how many papers of each topic a reader gets, and no paper twice."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.model import Pick, Topic


def choose(picks: Sequence[Pick], topics: Sequence[Topic]) -> tuple[Pick, ...]:
    """Return what a reader of `topics` gets, in the reader's order of topics, best first.

    A paper that several topics want goes to the one where it scores best; when that one is full,
    to the next. Ties are broken by the order of topics, then by paper id, never by chance.
    """
    order = {topic.name: place for place, topic in enumerate(topics)}
    room = {topic.name: topic.limit for topic in topics}
    taken: set[str] = set()
    chosen: list[Pick] = []
    wanted = [pick for pick in picks if pick.topic in order]
    wanted.sort(key=lambda pick: (-pick.score.total, order[pick.topic], pick.paper.id))
    for pick in wanted:
        if room[pick.topic] and pick.paper.id not in taken:
            room[pick.topic] -= 1
            taken.add(pick.paper.id)
            chosen.append(pick)
    # A stable sort: within a topic the best stays first.
    return tuple(sorted(chosen, key=lambda pick: order[pick.topic]))
