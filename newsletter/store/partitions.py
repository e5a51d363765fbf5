"""The ledger in months, on PostgreSQL: each is a table of its own (a partition).

What is deleted leaves holes that only VACUUM fills again; a month that is over is dropped as a
whole, and the indexes of the months that are sent stay small
(https://www.postgresql.org/docs/current/ddl-partitioning.html). SQLite has one table: its rows are
in the order of issues anyhow.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa

from newsletter.store.dialects import alone, is_postgresql

BY_MONTH: Final = (
    "ALTER TABLE delivery RENAME TO delivery_plain",
    "CREATE TABLE delivery (LIKE delivery_plain INCLUDING DEFAULTS) PARTITION BY RANGE (issue)",
    "DROP TABLE delivery_plain",
    "ALTER TABLE delivery ADD PRIMARY KEY (issue, subscriber)",
)
"""The statements that make the empty table of deliveries one of months.

It has no foreign key: a plan writes the issue and its deliveries in one transaction, and to look
for the issue again for each of them would be a third of its time."""
_NAME: Final = re.compile(r"delivery_(\d{4})_(\d{2})")
_PATIENCE: Final = "2s"
"""How long a month that is over waits for those who read the ledger; else it goes the next day."""


def make_months(connection: sa.Connection, dates: Iterable[dt.date]) -> None:
    """Make room for the deliveries of issues of some dates, where there is none yet."""
    if not is_postgresql(connection):
        return
    wanted = {date.replace(day=1) for date in dates}
    missing = sorted(wanted.difference(_months(connection)))
    if not missing:
        return
    alone(connection, "months")
    for month in sorted(wanted.difference(_months(connection))):
        _make_month(connection, month)


def drop_months(connection: sa.Connection, before: dt.date) -> int:
    """Drop the months that ended before a date and are empty; return how many."""
    if not is_postgresql(connection):
        return 0
    over = [month for month in _months(connection) if next_month(month) <= before]
    if not over:
        return 0
    alone(connection, "months")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
    dropped = 0
    for month in over:
        name = table_of(month)
        if not connection.scalar(sa.select(sa.exists().select_from(sa.table(name)))):
            connection.exec_driver_sql(f"DROP TABLE {name}")
            dropped += 1
    return dropped


def is_month(table: str) -> bool:
    """Return whether a table is one month of the ledger."""
    return bool(_NAME.fullmatch(table))


def table_of(date: dt.date) -> str:
    """Return the name of the table of a date's month."""
    return f"delivery_{date:%Y_%m}"


def next_month(month: dt.date) -> dt.date:
    """Return the first day of the month after one."""
    return (month.replace(day=1) + dt.timedelta(days=31)).replace(day=1)


def _months(connection: sa.Connection) -> Sequence[dt.date]:
    """Return the first days of the months that there are, in their order."""
    query = sa.text(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = 'delivery'::regclass ORDER BY relname"
    )
    found = map(_NAME.fullmatch, connection.scalars(query))
    return [dt.date(int(name[1]), int(name[2]), 1) for name in found if name]


def _make_month(connection: sa.Connection, month: dt.date) -> None:
    """Make the table of a month.

    It is made beside the ledger and then attached: that waits for nobody who reads or writes it. A
    page keeps half of its room free for updates, which then need no change of an index.
    """
    name, end = table_of(month), next_month(month)
    for statement in (
        f"CREATE TABLE {name} (LIKE delivery INCLUDING DEFAULTS) WITH (fillfactor = 50)",
        f"ALTER TABLE delivery ATTACH PARTITION {name} FOR VALUES FROM ('{month}') TO ('{end}')",
    ):
        connection.exec_driver_sql(statement)
