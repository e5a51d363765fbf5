"""Errors of databases in our words: what is wrong, and how to mend it."""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from newsletter.store.urls import shown

BUSY: Final = "database is locked"

_OF_SQLITE: Final = {
    BUSY: "another run is writing; try again",
    "unable to open database file": "is the folder there and writable?",
    "database or disk is full": "make room on the disk and run again; nothing was lost",
    "disk I/O error": "is the disk full, or failing?",
    "attempt to write a readonly database": "make the file and its folder writable",
}

_DAMAGED: Final = ("file is not a database", "database disk image is malformed")

_GONE: Final = "the server has ended the connection; run again: nothing was lost"
_OF_POSTGRESQL: Final = (
    # What the server or libpq says, as an expression, and what that means. The first one counts.
    (
        r"password authentication failed|no password supplied",
        "the server refuses the password; is it right in `database`, or in ~/.pgpass?",
    ),
    (
        r"no pg_hba.conf entry|authentication failed|Ident|peer",
        "the server lets this user not in from here; see its pg_hba.conf",
    ),
    (
        r'role ".*" does not exist|role ".*" is not permitted',
        "the server knows no such user, or lets it not in; make one with createuser",
    ),
    (
        r'database ".*" does not exist',
        "make it with createdb; its tables come by themselves",
    ),
    (
        r"too many (clients|connections)|remaining connection slots",
        "all of its connections are in use; raise max_connections, or start fewer programs",
    ),
    (
        r"starting up|shutting down|recovery mode|not yet accepting",
        "the server is starting or stopping; try again soon",
    ),
    (
        r"(could not|failed to) (translate|resolve)|Name or service not known|getaddrinfo",
        "no server has this name; is `database` right?",
    ),
    (
        r"Connection refused|No such file or directory|timeout expired|No route|unreachable",
        "no server answers there; does PostgreSQL run, and is `database` right?",
    ),
    (r"certificate|SSL|TLS", "the encrypted connection failed; see sslmode in `database`"),
    (r"permission denied", "let the user make and use tables there: GRANT CREATE ON SCHEMA public"),
    (
        r"must be owner of",
        "the ledger gets a table each month: the user has to own the tables; see REASSIGN OWNED",
    ),
    (r"read-only transaction", "this is a copy that cannot be written; name the main server"),
    (r"No space left|disk full", "make room on the server's disk; nothing was lost"),
    (r"lock timeout", "another transaction holds what this one needs; try again"),
    (r"deadlock|could not serialize", "two runs were in each other's way; try again"),
    (
        r"terminating|closed the connection|connection is|broken pipe|reset by peer|EOF|idle.in",
        _GONE,
    ),
)


def last_backup(database: Path) -> Path:
    """Return the path of the note beside a file of SQLite that says where its last backup is."""
    return database.with_name(f"{database.name}.backup")


def _restoring(url: sa.URL) -> str:
    """Return how to get a damaged file of SQLite back, with the newest backup that is known."""
    file = Path(str(url.database))
    found = [*file.parent.glob(f"{file.stem}-*{file.suffix}")]
    with contextlib.suppress(OSError, ValueError):
        found.append(Path(last_backup(file).read_text("utf-8").strip()))
    there = [path for path in found if path.is_file()]
    newest = max(there, key=lambda path: path.stat().st_mtime, default=None)
    name = shlex.quote(str(newest)) if newest else "FILE"
    which = "its last backup" if newest else "a backup (none is known here)"
    moved = f"{file.name}, {file.name}-wal and {file.name}-shm"
    return f"it is damaged: move {moved} away, then put {which} back: newsletter db restore {name}"


def explain(url: sa.URL, text: str) -> str:
    """Return what a database's message means, and how to mend it; without any password."""
    if url.get_backend_name() != "postgresql":
        advice = _restoring(url) if text in _DAMAGED else _OF_SQLITE.get(text, "")
        return f"{shown(url)}: {text}" + (f"; {advice}" if advice else "")
    if text == BUSY:
        text = "all connections of this program are in use"
    # What follows the first line is advice about the network, or shows where in a statement it was.
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    told = re.sub(r"^.*(?:FATAL|ERROR|failed):\s+", "", first)
    if url.password:
        told = told.replace(str(url.password), "***")
    found = (advice for known, advice in _OF_POSTGRESQL if re.search(known, text, re.IGNORECASE))
    advice = next(found, "")
    return f"{shown(url)}: {told}" + (f"; {advice}" if advice else "")
