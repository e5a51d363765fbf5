"""What issues showed everybody: the picks of each day, for the pages of the site."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from newsletter.model import Paper, Pick, Reason, ReasonKind, Score, Wording
from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.database import Database
from newsletter.store.papers import read_paper
from newsletter.store.tables import paper_keys, papers, picks


class PickStore:
    """Picks in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def dates(self) -> tuple[dt.date, ...]:
        """Return the dates of all issues that have picks, newest first."""
        query = sa.select(picks.c.issue).distinct().order_by(picks.c.issue.desc())
        with self._database.reading() as connection:
            return tuple(connection.scalars(query))

    def of(self, first: dt.date, last: dt.date | None = None) -> tuple[Pick, ...]:
        """Return the picks of an issue, or of all from `first` to `last`, the best first."""
        return tuple(pick for _, pick in self.dated(first, last or first))

    def dated(self, first: dt.date, last: dt.date) -> tuple[tuple[dt.date, Pick], ...]:
        """Return the picks of the issues from `first` to `last`, each with its date.

        The best come first; a paper that was shown in two topics is there twice.
        """
        return self._found(picks.c.issue.between(first, last))

    def of_topic(self, topic: str, limit: int) -> tuple[tuple[dt.date, Pick], ...]:
        """Return the latest picks of a topic, each with its date, the newest issue first."""
        found = self._found(picks.c.topic == topic, limit=limit)
        return tuple(sorted(found, key=lambda dated: dated[0], reverse=True))

    def of_paper(self, keys: Iterable[str]) -> tuple[tuple[dt.date, Pick], ...]:
        """Return every pick of the paper that has one of `keys`, each with its date."""
        return self._found(picks.c.paper.in_(sorted(keys)))

    def _found(
        self, which: sa.ColumnElement[bool], limit: int | None = None
    ) -> tuple[tuple[dt.date, Pick], ...]:
        query = (
            sa.select(picks, papers.c.data.label("content"))
            .join(paper_keys, paper_keys.c.key == picks.c.paper)
            .join(papers, papers.c.id == paper_keys.c.paper)
            .where(which)
            .order_by(picks.c.issue.desc(), picks.c.number)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            others = _others(connection, rows)
        made = [(row.issue, _pick(row, others)) for row in rows]
        return tuple(sorted(made, key=lambda dated: -dated[1].score.overall))


def keep_picks(connection: sa.Connection, date: dt.date, shown: Sequence[Pick]) -> None:
    """Write what the issue of `date` shows everybody."""
    rows = [
        {
            "issue": date,
            "number": number,
            "paper": pick.paper.id,
            "topic": pick.topic,
            "score": pick.score.overall,
            "data": {
                "reasons": [asdict(reason) for reason in pick.reasons],
                "tldr": pick.tldr,
                "tldr_by": pick.tldr_by,
                "wording": pick.wording,
                "tldr_language": pick.tldr_language,
                "also": [paper.id for paper in pick.also],
            },
        }
        for number, pick in enumerate(shown)
    ]
    for some in chunks(rows, CHUNK):
        connection.execute(picks.insert(), some)


def _others(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> Mapping[str, Paper]:
    """Return the papers that say the same as picks, by the key that the picks name them by."""
    keys = sorted({key for row in rows for key in row.data["also"]})
    found: dict[str, Paper] = {}
    for some in chunks(keys, CHUNK):
        query = (
            sa.select(paper_keys.c.key, papers.c.data)
            .join(papers, papers.c.id == paper_keys.c.paper)
            .where(paper_keys.c.key.in_(some))
        )
        found.update({key: read_paper(data) for key, data in connection.execute(query)})
    return found


def _pick(row: sa.Row[Any], others: Mapping[str, Paper]) -> Pick:
    data = row.data
    return Pick(
        paper=read_paper(row.content),
        topic=row.topic,
        score=Score(total=row.score, parts=(), overall=row.score),
        reasons=tuple(_reason(told) for told in data["reasons"]),
        tldr=data["tldr"],
        tldr_by=data["tldr_by"],
        # Issues from before there were machines have only the words of people.
        wording=Wording(data.get("wording", Wording.GIVEN)),
        tldr_language=data.get("tldr_language", ""),
        also=tuple(others[key] for key in data["also"] if key in others),
    )


def _reason(told: Mapping[str, Any]) -> Reason:
    return Reason(**{**told, "kind": ReasonKind(told["kind"]), "words": tuple(told["words"])})
