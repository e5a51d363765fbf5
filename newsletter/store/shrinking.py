"""Take up the room of deleted rows: in SQLite's index of searches, and on the disk.

SQLite fills what is deleted with what comes next, so the file of a newsletter that forgets as much
as it learns does not grow, and needs none of this. Only after much was deleted at once (an old
database, or shorter periods) is the file rewritten (VACUUM). `auto_vacuum` would do it bit by bit,
but every page that is written would cost more, for good, and the pages of a table would be
scattered over the file (https://sqlite.org/pragma.html#pragma_auto_vacuum).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final, cast

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.explanations import explain

MUCH: Final = 64_000_000
"""Bytes that are worth rewriting the file for; and at least half of it is to be free."""

PAGES: Final = 200
"""Pages of the index that are merged in one transaction."""


def merge_search(database: Database, rest: Callable[[], None]) -> None:
    """Merge the parts of the index of searches, so that words of deleted papers leave it.

    FTS5 only notes what is deleted, and drops it when the part that has it is merged, which the
    largest one hardly ever is (https://sqlite.org/fts5.html, 6.8 and 6.9). It takes a second for
    some 30 MB, in short transactions. PostgreSQL's index needs nothing of the kind.
    """
    if database.engine.dialect.name != "sqlite":
        return
    merge = sa.text("INSERT INTO paper_search(paper_search, rank) VALUES ('merge', :pages)")
    changes, pages = sa.text("SELECT total_changes()"), -PAGES  # negative: all parts, first
    while True:
        with database.transaction() as connection:
            before = connection.scalar(changes) or 0
            connection.execute(merge, {"pages": pages})
            after = connection.scalar(changes) or 0
        if after - before < 2:  # noqa: PLR2004  the command itself counts as one
            return
        pages = PAGES
        rest()


def give_back(database: Database, much: int = MUCH) -> int:
    """Rewrite a file of which much is free; return by how many bytes it became smaller.

    Nobody else can write meanwhile, some seconds for each gigabyte, so nobody should be sending.
    PostgreSQL does this by itself (autovacuum). Raises StoreError, as for a full disk: nothing is
    lost then.
    """
    if database.engine.dialect.name != "sqlite":
        return 0
    proxied = database.engine.raw_connection()
    try:
        connection = cast("sqlite3.Connection", proxied.driver_connection)
        free, pages, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("freelist_count", "page_count", "page_size")
        )
        if free * size < much or free * 2 < pages:
            return 0
        connection.execute("VACUUM")
        # All of it is in the log now, which would stay as long until the last program ends.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (left,) = connection.execute("PRAGMA page_count").fetchone()
        return (pages - int(left)) * size
    except sqlite3.Error as error:
        raise StoreError(explain(database.engine.url, str(error))) from None
    finally:
        proxied.close()
