"""What people do on the site: mails that they ask for, and what they say about papers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """A mail to one person, which is part of no issue."""

    CONFIRM = "confirm"
    """Asks somebody to confirm that they want the newsletter."""
    WELCOME = "welcome"
    """Says that they get it from now on, with the latest issue."""
    MANAGE = "manage"
    """Brings a link, good for an hour, to the pages where they change what they get."""


class NoticeState(StrEnum):
    """Where a notice stands."""

    WAITING = "waiting"
    """To be sent when `next_at` has come."""
    STARTED = "started"
    """It may be on its way: after a crash nobody knows whether it left."""
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The program died while it left. It is not sent again; the person can ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail that somebody asked for on the site."""

    number: int
    subscriber: str
    """A subscriber's id."""
    kind: NoticeKind
    attempt: int
    """How often it was begun before."""
    made_at: dt.datetime


class FeedbackKind(StrEnum):
    """What a reader says about a paper."""

    MORE = "more"
    """More like this one."""
    LESS = "less"
    """Less like this one."""
    SAVE = "save"
    """Keep it on the reader's own list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a reader said about a paper, and when."""

    paper: str
    """A paper's id."""
    kind: FeedbackKind
    given_at: dt.datetime
