"""Who gets an issue: shared audiences, and then single readers, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from newsletter.day import letters
from newsletter.day.given import Day
from newsletter.errors import ConfigError
from newsletter.model import Border, Subscriber, Subscription, fault_of
from newsletter.pick.filters.language import FilterError
from newsletter.store.chunks import chunks
from newsletter.store.lists import PERSONAL
from newsletter.subscribe.audience import subscriber_of

BATCH = 200
"""How many audiences have their editions in memory at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """People who get the same edition, or one reader alone."""

    audience: str
    first: Subscriber
    """One of them."""
    count: int = 1


def curious(day: Day) -> Readers:
    """Return an invented reader who wants every topic, without words, likes or mutes."""
    everything = replace(letters.NOBODY, topics=day.config.choice.topic_names)
    return Readers(audience="", first=everything, count=0)


def everybody(
    day: Day, seen: set[str] | None = None, ahead: int | None = None
) -> Iterator[tuple[Readers, ...]]:
    """Yield all readers in batches: one for each shared audience, then all personal readers.

    With `ahead`, it ends with the batch in which so many personal readers are reached. The names of
    their audiences are added to `seen`. A reader whose subscription cannot be understood any more
    is recorded as a fault and left out.
    """
    seen = set() if seen is None else seen
    subscribers = day.stores.subscribers
    for audiences in chunks(subscribers.audiences(), BATCH):
        groups: list[Readers] = []
        for audience in audiences:
            if kept := subscribers.first_of(audience.name):
                seen.add(audience.name)
                # What is one person's own is not the group's, whoever stands for it.
                readers = as_reader(day, replace(kept, more=(), less=()))
                if readers:
                    shared = replace(readers, audience=audience.name, count=audience.count)
                    groups.append(shared)
        yield tuple(groups)
    reached = 0
    for some in subscribers.personal():
        if ahead is not None and reached >= ahead:
            return
        reached += len(some)
        # The store knows them as personal, even if they have taken back what made them so.
        names = {kept.id: PERSONAL + kept.id for kept in some}
        seen |= {*names.values()}
        yield tuple(
            replace(readers, audience=names[kept.id])
            for kept in some
            if (readers := as_reader(day, kept))
        )


def likes(day: Day) -> Iterator[str]:
    """Yield what topics like, and what readers like and dislike."""
    for topic in day.config.choice.topics:
        yield from topic.like
    for some in everybody(day):
        for group in some:
            yield from (*group.first.likes, *group.first.dislikes)


def as_reader(day: Day, kept: Subscription) -> Readers | None:
    """Return a subscription as a reader of the day.

    When it cannot be understood, record a fault and return None.
    """
    try:
        reader = subscriber_of(
            kept,
            day.config.choice.topic_names,
            timezone=str(day.config.zone),
            language=day.config.letter.language,
        )
    except (ConfigError, FilterError) as error:
        wrong = error if isinstance(error, ConfigError) else ConfigError(f"their filter: {error}")
        content = repr(kept).encode("utf-8", "replace")
        day.folders.faults.keep(fault_of(Border.READER, kept.email, wrong, content))
        return None
    return Readers(audience=kept.audience, first=reader)
