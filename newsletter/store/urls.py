"""URLs of databases: how to read them, and whether the database exists."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import make_url

from newsletter.errors import StoreError


def read_url(url: str) -> sa.URL:
    """Return the parts of a database's URL; raises StoreError when it is not SQLite's."""
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
        if kind == "sqlite":
            parsed.get_dialect()().create_connect_args(parsed)
    except (sa.exc.ArgumentError, ValueError):
        raise StoreError("is not a URL such as sqlite:///outbox/newsletter.db") from None
    if kind != "sqlite":
        raise StoreError(
            f"is of kind `{kind}`; this version keeps its ledger in SQLite (sqlite:///…) only"
        )
    return parsed


def database_exists(url: str, root: Path) -> bool:
    """Return whether there is a database at `url` already, without creating one."""
    try:
        name = read_url(url).database
    except StoreError:
        return False
    return bool(name) and name != ":memory:" and (root / str(name)).is_file()
