"""Who gets what: a subscription as stages see it."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.errors import ConfigError
from newsletter.model import Match, Subscriber, Subscription
from newsletter.model.hours import known_zone
from newsletter.pick.filters.language import parse_match


def subscriber_of(
    kept: Subscription, topics: Sequence[str], *, timezone: str, language: str
) -> Subscriber:
    """Return a subscription with what they did not choose filled in from the newsletter's own.

    `topics` are the names of those that there are: others are left out, and who names none wants
    all. What they said about papers comes after what they wrote. Raises ConfigError when none of
    the topics that they name is left, and FilterError when a filter of theirs cannot be understood
    any more.
    """
    wishes = kept.wishes
    known = frozenset(topics)
    if wishes.topics and known.isdisjoint(wishes.topics):
        named = ", ".join(wishes.topics)
        raise ConfigError(f"topics.yaml has none of their topics any more: {named}")
    return Subscriber(
        id=kept.id,
        email=kept.email,
        name=kept.name,
        topics=tuple(name for name in wishes.topics if name in known) or tuple(topics),
        timezone=known_zone(wishes.timezone) or timezone,
        language=wishes.language or language,
        words=_with_authors(wishes.words, wishes.follow),
        muted=_with_authors(wishes.mute, wishes.mute_authors),
        likes=tuple(dict.fromkeys((*wishes.likes, *kept.more))),
        dislikes=tuple(dict.fromkeys((*wishes.dislikes, *kept.less))),
        cadence=wishes.cadence,
        length=wishes.length,
    )


def _with_authors(given: object, names: Sequence[str]) -> Match | None:
    """Return a filter that holds for the authors as well."""
    match = None if given is None else parse_match(given)
    authors = parse_match([f"author: {name}" for name in names]) if names else None
    if match is None or authors is None:
        return match or authors
    return Match(any=(match, *authors.any))
