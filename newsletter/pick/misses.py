"""Papers that were almost shown, and why they were not: for readers who miss a paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.model import Pick, Reason, ReasonKind, Topic

NEAREST = 4
"""How many near misses are listed for each topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A paper that a topic wants, but that an email does not show under this topic."""

    pick: Pick
    reason: Reason


def near_misses(
    picks: Sequence[Pick],
    chosen: Sequence[Pick],
    topics: Sequence[Topic],
    per_author: int | None = None,
) -> tuple[Miss, ...]:
    """Return for each topic the best papers that `chosen` does not show under it, with the reason.

    The possible reasons are those of `choose`, in its order: shown under another topic, says the
    same as another paper, too many papers of one author, no room.
    """
    return tuple(
        miss for topic in topics for miss in _of_topic(picks, chosen, topic, topics, per_author)
    )


def _of_topic(
    picks: Sequence[Pick],
    chosen: Sequence[Pick],
    topic: Topic,
    topics: Sequence[Topic],
    per_author: int | None,
) -> Iterator[Miss]:
    # By the papers: those that are shown have sentences, which `picks` have not.
    here = {shown.paper.id for shown in chosen if shown.topic == topic.name}
    wanted = sorted(
        (pick for pick in picks if pick.topic == topic.name and pick.paper.id not in here),
        key=lambda pick: (-pick.score.total, pick.paper.id),
    )
    for pick in wanted[:NEAREST]:
        yield Miss(pick=pick, reason=why_not(pick, chosen, topic, topics, per_author))


def why_not(
    pick: Pick,
    chosen: Sequence[Pick],
    topic: Topic,
    topics: Sequence[Topic],
    per_author: int | None = None,
) -> Reason:
    """Return the reason why `chosen` does not show a pick under its topic."""
    titles = {section.name: section.title for section in topics}
    alike = {paper.id: shown for shown in chosen for paper in shown.also}
    people = Counter(name for shown in chosen for name in shown.paper.authors)
    here = [shown for shown in chosen if shown.topic == topic.name]
    other = next((shown for shown in chosen if shown.paper.id == pick.paper.id), None)
    crowd = next((n for n in pick.paper.authors if people[n] >= (per_author or 1_000)), "")
    if other is not None:
        title = titles.get(other.topic, other.topic)
        return Reason(kind=ReasonKind.SHOWN_ELSEWHERE, name=title)
    if pick.paper.id in alike:
        title = alike[pick.paper.id].paper.title
        return Reason(kind=ReasonKind.SAYS_THE_SAME, name=title)
    if crowd:
        return Reason(kind=ReasonKind.SAME_AUTHOR, count=people[crowd], name=crowd)
    if len(here) >= topic.limit:
        gap = max(0.0, min(shown.score.total for shown in here) - pick.score.total)
        return Reason(kind=ReasonKind.NO_ROOM, count=topic.limit, gap=gap)
    return Reason(kind=ReasonKind.LEFT_OUT)
