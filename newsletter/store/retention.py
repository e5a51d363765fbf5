"""Delete from the database what is over, in short transactions: a sender is never held up long.

What is deleted in parts is in an order in which whatever is left is whole, so a run that is killed
leaves nothing half: the next one goes on. Nothing of an issue that is not closed is deleted.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.database import Database
from newsletter.store.forgetting import forgotten, remember
from newsletter.store.partitions import drop_months
from newsletter.store.shrinking import give_back, merge_search
from newsletter.store.tables import (
    audiences,
    blocks,
    deliveries,
    drafts,
    editions,
    facts,
    feedback,
    issues,
    paper_keys,
    paper_texts,
    paper_traces,
    papers,
    picks,
    shards,
    sources,
)

BATCH: Final = 1_000
"""Rows in one transaction: a few milliseconds of work."""
PAPERS: Final = 100
"""Papers in one transaction: each has its words taken out of the index of searches."""
ALSO: Final = dt.timedelta(days=7)
"""An issue names papers beside its picks that were offered at most so long before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """What is deleted: all that is older than a day; None: nothing of the kind."""

    papers: dt.date | None = None
    """Papers that were seen and offered before it, and that no kept issue shows."""
    shown: dt.date | None = None
    """What issues before it showed everybody."""
    seen: dt.date | None = None
    """The memory of papers that were deleted before it."""
    editions: dt.date | None = None
    """Editions of closed issues before it."""
    ledger: dt.date | None = None
    """Deliveries of closed issues before it; their numbers stay."""
    answers: dt.date | None = None
    """Services' answers from before it."""
    health: dt.timedelta | None = None
    """The health of sources that are not visited any more, so long after the last visit of any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """How many rows were deleted."""

    papers: int = 0
    picks: int = 0
    keys: int = 0
    editions: int = 0
    """With their blocks and audiences."""
    deliveries: int = 0
    answers: int = 0
    sources: int = 0

    @property
    def total(self) -> int:
        """How many rows in all."""
        return sum(getattr(self, field.name) for field in fields(self))


class Retention:
    """Deletes what is over."""

    def __init__(self, database: Database, rest: Callable[[], None]) -> None:
        """Use an open `database`; `rest` waits a little, so that others can write meanwhile."""
        self._database = database
        self._rest = rest

    def forget(
        self,
        cut: Cutoffs,
        today: dt.date,
        *,
        liked: Callable[[], Collection[str]],
        sources: Collection[str],
        services: Collection[str],
    ) -> Gone:
        """Delete what is before its cutoff.

        Papers stay that have a key among `liked`, which is asked only if papers are to go, or that
        readers have said something about. The health of `sources` (ids) stays. Only answers of
        `services` are deleted. Raises StoreError when the database cannot be used.
        """
        return Gone(
            deliveries=self._deliveries(cut.ledger),
            editions=self._editions(cut.editions),
            picks=self._picks(cut.shown),
            papers=self._papers(cut.papers, today, liked),
            keys=self._keys(cut.seen),
            answers=self._answers(cut.answers, services),
            sources=self._health(cut.health, sources),
        )

    def merge_search(self) -> None:
        """Take words of deleted papers out of the index of searches; not every day."""
        merge_search(self._database, self._rest)

    def give_back(self) -> int:
        """Give room to the disk that much was deleted from; return how many bytes."""
        return give_back(self._database)

    def _in_steps(self, step: Callable[[sa.Connection], int]) -> int:
        """Do a step in one transaction after the other, until it finds nothing more to do."""
        total = 0
        while True:
            with self._database.transaction() as connection:
                count = step(connection)
            if not count:
                return total
            total += count
            self._rest()

    def _closed(self, before: dt.date | None, table: sa.Table) -> Sequence[dt.date]:
        """Return the closed issues before a date that have rows in a table."""
        if before is None:
            return ()
        has_rows = sa.exists().where(table.c.issue == issues.c.date)
        query = sa.select(issues.c.date).where(
            issues.c.date < before, issues.c.closed.is_(True), has_rows
        )
        with self._database.reading() as connection:
            return connection.scalars(query.order_by(issues.c.date)).all()

    def _of_issues(self, before: dt.date | None, table: sa.Table, key: str) -> int:
        """Delete the rows of closed issues before a date; `key` tells rows of an issue apart."""
        return sum(
            self._in_steps(_deleting(table, table.c[key], table.c.issue == issue))
            for issue in self._closed(before, table)
        )

    def _deliveries(self, before: dt.date | None) -> int:
        # Shards last: they are how open deliveries are found.
        gone = self._of_issues(before, deliveries, "subscriber")
        self._of_issues(before, shards, "number")
        if before is not None:
            with contextlib.suppress(StoreError), self._database.transaction() as connection:
                drop_months(connection, before)  # who reads a month for long keeps it for a day
        return gone

    def _editions(self, before: dt.date | None) -> int:
        # Blocks last: an edition that is there is whole.
        return (
            self._of_issues(before, audiences, "name")
            + self._of_issues(before, drafts, "issue")
            + self._of_issues(before, editions, "key")
            + self._of_issues(before, blocks, "number")
        )

    def _picks(self, before: dt.date | None) -> int:
        if before is None:
            return 0
        first = sa.select(sa.func.min(picks.c.issue)).where(picks.c.issue < before)

        def step(connection: sa.Connection) -> int:
            oldest = first.scalar_subquery()
            return connection.execute(picks.delete().where(picks.c.issue == oldest)).rowcount

        return self._in_steps(step)

    def _papers(
        self, before: dt.date | None, today: dt.date, liked: Callable[[], Collection[str]]
    ) -> int:
        if before is None:
            return 0
        last, total = _Looked(_START, ""), 0
        kept: frozenset[str] | None = None
        while True:
            with self._database.reading() as connection:
                found = connection.execute(_over(before, last)).all()
            if not found:
                return total
            last = _Looked(found[-1].first_seen, found[-1].id)
            if kept is None:  # most runs find nothing, and need not know
                kept = frozenset(liked()) | self._spoken_of()
            with self._database.transaction() as connection:
                total += _forget_papers(connection, found, kept, today)
            self._rest()

    def _spoken_of(self) -> frozenset[str]:
        """Return the keys of papers that readers have said something about."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(sa.select(feedback.c.paper).distinct()))

    def _keys(self, before: dt.date | None) -> int:
        if before is None:
            return 0
        query = sa.select(forgotten.c.digest).where(forgotten.c.gone < before.toordinal())
        total = 0
        while True:
            # No index says which are old, so they are looked for without holding up a writer.
            with self._database.reading() as connection:
                old = connection.scalars(query.limit(BATCH)).all()
            if not old:
                return total
            with self._database.transaction() as connection:
                for some in chunks(old, CHUNK):
                    gone = forgotten.delete().where(forgotten.c.digest.in_(some))
                    total += connection.execute(gone).rowcount
            self._rest()

    def _answers(self, before: dt.date | None, services: Collection[str]) -> int:
        if before is None:
            return 0
        old = facts.c.asked_at < _midnight(before)
        return sum(
            self._in_steps(_deleting(facts, facts.c.subject, (facts.c.service == name) & old))
            for name in sorted(services)
        )

    def _health(self, after: dt.timedelta | None, kept: Collection[str]) -> int:
        if after is None:
            return 0
        with self._database.transaction() as connection:
            last = connection.scalar(sa.select(sa.func.max(sources.c.visited_at)))
            if last is None:
                return 0
            gone = (sources.c.visited_at < last - after) & sources.c.id.not_in(sorted(kept))
            return connection.execute(sources.delete().where(gone)).rowcount


