"""Search of papers by words, authors and dates, and of what says the same in other words.

`SearchStore.about` also finds papers that say the same in other words: it looks at the best
findings for words by which they differ from others, and searches for these (pseudo-relevance
feedback, Robertson and Sparck Jones 1994): no model, almost no memory.
"""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from newsletter.model import Paper
from newsletter.store.database import Database
from newsletter.store.expansion import (
    WORDS,
    Rarity,
    likeness,
    stem,
    telling_words,
    weights_of,
    words_of,
)
from newsletter.store.index import Index, index_of
from newsletter.store.matching import Match, Without, both, either, every, one_of, pairs
from newsletter.store.papers import read_paper
from newsletter.store.tables import paper_texts, papers
from newsletter.store.words import Phrases, has_quotes, phrases_of, plain_words

ALIKE = 50
"""Papers that share telling words with a paper and are compared with it."""
RANKED = 3_000
"""Findings that are ranked, the newest ones. A word that half of all papers have finds more: to
rank them all would take ten times as long, and the best of 3,000 are as good."""
MOST_COUNTED = 1_000
"""Findings are counted, and can be paged through, up to this number."""
EXAMPLES = 30
"""Findings that are taken as examples of what is meant."""
OTHERS = 40
"""Papers without the words that are found at most."""
OTHERS_RANKED = 2_000
"""Papers without the words that are ranked, the newest ones: to rank by many words takes longer."""
EACH = 3
"""Papers with the words that come before each paper without."""
FEW = 5
"""Examples that are too few to learn from: then papers are found that have some of the words, or
that are like the one that has the word."""
RAREST = 6
"""Words of a query that count when not all of them are needed: the rarest say most."""
MANY = 500  # papers from which on one telling word in common says enough
COMMON = 0.25
"""Share of all papers that may have a word for it to count in a search for other words."""


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
    without: frozenset[str] = frozenset()
    """Ids of those of `papers` that do not have all the words, but are about the same."""


class SearchStore:
    """Full-text search in the database; threads may share it."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database
        self._lock = threading.Lock()
        self._rarity = Rarity()

    def find(self, query: Query, *, limit: int, offset: int = 0) -> Found:
        """Return the papers that fit a query: by rank when it has words, else the newest first."""
        limit, offset = _within(limit, offset)
        match = match_of(query)
        if not match and not query.since and not query.until:
            return Found(papers=(), total=0)
        with self._database.reading() as connection:
            days = _days(connection, query)
            numbers = _ranked(connection, match, days, offset + limit)[offset:]
            total = _count(connection, match, days)
            shown = _papers(connection, numbers)
        return Found(papers=tuple(shown.values()), total=total)

    def about(self, query: Query, *, limit: int, offset: int = 0) -> Found:
        """Return the papers that fit a query, and those that say the same in other words.

        Who puts words into quotation marks, or names a person, means just that: then, and without
        words, it is the same as `find`. When few papers have all the words, those that have some of
        them are found, too.
        """
        phrases = phrases_of(query.words)
        if not phrases or has_quotes(query.words):
            return self.find(query, limit=limit, offset=offset)
        limit, offset = _within(limit, offset)
        author = _author(query)
        match = both(every(phrases), author)
        with self._database.reading() as connection:
            days = _days(connection, query)
            found = _ranked(connection, match, days, max(EXAMPLES, offset + limit))
            others = self._others(connection, found[:EXAMPLES], phrases, author, days)
            numbers = _mixed(found, others)[offset : offset + limit]
            total = min(MOST_COUNTED, len(others) + _count(connection, match, days))
            shown = _papers(connection, numbers)
        strange = set(others)
        without = frozenset(paper.id for number, paper in shown.items() if number in strange)
        return Found(papers=tuple(shown.values()), total=total, without=without)

    def like(self, paper: Paper, *, limit: int) -> tuple[Paper, ...]:
        """Return the papers that share the telling words of one, the nearest first.

        Versions of the paper, and the paper itself, are among them.
        """
        with self._database.reading() as connection:
            rarity = self._known_rarity(connection)
            words = words_of(paper.title, paper.abstract, rarity)
            match = either((word,) for word in words)
            numbers = _ranked(connection, match, _Days(), ALIKE) if match else []
            own = weights_of(paper.title, paper.abstract, rarity)
            near = {
                row.number: likeness(own, weights_of(row.title, row.abstract, rarity))
                for row in _texts(connection, numbers)
            }
            best = sorted(near, key=lambda number: (-near[number], number))[:limit]
            return tuple(_papers(connection, best).values())

    def _others(
        self,
        connection: sa.Connection,
        examples: Sequence[int],
        phrases: Phrases,
        author: Match | None,
        days: _Days,
    ) -> list[int]:
        """Return the numbers of papers without all the words that are about the same."""
        rarity = self._known_rarity(connection)
        asked = frozenset(itertools.chain.from_iterable(phrases))
        texts = _texts(connection, examples)
        if texts and 2 * sum(asked <= {*plain_words(row.authors)} for row in texts) > len(texts):
            return []  # a name
        words: tuple[str, ...] = ()
        own = sorted(phrases, key=lambda phrase: rarity.share(stem(phrase[0])))[:RAREST]
        if len(phrases) == 1:
            own = []  # the papers that have it are found already
        if len(texts) >= FEW:
            words = telling_words([f"{row.title}\n{row.abstract}" for row in texts], asked, rarity)
            own = [phrase for phrase in own if rarity.share(stem(phrase[0])) <= COMMON]
            own = own if words else []
        elif texts and len(phrases) == 1 and rarity.is_sure:
            words = words_of(texts[0].title, texts[0].abstract, rarity)
        # Among few papers one word in common may be chance; two seldom are.
        new = either((word,) for word in words) if rarity.count >= MANY else pairs(words[:WORDS])
        wider, known = one_of(new, either(own)), every(phrases)
        if wider is None or known is None:
            return []
        match = both(Without(wider, known), author)
        return _ranked(connection, match, days, OTHERS, OTHERS_RANKED)

    def _known_rarity(self, connection: sa.Connection) -> Rarity:
        newest = connection.scalar(sa.select(sa.func.max(paper_texts.c.number))) or 0
        with self._lock:
            if self._rarity.is_stale(newest):
                rows = _texts(connection, range(newest - Rarity.SAMPLE + 1, newest + 1))
                self._rarity = Rarity((f"{row.title}\n{row.abstract}" for row in rows), newest)
            return self._rarity


def match_of(query: Query) -> Match | None:
    """Return what papers match that fit a query's words and author; None when it has none."""
    return both(every(phrases_of(query.words)), _author(query))


