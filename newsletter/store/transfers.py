"""All rows of a database into another one, of either kind, and the checksums that prove it.

Values go through Python: SQLite keeps moments, days and booleans as texts and numbers. JSON goes as
the text that it is, so that nothing in it changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.dialects import (
    analyse,
    be_patient,
    go_on_after,
    is_postgresql,
    take_all,
)
from newsletter.store.identities import Identity
from newsletter.store.index import rebuild
from newsletter.store.migrations.runner import HEAD, prepare, revision_of
from newsletter.store.partitions import make_months
from newsletter.store.tables import identities, issues, metadata, old_versions
from newsletter.store.urls import shown

SOME: Final = 500
"""Rows that are in memory at the same time."""
_BITS: Final = 128
"""Of a checksum."""

Told = Callable[[int, int], None]
"""Is told how many rows were read so far, and how many there will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What a table holds, in short."""

    rows: int
    checksum: str
    """The sum of a digest of each row, in hexadecimal: their order does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """What became of a table."""

    table: str
    source: Sum
    target: Sum

    @property
    def is_same(self) -> bool:
        """Whether both hold the same."""
        return self.source == self.target


def replace(
    source: Database,
    target: Database,
    *,
    force: bool,
    on_rows: Told,
    then: Callable[[sa.Connection], None] = lambda _writer: None,
) -> tuple[Transferred, ...]:
    """Put all that is in `source` in the place of what is in `target`, which gets its tables.

    It is one transaction, in which nobody else uses the target: when anything fails, or when what
    was written is not what was read, the target stays as it was. The caller looks at that. What is
    done `then` is part of it.

    Raises StoreError when a database cannot be used, the source is empty or of another version, the
    target is not empty and `force` is not set, or it belongs to another newsletter.
    """
    with source.reading() as reader, target.transaction() as writer:
        be_patient(reader)
        be_patient(writer)
        require_newest(reader)
        prepare(writer, metadata)
        take_all(writer, metadata.sorted_tables)
        if not force and not is_empty(writer):
            raise StoreError(
                f"{shown(target.engine.url)}: is not empty; --force replaces what is there"
            )
        _require_same_owner(reader, writer)
        for table in reversed(metadata.sorted_tables):
            writer.execute(table.delete())
        done = transfer(reader, writer, metadata.sorted_tables, on_rows)
        if all(table.is_same for table in done):
            then(writer)
        else:
            writer.rollback()
    return done


def transfer(
    reader: sa.Connection, writer: sa.Connection, tables: Sequence[sa.Table], on_rows: Told
) -> tuple[Transferred, ...]:
    """Write every row of tables that `reader` sees into the empty ones of `writer`, and compare.

    `on_rows` is told of each row twice: when it is written, and when it is compared. Raises
    StoreError when one of the databases refuses a row.
    """
    make_months(writer, reader.scalars(sa.select(issues.c.date)))
    progress = _Progress(on_rows, 2 * sum(map(_counting(reader), tables)))
    read = {table: _copy(table, reader, writer, progress) for table in tables}
    for table in tables:
        go_on_after(writer, table)
        analyse(writer, table)
    rebuild(writer)
    return tuple(
        Transferred(
            table=table.name, source=found, target=_sum(table, _rows(writer, table, progress))
        )
        for table, found in read.items()
    )


def require_newest(connection: sa.Connection) -> None:
    """Raise StoreError when a database has no tables, or those of another version."""
    found = revision_of(connection)
    name = shown(connection.engine.url)
    if found is None:
        raise StoreError(f"{name}: there is nothing of a newsletter in it")
    if found != HEAD:
        raise StoreError(
            f"{name}: its schema is {found}, and this program's is {HEAD}; run "
            "`newsletter db upgrade` first"
        )


def is_empty(connection: sa.Connection) -> bool:
    """Return whether there is no row in any table but those that every database has."""
    there = set(sa.inspect(connection).get_table_names())
    return not any(
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
        for table in metadata.sorted_tables
        if table.name in there and table not in (old_versions, identities)
    )


def _require_same_owner(reader: sa.Connection, writer: sa.Connection) -> None:
    """Raise StoreError when two databases belong to newsletters that differ in all respects."""
    ours, theirs = _owner(reader), _owner(writer)
    if (
        ours
        and theirs
        and ours.folder != theirs.folder
        and (ours.name, ours.sender) != (theirs.name, theirs.sender)
    ):
        raise StoreError(
            f"{shown(writer.engine.url)}: belongs to {theirs}, and {shown(reader.engine.url)} to "
            f"{ours}; name another database, or delete that one yourself"
        )


