"""The statements that run for every message, as text for the drivers; each is made once."""

from __future__ import annotations

from functools import cache, lru_cache

import sqlalchemy as sa

from newsletter.model import DeliveryState, allowed
from newsletter.store.ledger.shards import IN_RANGE
from newsletter.store.ledger.statements import (
    CLAIM,
    FREE,
    NOW,
    OUTCOME,
    among,
    fixed,
    held,
    is_in,
    move,
    place,
    prepared,
    told,
    values_of,
)
from newsletter.store.tables import deliveries, issues
from newsletter.store.tables import shards as table
from newsletter.store.urls import POSTGRESQL

_S = DeliveryState
_DAY = place("day")


@cache
def issue_state(dialect: str) -> str:
    """Return the query for the state of an issue."""
    return prepared(sa.select(issues.c.state).where(issues.c.date == _DAY), dialect)


@lru_cache(maxsize=64)
def claiming(dialect: str, *, of_email: bool, domains: int) -> str:
    """Return the statement that leases what is ready of a range of subscribers."""
    row = deliveries.c
    chosen = (
        sa.select(row.subscriber)
        .where(
            row.issue == _DAY,
            row.subscriber.between(place("first"), place("last")),
            _is_ready(),
            _narrowing(dialect, of_email=of_email, domains=domains, is_among=False),
        )
        .order_by(row.subscriber)
        # `OFFSET 0` as a literal: SQLAlchemy would pass it to SQLite as a value.
        .limit(place("most"))
        .offset(fixed(0))
    )
    # As an array, so that PostgreSQL asks once: `IN (… LIMIT …)` may be asked again for each row.
    these = (
        row.subscriber
        == sa.any_(sa.func.array(chosen.scalar_subquery(), type_=sa.ARRAY(sa.Text())))
        if dialect == POSTGRESQL
        else row.subscriber.in_(chosen)
    )
    return prepared(
        move(_S.LEASED, _S.PLANNED, _S.DEFERRED)
        .where(row.issue == _DAY, these)
        .values(
            attempt=row.attempt + fixed(1),
            lease_owner=place("owner"),
            lease_until=place("until"),
            next_at=sa.null(),
            changed_at=NOW,
        )
        .returning(
            row.subscriber,
            row.email,
            row.name,
            row.timezone,
            row.edition,
            row.language,
            row.attempt,
        ),
        dialect,
    )


@lru_cache(maxsize=64)
def waiting(dialect: str, *, of_email: bool, domains: int, of_shard: bool) -> str:
    """Return the query for whether something may be claimed; it looks at ready shards alone."""
    narrowed = _narrowing(dialect, of_email=of_email, domains=domains, is_among=True)
    found = sa.select(fixed(1)).where(IN_RANGE, _is_ready(), narrowed).correlate(table)
    ready = sa.select(fixed(1)).where(table.c.issue == _DAY, table.c.ready_at <= NOW)
    if of_shard:
        ready = ready.where(table.c.number == place("shard"))
    return prepared(sa.select(ready.where(found.exists()).exists()), dialect)


@cache
def starting(dialect: str) -> str:
    """Return the statement by which messages begin to leave."""
    value = values_of(CLAIM, dialect)
    statement = move(_S.DATA_STARTED, _S.LEASED).where(held(value))
    return _written(statement.values(started_at=NOW, changed_at=NOW), dialect)


@cache
def settling(dialect: str, after: DeliveryState) -> str:
    """Return the statement for an outcome; raises LedgerError if no held delivery can have it."""
    value = values_of(OUTCOME, dialect)
    from_ = (_S.LEASED, _S.DATA_STARTED)
    end = {"code": value("reply"), "next_at": value("due")}
    statement = move(after, *(allowed(after, from_) or from_)).where(held(value))
    return _written(statement.values(FREE | told(value) | end), dialect)


def _written(statement: sa.Update, dialect: str) -> str:
    """Return a statement as text; PostgreSQL's tells whose rows it has written.

    It looks only between the first and the last of them, whatever it believes of the table: just
    after an issue was planned, PostgreSQL takes it for a small one, and would read all of it.
    """
    if dialect == POSTGRESQL:
        among_them = deliveries.c.subscriber.between(place("lowest"), place("highest"))
        statement = statement.where(among_them)
        return prepared(statement.returning(deliveries.c.subscriber), dialect)
    return prepared(statement, dialect)


@cache
def ours(dialect: str, state: DeliveryState) -> str:
    """Return the query for whether a claim has brought its delivery into a state."""
    row = deliveries.c
    return prepared(
        sa.select(fixed(1)).where(
            row.issue == _DAY,
            row.subscriber == place("who"),
            row.attempt == place("number"),
            row.lease_owner.is_not_distinct_from(place("owner")),
            is_in(state),
        ),
        dialect,
    )


def _is_ready() -> sa.ColumnElement[bool]:
    """Return the condition that a delivery may be sent.

    It is planned without an hour, or its hour has begun, or it is deferred and due.
    """
    row = deliveries.c
    begun = row.not_before.is_(None) | (row.not_before <= NOW)
    return (is_in(_S.PLANNED) & begun) | (is_in(_S.DEFERRED) & (row.next_at <= NOW))


def _narrowing(
    dialect: str, *, of_email: bool, domains: int, is_among: bool
) -> sa.ColumnElement[bool]:
    """Return the condition for one address, or for domains that are or are not among some."""
    if of_email:
        return sa.func.lower(deliveries.c.email) == place("email")
    if not domains:
        return sa.true()
    some = among(deliveries.c.domain, "domains", domains, dialect)
    return some if is_among else ~some
