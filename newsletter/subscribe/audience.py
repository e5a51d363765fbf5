"""Who gets what: a subscription as stages see it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from newsletter.errors import ConfigError
from newsletter.model import Match, Subscriber, Subscription
from newsletter.pick.filters.language import parse_match


def subscriber_of(
    kept: Subscription, topics: Sequence[str], *, timezone: str, language: str
) -> Subscriber:
    """Return a subscription with what they did not choose filled in from the newsletter's own.

    `topics` are the names of those that there are: others are left out, and who names none wants
    all. Raises ConfigError when none of those that they name is left, and FilterError when a filter
    of theirs cannot be understood any more.
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
        likes=wishes.likes,
        dislikes=wishes.dislikes,
    )


@functools.lru_cache(maxsize=1_000)
def known_zone(name: str) -> str:
    """Return the name of a time zone that there is, or nothing: zones are renamed at times."""
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, OSError, ValueError):  # not found, a folder, or no name of one
        return ""


def _with_authors(given: object, names: Sequence[str]) -> Match | None:
    """Return a filter that holds for the authors as well."""
    match = None if given is None else parse_match(given)
    authors = parse_match([f"author: {name}" for name in names]) if names else None
    if match is None or authors is None:
        return match or authors
    return Match(any=(match, *authors.any))
