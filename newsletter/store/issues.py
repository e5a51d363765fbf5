"""Issues and their frozen editions; planning one is a single transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from newsletter.model import Delivery, DeliveryState, Edition, Issue
from newsletter.store.database import Database, blocks, deliveries, editions, issues
from newsletter.store.papers import CHUNK, chunks, offer

_OPEN = tuple(state.value for state in DeliveryState if state.is_open)


class IssueStore:
    """Issues in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def get(self, date: dt.date) -> Issue | None:
        """Return the planned issue of `date`, if there is one."""
        query = sa.select(issues).where(issues.c.date == date)
        with self._database.transaction() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Issue(date=row.date, number=row.number, papers=row.papers, planned_at=row.planned_at)

    def dates(self) -> tuple[dt.date, ...]:
        """Return the dates of all planned issues, newest first."""
        query = sa.select(issues.c.date).order_by(issues.c.date.desc())
        with self._database.transaction() as connection:
            return tuple(connection.scalars(query))

    def unfinished(self, before: dt.date) -> tuple[dt.date, ...]:
        """Return the earlier issues of which some delivery is not final yet, oldest first."""
        query = (
            sa.select(deliveries.c.issue)
            .distinct()
            .where(deliveries.c.issue < before, deliveries.c.state.in_(_OPEN))
            .order_by(deliveries.c.issue)
        )
        with self._database.transaction() as connection:
            return tuple(connection.scalars(query))

    def next_number(self) -> int:
        """Return the number that the next issue gets, counted from 1."""
        with self._database.transaction() as connection:
            return int(connection.scalar(sa.select(sa.func.max(issues.c.number))) or 0) + 1

    def editions(self, date: dt.date) -> tuple[Edition, ...]:
        """Return the editions of a planned issue, as they were when it was planned."""
        query = sa.select(editions).where(editions.c.issue == date).order_by(editions.c.key)
        wanted = sa.select(blocks.c.content).where(blocks.c.issue == date)
        with self._database.transaction() as connection:
            table = connection.scalars(wanted.order_by(blocks.c.number)).all()
            return tuple(
                Edition(
                    key=row.key,
                    subject=row.subject,
                    html_blocks=tuple(row.html),
                    text_blocks=tuple(row.text),
                    blocks=table,
                )
                for row in connection.execute(query)
            )

    def plan(
        self,
        issue: Issue,
        ready: Sequence[Edition],
        planned: Iterable[Delivery],
        offered: Iterable[str],
        now: dt.datetime,
    ) -> bool:
        """Write the issue, its editions, every delivery and the papers' offer, all or nothing.

        Returns False, and changes nothing, when another run has planned this issue meanwhile.
        """
        numbers: dict[str, int] = {}

        def numbered(edition: Edition, some: Iterable[int]) -> list[int]:
            return [numbers.setdefault(edition.blocks[one], len(numbers)) for one in some]

        rows = [
            {
                "issue": issue.date,
                "key": one.key,
                "subject": one.subject,
                "html": numbered(one, one.html_blocks),
                "text": numbered(one, one.text_blocks),
            }
            for one in ready
        ]
        with self._database.transaction() as connection:
            if connection.scalar(sa.select(issues.c.date).where(issues.c.date == issue.date)):
                return False
            connection.execute(
                issues.insert().values(
                    date=issue.date, number=issue.number, papers=issue.papers, planned_at=now
                )
            )
            connection.execute(editions.insert(), rows)
            connection.execute(
                blocks.insert(),
                [
                    {"issue": issue.date, "number": number, "content": block}
                    for block, number in numbers.items()
                ],
            )
            for some in chunks(planned, CHUNK):
                connection.execute(
                    deliveries.insert(),
                    [
                        {
                            "issue": one.issue,
                            "subscriber": one.subscriber,
                            "email": one.email,
                            "name": one.name,
                            "timezone": one.timezone,
                            "language": one.language,
                            "edition": one.edition,
                            "domain": one.domain,
                            "state": one.state.value,
                            "attempt": 0,
                            "changed_at": now,
                        }
                        for one in some
                    ],
                )
            offer(connection, offered, issue.date)
        return True
