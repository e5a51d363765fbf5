"""Moves as statements: whoever changes deliveries gets the statement here, and only a legal one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from newsletter.model import DeliveryState, SubscriberState, before
from newsletter.store.tables import deliveries

REASON = 500
"""Characters kept of a server's answer."""


def move(after: DeliveryState, *some: DeliveryState) -> sa.Update:
    """Return the statement that moves deliveries which are in `some` states to `after`.

    It is for the caller to say which deliveries. Raises LedgerError when the table of
    `newsletter.model.moves` does not allow it from every one of these states.
    """
    return deliveries.update().where(is_in(*before(after, *some))).values(state=fixed(after))


def stay(*some: DeliveryState) -> sa.Update:
    """Return a statement that changes deliveries in `some` states, and leaves them there."""
    return deliveries.update().where(is_in(*some))


def is_in(*some: DeliveryState) -> sa.ColumnElement[bool]:
    """Return the condition that a delivery is in one of `some` states.

    The states stand in the statement itself: a partial index serves no state that comes as a value.
    """
    if len(some) == 1:
        return deliveries.c.state == fixed(some[0])
    return deliveries.c.state.in_([fixed(state) for state in some])


def fixed(value: DeliveryState | SubscriberState | int) -> sa.ColumnElement[Any]:
    """Return a value of our own that stands in the statement as it is."""
    return sa.literal_column(f"{value:d}" if isinstance(value, int) else f"'{value}'")


def place(name: str) -> sa.BindParameter[Any]:
    """Return a place in a statement for the value of that name."""
    return sa.bindparam(name, required=False)


def places(name: str, count: int) -> list[sa.BindParameter[Any]]:
    """Return places for `count` values, which have a number after the name, from 0."""
    return [place(f"{name}{number}") for number in range(count)]


def prepared(statement: sa.Update | sa.Select[*tuple[Any, ...]]) -> str:
    """Return a statement as SQLite's driver takes it: text, with values by name (`:owner`)."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))


HELD = (
    (deliveries.c.issue == place("day"))
    & (deliveries.c.subscriber == place("who"))
    & (deliveries.c.attempt == place("number"))
    & (deliveries.c.lease_owner == place("owner"))
)
"""What a row must still say for a claim to hold; the attempt's number fences off who slept."""

FREE = {"lease_owner": sa.null(), "lease_until": sa.null()}
"""What a statement writes of a delivery that nobody holds any more."""
TOLD = {"reason": place("answer"), "verdict": place("meaning"), "changed_at": place("now")}
"""What a statement writes of an answer, and when."""

Row = dict[str, str | int | None]
"""Values for a statement, by name."""
