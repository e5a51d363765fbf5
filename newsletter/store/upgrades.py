"""Upgrade a database to the newest revision, with a backup before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from newsletter.store.backups import back_up, beside
from newsletter.store.database import Database
from newsletter.store.migrations.runner import HEAD, prepare, revision_of
from newsletter.store.tables import metadata
from newsletter.store.transfers import Told, is_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What was done."""

    before: str | None
    """The revision of the tables that were there; none when there were no tables."""
    after: str
    backup: Path | None


def upgrade(
    database: Database, *, now: dt.datetime, backup: Path | None, on_step: Told
) -> Upgraded:
    """Make the tables of a database, or migrate them; returns what was done.

    A database of SQLite with anything in it is backed up before it is migrated: to `backup`, or
    beside it. PostgreSQL is backed up only to a `backup`, whatever its revision is.

    Raises StoreError when the database or the disk refuses, or a newer version made the database.
    """
    with database.transaction() as writer:
        before = revision_of(writer)
        is_due = before not in (None, HEAD)
        if backup is None and is_due and not database.is_postgresql and not is_empty(writer):
            backup = beside(database, str(before), now)
        if backup is not None and before is not None:
            # On SQLite, this transaction keeps others from writing between the two.
            back_up(database, backup, force=False, on_step=on_step)
        prepare(writer, metadata)
    return Upgraded(before=before, after=HEAD, backup=backup if before else None)
