"""Papers, the keys that identify them, and the issue each was offered in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from newsletter.model import IssueWindow, LeftOut, Paper, Sighting
from newsletter.model.gate import admit
from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.database import Database
from newsletter.store.dialects import alone
from newsletter.store.forgetting import recall, recalled
from newsletter.store.index import index_texts
from newsletter.store.tables import paper_keys, paper_texts, paper_traces, papers
from newsletter.store.words import spaced

LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""Date of publication given to an undated paper that is no news."""


class PaperStore:
    """Papers in the database."""

    def __init__(
        self, database: Database, traces: Callable[[Paper], tuple[str, ...]] = lambda _paper: ()
    ) -> None:
        """Use an open `database`; a paper's `traces` help to find similar papers."""
        self._database = database
        self._traces = traces

    def known(self, found: Iterable[Paper]) -> tuple[Paper, ...]:
        """Return the stored papers that share a key or a trace with any of `found`, oldest first.

        Papers that share only a trace may be different papers: the caller must compare them.
        """
        found = tuple(found)
        keys = {key for paper in found for key in paper.keys}
        traces = {trace for paper in found for trace in self._traces(paper)}
        return self._with((paper_keys, keys), (paper_traces, traces))

    def with_keys(self, keys: Iterable[str]) -> tuple[Paper, ...]:
        """Return the stored papers that have any of `keys`, oldest first."""
        return self._with((paper_keys, set(keys)))

    def _with(self, *wanted: tuple[sa.Table, set[str]]) -> tuple[Paper, ...]:
        """Return the papers that have any of the keys in any of the tables, oldest first."""
        rows: dict[str, sa.Row[Any]] = {}
        with self._database.reading() as connection:
            for table, keys in wanted:
                for some in chunks(sorted(keys), CHUNK):
                    query = (
                        sa.select(papers)
                        .join(table, table.c.paper == papers.c.id)
                        .where(table.c.key.in_(some))
                    )
                    rows.update({row.id: row for row in connection.execute(query)})
        ordered = sorted(rows.values(), key=lambda row: (row.first_seen, row.id))
        return tuple(read_paper(row.data) for row in ordered)

    def last(self, count: int) -> tuple[Paper, ...]:
        """Return the papers that were seen last, at most `count` of them."""
        query = sa.select(papers.c.data).order_by(papers.c.first_seen.desc(), papers.c.id)
        return self._read(query.limit(count))

    def since(self, moment: dt.datetime) -> tuple[Paper, ...]:
        """Return the papers that were first seen after a moment, oldest first."""
        query = sa.select(papers.c.data).where(papers.c.first_seen >= moment)
        return self._read(query.order_by(papers.c.first_seen, papers.c.id))

    def offered_since(self, date: dt.date, before: dt.date | None = None) -> tuple[Paper, ...]:
        """Return the papers that were offered in issues from `date` on, but `before` another."""
        query = sa.select(papers.c.data).where(papers.c.offered >= date)
        query = query.where(papers.c.offered < before) if before else query
        return self._read(query.order_by(papers.c.id))

    def _read(self, query: sa.Select[Any]) -> tuple[Paper, ...]:
        with self._database.reading() as connection:
            return tuple(read_paper(data) for data in connection.scalars(query))

    def known_keys(self, found: Iterable[Paper]) -> frozenset[str]:
        """Return the keys of `found` that papers have which are stored, or were until deleted."""
        with self._database.reading() as connection:
            return frozenset(_known_keys(connection, found))

    def save(
        self, merged: Sequence[Paper], now: dt.datetime, backlog: frozenset[str] = frozenset()
    ) -> int:
        """Write papers, each under its id; return how many were new.

        If a paper's keys belong to several stored papers, these become one, which keeps the
        earliest issue they were offered in: a paper sent under either id is not sent again. The
        same holds for a paper that was deleted long ago. New papers whose ids are in `backlog` are
        stored, but are never news.
        """
        with self._database.transaction() as connection:
            # Papers become one by their keys: who writes any must know all that is written.
            alone(connection, "papers")
            known = _known_keys(connection, merged)
            fresh: list[Paper] = []
            others: list[Paper] = []
            for paper in merged:
                (fresh if known.isdisjoint(paper.keys) else others).append(paper)
                known.update(paper.keys)
            # Nearly all papers of a day are new: they are written together.
            for some in chunks(fresh, CHUNK):
                self._add(connection, some, now, backlog)
            new = sum(
                self._save(connection, paper, now, archived=paper.id in backlog) for paper in others
            )
        return len(fresh) + new

    def _add(
        self,
        connection: sa.Connection,
        fresh: Sequence[Paper],
        now: dt.datetime,
        backlog: frozenset[str],
    ) -> None:
        """Write papers of which no key is stored."""
        connection.execute(
            papers.insert(),
            [
                {
                    "id": paper.id,
                    "data": paper_data(paper),
                    "published": paper.published or (LONG_AGO if paper.id in backlog else None),
                    "first_seen": paper.first_seen or now,
                    "offered": None,
                }
                for paper in fresh
            ],
        )
        for table, of in ((paper_keys, _keys), (paper_traces, self._traces)):
            if rows := [{"key": key, "paper": paper.id} for paper in fresh for key in of(paper)]:
                connection.execute(table.insert(), rows)
        connection.execute(paper_texts.insert(), [_text_row(paper, now) for paper in fresh])
        index_texts(connection, [paper.id for paper in fresh])

    def _save(
        self, connection: sa.Connection, paper: Paper, now: dt.datetime, *, archived: bool
    ) -> bool:
        rows = connection.execute(
            sa.select(papers.c.id, papers.c.offered, papers.c.first_seen, papers.c.published)
            .join(paper_keys, paper_keys.c.paper == papers.c.id)
            .where(paper_keys.c.key.in_(paper.keys))
            .distinct()
        ).all()
        offers = [row.offered for row in rows if row.offered]
        # The date of an archived paper stays when it is seen again.
        dates = [row.published for row in rows if row.published]
        before = None if rows else recall(connection, paper.keys)
        if before and before.offered:
            offers.append(before.offered)
        if (archived or before) and not rows:
            dates.append(LONG_AGO)
        if rows:
            ids = [row.id for row in rows]
            connection.execute(papers.delete().where(papers.c.id.in_(ids)))
            for table in (paper_keys, paper_traces):
                connection.execute(table.delete().where(table.c.paper.in_(ids)))
            gone = [name for name in ids if name != paper.id]
            if gone:
                connection.execute(paper_texts.delete().where(paper_texts.c.paper.in_(gone)))
        connection.execute(
            papers.insert().values(
                id=paper.id,
                data=paper_data(paper),
                published=paper.published or min(dates, default=None),
                first_seen=min((row.first_seen for row in rows), default=paper.first_seen or now),
                offered=min(offers, default=None),
            )
        )
        for table, keys in ((paper_keys, paper.keys), (paper_traces, self._traces(paper))):
            if keys:
                connection.execute(
                    table.insert(), [{"key": key, "paper": paper.id} for key in keys]
                )
        index(connection, paper, now)
        return not rows and before is None

    def candidates(self, window: IssueWindow) -> tuple[Paper, ...]:
        """Return the papers that belong to an issue: not offered before, in time, and not too old.

        Papers that were already offered in this same issue are among them. Age is counted from the
        date of publication, if known, so that a first run does not mail a blog's whole archive.
        """
        query = sa.select(papers.c.data).where(_belongs(window))
        return self._read(query.order_by(papers.c.first_seen, papers.c.id))

    def count(self, window: IssueWindow) -> int:
        """Return how many papers `candidates` returns."""
        query = sa.select(sa.func.count()).where(_belongs(window))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def left_out(self, window: IssueWindow) -> LeftOut:
        """Return how many papers `candidates` leaves out; each is counted once, as the first."""
        is_offered = sa.and_(papers.c.offered.is_not(None), papers.c.offered != window.date)
        is_old = sa.func.coalesce(papers.c.published, papers.c.first_seen) < window.oldest
        is_later = papers.c.first_seen >= window.until
        why = sa.case((is_offered, "offered"), (is_old, "old"), (is_later, "later"), else_="")
        query = sa.select(why, sa.func.count()).group_by(why)
        with self._database.reading() as connection:
            counts = {name: count for name, count in connection.execute(query)}  # noqa: C416  rows are no pairs
        return LeftOut(
            offered=counts.get("offered", 0), old=counts.get("old", 0), later=counts.get("later", 0)
        )

    def offered(self, paper: Paper) -> dt.date | None:
        """Return the date of the issue in which a paper was offered, if there is one."""
        query = sa.select(papers.c.offered).where(papers.c.id == paper.id)
        with self._database.reading() as connection:
            date: dt.date | None = connection.scalar(query)
        return date


