"""Numbers that monitoring asks for every few seconds: cheap, and nothing about any reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from newsletter.model import OPEN, DeliveryState, Fate, Health, NoticeState
from newsletter.store.database import Database
from newsletter.store.dialects import is_postgresql
from newsletter.store.ledger import rates, senders
from newsletter.store.ledger.shards import unfinished
from newsletter.store.sources import visited
from newsletter.store.tables import deliveries, issues, notices, papers, shards, suppressions
from newsletter.store.tallies import tallies

ISSUES: Final = dt.timedelta(days=2)
"""Deliveries are counted of the issues of so many days."""
RATE: Final = dt.timedelta(minutes=1)
"""Messages that began to leave are counted over this time."""
_OPEN = tuple(state.value for state in OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """How a newsletter does at a moment."""

    deliveries: Mapping[tuple[dt.date, DeliveryState], int]
    """Of the last issues, by date and state."""
    unfinished: int
    """Issues of which something is still to be sent."""
    waits_since: dt.datetime | None
    """Since when the delivery has waited that has waited longest: from its plan, or its hour."""
    ready: int
    """Shards of about 1,000 deliveries in which something may be sent now: the queue."""
    senders: int
    """Senders that say that they are at work; on SQLite, where they need not, 0."""
    started: int
    """Messages that began to leave in the last minute."""
    sources: Mapping[tuple[str, str], Health]
    """By id and name: those that were visited in the last days."""
    notices: int
    """Mails that people asked for on the site, and that wait."""
    suppressions: int
    papers: int
    last_issue: dt.datetime | None
    """When the newest issue was planned."""


def measure(database: Database, now: dt.datetime) -> Measures:
    """Return how a newsletter does; raises StoreError when the database cannot be used."""
    with database.reading() as connection:
        counts, started = _deliveries(connection, now)
        before = now.date() + 2 * ISSUES  # time zones, and clocks that differ
        waiting = notices.c.state == sa.literal_column(f"'{NoticeState.WAITING}'")
        return Measures(
            deliveries=counts,
            started=started,
            unfinished=len(unfinished(connection, before)[0]),
            ready=_count(connection, shards, shards.c.ready_at <= now),
            senders=_senders(connection),
            waits_since=_waits(connection, before, now),
            sources=visited(connection, now),
            notices=_count(connection, notices, waiting),
            suppressions=_count(connection, suppressions),
            papers=_count(connection, papers),
            last_issue=connection.scalar(sa.select(sa.func.max(issues.c.planned_at))),
        )


def _deliveries(
    connection: sa.Connection, now: dt.datetime
) -> tuple[Mapping[tuple[dt.date, DeliveryState], int], int]:
    """Return the deliveries of the last issues by state, and how many began to leave just now."""
    row, lately = deliveries.c, now.date() - ISSUES
    # Of closed issues the numbers are known: only what is sent has to be counted.
    closed = sa.select(tallies.c.issue, tallies.c.state, sa.func.sum(tallies.c.count)).group_by(
        tallies.c.issue, tallies.c.state
    )
    open_ = (
        sa.select(row.issue, row.state, sa.func.count())
        .join(issues, issues.c.date == row.issue)
        .where(issues.c.closed.is_(False))
        .group_by(row.issue, row.state)
    )
    known: dict[tuple[dt.date, DeliveryState], int] = {
        (date, DeliveryState(state)): int(count)
        for query in (closed.where(tallies.c.issue > lately), open_.where(row.issue > lately))
        for date, state, count in connection.execute(query)
    }
    # A state that is gone from an issue goes to 0: monitoring would show its last number.
    dates = {date for date, _ in known}
    counts = {
        (date, state): known.get((date, state), 0) for date in dates for state in DeliveryState
    }
    began = sa.select(sa.func.count()).select_from(rates.active(now - RATE))
    return counts, connection.scalar(began.where(row.started_at.between(now - RATE, now))) or 0


def _waits(connection: sa.Connection, before: dt.date, now: dt.datetime) -> dt.datetime | None:
    """Return since when something has waited that may leave now, of issues before a date."""
    row = deliveries.c
    since = sa.func.coalesce(row.not_before, issues.c.planned_at)
    query = (
        sa.select(sa.func.min(since))
        .select_from(deliveries.join(issues, issues.c.date == row.issue))
        .where(issues.c.date < before, issues.c.closed.is_(False))
        .where(row.state.in_(_OPEN), since <= now)
    )
    found: dt.datetime | None = connection.scalar(query)
    return found


def _senders(connection: sa.Connection) -> int:
    if not is_postgresql(connection):
        return 0
    return sum(fate is Fate.ALIVE for fate in senders.fates(connection).values())


def _count(
    connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool] | None = None
) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return connection.scalar(query if where is None else query.where(where)) or 0
