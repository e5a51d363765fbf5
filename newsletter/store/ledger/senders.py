"""Senders on many machines: whoever falls silent is dead. PostgreSQL only.

A sender that was only slow, or stopped for a while, is fenced: what it held is no longer its own,
so it neither sends it nor writes what became of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from newsletter.model import Fate
from newsletter.store.columns import Moment
from newsletter.store.dialects import inserting
from newsletter.store.tables import senders

SILENCE: Final = dt.timedelta(seconds=10)
"""After this time without a word a sender counts as dead; it speaks every two seconds."""
KEPT: Final = dt.timedelta(days=7)
"""Names are forgotten then: longer than any lease."""

_NOW: Final = sa.func.timezone("UTC", sa.func.clock_timestamp(), type_=Moment)
"""The moment by the database's clock."""


def beat(connection: sa.Connection, name: str) -> None:
    """Note that a sender is at work."""
    said = inserting(connection, senders).values(name=name, seen_at=_NOW)
    connection.execute(said.on_conflict_do_update(index_elements=["name"], set_={"seen_at": _NOW}))


def fates(connection: sa.Connection) -> Mapping[str, Fate]:
    """Return what is known of the senders that have ever said that they are at work."""
    connection.execute(
        senders.delete().where(senders.c.seen_at < _NOW - sa.literal(KEPT, sa.Interval()))
    )
    query = sa.select(senders.c.name, senders.c.seen_at > _NOW - sa.literal(SILENCE, sa.Interval()))
    return {name: Fate.ALIVE if speaks else Fate.DEAD for name, speaks in connection.execute(query)}
