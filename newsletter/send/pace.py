"""How fast to send and when to try again: rates, back-off, slowing down, stopping altogether."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from newsletter.send.streams import FOR_NOW

BACKOFF = tuple(dt.timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120))
"""Waits after the 1st, 2nd, … refusal; the last one repeats."""
DEADLINE = dt.timedelta(hours=20)
"""After this time a daily newsletter is worthless: the next issue is about to be due."""
JITTER = 0.2
"""Waits vary at random by up to this share, so that refused mails are not all retried at once."""
CLOSING: Final = 421
"""The server closes the connection: it is busy, whatever command it answers."""
_BUSY: Final = frozenset((450, 451, 452, 454))
"""Replies that are about the server, or about our pace, unless they answer RCPT."""
_SLOWER = re.compile(
    r"too (many|fast|quickly|busy)|\brate\b|ratelimit|throttl|slow ?down", re.IGNORECASE
)
_LATER = re.compile(r"gr[ea]y-?list", re.IGNORECASE)
_ADDRESS = re.compile(r"\S+@\S+")
_SYSTEM_BUSY: Final = "4.3.2"
"""The system accepts no messages now (RFC 3463)."""
_OF_MAILBOX: Final = "4.2."

_RATE = re.compile(r"([0-9]{1,9})\s*(?:/|per|a)\s*(second|minute|hour|day)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


def is_busy(code: int, enhanced: str, text: str, *, of_recipient: bool) -> bool:
    """Tell whether a refusal asks us to send more slowly to everybody.

    `of_recipient`: the refusal answers RCPT. Then it is about that mailbox (450, 451 and 452, RFC
    5321, 4.2.3), unless its text or enhanced code says otherwise. Greylisting is about one mailbox,
    too: it asks for a later try (RFC 6647).
    """
    if code == CLOSING:
        return True
    if code // 100 != FOR_NOW or enhanced.startswith(_OF_MAILBOX):
        return False
    words = _ADDRESS.sub("", text)
    if _LATER.search(words):
        return False
    if enhanced == _SYSTEM_BUSY or _SLOWER.search(words):
        return True
    return code in _BUSY and not of_recipient


def next_attempt(attempt: int, now: dt.datetime, chance: random.Random) -> dt.datetime:
    """Return when to try again after the `attempt`-th try (from 1) was refused for now."""
    wait = BACKOFF[min(max(attempt, 1), len(BACKOFF)) - 1]
    return now + wait * (1 + JITTER * (2 * chance.random() - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` messages within a time of `per`."""

    count: int
    per: dt.timedelta


def parse_rate(text: str) -> Rate:
    """Return the rate that a text means: `14/second`, `500 per hour`, `2000/day`.

    Raises ValueError for a text that is not a rate.
    """
    found = _RATE.fullmatch(text.strip().lower())
    if found is None or int(found[1]) < 1:
        raise ValueError("a rate is written 14/second, 300/minute, 500/hour or 2000/day")
    return Rate(count=int(found[1]), per=dt.timedelta(seconds=_SECONDS[found[2]]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast mail may leave."""

    connections: int = 4
    rate: Rate | None = None
    per_domain: tuple[tuple[str, Rate], ...] = ()
    """Domains of addresses and their rates; `*` stands for every other domain."""
    cooldown: float = 1.0
    """Seconds after a busy answer in which no message is begun."""
    patience: float = 60.0
    """Seconds to wait at most for a rate; what it does not allow by then stays planned."""
    grace: float = 30.0
    """Seconds for messages in flight to finish when sending is stopped."""


@dataclass(slots=True, kw_only=True)
class Throttle:
    """How many connections may work at once: fewer when the server is busy (AIMD).

    The number is halved at each busy answer. It grows by one after as many accepted messages as
    there are connections allowed. TCP does the same (Chiu and Jain 1989). After a busy answer no
    connection begins a message for a while.
    """

    connections: int
    cooldown: float
    """Seconds to wait after the first busy answer; doubled for each further one, up to 60."""
    clock: Callable[[], float]
    allowed: float = field(init=False)
    _busy: int = field(init=False, default=0)
    _until: float = field(init=False, default=0.0)
    _fewer_from: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Begin with all connections allowed."""
        self.allowed = float(self.connections)

    def busy(self) -> None:
        """Slow down."""
        now = self.clock()
        if now < self._until:
            return  # several busy answers were on their way already: they count as one
        self.allowed = max(1.0, self.allowed / 2)
        self._until = now + min(60.0, self.cooldown * 2**self._busy)
        self._busy += 1

    def refused(self) -> None:
        """Use fewer connections, since one was refused; the others need not wait."""
        now = self.clock()
        if now >= self._fewer_from:
            self.allowed = max(1.0, self.allowed / 2)
            self._fewer_from = now + self.cooldown  # refusals of the same moment count as one

    def taken(self) -> None:
        """Speed up a little: a message was accepted."""
        self._busy = 0
        self.allowed = min(float(self.connections), self.allowed + 1 / self.allowed)

    def wait(self, number: int) -> float:
        """Return how many seconds connection `number` (from 0) should wait before it begins."""
        rest = self._until - self.clock()
        if rest > 0:
            return rest
        return 0.0 if number < int(self.allowed) else 0.05


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Stops an issue that mail servers refuse because of the issue itself, or of its sender.

    The cause of such a refusal (5.7.x: policy, reputation) is on our side, not the reader's. Going
    on would make it worse.
    """

    share: float = 0.05
    window: int = 200
    least: int = 5
    """Refusals before anything is stopped: a single odd server is no reason to stop."""
    _recent: deque[bool] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no answers noted."""
        self._recent = deque(maxlen=self.window)

    def note(self, *, refused: bool) -> bool:
        """Note a final answer; return whether too many of the last ones refused us."""
        self._recent.append(refused)
        if not refused:
            return False
        count = sum(self._recent)
        return count >= self.least and count > self.share * len(self._recent)
