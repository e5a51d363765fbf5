"""What each reader gets of the day's picks: topics, own words, likes, mutes, sections."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from newsletter.config import Config
from newsletter.model import Border, Fault, Paper, Pick, Subscriber, Topic, fault_of
from newsletter.pick.filters.folding import Folded, fold_paper
from newsletter.pick.filters.matching import matches
from newsletter.pick.papers import unscored
from newsletter.pick.personal import OUTSIDE_TOPIC, OWN_TOPICS, choose_for, explore, own_topic
from newsletter.pick.signals import Mark
from newsletter.pick.variety import choose
from newsletter.render.press import Selection, edition_key

MarksOf = Callable[[Sequence[Paper], Sequence[str], Sequence[str]], Mapping[str, Mark]]
"""Papers, likes and dislikes to how near each paper is to them, by its id."""


def topics(config: Config) -> tuple[Topic, ...]:
    """Return every topic that papers are scored under: of the issue, and of readers' own words."""
    own = filter(None, map(own_topic, config.subscribers))
    return (*config.topics, *own, *([OUTSIDE_TOPIC] if config.explore else ()))


def likes(config: Config) -> tuple[str, ...]:
    """Return what topics and readers like and dislike, each once."""
    of_topics = (one for topic in config.topics for one in topic.like)
    of_readers = (one for who in config.subscribers for one in (*who.likes, *who.dislikes))
    return tuple(dict.fromkeys((*of_topics, *of_readers)))


def edition_of(subscriber: Subscriber) -> str:
    """Return the key of the edition that a subscriber gets."""
    return edition_key(subscriber.topics, subscriber.id if subscriber.is_personal else "")


def selections(
    config: Config,
    picks: Sequence[Pick],
    papers: Sequence[Paper] = (),
    marks: MarksOf | None = None,
    on_fault: Callable[[Fault], None] = lambda _fault: None,
) -> Iterator[Selection]:
    """Yield what the readers get, once for each distinct list of topics among them.

    Who has words, mutes or likes of their own gets an edition of their own; the `papers` of the
    day and `marks` for likes are for them. A reader for whom choosing fails is told of and left
    out.
    """
    by_name = {topic.name: topic for topic in config.topics}
    folded = functools.cache(fold_paper)
    loose = functools.cache(lambda: unscored(papers))

    def chosen_for(subscriber: Subscriber) -> tuple[Pick, ...]:
        mine = [by_name[name] for name in subscriber.topics]
        if subscriber.is_personal:
            near = marks(papers, subscriber.likes, subscriber.dislikes) if marks else {}
            others = loose() if subscriber.likes else ()
            chosen = choose_for(
                subscriber,
                picks,
                mine,
                near,
                folded,
                others,
                per_author=config.per_author,
                variety=config.variety,
            )
        else:
            chosen = choose(picks, mine, per_author=config.per_author, variety=config.variety)
        chosen = (*chosen, *_others(subscriber, picks, chosen, mine, config.explore, folded))
        return _in_sections(chosen, config.sections)

    for subscriber in {edition_of(one): one for one in reversed(config.subscribers)}.values():
        try:
            chosen = chosen_for(subscriber)
        except Exception as error:  # noqa: BLE001  a border: whatever is wrong stays here
            content = repr(subscriber).encode("utf-8", "replace")
            on_fault(fault_of(Border.READER, subscriber.email, error, content))
            continue
        if chosen or config.send_empty:
            reader = subscriber.id if subscriber.is_personal else ""
            yield Selection(
                topics=subscriber.topics, picks=chosen, reader=reader, lead=lead(chosen)
            )


def only(selection: Selection, papers: Collection[str]) -> Selection:
    """Return a selection without the picks of other papers; `papers` are ids."""
    picks = tuple(pick for pick in selection.picks if pick.paper.id in papers)
    return replace(selection, picks=picks, lead=lead(picks))


def lead(picks: Sequence[Pick]) -> Pick | None:
    """Return the pick that an email begins with: the best one that its reader asked for."""
    wanted = [pick for pick in picks if pick.topic != OUTSIDE_TOPIC.name]
    return max(wanted, key=lambda pick: pick.score.total, default=None)


def _in_sections(picks: Sequence[Pick], sections: Sequence[str]) -> tuple[Pick, ...]:
    """Return the picks of the sections that an email has, in their order."""
    own = {topic.name for topic in OWN_TOPICS}

    def section(pick: Pick) -> str:
        return pick.topic if pick.topic in own else "topics"

    shown = [pick for pick in picks if section(pick) in sections]
    return tuple(sorted(shown, key=lambda pick: sections.index(section(pick))))


def _others(
    subscriber: Subscriber,
    picks: Sequence[Pick],
    chosen: Sequence[Pick],
    topics: Sequence[Topic],
    limit: int,
    folded: Callable[[Paper], Folded],
) -> tuple[Pick, ...]:
    """Return what is talked about outside a reader's topics, unless they muted it."""
    muted = subscriber.muted
    if muted is not None:
        picks = [one for one in picks if not matches(muted, folded(one.paper))]
    return explore(picks, chosen, topics, limit)
