"""What SQLite and PostgreSQL say differently, for stores that are otherwise the same on both.

Only this file, `database.py`, `urls.py` and `explanations.py`, `indexing.py` and `index.py`,
`migrations/` and `ledger/` know which of the two it is.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects.sqlite import Insert


def is_postgresql(connection: sa.Connection) -> bool:
    """Return whether a connection leads to PostgreSQL."""
    return connection.dialect.name == "postgresql"


def inserting(connection: sa.Connection, table: sa.Table) -> Insert:
    """Return an insert that can say what becomes of rows which are there already.

    Two processes may insert the same row at once: whoever asks first and inserts then would fail.
    Its result tells how many rows it has written.
    """
    insert = sqlite.insert(table)
    if is_postgresql(connection):
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  slow to import

        insert = cast("Insert", postgresql.insert(table))  # the same, as far as it is used here
    return insert.execution_options(preserve_rowcount=True)


def replacing(connection: sa.Connection, table: sa.Table) -> Insert:
    """Return an insert that writes over the row with the same primary key."""
    insert = inserting(connection, table)
    key = [column.name for column in table.primary_key]
    others = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if column.name not in key
    }
    return insert.on_conflict_do_update(index_elements=key, set_=others)


def alone(connection: sa.Connection, work: str) -> None:
    """Wait until no other transaction does this work, and do it alone until the transaction ends.

    SQLite has one writer at a time anyhow. The name of the work is one of our own words.
    """
    if is_postgresql(connection):
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtext(:name), hashtext(current_schema()))"),
            {"name": f"newsletter {work}"},
        )


def analyse(connection: sa.Connection, table: sa.Table) -> None:
    """Have PostgreSQL look at a temporary table, for it guesses that new ones are small."""
    if is_postgresql(connection):
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def day_of(moment: sa.ColumnElement[dt.datetime]) -> sa.ColumnElement[dt.date]:
    """Return the day of a moment, which is stored in UTC."""
    return sa.func.date(moment, type_=sa.Date)
