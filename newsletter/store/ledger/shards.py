"""Shards: ranges of about 1,000 deliveries, of which each knows when something in it is due.

A claim takes a shard and goes along its rows by the primary key. So no index of `delivery` has to
know its state, and several senders do not meet. `ready_at` may be too early, which costs a look; it
must not be too late. Hence whoever makes a delivery wait calls `wake` or `look_again` in the same
transaction, and only who holds the shard's lock makes `ready_at` later.

Locks are taken in one order, so that no two transactions wait for each other: who changes what
waits locks shards first, by number, then deliveries; who changes what a sender holds changes the
deliveries first, then wakes their shards by number.
"""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from newsletter.model import OPEN, DeliveryState
from newsletter.store.columns import Moment
from newsletter.store.ledger.connections import Cursor
from newsletter.store.ledger.statements import NOW, Row, fixed, is_in, place, prepared
from newsletter.store.tables import deliveries, shards

SIZE: Final = 1_000
"""Deliveries of a shard; the last one of an issue has fewer."""
AT_ONCE: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""`ready_at` of what may be claimed whatever a clock says."""

_S = DeliveryState
_ROW, _SHARD = deliveries.c, shards.c
IN_RANGE: Final = (_ROW.issue == _SHARD.issue) & _ROW.subscriber.between(_SHARD.first, _SHARD.last)
"""True of a delivery and its shard."""
_AT_ONCE: Final = sa.bindparam("at_once", AT_ONCE, Moment)

_READY_AT: Final = sa.case(
    (is_in(_S.PLANNED), sa.func.coalesce(_ROW.not_before, _AT_ONCE)),
    (is_in(_S.DEFERRED), _ROW.next_at),
    (is_in(_S.LEASED, _S.DATA_STARTED), _ROW.lease_until),
    else_=sa.null(),
)
"""When a delivery may next be claimed, or freed if its sender died; null when it is final."""


def make_shards(connection: sa.Connection, issue: dt.date) -> None:
    """Divide the deliveries of an issue that was just planned, by one statement."""
    number = sa.func.row_number().over(order_by=_ROW.subscriber) - fixed(1)
    placed = (
        sa.select(
            _ROW.subscriber, (number // fixed(SIZE)).label("number"), _READY_AT.label("ready_at")
        )
        .where(_ROW.issue == issue)
        .subquery()
    )
    found = (
        sa.select(
            sa.literal(issue, sa.Date),
            placed.c.number,
            sa.func.min(placed.c.subscriber),
            sa.func.max(placed.c.subscriber),
            sa.func.count(),
            sa.func.min(placed.c.ready_at),
        )
        .group_by(placed.c.number)
        .order_by(placed.c.number)
    )
    names = ["issue", "number", "first", "last", "deliveries", "ready_at"]
    connection.execute(shards.insert().from_select(names, found))


def hold(connection: sa.Connection, issue: dt.date) -> None:
    """Keep senders from claiming anything of an issue until the transaction ends."""
    query = sa.select(_SHARD.number).where(_SHARD.issue == issue).order_by(_SHARD.number)
    connection.execute(query.with_for_update()).all()


def look_again(connection: sa.Connection, issue: dt.date) -> None:
    """Set when each shard of an issue is ready; the caller holds them."""
    connection.execute(shards.update().where(_SHARD.issue == issue).values(ready_at=_first_ready()))


def unfinished(
    connection: sa.Connection, before: dt.date
) -> tuple[tuple[dt.date, ...], tuple[dt.date, ...]]:
    """Return the issues before a date of which something is open, oldest first, and others.

    The others are finished, and their shards do not know it yet (`finish`).
    """
    maybe = _SHARD.ready_at.is_not(None)
    query = sa.select(_SHARD.issue).distinct().where(_SHARD.issue < before, maybe)
    dates = connection.scalars(query.order_by(_SHARD.issue)).all()
    # It stops at the first delivery that is open.
    joined = sa.select(_SHARD.number).join(deliveries, IN_RANGE).where(is_in(*sorted(OPEN)), maybe)
    some = [
        date
        for date in dates
        if connection.scalar(joined.where(_SHARD.issue == date).limit(1)) is not None
    ]
    return tuple(some), tuple(date for date in dates if date not in some)


def finish(connection: sa.Connection, issue: dt.date) -> None:
    """Have the shards of an issue know that all of it is final, so that nobody looks again."""
    mine = (_SHARD.issue == issue) & _SHARD.ready_at.is_not(None)
    query = sa.select(_SHARD.number).where(mine).order_by(_SHARD.number)
    free = connection.scalars(query.with_for_update(skip_locked=True)).all()
    shard = (_SHARD.issue == issue) & _SHARD.number.in_(free)
    connection.execute(shards.update().where(shard).values(ready_at=_first_ready()))


def wake(connection: sa.Connection, issue: dt.date, subscribers: Iterable[str]) -> None:
    """Have the shards of some subscribers looked at, for their deliveries wait again."""
    query = sa.select(_SHARD.first).where(_SHARD.issue == issue).order_by(_SHARD.number)
    firsts = connection.scalars(query).all()
    for number in numbers_of(firsts, dict.fromkeys(subscribers, AT_ONCE)):
        shard = (_SHARD.issue == issue) & (_SHARD.number == number)
        connection.execute(shards.update().where(shard).values(ready_at=AT_ONCE))


def numbers_of(
    firsts: Sequence[str], waking: Mapping[str, dt.datetime]
) -> Mapping[int, dt.datetime]:
    """Return the numbers of the shards of some subscribers, and when the first of each is ready.

    `firsts` are the first subscribers of all shards, by number. The numbers are in their order.
    """
    found: dict[int, dt.datetime] = {}
    for subscriber in sorted(waking):
        number = bisect.bisect_right(firsts, subscriber) - 1
        found[number] = min(waking[subscriber], found.get(number, waking[subscriber]))
    return found


def first_subscribers(cursor: Cursor, issue: dt.date, dialect: str) -> list[str]:
    """Return the first subscribers of all shards of an issue, by number."""
    cursor.execute(_firsts(dialect), {"day": issue.isoformat()})
    return [row[0] for row in cursor.fetchall()]


def _first_ready() -> sa.ScalarSelect[Any]:
    """Return the query for when the first delivery of a shard is ready."""
    first = sa.select(sa.func.min(_READY_AT)).where(IN_RANGE, is_in(*sorted(OPEN)))
    return first.correlate(shards).scalar_subquery()


# --- Statements for the ledger's own connection ---------------------------------------------------

_THIS = (_SHARD.issue == place("day")) & (_SHARD.number == place("shard"))


@cache
def _firsts(dialect: str) -> str:
    query = sa.select(_SHARD.first).where(_SHARD.issue == place("day")).order_by(_SHARD.number)
    return prepared(query, dialect)


@cache
def next_ready(dialect: str, *, waits: bool) -> str:
    """Return the query for the first ready shard with a number from `low` to `high`, locked.

    Those that somebody else has locked are passed over, unless it `waits` for them.
    """
    query = (
        sa.select(_SHARD.number, _SHARD.first, _SHARD.last)
        .where(
            _SHARD.issue == place("day"),
            _SHARD.number.between(place("low"), place("high")),
            _SHARD.ready_at <= NOW,
        )
        .order_by(_SHARD.number)
        .limit(fixed(1))
        .offset(fixed(0))
        .with_for_update(skip_locked=not waits)
    )
    return prepared(query, dialect)


@cache
def exhaust(dialect: str) -> str:
    """Return the statement that sets when a shard is next ready, for who holds its lock."""
    return prepared(shards.update().where(_THIS).values(ready_at=_first_ready()), dialect)


@cache
def occupy(dialect: str) -> str:
    """Return the statement that notes until when messages of a shard may leave."""
    until = sa.bindparam("until", type_=Moment, required=False)
    later = sa.case((_SHARD.active_until > until, _SHARD.active_until), else_=until)
    return prepared(shards.update().where(_THIS).values(active_until=later), dialect)


@cache
def lower(dialect: str) -> str:
    """Return the statement that has a shard ready at the moment `due`, if not before.

    It always writes, for it must wait for who is about to make `ready_at` later.
    """
    due = sa.bindparam("due", type_=Moment, required=False)
    ready_at = sa.case((_SHARD.ready_at <= due, _SHARD.ready_at), else_=due)
    return prepared(shards.update().where(_THIS).values(ready_at=ready_at), dialect)


def exhausted(issue: dt.date, number: int) -> Row:
    """Return the values for `exhaust`."""
    return {"day": issue.isoformat(), "shard": number, "at_once": "1970-01-01 00:00:00.000000"}


def occupied(issue: dt.date, number: int, until: str) -> Row:
    """Return the values for `occupy`."""
    return {"day": issue.isoformat(), "shard": number, "until": until}


def at(issue: dt.date, number: int, due: str) -> Row:
    """Return the values for `lower`."""
    return {"day": issue.isoformat(), "shard": number, "due": due}
