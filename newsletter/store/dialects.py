"""What SQLite and PostgreSQL say differently, for stores that are otherwise the same on both.

Only this file, `database.py`, `urls.py` and `explanations.py`, `indexing.py` and `index.py`,
`partitions.py`, `transfers.py`, `backups.py` and `upgrades.py`, `migrations/` and `ledger/` know
which of the two it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
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
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(*_lock_of(work))))


def is_alone(connection: sa.Connection, work: str) -> bool:
    """Do as `alone`, but do not wait: return whether no other transaction does this work."""
    if not is_postgresql(connection):
        return True
    return bool(connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(*_lock_of(work)))))


def _lock_of(work: str) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """Return the numbers of the advisory lock of some work on our tables."""
    return (
        sa.func.hashtext(f"newsletter {work}", type_=sa.Integer),
        sa.func.hashtext(sa.func.current_schema(), type_=sa.Integer),
    )


def analyse(connection: sa.Connection, table: sa.Table) -> None:
    """Have PostgreSQL look at a table that was just filled, for it guesses that it is small."""
    if is_postgresql(connection):
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def take_all(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Keep everybody else away from tables until the transaction ends; SQLite does so anyhow."""
    if is_postgresql(connection):
        names = ", ".join(table.name for table in tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")


def be_patient(connection: sa.Connection) -> None:
    """Have PostgreSQL not end this transaction while the program is busy with another one."""
    if is_postgresql(connection):
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def go_on_after(connection: sa.Connection, table: sa.Table) -> None:
    """Have PostgreSQL number new rows after those that were written with their numbers.

    SQLite looks at the table itself. It is undone with the transaction, unlike `setval`.
    """
    column = table.autoincrement_column
    if column is None or not is_postgresql(connection):
        return
    sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
    if sequence:
        last = connection.scalar(sa.select(sa.func.max(column))) or 0
        connection.exec_driver_sql(f"ALTER SEQUENCE {sequence} RESTART WITH {max(last, 0) + 1}")


def day_of(moment: sa.ColumnElement[dt.datetime]) -> sa.ColumnElement[dt.date]:
    """Return the day of a moment, which is stored in UTC."""
    return sa.func.date(moment, type_=sa.Date)
