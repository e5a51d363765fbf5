"""A request of a provider, what it proves, and why it is refused, as plain data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.suppress.events import Event

AHEAD = dt.timedelta(minutes=5)
"""How far a provider's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as it came."""

    headers: Mapping[str, str] = field(repr=False)
    """By their names in lower case."""
    body: bytes = field(repr=False)
    is_secure: bool
    """Whether it came by https, as far as we are told by somebody we trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a provider says about one mail to one address."""

    event: Event
    id: str
    """The provider's name of it, so that the same event counts once."""
    ours: str = ""
    """What the provider repeats of our mail: envelope sender, Message-ID, headers."""
    message_id: str = ""
    """The Message-ID that the provider gives the mail; it may be the provider's own."""
    sent_to: str = ""
    """Where the mail went, if the provider tells it apart from the address of the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """What a request says that is proved to be the provider's."""

    once: str
    """What must not be accepted twice."""
    told: tuple[Told, ...] = ()
    ignored: tuple[str, ...] = ()
    """Kinds of events that mean nothing for a reader, one for each event."""
    signs_body: bool = True
    """Whether the proof is of this very body; else another one could come with the same proof."""
    visit: str = ""
    """An address of the provider's to visit, by which it is told that we want to be called."""
    problem: str = ""
    """Why some of it was not understood; empty: all was."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that proves nothing; the reason is for the operator alone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The address of the certificate without which a request cannot be judged."""

    url: str


Answer = Proved | Refusal | Wanted


def is_timely(at: dt.datetime | None, now: dt.datetime, oldest: dt.timedelta) -> bool:
    """Return whether a signed time is neither older than `oldest` nor in the future."""
    return at is not None and now - oldest <= at <= now + AHEAD