def _belongs(window: IssueWindow) -> sa.ColumnElement[bool]:
    """Return the condition for the papers that an issue can choose from."""
    return (
        sa.or_(papers.c.offered.is_(None), papers.c.offered == window.date)
        & (papers.c.first_seen < window.until)
        & (sa.func.coalesce(papers.c.published, papers.c.first_seen) >= window.oldest)
    )


def _known_keys(connection: sa.Connection, found: Iterable[Paper]) -> set[str]:
    """Return the keys of `found` that papers have which are stored, or were until deleted."""
    wanted = sorted({key for paper in found for key in paper.keys})
    known: set[str] = set()
    for some in chunks(wanted, CHUNK):
        query = sa.select(paper_keys.c.key).where(paper_keys.c.key.in_(some))
        known.update(connection.scalars(query))
    return known | recalled(connection, set(wanted) - known)


def search_words(paper: Paper) -> dict[str, str]:
    """Return what is searched of a paper, by the columns of `paper_text`."""
    return {
        "title": spaced(paper.title),
        "authors": spaced("; ".join(paper.authors)),
        "abstract": spaced(paper.abstract),
    }


def _text_row(paper: Paper, now: dt.datetime) -> dict[str, Any]:
    day = (paper.first_seen or now).date()
    return {"paper": paper.id, "day": day, **search_words(paper)}


