"""Papers, the keys they are known by, and the issue each was offered in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from newsletter.model import Paper, Sighting
from newsletter.store.database import Database, paper_keys, papers

Item = TypeVar("Item")
CHUNK = 500
"""Values in one statement; SQLite allows 32,766 variables."""


class PaperStore:
    """Papers in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def known(self, found: Iterable[Paper]) -> tuple[Paper, ...]:
        """Return the stored papers that share a key with any of `found`, oldest first."""
        keys = {key for paper in found for key in paper.keys}
        rows: dict[str, sa.Row[Any]] = {}
        with self._database.transaction() as connection:
            for some in chunks(sorted(keys), CHUNK):
                query = (
                    sa.select(papers)
                    .join(paper_keys, paper_keys.c.paper == papers.c.id)
                    .where(paper_keys.c.key.in_(some))
                )
                rows.update({row.id: row for row in connection.execute(query)})
        ordered = sorted(rows.values(), key=lambda row: (row.first_seen, row.id))
        return tuple(_paper(row.data) for row in ordered)

    def save(self, merged: Sequence[Paper], now: dt.datetime) -> int:
        """Write papers, each under its id; return how many were new.

        When a paper's keys join two stored ones, the second's row goes, and the earlier of their
        offers stays: a paper that was sent under either name is never sent again.
        """
        new = 0
        with self._database.transaction() as connection:
            for paper in merged:
                new += _save(connection, paper, now)
        return new

    def candidates(self, date: dt.date, max_age_days: int) -> tuple[Paper, ...]:
        """Return the papers for the issue of `date`: not offered before, and not too old.

        Papers already set aside for this very issue are among them. "Too old" goes by the date of
        publication, where there is one, so that a first run does not mail a blog's whole archive.
        """
        oldest = dt.datetime.combine(date, dt.time(), dt.UTC) - dt.timedelta(days=max_age_days)
        query = (
            sa.select(papers.c.data)
            .where(sa.or_(papers.c.offered.is_(None), papers.c.offered == date))
            .where(sa.func.coalesce(papers.c.published, papers.c.first_seen) >= oldest)
            .order_by(papers.c.first_seen, papers.c.id)
        )
        with self._database.transaction() as connection:
            return tuple(_paper(data) for data in connection.scalars(query))


def _save(connection: sa.Connection, paper: Paper, now: dt.datetime) -> bool:
    rows = connection.execute(
        sa.select(papers.c.id, papers.c.offered, papers.c.first_seen)
        .join(paper_keys, paper_keys.c.paper == papers.c.id)
        .where(paper_keys.c.key.in_(paper.keys))
        .distinct()
    ).all()
    offers = [row.offered for row in rows if row.offered]
    if rows:
        ids = [row.id for row in rows]
        connection.execute(papers.delete().where(papers.c.id.in_(ids)))
        connection.execute(paper_keys.delete().where(paper_keys.c.paper.in_(ids)))
    connection.execute(
        papers.insert().values(
            id=paper.id,
            data=_data(paper),
            published=paper.published,
            first_seen=min((row.first_seen for row in rows), default=paper.first_seen or now),
            offered=min(offers, default=None),
        )
    )
    connection.execute(paper_keys.insert(), [{"key": key, "paper": paper.id} for key in paper.keys])
    return not rows


def offer(connection: sa.Connection, ids: Iterable[str], date: dt.date) -> None:
    """Mark papers as offered in the issue of `date`."""
    for some in chunks(ids, CHUNK):
        connection.execute(
            papers.update()
            .where(papers.c.id.in_(some))
            .where(papers.c.offered.is_(None))
            .values(offered=date)
        )


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of at most `size` items."""
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some


def _data(paper: Paper) -> dict[str, Any]:
    data = asdict(paper)
    data["published"] = paper.published.isoformat() if paper.published else None
    data["sightings"] = [
        {"source": one.source, "seen_at": one.seen_at.isoformat(), "url": one.url}
        for one in paper.sightings
    ]
    return data


def _paper(data: dict[str, Any]) -> Paper:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    values["published"] = (
        dt.datetime.fromisoformat(data["published"]) if data["published"] else None
    )
    values["sightings"] = tuple(
        Sighting(
            source=one["source"], seen_at=dt.datetime.fromisoformat(one["seen_at"]), url=one["url"]
        )
        for one in data["sightings"]
    )
    return Paper(**values)
