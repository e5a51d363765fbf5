"""The engine, and short transactions."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, cast

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from newsletter.errors import StoreError
from newsletter.files.writing import make_folder
from newsletter.store.migrations.runner import prepare
from newsletter.store.tables import metadata
from newsletter.store.urls import read_url

BUSY = "database is locked"
BUSY_SECONDS = 30.0
"""How long a process waits while another one writes."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database."""

    engine: sa.Engine
    kept: list[PoolProxiedConnection] = field(default_factory=list)
    """Connections that stay in use until the database is closed."""

    def keep(self) -> sqlite3.Connection:
        """Return a connection for the caller alone, for statements too many for SQLAlchemy."""
        proxied = self.engine.raw_connection()
        self.kept.append(proxied)
        return cast("sqlite3.Connection", proxied.driver_connection)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Run the block as one transaction; raises StoreError when the database cannot be used."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError):
            raise  # a fault of this program
        except sa.exc.DatabaseError as error:
            raise StoreError(explain(self.engine.url, str(error.orig))) from None
        except sa.exc.TimeoutError:
            raise StoreError(explain(self.engine.url, BUSY)) from None

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Run the block, which only reads, at one state of the database; it holds up no writer.

        Raises StoreError when the database cannot be used.
        """
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                yield connection
        except sa.exc.OperationalError as error:
            raise StoreError(explain(self.engine.url, str(error.orig))) from None
        except sa.exc.TimeoutError:  # every connection is in use
            raise StoreError(explain(self.engine.url, BUSY)) from None

    def __enter__(self) -> Self:
        """Use the database for a block, then close it."""
        return self

    def __exit__(self, *_raised: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close every connection."""
        while self.kept:
            self.kept.pop().close()
        self.engine.dispose()


def open_database(url: str, root: Path) -> Database:
    """Open the database at a SQLAlchemy `url`; a relative path in it starts at `root`.

    An empty database gets its tables; one of an older version is migrated.

    Raises StoreError when the URL is not SQLite's, the file cannot be opened, or a newer version
    of this program made the database.
    """
    try:
        parsed = read_url(url)
    except StoreError as error:
        raise StoreError(f"newsletter.yaml: `database` {error}") from None
    if parsed.database and parsed.database != ":memory:":
        path = root / parsed.database
        try:
            # Make only the newsletter's own folders private; leave others as they are.
            is_ours = path.parent != root and path.parent.is_relative_to(root)
            make_folder(path.parent, public=path.parent.exists() and not is_ours)
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}") from None
        _make_private(path)
        parsed = parsed.set(database=str(path))
    engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    database = Database(engine)
    with database.transaction() as connection:
        prepare(connection, metadata)
    return database


def _make_private(path: Path) -> None:
    """Make the database readable only by its owner, whatever the umask: it holds addresses."""
    with contextlib.suppress(OSError):  # SQLite will report what is wrong
        path.touch(mode=0o600)
        path.chmod(0o600)


def _on_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # We begin transactions ourselves (below): the driver would begin them only before writes.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not block each other
    # FULL: `data_started` must survive a power cut, or a mail could go out twice.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_begin(connection: sa.Connection) -> None:
    # IMMEDIATE: the lock must not be lost to another process between a read and a write.
    reads = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def explain(url: sa.URL, text: str) -> str:
    """Return what SQLite's message means, and how to mend it."""
    advice = {
        "database is locked": "another run is writing; try again",
        "unable to open database file": "is the folder there and writable?",
        "database or disk is full": "make room on the disk and run again; nothing was lost",
        "disk I/O error": "is the disk full, or failing?",
        "file is not a database": "put a copy of it back from your backup",
        "database disk image is malformed": "put a copy of it back from your backup",
        "attempt to write a readonly database": "make the file and its folder writable",
    }.get(text, "")
    return f"{url.database}: {text}" + (f"; {advice}" if advice else "")