class _Looked(NamedTuple):
    """How far papers were looked at."""

    first_seen: dt.datetime
    id: str


_START: Final = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _deleting(
    table: sa.Table, key: sa.ColumnElement[Any], where: sa.ColumnElement[bool]
) -> Callable[[sa.Connection], int]:
    """Return a step that deletes a batch of the rows for which `where` is true."""
    some = sa.select(key).where(where).order_by(key).limit(BATCH)
    statement = table.delete().where(where, key.in_(some))
    return lambda connection: connection.execute(statement).rowcount


def _over(before: dt.date, last: _Looked) -> sa.Select[Any]:
    """Return the query for the next papers that are over, and that no issue shows."""
    row = papers.c
    key = paper_keys.alias()
    is_shown = sa.exists().where(key.c.paper == row.id, picks.c.paper == key.c.key)
    return (
        sa.select(row.id, row.first_seen, row.offered)
        .where(row.first_seen < _midnight(before))
        .where(
            sa.or_(
                row.first_seen > last.first_seen,
                sa.and_(row.first_seen == last.first_seen, row.id > last.id),
            )
        )
        .where(sa.or_(row.offered.is_(None), row.offered < before), ~is_shown)
        .order_by(row.first_seen, row.id)
        .limit(PAPERS)
    )


def _forget_papers(
    connection: sa.Connection, found: Sequence[sa.Row[Any]], kept: Collection[str], today: dt.date
) -> int:
    """Delete papers but those among `kept`, or named beside a pick; remember their keys."""
    query = sa.select(paper_keys.c.paper, paper_keys.c.key).where(
        paper_keys.c.paper.in_([row.id for row in found])
    )
    keys = [(paper, key) for paper, key in connection.execute(query)]
    named = _beside_picks(connection, [row.offered for row in found if row.offered])
    staying = {paper for paper, key in keys if key in kept or key in named}
    gone = [row.id for row in found if row.id not in staying]
    offered = {row.id: row.offered for row in found}
    remember(
        connection,
        {key: offered[paper] for paper, key in keys if paper not in staying},
        today,
    )
    for table in (paper_texts, paper_traces, paper_keys):
        connection.execute(table.delete().where(table.c.paper.in_(gone)))
    return connection.execute(papers.delete().where(papers.c.id.in_(gone))).rowcount


def _beside_picks(connection: sa.Connection, dates: Sequence[dt.date]) -> frozenset[str]:
    """Return the keys of papers that say the same as picks of these issues, or soon after."""
    if not dates:
        return frozenset()
    query = sa.select(picks.c.data).where(picks.c.issue.between(min(dates), max(dates) + ALSO))
    return frozenset(key for data in connection.scalars(query) for key in data.get("also", ()))
