"""The index of papers' words, which only this module and the tables know.

SQLite's FTS5 (https://sqlite.org/fts5.html) finds words in any form (Porter's stems) and ranks
papers by BM25; a word in the title counts more than one in the abstract. Triggers keep its index.

PostgreSQL (https://www.postgresql.org/docs/current/textsearch.html) would take words apart by its
own rules, drop common ones, and keep accents. So that a search finds the same in both, its words
are made here, as FTS5 makes them: in lower case, without accents, by Porter's stems. It ranks
papers by how often the words are there, and where.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from newsletter.store.dialects import is_postgresql
from newsletter.store.matching import All, Match, Phrase, Some, Without, as_fts5
from newsletter.store.tables import paper_texts
from newsletter.store.words import plain_words, spaced

TITLE, AUTHORS, ABSTRACT = 5.0, 3.0, 1.0
"""How much a word counts where it is found."""
_COLUMNS: Final = {"title": "A", "authors": "B", "abstract": "C"}
"""PostgreSQL's letters for what a word counts by where it is."""
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_LONGEST: Final = 255
"""Letters of a word that count; PostgreSQL allows 2,046 bytes."""
_LAST: Final = 16_383
"""PostgreSQL's last position in a text."""
_SOME: Final = 500
"""Papers that are in memory at the same time."""
_SHORT: Final = 2
"""Letters of words that have no ending to be cut off."""


class _Tsquery(sa.types.UserDefinedType[str]):
    """PostgreSQL's type of queries."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Return its name."""
        return "TSQUERY"


class Index(NamedTuple):
    """A database's index of words, and what it says of a match."""

    table: sa.TableClause
    number: sa.ColumnElement[int]
    matches: sa.ColumnElement[bool]
    rank: sa.ColumnElement[float]
    """The better a paper, the less it is."""


_FTS5_ROW: sa.ColumnClause[int] = sa.column("rowid", sa.Integer)
_FTS5 = sa.table("paper_search", _FTS5_ROW)
_NUMBER: sa.ColumnClause[int] = sa.column("number", sa.Integer)
_WORDS: sa.ColumnClause[Any] = sa.column("words")
_TSVECTORS = sa.table("paper_search", _NUMBER, _WORDS)
_LENGTH = 1
"""PostgreSQL divides a rank by the logarithm of a text's length."""


def index_of(connection: sa.Connection, match: Match) -> Index:
    """Return the index of a database, and what finds a match in it."""
    if not is_postgresql(connection):
        whole: sa.ColumnClause[Any] = sa.literal_column("paper_search")
        matches = whole.op("MATCH")(as_fts5(match))
        return Index(_FTS5, _FTS5_ROW, matches, sa.func.bm25(whole, TITLE, AUTHORS, ABSTRACT))
    query = sa.cast(sa.literal(as_tsquery(match)), _Tsquery())
    weights: sa.ColumnClause[Any] = sa.literal_column(
        f"CAST('{{0, {ABSTRACT / TITLE}, {AUTHORS / TITLE}, 1}}' AS real[])"
    )
    rank = sa.func.ts_rank(weights, _WORDS, query, _LENGTH, type_=sa.Float)
    return Index(_TSVECTORS, _NUMBER, _WORDS.op("@@", is_comparison=True)(query), -rank)


def index_texts(connection: sa.Connection, papers: Sequence[str]) -> None:
    """Have papers found by their words, in PostgreSQL; their texts were just written."""
    if not is_postgresql(connection) or not papers:
        return
    rows = connection.execute(sa.select(paper_texts).where(paper_texts.c.paper.in_(papers))).all()
    write = sa.text(
        "INSERT INTO paper_search (number, words) VALUES (:number, CAST(:words AS tsvector)) "
        "ON CONFLICT (number) DO UPDATE SET words = excluded.words"
    )
    made = [
        {"number": row.number, "words": as_tsvector(row._mapping)}  # noqa: SLF001  its public name
        for row in rows
    ]
    if made:
        connection.execute(write, made)


def rebuild(connection: sa.Connection) -> None:
    """Make the index anew from the texts, which were written without it; a few at a time."""
    if not is_postgresql(connection):
        connection.exec_driver_sql("INSERT INTO paper_search (paper_search) VALUES ('rebuild')")
        return
    connection.execute(sa.delete(_TSVECTORS))
    papers = sa.select(paper_texts.c.paper).order_by(paper_texts.c.number)
    found = connection.execute(papers.execution_options(yield_per=_SOME))
    for some in found.scalars().partitions():
        index_texts(connection, some)


def as_tsvector(texts: Mapping[Any, str]) -> str:
    """Return the words of a paper, with their places, as PostgreSQL keeps them."""
    places: dict[str, list[str]] = {}
    start = 1
    for column, letter in _COLUMNS.items():
        words = list(terms(texts[column]))
        for place, word in enumerate(words, start):
            places.setdefault(word, []).append(f"{min(place, _LAST)}{letter}")
        start += len(words) + 1  # no phrase goes on in the next column
    return " ".join(f"'{word}':{','.join(found)}" for word, found in places.items())


def as_tsquery(match: Match) -> str:
    """Return a match in the language of PostgreSQL; empty when there is no word in it.

    A phrase without a letter is passed over.
    """
    match match:
        case Phrase(words, of_authors):
            letter = f":{_COLUMNS['authors']}" if of_authors else ""
            return _group(" <-> ", [f"'{word}'{letter}" for word in terms(spaced(" ".join(words)))])
        case All(parts):
            return _group(" & ", map(as_tsquery, parts))
        case Some(parts):
            return _group(" | ", map(as_tsquery, parts))
        case Without(wanted, not_wanted):
            some, none = as_tsquery(wanted), as_tsquery(not_wanted)
            return f"({some} & !{none})" if some and none else some


def _group(operator: str, parts: Iterable[str]) -> str:
    there = [part for part in parts if part]
    return f"({operator.join(there)})" if there else ""


def terms(text: str) -> Iterator[str]:
    """Yield the words of a text as they are compared."""
    plain = text
    if not text.isascii():
        plain = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
        plain = unicodedata.normalize("NFC", plain)
    for word in plain_words(plain):
        yield _stemmed(word)[:_LONGEST]


@functools.lru_cache(maxsize=50_000)
def _stemmed(word: str) -> str:
    return _stemmer()(word) if len(word) > _SHORT and word.isascii() else word


@functools.cache
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer  # noqa: PLC0415  slow to import, and needed for PostgreSQL alone

    found: Callable[[str], str] = snowballstemmer.stemmer("porter").stemWord
    return found
