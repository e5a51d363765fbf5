"""Backups: a database in one file of SQLite, which can be read anywhere and restored to either."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn

from newsletter.errors import StoreError
from newsletter.files.writing import whole_file
from newsletter.model import Fate, IssueState
from newsletter.store.database import Database, connect, read_file
from newsletter.store.dialects import be_patient
from newsletter.store.explanations import last_backup
from newsletter.store.indexing import make_search
from newsletter.store.ledger.halts import set_state
from newsletter.store.ledger.moves import recover
from newsletter.store.ledger.shards import unfinished
from newsletter.store.migrations.runner import HEAD, make, prepare, revision_of
from newsletter.store.partitions import is_month
from newsletter.store.tables import metadata, senders, shards
from newsletter.store.transfers import (
    Told,
    Transferred,
    is_empty,
    replace,
    transfer,
)
from newsletter.store.urls import shown

PAGES: Final = 1_000
"""Pages of a file that are copied before progress is told: 4 MB."""


def back_up(database: Database, path: Path, *, force: bool, on_step: Told) -> str:
    """Write all that is in a database at one moment to a file; return the revision of its schema.

    Others may write meanwhile. The file is private, and comes to `path` whole or not at all; one
    that is there already is replaced only with `force`. `on_step` is told how much is done, of how
    much. Raises StoreError when a database or the disk refuses, or there is nothing to back up.
    """
    if _is_of(database, path):
        raise StoreError(f"{path}: is the database itself; name another file")
    with whole_file(path, force=force) as part:
        with database.reading() as reader:
            found = revision_of(reader)
            if found is None:
                raise StoreError(
                    f"{shown(database.engine.url)}: there is nothing of a newsletter in it"
                )
            if database.is_postgresql:
                _write_rows(reader, found, part, on_step)
            else:
                _write_pages(reader, part, on_step)
        _settle(part, path)
    _note(database, path)
    return found


def _note(database: Database, path: Path) -> None:
    """Note beside a file of SQLite where its backup is: once it is damaged, it cannot say so."""
    if not database.is_postgresql:
        own = Path(str(database.engine.url.database))
        with contextlib.suppress(OSError):
            last_backup(own).write_text(f"{path.resolve()}\n", "utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a backup."""

    tables: tuple[Transferred, ...]
    kept: Path | None
    """Where the backup is of what was in the database before."""
    paused: tuple[dt.date, ...]
    """The issues of which something was open; they are paused now."""


def restore(
    path: Path, database: Database, *, force: bool, now: dt.datetime, on_rows: Told
) -> Restored:
    """Put a backup in the place of what is in a database.

    See `transfers.replace`. A backup of an older version is migrated, and stays as it is itself.
    With `force`, what is in a database of SQLite is first backed up beside it. Issues of which
    something is open are paused before anybody can send it: what left after the backup was made is
    not known in it, and would leave again. Raises StoreError also when the file is no backup, or is
    damaged.
    """
    paused: list[dt.date] = []
    if _is_of(database, path):
        raise StoreError(f"{path}: is the database itself; name a backup of it")
    with _reading(path) as source:
        kept = _keep(database, now) if force and not database.is_postgresql else None
        tables = replace(
            source,
            database,
            force=force,
            on_rows=on_rows,
            then=lambda writer: paused.extend(_hold_unfinished(writer, now)),
        )
    return Restored(tables=tables, kept=kept, paused=tuple(paused))


RESTORED: Final = "paused: a backup does not know what left after it was made"
"""Why an issue is paused that was not finished in a backup."""


def _hold_unfinished(connection: sa.Connection, now: dt.datetime) -> tuple[dt.date, ...]:
    """Pause the issues of which something is open, and return their dates.

    Whoever held something when the backup was made does not hold it any more.
    """
    connection.execute(senders.delete())
    connection.execute(shards.update().where(shards.c.sender.is_not(None)).values(sender=None))
    found, _finished = unfinished(connection, dt.date.max)
    for date in found:
        recover(connection, date, now, lambda _owner: Fate.DEAD)
        set_state(connection, date, IssueState.PAUSED, RESTORED)
    return found


def beside(database: Database, word: str, now: dt.datetime) -> Path:
    """Return a name for a backup of SQLite's file beside it, with a word and the moment."""
    file = Path(str(database.engine.url.database))
    return file.with_name(f"{file.stem}-{word}-{now:%Y-%m-%d-%H%M%S}{file.suffix}")


