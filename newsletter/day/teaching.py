"""Teaching: which papers to ask a reader about, so that few answers teach most.

Of the papers that the store saw last, the next one is always the one nearest to the border of what
the reader would be shown, by all answers so far (uncertainty sampling: Lewis and Gale 1994). What
is far beyond the border is so near to a like that a yes tells little, and what is far below it is
nearly always a no. `benchmarks/onboarding.py` compares this with chance and with the best first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from newsletter.day.drafts import Draft
from newsletter.day.given import Day
from newsletter.day.readers import as_reader
from newsletter.learn.tastes import named
from newsletter.model import FeedbackKind, Paper, Subscription
from newsletter.pick.filters.folding import fold_paper
from newsletter.pick.filters.matching import matches
from newsletter.pick.signals import Mark

QUESTIONS = 10
"""Papers that a reader is asked about in one sitting."""
POOL = 1000
"""Papers that are looked at, the last ones seen: some two days of a large newsletter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A paper that a reader is asked about."""

    paper: Paper
    chance: float | None
    """How probable a yes is; None before anything is known of the reader."""


def next_question(
    day: Day, draft: Draft, kept: Subscription, asked: Collection[str]
) -> Proposal | None:
    """Return the paper to ask a reader about next; None when there is none left.

    `asked` are the ids of those they were asked about in this sitting. What they said before, and
    papers that they name in what they wrote, are not asked about again; nor is what they mute.
    """
    readers = as_reader(day, kept)
    if readers is None:
        return None
    reader = readers.first
    said = named((*reader.likes, *reader.dislikes))
    pool = [
        paper
        for paper in day.stores.papers.last(POOL)
        if paper.id not in asked and said.isdisjoint(paper.keys)
    ]
    muted = reader.muted
    if muted is not None:
        pool = [paper for paper in pool if not matches(muted, fold_paper(paper))]
    marks = day.tastes.marks(pool, reader.likes, reader.dislikes)
    worth = {
        pick.paper.id: pick.score.overall
        for pick in reversed(draft.picks)
        if pick.topic in reader.topics
    }
    return nearest_to_border(pool, marks, worth)


def nearest_to_border(
    pool: Sequence[Paper], marks: Mapping[str, Mark], worth: Mapping[str, float]
) -> Proposal | None:
    """Return the paper whose chance is nearest to that from which on papers are shown.

    Before anything is known of the reader, it is the one with the most `worth` (by paper id) under
    their topics that is not like what they do not like.
    """

    def telling(paper: Paper) -> tuple[float, float]:
        mark = marks.get(paper.id)
        if mark is None:
            return 0.0, worth.get(paper.id, 0.0)
        if mark.against:
            return 0.0, worth.get(paper.id, 0.0) * (1 - mark.value)
        return -abs(mark.chance - mark.floor), worth.get(paper.id, 0.0)

    best = max(pool, key=telling, default=None)
    if best is None:
        return None
    mark = marks.get(best.id)
    return Proposal(paper=best, chance=mark.chance if mark and not mark.against else None)


def answer(day: Day, kept: Subscription, paper: Paper, *, liked: bool) -> None:
    """Note what a reader says of a paper: their next mail goes by it."""
    kind = FeedbackKind.MORE if liked else FeedbackKind.LESS
    day.stores.feedback.give(kept.id, paper.keys, kind, day.clock())
