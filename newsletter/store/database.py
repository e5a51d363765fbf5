"""The engine, and short transactions."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from newsletter.errors import StoreError
from newsletter.files.writing import make_folder
from newsletter.store.dialects import is_alone
from newsletter.store.explanations import BUSY, explain
from newsletter.store.urls import POSTGRESQL, read_url, require_driver

BUSY_SECONDS: Final = 30.0
"""How long a process waits while another one writes."""
CONNECT_SECONDS: Final = 10
"""How long PostgreSQL may take to answer at all."""
STUCK: Final = "5min"
"""PostgreSQL ends a transaction that says nothing for so long: a program that is stopped in the
middle of one would hold up all others."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database."""

    engine: sa.Engine
    kept: list[PoolProxiedConnection] = field(default_factory=list)
    """Connections that stay in use until the database is closed."""

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL, which others write to at the same time."""
        return self.engine.dialect.name == POSTGRESQL

    def keep(self) -> Any:
        """Return the driver's connection for the caller alone, until `drop` or the end.

        It is for statements too many for SQLAlchemy. Raises StoreError when there is none.
        """
        try:
            with self._explaining():
                proxied = self.engine.raw_connection()
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise StoreError(explain(self.engine.url, str(error))) from None
        self.kept.append(proxied)
        return proxied.driver_connection

    def drop(self, connection: Any) -> None:
        """Give up a connection that was kept and is of no use any more."""
        for proxied in self.kept[:]:
            if proxied.driver_connection is connection:
                self.kept.remove(proxied)
                proxied.invalidate()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Run the block as one transaction; raises StoreError when the database cannot be used."""
        with self._explaining(), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Run the block, which only reads, at one state of the database; it holds up no writer.

        Raises StoreError when the database cannot be used.
        """
        how: dict[str, Any] = {"reading": True}
        if self.is_postgresql:
            how = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._explaining(), self.engine.connect().execution_options(**how) as connection:
            yield connection

    @contextlib.contextmanager
    def apart(self) -> Iterator[sa.Connection]:
        """Give the block a connection that nobody else gets, which begins its transactions itself.

        Its temporary tables end with it. Raises StoreError when the database cannot be used.
        """
        with self._explaining(), self.engine.connect() as connection:
            connection.detach()
            yield connection

    @contextlib.contextmanager
    def alone(self, work: str) -> Iterator[bool]:
        """Run the block; it is given whether no other program is in a block of this work.

        It does not wait. SQLite is for one machine, whose programs do such work one by one. Raises
        StoreError when the database cannot be used.
        """
        if not self.is_postgresql:
            yield True
            return
        with self.transaction() as connection:
            yield is_alone(connection, work)

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError) as error:
            # PostgreSQL's driver counts a missing permission among the faults of a program.
            if getattr(error.orig, "sqlstate", "") != "42501":
                raise  # a fault of this program
            raise StoreError(explain(self.engine.url, str(error.orig))) from None
        except (sa.exc.DatabaseError, sa.exc.InterfaceError) as error:
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


def connect(url: str | sa.URL, root: Path) -> Database:
    """Return the database at a `url` as it is: its tables are not made, nor migrated.

    Raises StoreError, without naming the URL, when it is of another kind of database.
    """
    parsed = read_url(url)
    require_driver(parsed)
    if parsed.get_backend_name() == POSTGRESQL:
        return Database(_postgresql(parsed))
    return Database(_sqlite(parsed, root))


def read_file(path: Path) -> Database:
    """Return the database in a file of SQLite that nobody writes; it is only read.

    Nothing is made beside it then, so it may be where nothing can be written. A journal that is
    beside it is read, too.
    """
    how = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"

    def read() -> sqlite3.Connection:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), creator=read)
    sa.event.listen(engine, "begin", _on_begin)
    return Database(engine)


def _sqlite(url: sa.URL, root: Path) -> sa.Engine:
    if url.database and url.database != ":memory:":
        path = root / url.database
        try:
            # Make only the newsletter's own folders private; leave others as they are.
            is_ours = path.parent != root and path.parent.is_relative_to(root)
            make_folder(path.parent, public=path.parent.exists() and not is_ours)
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}") from None
        _make_private(path)
        url = url.set(database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


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


_SESSION: Final = f"""SELECT set_config('timezone', 'UTC', false),
 set_config('lock_timeout', '{BUSY_SECONDS:.0f}s', false),
 set_config('idle_in_transaction_session_timeout', '{STUCK}', false),
 set_config('synchronous_commit', CASE current_setting('synchronous_commit')
 WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"""
"""What each session of PostgreSQL gets. A commit waits for the disk: `data_started` must survive a
power cut, or a mail could go out twice."""


def _postgresql(url: sa.URL) -> sa.Engine:
    """Return the engine for PostgreSQL: transactions are READ COMMITTED, as it is its default.

    Before each use a connection is tried, so that a server which was restarted is found again.
    """
    # Half a minute after a server's machine is gone, a connection is given up.
    options = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "newsletter",
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    # Whoever writes such an option into the URL means it.
    options = {name: value for name, value in options.items() if name not in url.query}
    engine = sa.create_engine(
        url, connect_args=options, pool_pre_ping=True, isolation_level="READ COMMITTED"
    )
    sa.event.listen(engine, "connect", _on_session)
    return engine


def _on_session(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(_SESSION)
    cursor.close()
    connection.commit()
