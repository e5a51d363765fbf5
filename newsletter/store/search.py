"""Search of papers by words, authors and dates; the only place that knows how a database does it.

SQLite's FTS5 (https://sqlite.org/fts5.html) finds the words in any form (Porter's stems) and ranks
papers by BM25; a word in the title counts more than one in the abstract.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.model import Paper
from newsletter.store.database import Database
from newsletter.store.papers import read_paper
from newsletter.store.tables import paper_texts, papers

MOST_WORDS = 32
"""Words of a query that are looked for; the rest is left out."""
TITLE, AUTHORS, ABSTRACT = 5.0, 3.0, 1.0
"""How much a word counts where it is found."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for; everything that is given must hold."""

    words: str = ""
    """Words of the title, the abstract or the authors' names, or "phrases in quotation marks"."""
    author: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    """First and last day on which papers were first seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of what was found."""

    papers: tuple[Paper, ...]
    total: int
    """How many there are in all, or `MOST_COUNTED` when there are more."""


MOST_COUNTED = 1_000
"""Findings are counted up to this number."""


class SearchStore:
    """Full-text search in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def find(self, query: Query, *, limit: int, offset: int = 0) -> Found:
        """Return the papers that fit a query: by rank when it has words, else the newest first."""
        match = fts_query(query)
        where = list(_dates(query))
        if not match and not where:
            return Found(papers=(), total=0)
        ranked = sa.select(paper_texts.c.paper).select_from(paper_texts)
        if match:
            table = sa.table("paper_search", sa.column("rowid"))
            rank = sa.func.bm25(sa.literal_column("paper_search"), TITLE, AUTHORS, ABSTRACT)
            ranked = (
                sa.select(paper_texts.c.paper)
                .select_from(sa.join(table, paper_texts, table.c.rowid == paper_texts.c.number))
                .where(sa.literal_column("paper_search").op("MATCH")(match))
                .order_by(rank)
            )
        else:
            ranked = ranked.order_by(paper_texts.c.day.desc(), paper_texts.c.number.desc())
        ranked = ranked.where(*where)
        counted = sa.select(sa.func.count()).select_from(
            ranked.order_by(None).limit(MOST_COUNTED).subquery()
        )
        with self._database.reading() as connection:
            ids = list(connection.scalars(ranked.limit(limit).offset(offset)))
            total = connection.scalar(counted) or 0
            rows = connection.execute(
                sa.select(papers.c.id, papers.c.data).where(papers.c.id.in_(ids))
            )
            by_id = {row.id: read_paper(row.data) for row in rows}
        return Found(papers=tuple(by_id[name] for name in ids if name in by_id), total=total)


def fts_query(query: Query) -> str:
    """Return a query in the language of FTS5, in which every word is quoted: none is a command."""
    parts = [_quoted(words) for words in _pieces(query.words)]
    author = " ".join(_quoted([word]) for word in _WORD.findall(query.author)[:MOST_WORDS])
    if author:
        parts.append(f"authors : ({author})")
    return " AND ".join(parts)


def _pieces(text: str) -> Iterable[Sequence[str]]:
    """Yield the words of a text one by one, and those in quotation marks together."""
    left = MOST_WORDS
    for place, piece in enumerate(re.split(r'["“”]', text)):
        words = _WORD.findall(piece)[:left]
        left -= len(words)
        if place % 2 and words:
            yield words
        else:
            yield from ([word] for word in words)


def _quoted(words: Sequence[str]) -> str:
    return '"' + " ".join(words) + '"'


def _dates(query: Query) -> Iterable[sa.ColumnElement[bool]]:
    if query.since:
        yield paper_texts.c.day >= query.since
    if query.until:
        yield paper_texts.c.day <= query.until
