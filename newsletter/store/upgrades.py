"""Open a database: at the newest revision, with a backup before it is migrated."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store.backups import back_up
from newsletter.store.database import Database, connect
from newsletter.store.migrations.runner import HEAD, prepare, revision_of
from newsletter.store.tables import identities, metadata
from newsletter.store.transfers import Told, is_empty

NOTES_PROGRAM: Final = "0014"
"""The first revision that knows which version of the program used it."""


def open_database(url: str, root: Path) -> Database:
    """Open the database at a SQLAlchemy `url`; a relative path in it starts at `root`.

    An empty database gets its tables. One of an older version is migrated; a file of SQLite is
    backed up beside it before.

    Raises StoreError when the URL is of another kind of database, the file or the server cannot be
    used, or a newer version of this program made the database.
    """
    try:
        database = connect(url, root)
    except StoreError as error:
        raise StoreError(f"newsletter.yaml: `database` {error}") from None
    try:
        with database.transaction() as writer:
            prepare(
                writer,
                metadata,
                lambda found: _keep(database, writer, found, lambda _done, _all: None),
            )
    except BaseException:
        database.close()
        raise
    return database


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What was done."""

    before: str | None
    """The revision of the tables that were there; none when there were no tables."""
    after: str
    backup: Path | None


def upgrade(database: Database, *, backup: Path | None, on_step: Told) -> Upgraded:
    """Make the tables of a database, or migrate them; returns what was done.

    A database of SQLite with anything in it is backed up before it is migrated: to `backup`, or
    beside it. PostgreSQL is backed up only to a `backup`, whatever its revision is.

    Raises StoreError when the database or the disk refuses, or a newer version made the database.
    """
    with database.transaction() as writer:
        before = revision_of(writer)
        if backup is None:
            backup = _keep(database, writer, before, on_step)
        elif before is not None:
            # On SQLite, this transaction keeps others from writing between the two.
            back_up(database, backup, force=False, on_step=on_step)
        prepare(writer, metadata)
    return Upgraded(before=before, after=HEAD, backup=backup if before else None)


def _keep(
    database: Database, writer: sa.Connection, before: str | None, on_step: Told
) -> Path | None:
    """Back up a file of SQLite that is about to be migrated; return where to.

    There is one backup of each revision: when a migration fails and is tried again, hour by hour,
    the disk does not fill with them.
    """
    if database.is_postgresql or before in (None, HEAD) or is_empty(writer):
        return None
    path = _beside(database, str(before))
    try:
        back_up(database, path, force=True, on_step=on_step)
    except StoreError as error:
        raise StoreError(
            f"{error}\nnothing was migrated, as a backup comes first: make room beside the "
            "database, or name another place: newsletter db upgrade --backup FILE"
        ) from None
    return path


def _beside(database: Database, revision: str) -> Path:
    """Return where the backup of a revision is: beside SQLite's file."""
    file = Path(str(database.engine.url.database))
    return file.with_name(f"{file.stem}-{revision}{file.suffix}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What the next command that opens a database would do to its tables."""

    before: str | None
    """The revision of the tables that are there; none when there are no tables."""
    after: str
    program: str
    """The version of this program that used it last; empty when that is not known."""
    backup: Path | None
    """Where it would be backed up to; none when there is no need, or on PostgreSQL."""
    bytes: int
    """The size of that backup."""
    free: int
    """The room for it, in bytes."""

    @property
    def is_due(self) -> bool:
        """Whether there is anything to migrate."""
        return self.before not in (None, self.after)

    @property
    def fits(self) -> bool:
        """Whether there is room for the backup."""
        return self.backup is None or self.bytes < self.free


def foresee(database: Database) -> Foreseen:
    """Return what opening a database would do to its tables; nothing is changed.

    Raises StoreError when it cannot be read, or a newer version of this program made it.
    """
    with database.reading() as reader:
        before = revision_of(reader)
        known = before is not None and before >= NOTES_PROGRAM
        program = reader.scalar(sa.select(identities.c.program)) if known else ""
        is_kept = not database.is_postgresql and before not in (None, HEAD)
        if not is_kept or is_empty(reader):
            return Foreseen(
                before=before, after=HEAD, program=program or "", backup=None, bytes=0, free=0
            )
        pages, size = (
            int(reader.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_count", "page_size")
        )
    path = _beside(database, str(before))
    return Foreseen(
        before=before,
        after=HEAD,
        program=program or "",
        backup=path,
        bytes=pages * size,
        free=shutil.disk_usage(path.parent).free,
    )
