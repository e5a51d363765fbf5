"""Subscribers: what they asked for, what the store keeps, and how the stages see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.model.picks import Match

EVERYTHING = "*"
"""The audience of readers who want every topic."""
ANY_HOUR = -1
"""The hour of readers who want an issue as soon as it is made."""


ASKED = "asked on the site"
"""The consent of somebody who asked, and has not confirmed yet that the address is theirs."""
LINK = "link"
"""What `Subscription.changed_by` says of who left by a link in a mail."""


class Cadence(StrEnum):
    """How often a reader gets mail."""

    DAILY = "daily"
    """Every issue."""
    WEEKDAYS = "weekdays"
    """Every issue from Monday to Friday."""
    WEEKLY = "weekly"
    """Once a week, the best of the week."""


class Length(StrEnum):
    """How much of an issue a reader gets."""

    FULL = "full"
    SHORT = "short"
    """Only the best papers, as titles with a sentence."""


class SubscriberState(StrEnum):
    """Whether a subscriber gets mail."""

    PENDING = "pending"
    """Asked for it, but has not confirmed the address yet."""
    ACTIVE = "active"
    """Gets every issue."""
    PAUSED = "paused"
    """Gets nothing for a while."""
    LEFT = "left"
    """Gets nothing any more."""
    ERASED = "erased"
    """Deleted at their own wish: nothing is left but the id, which past deliveries name."""


class Origin(StrEnum):
    """Where a subscriber, or a change to one, came from."""

    YAML = "yaml"
    """From subscribers.yaml; such a subscriber follows what the file says."""
    SITE = "site"
    IMPORT = "import"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a subscriber wants, as they wrote it."""

    topics: tuple[str, ...] = ()
    """Names of topics in the order wanted; empty: every topic."""
    timezone: str = ""
    """IANA name; empty: the newsletter's."""
    language: str = ""
    """BCP 47; empty: the newsletter's."""
    words: object = None
    """The subscriber's own filter, as plain YAML data; it makes a section of its own."""
    follow: tuple[str, ...] = ()
    """Authors whose papers go into that section."""
    mute: object = None
    """A filter for papers they do not want, as plain YAML data."""
    mute_authors: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()
    """Papers by id, library files, or words."""
    dislikes: tuple[str, ...] = ()
    hour: int = ANY_HOUR
    """The hour of the reader's own day, 0 to 23, from which they want an issue."""
    cadence: Cadence = Cadence.DAILY
    length: Length = Length.FULL

    @property
    def is_personal(self) -> bool:
        """Whether an edition is for this reader alone."""
        return bool(
            self.words
            or self.follow
            or self.mute
            or self.mute_authors
            or self.likes
            or self.dislikes
        )

    def audience(self, subscriber: str) -> str:
        """Return the name of the audience: readers with equal wishes, or one `subscriber` alone.

        The name of a single reader begins with `~`, so it sorts after all others. Otherwise it is
        the names of the topics, then `|` and the cadence, the length and the language, when they
        are not usual.
        """
        if self.is_personal:
            return f"~{subscriber}"
        chosen = (self.cadence, self.length)
        unusual = [value.value for value in chosen if value not in _USUAL]
        unusual += [_LANGUAGE + self.language] if self.language else []
        return "|".join(("+".join(self.topics) or EVERYTHING, *unusual))


_LANGUAGE = "in-"
_USUAL = (Cadence.DAILY, Length.FULL)


def topics_of(audience: str) -> tuple[str, ...]:
    """Return the topics in the name of a shared audience; none: every topic."""
    names = audience.partition("|")[0]
    return () if names == EVERYTHING else tuple(names.split("+"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """Somebody who wants the newsletter, before the store knows them."""

    email: str
    name: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    is_paused: bool = False
    consent_at: dt.datetime | None = None
    """When they asked for it; None: when the sign-up was read."""
    consent: str = ""
    """How they asked, in a few words."""


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
    """The first day on which they get mail again; None: when somebody ends the pause."""
    origin: Origin
    changed_by: str
    """Who caused the state: an `Origin`, or `link` for an unsubscribe link."""
    consent_at: dt.datetime
    consent: str
    changed_at: dt.datetime
    left_because: str = ""
    """Why they left, in their own words, if they said."""
    more: tuple[str, ...] = ()
    """Papers, by their ids, that they want more like: feedback from mails and pages."""
    less: tuple[str, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Whether an edition is for this subscriber alone, as for who has given feedback."""
        return bool(self.more or self.less) or self.wishes.is_personal

    @property
    def audience(self) -> str:
        """The name of the audience; who has given feedback gets an edition alone."""
        return f"~{self.id}" if self.is_personal else self.wishes.audience(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A subscriber as the stages see them, with defaults for what they did not choose."""

    id: str
    email: str
    name: str = ""
    topics: tuple[str, ...] = ()
    """Topic names in the order the reader wants them."""
    timezone: str = "UTC"
    """IANA name."""
    language: str = "en"
    """BCP 47; that of the phrases and dates in their mail."""
    words: Match | None = None
    """The subscriber's own words and followed authors; they make a section of their own."""
    muted: Match | None = None
    """Words and authors that they do not want to see."""
    likes: tuple[str, ...] = ()
    """Papers by id, library files, or words."""
    dislikes: tuple[str, ...] = ()
    cadence: Cadence = Cadence.DAILY
    length: Length = Length.FULL

    @property
    def is_personal(self) -> bool:
        """Whether an edition is for this reader alone."""
        return bool(self.words or self.muted or self.likes or self.dislikes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Readers who get the same edition."""

    name: str
    """What `Wishes.audience` returns."""
    topics: tuple[str, ...]
    """Topics in the order asked for; empty: every topic."""
    count: int
    cadence: Cadence = Cadence.DAILY
    length: Length = Length.FULL
    language: str = ""
    """As it was asked for (BCP 47); empty: the newsletter's."""


def audience_of(name: str, count: int) -> Audience:
    """Return the shared audience with a name, as `Wishes.audience` makes it."""
    words = name.split("|")[1:]
    cadences = (cadence for cadence in Cadence if cadence.value in words)
    lengths = (length for length in Length if length.value in words)
    return Audience(
        name=name,
        topics=topics_of(name),
        count=count,
        cadence=next(cadences, Cadence.DAILY),
        length=next(lengths, Length.FULL),
        language=next(
            (word.removeprefix(_LANGUAGE) for word in words if word.startswith(_LANGUAGE)), ""
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronised:
    """What changed when the store followed subscribers.yaml."""

    new: int = 0
    changed: int = 0
    """Subscribers whose entry differs from the stored one."""
    gone: int = 0
    """Subscribers who are no longer on the list."""
    back: int = 0
    """Subscribers who had gone from the list and are on it again."""
