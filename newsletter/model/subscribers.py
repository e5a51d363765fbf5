"""Subscribers: what they asked for, what is kept of them, and how stages see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from newsletter.model.picks import Match

EVERYTHING = "*"
"""The audience of those who want every topic."""


class SubscriberState(StrEnum):
    """Whether a subscriber gets mail."""

    PENDING = "pending"
    """Asked for it, and has not confirmed the address yet."""
    ACTIVE = "active"
    """Gets every issue."""
    PAUSED = "paused"
    """Gets nothing for a while."""
    LEFT = "left"
    """Gets nothing any more."""


class Origin(StrEnum):
    """Where a subscriber, or a change of one, came from."""

    YAML = "yaml"
    """subscribers.yaml: such a subscriber follows what the file says."""
    SITE = "site"
    IMPORT = "import"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a subscriber wants, as they wrote it."""

    topics: tuple[str, ...] = ()
    """Names of topics in the order wanted; none: every topic."""
    timezone: str = ""
    """IANA name; empty: the newsletter's."""
    language: str = ""
    """BCP 47; empty: the newsletter's."""
    words: Any = None
    """A filter of their own, as plain YAML data: a section of its own."""
    follow: tuple[str, ...] = ()
    """Authors whose papers they want, in that section."""
    mute: Any = None
    """A filter of what they do not want, as plain YAML data."""
    mute_authors: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()
    """Papers by id, library files, or words."""
    dislikes: tuple[str, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Whether an edition is this reader's alone."""
        return bool(self.words or self.follow or self.mute or self.mute_authors or self.likes)

    def audience(self, subscriber: str) -> str:
        """Return the name of those who get the same: readers of equal topics, or one `subscriber`.

        A name of one reader begins with `~`, which sorts behind all others.
        """
        if self.is_personal:
            return f"~{subscriber}"
        return "+".join(self.topics) or EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """Somebody who wants the newsletter, before the store knows them."""

    email: str
    name: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    is_paused: bool = False
    consent_at: dt.datetime | None = None
    """When they asked for it; None: when it was read."""
    consent: str = ""
    """How they did, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What the store keeps of a subscriber."""

    id: str
    """Random and never changed; part of Message-IDs and links."""
    email: str
    name: str
    wishes: Wishes
    state: SubscriberState
    paused_until: dt.date | None
    """The first day on which they get mail again; None: until somebody says so."""
    origin: Origin
    changed_by: str
    """Who brought about the state: an `Origin`, or `link` for an unsubscribe link."""
    consent_at: dt.datetime
    consent: str
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A subscriber as stages see them: what they did not choose is filled in."""

    id: str
    email: str
    name: str = ""
    topics: tuple[str, ...] = ()
    """Topic names in the order the reader wants them."""
    timezone: str = "UTC"
    """IANA name."""
    language: str = "en"
    """BCP 47: how they write dates."""
    words: Match | None = None
    """Own words and followed authors: a section of their own."""
    muted: Match | None = None
    """Words and authors that they do not want to see."""
    likes: tuple[str, ...] = ()
    """Papers by id, library files, or words."""
    dislikes: tuple[str, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Whether an edition is this reader's alone."""
        return bool(self.words or self.muted or self.likes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Readers who get the same edition."""

    name: str
    """What `Wishes.audience` returns."""
    topics: tuple[str, ...]
    """As they were asked for; none: every topic."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronised:
    """What following a list has changed."""

    new: int = 0
    changed: int = 0
    """Subscribers whose entry differs from what was known."""
    gone: int = 0
    """Subscribers who are not on the list any more."""
    back: int = 0
    """Subscribers who had gone from the list, and are on it again."""
