"""Moves as statements: all code that changes deliveries gets a statement here, a legal one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from newsletter.model import DeliveryState, SubscriberState, before
from newsletter.store.tables import deliveries

REASON = 500
"""Characters of a server's answer that are kept."""


def move(after: DeliveryState, *some: DeliveryState) -> sa.Update:
    """Return the statement that moves deliveries in any of `some` states to `after`.

    The caller adds which deliveries. Raises LedgerError when `newsletter.model.moves` forbids the
    move from one of these states.
    """
    return deliveries.update().where(is_in(*before(after, *some))).values(state=fixed(after))


def stay(*some: DeliveryState) -> sa.Update:
    """Return a statement that changes deliveries in `some` states but not their state."""
    return deliveries.update().where(is_in(*some))


def is_in(*some: DeliveryState) -> sa.ColumnElement[bool]:
    """Return the condition that a delivery is in one of `some` states.

    The states are literals: SQLite uses no partial index for a state that is passed as a value.
    """
    if len(some) == 1:
        return deliveries.c.state == fixed(some[0])
    return deliveries.c.state.in_([fixed(state) for state in some])


def fixed(value: DeliveryState | SubscriberState | int) -> sa.ColumnElement[Any]:
    """Return a value of our own as a literal in the statement."""
    return sa.literal_column(f"{value:d}" if isinstance(value, int) else f"'{value}'")


def place(name: str) -> sa.BindParameter[Any]:
    """Return the parameter of a statement with this name."""
    return sa.bindparam(name, required=False)


def places(name: str, count: int) -> list[sa.BindParameter[Any]]:
    """Return `count` parameters; each is the name with a number after it, from 0."""
    return [place(f"{name}{number}") for number in range(count)]


def prepared(statement: sa.Update | sa.Select[*tuple[Any, ...]]) -> str:
    """Return a statement as text for SQLite's driver, with named parameters (`:owner`)."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))


HELD = (
    (deliveries.c.issue == place("day"))
    & (deliveries.c.subscriber == place("who"))
    & (deliveries.c.attempt == place("number"))
    & (deliveries.c.lease_owner == place("owner"))
)
"""True of a row while a claim holds; the attempt's number shuts out a sender that slept."""

FREE = {"lease_owner": sa.null(), "lease_until": sa.null()}
"""The values of a delivery that nobody holds."""
TOLD = {"reason": place("answer"), "verdict": place("meaning"), "changed_at": place("now")}
"""The values that record an answer, and when it came."""

Row = dict[str, str | int | None]
"""Values for a statement's parameters, by name."""
