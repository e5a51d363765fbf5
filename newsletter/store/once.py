"""Requests that count once, whoever sends them again: which have come, for a few days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from newsletter.store.database import Database
from newsletter.store.dialects import inserting
from newsletter.store.tables import facts

BATCH: Final = 1_000
"""Rows that are forgotten in one transaction: a sender is not held up."""


@dataclass(frozen=True, slots=True)
class Once:
    """A request that counts once."""

    service: str
    """One of our words for who sends such requests."""
    name: str
    """What tells this one from all others of the service."""


def is_first(connection: sa.Connection, once: Once, now: dt.datetime) -> bool:
    """Note, in the transaction of `connection`, that a request has come; False: it had before."""
    row = inserting(connection, facts).values(
        service=once.service, subject=once.name, data={}, asked_at=now
    )
    added = connection.execute(row.on_conflict_do_nothing(index_elements=["service", "subject"]))
    return added.rowcount > 0


def has_come(database: Database, once: Once) -> bool:
    """Return whether a request came before."""
    query = sa.select(facts.c.subject).where(
        facts.c.service == once.service, facts.c.subject == once.name
    )
    with database.reading() as connection:
        return connection.scalar(query) is not None


def forget_requests(database: Database, services: Collection[str], before: dt.datetime) -> int:
    """Forget the requests of `services` that came before a moment; return how many."""
    is_old = facts.c.asked_at < before
    total = 0
    for service in sorted(services):
        mine = (facts.c.service == service) & is_old
        some = sa.select(facts.c.subject).where(mine).limit(BATCH)
        while True:
            with database.transaction() as connection:
                gone = connection.execute(facts.delete().where(mine, facts.c.subject.in_(some)))
            total += gone.rowcount
            if not gone.rowcount:
                break
    return total
