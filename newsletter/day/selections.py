"""Which of the day's picks one reader gets, by topics, own words, likes, mutes and sections."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from newsletter.config.settings import Choice
from newsletter.model import Paper, Pick, Subscriber, Topic
from newsletter.pick.filters.folding import Folded
from newsletter.pick.filters.matching import matches
from newsletter.pick.personal import (
    OUTSIDE_TOPIC,
    OWN_TOPICS,
    OWN_WORDS,
    choose_for,
    explore,
    with_mark,
)
from newsletter.pick.signals import Mark
from newsletter.pick.variety import choose
from newsletter.render.given import Selection

SHORT = 5
"""Papers of a short edition."""


def select(
    choice: Choice,
    picks: Sequence[Pick],
    reader: Subscriber,
    *,
    folded: Callable[[Paper], Folded],
    marks: Mapping[str, Mark],
    loose: Sequence[Pick] = (),
) -> Selection:
    """Return what a reader gets of `picks`, which include the picks for the reader's own words.

    `marks` tell, by paper id, how near papers are to what the reader likes. `loose` is every paper
    as a pick without a topic; only readers with likes need it.
    Of a reader who only dislikes, they tell how near papers are to that.
    """
    by_name = {topic.name: topic for topic in choice.topics}
    mine = [by_name[name] for name in reader.topics]
    if reader.is_personal:
        chosen = choose_for(
            reader, picks, mine, marks, folded, loose,
            per_author=choice.per_author, variety=choice.variety,
        )  # fmt: skip
    else:
        chosen = choose(picks, mine, per_author=choice.per_author, variety=choice.variety)
    others = _others(reader, picks, chosen, mine, choice.explore, folded, marks)
    shown = _in_sections((*chosen, *others), choice.sections)
    return Selection(
        topics=reader.topics,
        picks=shown,
        own=(OWN_WORDS,) if reader.words else (),
        reader=reader.id if reader.is_personal else "",
        lead=lead(shown),
    )


def only(selection: Selection, papers: Collection[str]) -> Selection:
    """Return the selection with only the picks of `papers`, which are paper ids."""
    picks = tuple(pick for pick in selection.picks if pick.paper.id in papers)
    return replace(selection, picks=picks, lead=lead(picks))


def shortened(selection: Selection) -> Selection:
    """Return the selection with its best papers only; those that nobody asked for come last."""
    ranked = sorted(
        selection.picks, key=lambda pick: (pick.topic == OUTSIDE_TOPIC.name, -pick.score.overall)
    )
    return only(selection, frozenset(pick.paper.id for pick in ranked[:SHORT]))


def lead(picks: Sequence[Pick]) -> Pick | None:
    """Return the pick that an email begins with: the best one that its reader asked for."""
    wanted = [pick for pick in picks if pick.topic != OUTSIDE_TOPIC.name]
    return max(wanted, key=lambda pick: pick.score.overall, default=None)


def _in_sections(picks: Sequence[Pick], sections: Sequence[str]) -> tuple[Pick, ...]:
    """Return the picks that belong to `sections`, in the order of the sections."""
    own = {topic.name for topic in OWN_TOPICS}

    def section(pick: Pick) -> str:
        return pick.topic if pick.topic in own else "topics"

    shown = [pick for pick in picks if section(pick) in sections]
    return tuple(sorted(shown, key=lambda pick: sections.index(section(pick))))


def _others(
    reader: Subscriber,
    picks: Sequence[Pick],
    chosen: Sequence[Pick],
    topics: Sequence[Topic],
    limit: int,
    folded: Callable[[Paper], Folded],
    marks: Mapping[str, Mark],
) -> tuple[Pick, ...]:
    """Return papers outside a reader's topics that are talked about, without muted ones.

    Those that are near to what the reader does not like fall behind.
    """
    against = {paper: mark for paper, mark in marks.items() if mark.against}
    if against:
        picks = [with_mark(pick, against.get(pick.paper.id)) for pick in picks]
    muted = reader.muted
    if muted is not None:
        picks = [pick for pick in picks if not matches(muted, folded(pick.paper))]
    return explore(picks, chosen, topics, limit)
