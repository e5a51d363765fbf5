"""What tasks are given: the settings as they are now, the database, the mail."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from newsletter.day.given import Day, Post
from newsletter.day.personal import PersonalEditions
from newsletter.model import Fate
from newsletter.send.processes import fate_of
from newsletter.store import Database, SqlLedger
from newsletter.world.days import day_of
from newsletter.world.following import Followed, Say
from newsletter.world.posts import post_for

MINUTE: Final = dt.timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class Bench:
    """What the tasks of one worker share."""

    settings: Followed
    database: Database
    owner: str
    """The worker's name in the ledger."""
    version: str
    """The program's, for servers that ask who comes."""
    clock: Callable[[], dt.datetime]
    stop: asyncio.Event
    """Once it is set, no further message is begun."""
    say: Say
    is_sending: bool = False
    left_something: bool = False
    """Whether sending ended without giving back what was held: the database was away."""
    personal: PersonalEditions = field(default_factory=PersonalEditions)
    """One for all tasks: it keeps the draft of the issue that is sent."""
    ledger: SqlLedger = field(init=False)
    """One for all tasks: it keeps a connection, and a worker has few."""

    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    """Of `let_go`, which a task and the supervision may call at once."""
    _expired: dict[dt.date, dt.datetime] = field(default_factory=dict, init=False)
    """When `may_expire` last said so, by issue."""

    def __post_init__(self) -> None:
        """Make the ledger."""
        self.ledger = SqlLedger(self.database)

    def let_go(self) -> None:
        """Give back what an earlier task has left, once the database is there again."""
        with self._lock:
            if self.left_something and not self.is_sending:
                self.ledger.let_go(self.owner, self.clock())
                self.left_something = False

    def may_expire(self, date: dt.date) -> bool:
        """Return whether it is time to look for what is too late of an issue: it holds all shards.

        The first time it is, and then once a minute.
        """
        now, last = self.clock(), self._expired.get(date)
        if last is not None and now - last < MINUTE:
            return False
        self._expired[date] = now
        return True

    def day(self, date: dt.date | None = None) -> Day:
        """Return the issue of a date, or the one that is due, with the settings as they are now."""
        self.settings.follow()
        return day_of(
            self.settings.config, self.database, date=date, clock=self.clock, ledger=self.ledger
        )

    def fate_of(self, owner: str) -> Fate:
        """Return what is known of a sender by its process."""
        return fate_of(owner, own=self.owner)

    def post(self) -> Post:
        """Return what sends mail, with the settings as they are now."""
        return post_for(self.settings.config, self.owner, self.stop, self.clock)
