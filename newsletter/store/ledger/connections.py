"""The ledger's own connection: for statements that run for every message.

They use the driver's own cursor, and are built and turned into text only once. With SQLAlchemy for
each row, the ledger would cost more than the mail.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar, cast

from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.explanations import explain
from newsletter.store.ledger.statements import Row

Result = TypeVar("Result")
TRIES: Final = 4
"""How often a transaction is tried that PostgreSQL has ended in favour of another."""

_PLANS: Final = (
    "SELECT set_config('enable_nestloop', 'off', false),"
    " set_config('plan_cache_mode', 'force_custom_plan', false)"
)
"""What PostgreSQL is told for the ledger's connection. Just after an issue was planned it knows
nothing of the new rows, takes them for a few, and would compare each of a thousand told rows with
each of a thousand deliveries."""


class Cursor(Protocol):
    """What both drivers have."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement has changed."""
        ...

    def execute(self, text: str, values: Row, /) -> Any:
        """Run a statement."""
        ...

    def executemany(self, text: str, rows: Sequence[Row], /) -> Any:
        """Run a statement for each row."""
        ...

    def fetchone(self) -> Any:
        """Return the next row of what was found."""
        ...

    def fetchall(self) -> list[Any]:
        """Return all rows that were found."""
        ...


class OwnConnection(Protocol):
    """The ledger's own connection."""

    @property
    def dialect(self) -> str:
        """The name of the database's dialect."""
        ...

    def run(self, work: Callable[[Cursor], Result], *, durable: bool = True) -> Result:
        """Do work in a transaction; raises StoreError when the database cannot be used."""
        ...


def own_connection(database: Database, *, lean: bool) -> OwnConnection:
    """Return a connection for the ledger alone; a `lean` one (SQLite's) forces only some commits.

    Those that are not `durable` are written to the disk with the next one that is.
    """
    return _OfPostgresql(database) if database.is_postgresql else _OfSqlite(database, lean)


class _OfSqlite:
    dialect: Final = "sqlite"

    def __init__(self, database: Database, lean: bool) -> None:  # noqa: FBT001
        self._database = database
        self._lean = lean
        self._own: sqlite3.Connection | None = None
        self._forces = True
        """Whether a commit on our own connection waits for the disk, as it does when opened."""

    def run(self, work: Callable[[Cursor], Result], *, durable: bool = True) -> Result:
        with self._transaction(durable=durable) as cursor:
            return work(cursor)

    @contextlib.contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[sqlite3.Cursor]:
        if self._own is None:
            self._own = self._database.keep()
        cursor = self._own.cursor()
        try:
            if self._lean and durable is not self._forces:
                cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._forces = durable
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(explain(self._database.engine.url, str(error))) from None
        finally:
            cursor.close()


class _OfPostgresql:
    dialect: Final = "postgresql"

    def __init__(self, database: Database) -> None:
        import psycopg  # noqa: PLC0415  an optional package

        self._database = database
        self._own: psycopg.Connection[Any] | None = None
        self._error = psycopg.Error
        # The server ends one of two transactions that wait for each other, or change the same.
        self._conflicts = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

    def run(self, work: Callable[[Cursor], Result], *, durable: bool = True) -> Result:
        del durable  # each commit waits for the disk
        for _ in range(TRIES - 1):
            with contextlib.suppress(*self._conflicts):
                return self._try(work)
        try:
            return self._try(work)
        except self._conflicts as error:
            raise StoreError(explain(self._database.engine.url, str(error))) from None

    def _try(self, work: Callable[[Cursor], Result]) -> Result:
        own = self._own
        if own is None:
            own = self._own = self._database.keep()
            own.execute(_PLANS)
            own.commit()
        try:
            with own.transaction(), own.cursor() as cursor:
                return work(cast("Cursor", cursor))
        except self._conflicts:
            raise
        except self._error as error:
            if own.closed or own.broken:
                self._own = None
                self._database.drop(own)
            raise StoreError(explain(self._database.engine.url, str(error))) from None
