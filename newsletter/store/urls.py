"""URLs of databases: how to read them, how to show them, and whether the database exists."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import make_url

from newsletter.errors import StoreError

POSTGRESQL = "postgresql"
_SECRETS = ("password", "sslpassword")
"""Parameters of a URL that are passwords, too."""


def read_url(url: str | sa.URL) -> sa.URL:
    """Return the parts of a database's URL.

    `postgresql://` means psycopg 3, the only driver that this program uses. Raises StoreError when
    the URL is of another kind of database, or cannot be read.
    """
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
        if kind == "sqlite":
            parsed.get_dialect()().create_connect_args(parsed)
    except (sa.exc.ArgumentError, ValueError):
        raise StoreError("is not a URL such as sqlite:///outbox/newsletter.db") from None
    if kind == POSTGRESQL and parsed.drivername in (POSTGRESQL, f"{POSTGRESQL}+psycopg"):
        if _is_ambiguous(str(parsed.database or "")) or _is_ambiguous(str(parsed.host or "")):
            raise StoreError(
                "has a sign in its password that must be written otherwise there: `@` as %40, `/` "
                "as %2F, `%` as %25, `:` as %3A"
            )
        if not parsed.database:
            raise StoreError("names no database: postgresql://user@host/name")
        return parsed.set(drivername=f"{POSTGRESQL}+psycopg")
    if kind != "sqlite":
        raise StoreError(
            f"is of kind `{parsed.drivername}`; the ledger is kept in SQLite (sqlite:///…) or in "
            "PostgreSQL (postgresql://…)"
        )
    return parsed


def _is_ambiguous(part: str) -> bool:
    """Return whether a host or a name of a database is the rest of a password, most likely."""
    return "@" in part or "/" in part or "%" in part


def require_driver(url: sa.URL) -> None:
    """Raise StoreError when PostgreSQL's driver, an optional package, is not installed."""
    if url.get_backend_name() == POSTGRESQL and importlib.util.find_spec("psycopg") is None:
        raise StoreError(
            "PostgreSQL needs a driver that is not installed: pip install 'newsletter[postgresql]'"
        )


def shown(url: sa.URL) -> str:
    """Return what people are told of a database: SQLite's file, or the URL without passwords."""
    if url.get_backend_name() != POSTGRESQL:
        return str(url.database)
    plain = url.difference_update_query(_SECRETS)
    return sa.URL.create(
        POSTGRESQL, plain.username, None, plain.host, plain.port, plain.database, plain.query
    ).render_as_string()


def secrets_of(url: str) -> tuple[str, ...]:
    """Return the passwords in a database's URL, which must not be shown.

    One with an unescaped `@` or `/` reaches further than the URL's parts tell.
    """
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        parsed = sa.URL.create(POSTGRESQL)
    whole = url.partition("://")[2].partition("?")[0].rpartition("@")[0].partition(":")[2]
    found = [whole, parsed.password, *(parsed.query.get(name) for name in _SECRETS)]
    return tuple(word for word in found if isinstance(word, str) and word)


def database_exists(url: str, root: Path) -> bool:
    """Return whether there is a database at `url` already, without creating one.

    That of PostgreSQL is made by whoever runs the server, so it counts as there.
    """
    try:
        parsed = read_url(url)
    except StoreError:
        return False
    if parsed.get_backend_name() == POSTGRESQL:
        return True
    name = parsed.database
    return bool(name) and name != ":memory:" and (root / str(name)).is_file()
