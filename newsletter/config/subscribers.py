"""subscribers.yaml → Subscriber."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from newsletter.config.documents import Document
from newsletter.config.mistakes import suggest
from newsletter.config.nodes import Path_
from newsletter.config.shape import Shape
from newsletter.config.shapes import (
    NewsletterShape,
    SubscriberShape,
    SubscribersShape,
    TopicsShape,
)
from newsletter.config.topics import check_likes, read_filter
from newsletter.model import Match, Subscriber
from newsletter.pick.filters.language import parse_match


def read_subscribers(
    documents: Mapping[str, Document], shapes: Mapping[str, Shape], problems: list[str]
) -> tuple[Subscriber, ...]:
    """Return who gets an issue; mistakes go to `problems`."""
    shape, topics = shapes.get("subscribers"), shapes.get("topics")
    if not isinstance(shape, SubscribersShape) or not isinstance(topics, TopicsShape):
        return ()
    document = documents["subscribers"]
    known = [topic.name for topic in topics.topics]
    main = shapes.get("newsletter")
    usual = main if isinstance(main, NewsletterShape) else None
    lines: dict[str, str] = {}
    found: list[Subscriber] = []
    for place, person in enumerate(shape.subscribers):
        path: Path_ = ("subscribers", place)
        problems.extend(
            f"{document.where((*path, 'topics', number))}: no topic is called `{name}`"
            f"{suggest(name, known)}"
            for number, name in enumerate(person.topics)
            if name not in known
        )
        # Mailboxes differ by case only in theory (RFC 5321, 2.4): nobody wants two copies.
        address = person.email.lower()
        if address in lines:
            problems.append(
                f"{document.where((*path, 'email'), value=True)}: {person.email} is on the list "
                f"already ({lines[address]})"
            )
            continue
        lines[address] = document.where((*path, "email"), value=True)
        words = read_filter(person.words, document, (*path, "words"), problems)
        for name in ("likes", "dislikes"):
            check_likes(getattr(person, name), document, (*path, name), problems)
        muted = read_filter(person.mute, document, (*path, "mute"), problems)
        if not person.paused:
            reader = _subscriber(person, known, usual)
            own = _with_authors(words, person.follow)
            found.append(
                replace(reader, words=own, muted=_with_authors(muted, person.mute_authors))
            )
    return tuple(found)


def _with_authors(match: Match | None, names: list[str]) -> Match | None:
    """Return a filter that holds for the authors as well."""
    authors = parse_match([f"author: {name}" for name in names]) if names else None
    if match is None or authors is None:
        return match or authors
    return Match(any=(match, *authors.any))


def _subscriber(
    person: SubscriberShape, topics: list[str], usual: NewsletterShape | None
) -> Subscriber:
    digest = hashlib.sha256(person.email.lower().encode()).digest()
    return Subscriber(
        id=digest[:10].hex(),
        email=person.email,
        name=person.name,
        topics=tuple(dict.fromkeys(person.topics or topics)),
        timezone=person.timezone or (usual.timezone if usual else "UTC"),
        language=person.language or (usual.language if usual else "en"),
        likes=tuple(person.likes),
        dislikes=tuple(person.dislikes),
    )
