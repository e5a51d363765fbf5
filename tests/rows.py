"""Rows for every table of the program, also for those that come later: of each column's kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

from newsletter.store import Database
from newsletter.store.columns import Moment
from newsletter.store.index import rebuild
from newsletter.store.partitions import make_months
from newsletter.store.tables import metadata

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""The rows of each table, by its name."""

LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
"""Every letter there is, also NUL."""
WORDS = LETTERS.filter(lambda text: "\0" not in text)
INTEGERS = st.integers(-(2**31), 2**31 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=30,
)
DOCUMENTS = st.lists(JSON, max_size=4) | st.dictionaries(st.text(max_size=8), JSON, max_size=4)
KINDS: Mapping[type, st.SearchStrategy[Any]] = {
    sa.JSON: DOCUMENTS,
    Moment: st.datetimes(timezones=st.just(dt.UTC)),
    sa.Date: st.dates(),
    sa.Boolean: st.booleans(),
    sa.Float: NUMBERS,
    sa.BigInteger: st.integers(-(2**63), 2**63 - 1),
    sa.Integer: INTEGERS,
    sa.LargeBinary: st.binary(max_size=50),
    sa.Text: LETTERS,
}


@st.composite
def every_table(draw: st.DrawFn, most: int = 2) -> Rows:
    """Make one row or some for each table, whose keys are there in the tables that they name."""
    made: dict[str, list[dict[str, Any]]] = {}
    for table in metadata.sorted_tables:
        count = draw(st.integers(1, most))
        if table.name in ("schema", "identity"):
            count = 1
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for number in range(count):
            row = {
                column.name: draw(value_of(column, number, made), label=str(column))
                for column in table.columns
            }
            rows.setdefault(tuple(row[column.name] for column in table.primary_key), row)
        made[table.name] = list(rows.values())
    return made


def value_of(column: sa.Column[Any], number: int, made: Rows) -> st.SearchStrategy[Any]:
    """Return what makes values for a column of row `number`, when some tables are made."""
    for key in column.foreign_keys:
        other = key.column
        return st.sampled_from([row[other.name] for row in made[other.table.name]])
    kind = next(made for kind, made in KINDS.items() if isinstance(column.type, kind))
    if column.primary_key or column.unique:
        if isinstance(column.type, sa.Text):
            return WORDS.map(lambda text: f"{number}{text}")
        if isinstance(column.type, sa.Integer):
            return st.integers(0, 2**27).map(lambda found: found * 8 + number)
        return kind
    return kind | st.none() if column.nullable else kind


def fill(database: Database, rows: Rows) -> None:
    """Replace what is in a database by rows."""
    with database.transaction() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        make_months(connection, [row["date"] for row in rows["issue"]])
        for table in metadata.sorted_tables:
            connection.execute(table.insert(), rows[table.name])
        rebuild(connection)


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Return all that is in a database, by table, in the order of the keys."""
    with database.reading() as connection:
        return {
            table.name: [
                dict(row._mapping)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in metadata.sorted_tables
        }
