"""Closed issues: every delivery is final and counted, so that the numbers outlive the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from newsletter.model import OPEN, DeliveryState
from newsletter.store.columns import Text
from newsletter.store.database import Database
from newsletter.store.tables import deliveries, issues, metadata

tallies = sa.Table(
    "tally",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("state", Text, primary_key=True),
    sa.Column("verdict", Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How many deliveries of a closed issue ended in each way: they are counted when they are gone."""

_OPEN = tuple(state.value for state in OPEN)


class TallyStore:
    """The numbers of closed issues."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def close(self, before: dt.date) -> int:
        """Close the issues before a date whose deliveries are all final; return how many."""
        ended = issues.c.closed.is_(False) & (issues.c.date < before) & ~_has_open()
        with self._database.reading() as connection:
            dates = list(connection.scalars(sa.select(issues.c.date).where(ended)))
        for date in dates:
            with self._database.transaction() as connection:
                _close(connection, date)
        return len(dates)

    def is_closed(self, issue: dt.date) -> bool:
        """Return whether an issue is closed."""
        with self._database.reading() as connection:
            return is_closed(connection, issue)

    def is_open(self, issue: dt.date) -> bool:
        """Return whether an issue is planned, and not closed: something of it may still be sent."""
        query = sa.select(issues.c.date).where(issues.c.date == issue, issues.c.closed.is_(False))
        with self._database.reading() as connection:
            return connection.scalar(query) is not None

    def failed(self, issue: dt.date) -> Mapping[str, int]:
        """Return how many deliveries of a closed issue failed, by verdict, the most first."""
        query = (
            sa.select(tallies.c.verdict, tallies.c.count)
            .where(tallies.c.issue == issue, tallies.c.state == DeliveryState.FAILED.value)
            .order_by(tallies.c.count.desc(), tallies.c.verdict)
        )
        with self._database.reading() as connection:
            return {verdict or "unknown": count for verdict, count in connection.execute(query)}


def is_closed(connection: sa.Connection, issue: dt.date) -> bool:
    """Return whether an issue is closed: its deliveries do not move any more."""
    return bool(connection.scalar(sa.select(issues.c.closed).where(issues.c.date == issue)))


def counted(connection: sa.Connection, issue: dt.date) -> Mapping[str, int]:
    """Return how many deliveries of an issue are in each state, whether they are kept or not."""
    table = tallies if is_closed(connection, issue) else deliveries
    count = sa.func.sum(tallies.c.count) if table is tallies else sa.func.count()
    query = sa.select(table.c.state, count).where(table.c.issue == issue).group_by(table.c.state)
    return {state: int(number) for state, number in connection.execute(query)}


def _has_open() -> sa.ColumnElement[bool]:
    row = deliveries.c
    return sa.exists().where(row.issue == issues.c.date, row.state.in_(_OPEN))


def _close(connection: sa.Connection, date: dt.date) -> None:
    row = deliveries.c
    # Only if it is still so: somebody may have opened some of it again meanwhile.
    still = sa.select(issues.c.date).where(issues.c.date == date, issues.c.closed.is_(False))
    if connection.scalar(still.where(~_has_open()).with_for_update()) is None:
        return
    numbers = (
        sa.select(row.issue, row.state, row.verdict, sa.func.count())
        .where(row.issue == date)
        .group_by(row.issue, row.state, row.verdict)
    )
    names = ["issue", "state", "verdict", "count"]
    connection.execute(tallies.insert().from_select(names, numbers))
    connection.execute(issues.update().where(issues.c.date == date).values(closed=True))
