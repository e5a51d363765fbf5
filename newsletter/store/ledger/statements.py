"""Moves as statements: all code that changes deliveries gets a statement here, a legal one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from newsletter.model import DeliveryState, SubscriberState, before
from newsletter.store.columns import Moment
from newsletter.store.tables import deliveries
from newsletter.store.urls import POSTGRESQL

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


def among(
    column: sa.ColumnElement[str], name: str, count: int, dialect: str
) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of `count` values, which `listed` passes."""
    if dialect == POSTGRESQL:
        return column == sa.any_(sa.bindparam(name, type_=sa.ARRAY(sa.Text())))
    return column.in_([place(f"{name}{number}") for number in range(count)])


def listed(name: str, values: Collection[str], dialect: str) -> Row:
    """Return the parameters for `among`."""
    if dialect == POSTGRESQL:
        return {name: list(values)}
    return {f"{name}{number}": value for number, value in enumerate(values)}


def prepared(statement: sa.Update | sa.Select[*tuple[Any, ...]], dialect: str) -> str:
    """Return a statement as text for the driver of a dialect, with named parameters."""
    if dialect == POSTGRESQL:
        from sqlalchemy.dialects.postgresql import psycopg  # noqa: PLC0415  slow to import

        return str(statement.compile(dialect=psycopg.dialect()))  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))


Value = Callable[[str], sa.ColumnElement[Any]]
"""Returns the value with a name, of the claim or the outcome that a statement is about."""

_KINDS: Final[Mapping[str, sa.types.TypeEngine[Any]]] = {
    "day": sa.Date(),
    "who": sa.Text(),
    "number": sa.Integer(),
    "owner": sa.Text(),
    "answer": sa.Text(),
    "reply": sa.Integer(),
    "meaning": sa.Text(),
    "due": sa.DateTime(),
}
CLAIM: Final = ("who", "number")
OUTCOME: Final = (*CLAIM, "answer", "reply", "meaning", "due")
"""Names of the values of a claim, and of its outcome, that differ from row to row."""
_APART: Final = "\x1f"
"""The control character that separates values in a text: no value has it."""


def values_of(names: Collection[str], dialect: str) -> Value:
    """Return where a statement finds its values.

    SQLite runs the statement once for each row. For PostgreSQL that would be a message to the
    server and back for each: there, one statement takes all rows, as arrays (`arrays`).
    """
    if dialect != POSTGRESQL:
        return place
    rows = (
        sa.func.unnest(*map(_told_array, names))
        .table_valued(*(sa.column(name, _KINDS[name]) for name in names))
        .render_derived(name="told")
    )
    return lambda name: rows.c[name] if name in names else place(name)


def _told_array(name: str) -> sa.ColumnElement[Any]:
    """Return the array of one value of all rows, which comes as a text: see `arrays`."""
    text = sa.bindparam(f"{name}s", type_=sa.Text(), required=False)
    empty: list[sa.ColumnElement[Any]] = [sa.literal_column("''")] if name == "due" else []
    # After the last value there is another separator, and so an empty value that is none.
    found = sa.func.trim_array(
        sa.func.string_to_array(text, sa.literal_column("E'\\x1f'"), *empty), fixed(1)
    )
    return sa.cast(found, sa.ARRAY(_KINDS[name]))


def arrays(rows: Sequence[Row], names: Collection[str]) -> Row:
    """Return rows as the texts that `values_of` reads; what is the same in all is taken as it is.

    The rows are in the order of their subscribers, of whom the first and last have names, too.

    A text with separators is much less work for the driver than an array of as many values.
    """
    same = {name: value for name, value in rows[0].items() if name not in names}
    same |= {"lowest": rows[0]["who"], "highest": rows[-1]["who"]}
    return same | {
        f"{name}s": "".join(f"{_plain(row[name])}{_APART}" for row in rows) for name in names
    }


def _plain(value: str | int | None) -> str | int:
    if value is None:
        return ""
    return value.replace(_APART, " ") if isinstance(value, str) else value


def held(value: Value) -> sa.ColumnElement[bool]:
    """Return the condition that is true of a row while a claim holds.

    The attempt's number shuts out a sender that slept.
    """
    return (
        (deliveries.c.issue == value("day"))
        & (deliveries.c.subscriber == value("who"))
        & (deliveries.c.attempt == value("number"))
        & (deliveries.c.lease_owner == value("owner"))
    )


FREE = {"lease_owner": sa.null(), "lease_until": sa.null()}
"""The values of a delivery that nobody holds."""


def told(value: Value) -> dict[str, sa.ColumnElement[Any]]:
    """Return the values that record an answer, and when it came."""
    return {"reason": value("answer"), "verdict": value("meaning"), "changed_at": NOW}


NOW: Final = sa.bindparam("now", type_=Moment, required=False)
"""The moment at which a statement runs, by the clock of this machine."""

Row = dict[str, Any]
"""Values for a statement's parameters, by name."""
