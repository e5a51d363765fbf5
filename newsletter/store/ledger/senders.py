"""Senders on many machines: whoever falls silent, or is gone, is dead. PostgreSQL only.

A sender that was only slow, or stopped for a while, is fenced: what it held is no longer its own,
so it neither sends it nor writes what became of it. All moments are those of the database's clock,
so it does not matter what time the machines think it is.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.model import Fate
from newsletter.store.columns import Moment
from newsletter.store.database import Database
from newsletter.store.dialects import inserting
from newsletter.store.tables import senders

BEAT: Final = 1.0
"""Seconds between two words of a sender."""
SILENCE: Final = dt.timedelta(seconds=10)
"""After this time without a word a sender counts as dead, and so long everybody is given to come
back after the database has started."""
GONE: Final = dt.timedelta(seconds=1.5)
"""The same for one whose connection has ended: the system ends it when it ends a process."""
KEPT: Final = dt.timedelta(days=7)
"""Names are forgotten then: longer than any lease."""

_NOW: Final = sa.func.timezone("UTC", sa.func.clock_timestamp(), type_=Moment)
"""The moment by the database's clock."""
_OURS: Final = 0x6E6C
"""The first number of our senders' advisory locks; the second is made of the name."""
_STARTED: Final = sa.func.timezone("UTC", sa.func.pg_postmaster_start_time(), type_=Moment)
_HELD: Final = sa.text(
    """SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
 AND classid = :ours AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
)


def beat(connection: sa.Connection, name: str) -> None:
    """Note that a sender is at work."""
    said = inserting(connection, senders).values(name=name, seen_at=_NOW)
    connection.execute(said.on_conflict_do_update(index_elements=["name"], set_={"seen_at": _NOW}))


def fates(connection: sa.Connection) -> Mapping[str, Fate]:
    """Return what is known of the senders that have ever said that they are at work."""
    now, started = connection.execute(sa.select(_NOW, _STARTED)).one()
    held = frozenset(connection.scalars(_HELD, {"ours": _OURS}))
    seen = connection.execute(sa.select(senders.c.name, senders.c.seen_at))
    return {name: fate(now, at, started, connected=_key(name) in held) for name, at in seen}


def fate(now: dt.datetime, seen: dt.datetime, started: dt.datetime, *, connected: bool) -> Fate:
    """Return what is known of a sender: when it was `seen`, whether its connection is there.

    After the database has `started`, all are given time to come back.
    """
    if now - started < SILENCE:
        return Fate.ALIVE
    patience = SILENCE if connected else GONE
    return Fate.ALIVE if now - seen < patience else Fate.DEAD


def known(
    said: Mapping[str, Fate], fate_of: Callable[[str], Fate], unknown: Fate | None = None
) -> Callable[[str], Fate]:
    """Return what tells the fate of senders: what they `said`, else `unknown`, else `fate_of`."""
    return lambda owner: said.get(owner, unknown) or fate_of(owner)


def forget(connection: sa.Connection, names: Sequence[str]) -> None:
    """Forget senders that are dead; one that was not will say again that it is at work."""
    long_ago = connection.execute(sa.select(_NOW)).scalar_one() - GONE
    silent = senders.c.name.in_(names) & (senders.c.seen_at < long_ago)
    connection.execute(senders.delete().where(silent))


@contextlib.contextmanager
def pulse(database: Database, name: str) -> Iterator[None]:
    """Say, during the block, that a sender is at work: from a thread, whatever else it does.

    While the database is away nothing is said; afterwards it goes on. On SQLite, processes of one
    machine know of each other anyhow.
    """
    if not database.is_postgresql:
        yield
        return
    stop = threading.Event()
    with contextlib.suppress(StoreError):  # at least once before anything is leased
        _say(database, name)
    thread = threading.Thread(target=_beat, args=(database, name, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _say(database: Database, name: str) -> None:
    with database.transaction() as connection:
        beat(connection, name)
        long_ago = connection.execute(sa.select(_NOW)).scalar_one() - KEPT
        connection.execute(senders.delete().where(senders.c.seen_at < long_ago))


def _beat(database: Database, name: str, stop: threading.Event) -> None:
    while not stop.is_set():
        began = time.monotonic()
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            _while_connected(database, name, stop)
        # A connection that was cut is made anew at once: whoever has none is soon dead (`GONE`).
        if time.monotonic() - began < BEAT:
            stop.wait(BEAT)


def _while_connected(database: Database, name: str, stop: threading.Event) -> None:
    """Say so again and again on one connection, whose lock shows that it is there."""
    lock = sa.func.pg_try_advisory_lock(_OURS, _signed(_key(name)))
    with database.engine.connect() as raw:
        connection = raw.execution_options(isolation_level="AUTOCOMMIT")
        try:
            connection.execute(sa.select(lock))
            while True:
                beat(connection, name)
                if stop.wait(BEAT):
                    break
            connection.execute(senders.delete().where(senders.c.name == name))
        finally:
            raw.invalidate()  # its lock ends with it


def _key(name: str) -> int:
    return zlib.crc32(name.encode())


def _signed(number: int) -> int:
    """Return a number of 32 bits as PostgreSQL's `integer` has it."""
    return number - 2**32 if number >= 2**31 else number
