"""The engine, the tables and short transactions."""

from __future__ import annotations

import contextlib
import datetime as dt
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
from newsletter.store.migrations import prepare
from newsletter.store.urls import read_url

BUSY_SECONDS = 30.0
"""How long one process waits while another writes."""

metadata = sa.MetaData()


class Moment(sa.types.TypeDecorator[dt.datetime]):
    """An aware moment, kept as UTC: databases lose or convert the zone."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(
        self,
        value: dt.datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002
    ) -> dt.datetime | None:
        """Store UTC without a zone."""
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value else None

    def process_result_value(
        self,
        value: dt.datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002
    ) -> dt.datetime | None:
        """Return an aware moment in UTC."""
        return value.replace(tzinfo=dt.UTC) if value else None


identities = sa.Table(
    "identity",
    metadata,
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
)
"""One row: whose database this is."""

papers = sa.Table(
    "paper",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("published", Moment),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("offered", sa.Date, index=True),
)
"""`offered` is the issue whose readers could get it; null until there is one."""

paper_keys = sa.Table(
    "paper_key",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("paper", sa.Text, nullable=False, index=True),
)

paper_traces = sa.Table(
    "paper_trace",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("paper", sa.Text, primary_key=True, index=True),
)
"""What almost equal papers share: a way to find candidates, no proof."""

sources = sa.Table(
    "source_health",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("visited_at", Moment, nullable=False),
)
"""What is remembered of each source; `id` is a digest of all that decides what it gives."""

facts = sa.Table(
    "fact",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
)
"""What services that enrich papers answered, so that they are not asked every hour."""

vectors = sa.Table(
    "vector",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
"""Sentence embeddings, by a digest of the text that they are of; half-precision numbers."""

issues = sa.Table(
    "issue",
    metadata,
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("papers", sa.Integer, nullable=False),
    sa.Column("planned_at", Moment, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="planned"),
    sa.Column("halted", sa.Text, nullable=False, server_default=""),
)
"""`halted` says to people why an issue is paused, by somebody or by itself, or cancelled."""

editions = sa.Table(
    "edition",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("html", sa.JSON, nullable=False),
    sa.Column("text", sa.JSON, nullable=False),
)
"""`html` and `text` are numbers of blocks, in their order."""

blocks = sa.Table(
    "block",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)
"""What editions are put together from: ten thousand personal ones have most blocks in common."""

deliveries = sa.Table(
    "delivery",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("subscriber", sa.Text, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False, server_default="en"),
    sa.Column("edition", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until", Moment),
    sa.Column("next_at", Moment),
    sa.Column("code", sa.Integer, nullable=False, default=0),
    sa.Column("reason", sa.Text, nullable=False, default=""),
    sa.Column("verdict", sa.Text, nullable=False, server_default=""),
    sa.Column("domain", sa.Text, nullable=False, server_default=""),
    sa.Column("started_at", Moment),
    sa.Column("changed_at", Moment, nullable=False),
    # Only of what waits: a delivery on its way changes no index, whatever becomes of it.
    sa.Index("delivery_planned", "issue", sqlite_where=sa.text("state = 'planned'")),
    sa.Index("delivery_deferred", "issue", "next_at", sqlite_where=sa.text("state = 'deferred'")),
)
"""`domain` is that of the address; `started_at` is when the message last began to leave."""

suppressions = sa.Table(
    "suppression",
    metadata,
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
)
"""Addresses, in lower case, that must not be mailed: bounced for good, complained, or asked."""

bounces = sa.Table(
    "bounce",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("issue", sa.Date),
    sa.Column("subscriber", sa.Text),
    sa.Column("email", sa.Text, nullable=False, index=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
)
"""Bounces that were read, each once: `digest` is that of the message and the recipient in it."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database."""

    engine: sa.Engine
    kept: list[PoolProxiedConnection] = field(default_factory=list)
    """Connections that somebody holds for as long as the database is open."""

    def keep(self) -> sqlite3.Connection:
        """Return a connection of one's own, for statements that are too many for SQLAlchemy."""
        proxied = self.engine.raw_connection()
        self.kept.append(proxied)
        return cast("sqlite3.Connection", proxied.driver_connection)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Run the block as one transaction; raises StoreError when the database cannot be used."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except sa.exc.OperationalError as error:
            raise StoreError(explain(self.engine.url, str(error.orig))) from None

    def __enter__(self) -> Self:
        """Use it for a block, and close it then."""
        return self

    def __exit__(self, *_raised: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Give back every connection."""
        while self.kept:
            self.kept.pop().close()
        self.engine.dispose()


def open_database(url: str, root: Path) -> Database:
    """Open the database at a SQLAlchemy `url`, whose relative path starts at `root`.

    An empty one gets its tables; one that an older version made is migrated.

    Raises StoreError when the URL is of another kind, the file cannot be opened, or a newer
    version of this program made it.
    """
    try:
        parsed = read_url(url)
    except StoreError as error:
        raise StoreError(f"newsletter.yaml: `database` {error}") from None
    if parsed.database and parsed.database != ":memory:":
        path = root / parsed.database
        try:
            # Folders of the newsletter's own are closed to others; elsewhere they are as they are.
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
    """Let a database be its owner's alone, whatever the umask: it holds addresses."""
    with contextlib.suppress(OSError):  # SQLite says what is wrong with it
        path.touch(mode=0o600)
        path.chmod(0o600)


def _on_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # We begin transactions ourselves (below): the driver would do so only before writes.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not block each other
    # FULL: `data_started` must survive a power cut, or a mail could go out twice.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_begin(connection: sa.Connection) -> None:
    # IMMEDIATE: a transaction that reads and then writes must not find the lock taken half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def explain(url: sa.URL, text: str) -> str:
    """Return what a message of SQLite means, and how to mend it."""
    advice = {
        "database is locked": "another run is writing; try again",
        "unable to open database file": "is the folder there and writable?",
        "database or disk is full": "make room on the disk and run again; nothing was lost",
        "attempt to write a readonly database": "make the file and its folder writable",
    }.get(text, "")
    return f"{url.database}: {text}" + (f"; {advice}" if advice else "")