def _keys(paper: Paper) -> tuple[str, ...]:
    return paper.keys


def index(connection: sa.Connection, paper: Paper, now: dt.datetime) -> None:
    """Have a paper found by its words; one whose words are the same is not indexed again."""
    words = search_words(paper)
    known = connection.execute(
        sa.select(paper_texts).where(paper_texts.c.paper == paper.id)
    ).one_or_none()
    if known is None:
        connection.execute(paper_texts.insert(), _text_row(paper, now))
    elif any(getattr(known, name) != text for name, text in words.items()):
        connection.execute(
            paper_texts.update().where(paper_texts.c.number == known.number).values(**words)
        )
    else:
        return
    index_texts(connection, [paper.id])


def offer(connection: sa.Connection, ids: Iterable[str], date: dt.date) -> None:
    """Mark papers as offered in the issue of `date`."""
    for some in chunks(ids, CHUNK):
        connection.execute(
            papers.update()
            .where(papers.c.id.in_(some))
            .where(papers.c.offered.is_(None))
            .values(offered=date)
        )


def paper_data(paper: Paper) -> dict[str, Any]:
    """Return a paper as it is kept as JSON."""
    data = {field.name: getattr(paper, field.name) for field in fields(paper)}
    data["published"] = paper.published.isoformat() if paper.published else None
    data["sightings"] = [
        asdict(seen) | {"seen_at": seen.seen_at.isoformat()} for seen in paper.sightings
    ]
    return data


def read_paper(data: Mapping[str, Any]) -> Paper:
    """Return a paper that is kept as JSON."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    if data["published"]:
        values["published"] = dt.datetime.fromisoformat(data["published"])
    values["sightings"] = tuple(
        Sighting(**{**one, "seen_at": dt.datetime.fromisoformat(one["seen_at"])})
        for one in data["sightings"]
    )
    # An older version may have kept what must not be shown.
    return admit(Paper(**values))[0]