def _keep(database: Database, now: dt.datetime) -> Path | None:
    """Back up what is about to be replaced, if there is anything."""
    try:
        with database.reading() as reader:
            if is_empty(reader):
                return None
        kept = beside(database, "before-restore", now)
        back_up(database, kept, force=False, on_step=lambda _done, _all: None)
    except StoreError as error:
        raise StoreError(
            f"{error}\nwhat is there cannot be backed up, and stays: move the database away, with "
            "the files -wal and -shm beside it, and restore again"
        ) from None
    return kept


def _is_of(database: Database, path: Path) -> bool:
    """Return whether a path is that of the database's own file."""
    own = Path(str(database.engine.url.database))
    return not database.is_postgresql and path.exists() and own.exists() and path.samefile(own)


def _write_pages(reader: sa.Connection, part: Path, on_step: Told) -> None:
    """Copy SQLite's pages as they are at the moment of the reader's transaction.

    As that is open, writers do not make the copy start again (https://sqlite.org/backup.html).
    """
    source = reader.connection.driver_connection
    if not isinstance(source, sqlite3.Connection):
        raise TypeError(source)

    def tell(_status: int, remaining: int, total: int) -> None:
        on_step(total - remaining, total)

    with closing(sqlite3.connect(part)) as target:
        try:
            source.backup(target, pages=PAGES, progress=tell)
        except sqlite3.Error as error:
            raise StoreError(f"{part.parent.parent}: {error}; is the disk full?") from None


def _write_rows(reader: sa.Connection, revision: str, part: Path, on_step: Told) -> None:
    """Copy PostgreSQL's rows as they are at the moment of the reader's transaction."""
    be_patient(reader)
    tables = metadata if revision == HEAD else _tables_of(reader)
    with connect(_url(part), part.parent) as copy, copy.transaction() as writer:
        make(writer, tables, revision)
        for table in tables.sorted_tables:
            writer.execute(table.delete())  # what every new database has
        done = transfer(reader, writer, tables.sorted_tables, on_step)
        if different := [table.table for table in done if not table.is_same]:
            raise StoreError(
                f"{shown(reader.engine.url)}: the copy is not the same in {', '.join(different)}"
            )


def _tables_of(reader: sa.Connection) -> sa.MetaData:
    """Return the tables of an older revision, as they are in PostgreSQL, for SQLite.

    What only makes them quicker may be missing, and comes back with a restored database.
    """
    found = sa.MetaData()
    sa.event.listen(found, "column_reflect", _for_sqlite)
    left_out = ("alembic_version", "paper_search")
    found.reflect(reader, only=lambda name, _: name not in left_out and not is_month(name))
    sa.event.listen(found.tables["paper_text"], "after_create", make_search)
    return found


def _for_sqlite(_inspector: object, _table: sa.Table, column: ReflectedColumn) -> None:
    generic = column["type"].as_generic()
    column["type"] = sa.Text() if isinstance(generic, sa.String) else generic
    default = column.get("default") or ""
    column["default"] = None if "nextval" in default else default.partition("::")[0] or None


def _settle(part: Path, path: Path) -> None:
    """Have all of a backup in its one file, and see whether it is sound."""
    try:
        with closing(sqlite3.connect(part)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE").fetchall()
            ((said,),) = copy.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise StoreError(
            f"{path}: the copy is damaged, and so is the database ({_first(said)}); restore an "
            "older backup"
        )


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[Database]:
    """Open a backup with the newest tables: a copy of it when it has older ones."""
    if not path.is_file():
        raise StoreError(f"{path}: there is no such file")
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(read_file(path))
        opened = source.engine.execution_options(reading=True)
        with _sound(path), opened.connect() as reader:
            said = str(reader.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
            if said != "ok":
                raise StoreError(f"{path}: is damaged ({_first(said)}); take another backup")
            found = revision_of(reader)
            if found is None:
                raise StoreError(f"{path}: there is nothing of a newsletter in it")
            if found != HEAD:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="newsletter-"))
                older = Path(folder) / "backup.db"
                _write_pages(reader, older, lambda _done, _all: None)
                source = stack.enter_context(connect(_url(older), Path(folder)))
        if found != HEAD:
            with source.transaction() as writer:
                prepare(writer, metadata)
        yield source


@contextlib.contextmanager
def _sound(path: Path) -> Iterator[None]:
    """Tell what SQLite says of a file that is no database, or of a damaged one."""
    try:
        yield
    except sa.exc.DatabaseError as error:
        raise StoreError(
            f"{path}: is no backup, or is damaged ({_first(str(error.orig))}); take another backup"
        ) from None


def _first(said: str) -> str:
    """Return the first line that says something of what SQLite says."""
    lines = [line for line in said.splitlines() if line.strip("* ") and not line.startswith("***")]
    return lines[0] if lines else said


def _url(path: Path) -> sa.URL:
    return sa.URL.create("sqlite", database=str(path))