def _author(query: Query) -> Match | None:
    return every(phrases_of(query.author), of_authors=True)


def _within(limit: int, offset: int) -> tuple[int, int]:
    """Return a page as far as pages go."""
    offset = min(max(offset, 0), MOST_COUNTED)
    return min(max(limit, 0), MOST_COUNTED - offset), offset


def _mixed(found: Sequence[int], others: Sequence[int]) -> list[int]:
    """Return all findings: after every few of those by words, one that is about the same."""
    order: list[int] = []
    rest = iter(others)
    for place, number in enumerate(found, 1):
        order.append(number)
        if place % EACH == 0:
            order += itertools.islice(rest, 1)
    return [*order, *rest]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """The days that are looked at, and the numbers of the first and last paper in them."""

    where: Sequence[sa.ColumnElement[bool]] = ()
    first: int = 0
    last: int = 0


def _days(connection: sa.Connection, query: Query) -> _Days:
    where = [paper_texts.c.day >= query.since] if query.since else []
    where += [paper_texts.c.day <= query.until] if query.until else []
    if not where:
        return _Days()
    # Numbers grow with days, almost: so few papers outside the days are looked at. With `+ 0`,
    # SQLite reads the index of days alone, not the table from its beginning.
    number = paper_texts.c.number + 0
    ends = sa.select(sa.func.min(number), sa.func.max(number)).where(*where)
    first, last = connection.execute(ends).one()
    return _Days(where=where, first=first or 0, last=last or 0)


def _ranked(
    connection: sa.Connection,
    match: Match | None,
    days: _Days,
    limit: int,
    ranked: int | None = None,
) -> list[int]:
    """Return the numbers of what is found: the best first with words, else the newest.

    Of what is found with words, the newest `ranked` are ranked.
    """
    if match is None:
        newest = sa.select(paper_texts.c.number).where(*days.where)
        newest = newest.order_by(paper_texts.c.day.desc(), paper_texts.c.number.desc())
        return list(connection.scalars(newest.limit(limit)))
    index = index_of(connection, match)
    columns: list[sa.ColumnElement[Any]] = [index.number.label("number"), index.rank.label("rank")]
    best = _matching(sa.select(*columns), index, days).order_by(index.number.desc())
    some = best.limit(ranked or RANKED).subquery()
    query = sa.select(some.c.number).order_by(some.c.rank, some.c.number.desc()).limit(limit)
    return list(connection.scalars(query))


def _count(connection: sa.Connection, match: Match | None, days: _Days) -> int:
    """Return how many papers fit, up to MOST_COUNTED."""
    if match is None:
        some = sa.select(paper_texts.c.number).where(*days.where)
    else:
        index = index_of(connection, match)
        some = _matching(sa.select(index.number), index, days)
    counted = sa.select(sa.func.count()).select_from(some.limit(MOST_COUNTED).subquery())
    return connection.scalar(counted) or 0


def _matching(query: sa.Select[Any], index: Index, days: _Days) -> sa.Select[Any]:
    """Return a query of the papers that have the words."""
    query = query.select_from(index.table).where(index.matches)
    if not days.where:
        return query
    same = sa.select(sa.literal(1)).where(paper_texts.c.number == index.number, *days.where)
    inside = index.number.between(days.first, days.last)
    return query.where(inside, same.correlate(index.table).exists())


class _Text(NamedTuple):
    """What is searched of a paper."""

    number: int
    authors: str
    title: str
    abstract: str


def _texts(connection: sa.Connection, numbers: Sequence[int]) -> list[_Text]:
    """Return the texts of papers, in any order."""
    texts = paper_texts.c
    query = sa.select(texts.number, texts.authors, texts.title, texts.abstract)
    if isinstance(numbers, range):
        query = query.where(texts.number.between(numbers.start, numbers.stop - 1))
    else:
        query = query.where(texts.number.in_(numbers))
    return [_Text(*row) for row in connection.execute(query)]


def _papers(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, Paper]:
    """Return papers by number, in the order of the numbers."""
    query = (
        sa.select(paper_texts.c.number, papers.c.data)
        .join(papers, papers.c.id == paper_texts.c.paper)
        .where(paper_texts.c.number.in_(numbers))
    )
    by_number = {row.number: read_paper(row.data) for row in connection.execute(query)}
    return {number: by_number[number] for number in numbers if number in by_number}