def _owner(connection: sa.Connection) -> Identity | None:
    row = connection.execute(sa.select(identities)).one_or_none()
    return Identity(name=row.name, sender=row.sender, folder=row.folder) if row else None


class _Progress:
    """Counts rows."""

    def __init__(self, told: Told, expected: int) -> None:
        self._told, self._expected, self._done = told, expected, 0

    def add(self, rows: int) -> None:
        self._done += rows
        self._told(self._done, self._expected)


def _counting(connection: sa.Connection) -> Callable[[sa.Table], int]:
    def count(table: sa.Table) -> int:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0

    return count


def _copy(
    table: sa.Table, reader: sa.Connection, writer: sa.Connection, progress: _Progress
) -> Sum:
    """Write a table's rows; return what was read."""
    statement = _insert(table, writer)

    def passing() -> Iterator[Sequence[Any]]:
        for some in _rows(reader, table, progress):
            rows = [{f"v{place}": value for place, value in enumerate(row)} for row in some]
            try:
                writer.execute(statement, rows)
            except (sa.exc.IntegrityError, sa.exc.DataError) as error:
                raise _refused(writer, table, error.orig) from None
            yield some

    return _sum(table, passing())


def _insert(table: sa.Table, writer: sa.Connection) -> sa.Insert:
    values: dict[str, sa.ColumnElement[Any]] = {}
    for place, column in enumerate(table.columns):
        name = f"v{place}"
        values[column.name] = sa.bindparam(name, type_=column.type)
        if _is_json(column):
            text = sa.bindparam(name, type_=sa.Text())
            # SQLite would take a text that is cast to JSON for a number.
            values[column.name] = sa.cast(text, column.type) if is_postgresql(writer) else text
    return table.insert().values(values)


def _rows(
    connection: sa.Connection, table: sa.Table, progress: _Progress
) -> Iterator[Sequence[Any]]:
    """Yield the rows of a table, some at a time, in the order in which they are best written."""
    columns = [
        sa.cast(column, sa.Text()).label(column.name) if _is_json(column) else column
        for column in table.columns
    ]
    query = sa.select(*columns).order_by(*table.primary_key)
    # What SQLite holds need not be of its column's kind.
    unreadable = (ValueError, TypeError, sa.exc.DataError)
    try:
        for some in connection.execute(query.execution_options(yield_per=SOME)).partitions():
            yield some
            progress.add(len(some))
    except unreadable as error:
        raise _refused(connection, table, error) from None


def _refused(connection: sa.Connection, table: sa.Table, error: object) -> StoreError:
    first = str(error).partition("\n")[0]
    return StoreError(f"{shown(connection.engine.url)}: table `{table.name}`: {first}")


def _sum(table: sa.Table, batches: Iterator[Sequence[Any]]) -> Sum:
    columns = list(table.columns)
    documents = [place for place, column in enumerate(columns) if _is_json(column)]
    numbers = [place for place, column in enumerate(columns) if isinstance(column.type, sa.Float)]
    rows, total = 0, 0
    for some in batches:
        rows += len(some)
        for row in some:
            values = list(row)
            for place in documents:
                values[place] = _sorted(values[place])
            for place in numbers:
                values[place] = 0.0 if values[place] == 0 else values[place]  # SQLite has no -0.0
            digest = hashlib.blake2b(_written(values).encode(), digest_size=_BITS // 8).digest()
            total += int.from_bytes(digest, "big")
    return Sum(rows=rows, checksum=f"{total % 2**_BITS:0{_BITS // 4}x}")


def _written(values: Sequence[Any]) -> str:
    """Return the values of a row as one text, without the NULs that PostgreSQL leaves out."""
    text = repr(values)
    if r"\x00" not in text:  # so it is nearly always
        return text
    return repr([one.replace("\0", "") if isinstance(one, str) else one for one in values])


def _sorted(document: str | None) -> str | None:
    """Return a JSON text with its keys in order, for JSONB keeps no order of them."""
    try:
        return document and json.dumps(json.loads(document), sort_keys=True)
    except (ValueError, RecursionError):
        return document


def _is_json(column: sa.ColumnElement[Any]) -> bool:
    return isinstance(column.type, sa.JSON)
