"""Whose database this is: refuse a second newsletter that is set to the same database by mistake.

An issue is identified by its date alone, so a second newsletter would take the first one's issue
for its own, and the first one's readers for people who have left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.dialects import inserting
from newsletter.store.tables import identities
from newsletter.store.urls import read_url, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What distinguishes a newsletter from others."""

    name: str
    sender: str
    """The address that its mail comes from."""
    folder: str
    """The absolute path of its configuration folder."""

    def __str__(self) -> str:
        """Return it in words for people."""
        return f"“{self.name}” (from {self.sender}, {self.folder})"


def is_at(database: Database, url: str, root: Path) -> bool:
    """Return whether a SQLAlchemy `url`, relative to `root`, leads to this database.

    Of PostgreSQL, whether it names the same server and the same database; whoever it logs in as.
    Raises OSError when there is no such file, and ValueError when it is not a URL.
    """
    try:
        other = read_url(url)
    except StoreError as error:
        raise ValueError(url) from error
    own = database.engine.url
    if database.is_postgresql or other.get_backend_name() != own.get_backend_name():
        return _server(other) == _server(own)
    name = other.database
    return bool(name and own.database) and (root / str(name)).samefile(str(own.database))


def _server(url: sa.URL) -> tuple[object, ...]:
    """Return what tells a database of a server from others, as far as its URL says it."""
    host = url.host or url.query.get("host") or ""
    return url.get_backend_name(), host, url.port or url.query.get("port") or 5432, url.database


def recognise(
    database: Database,
    identity: Identity,
    still_uses_it: Callable[[str], bool],
    program: str = "",
) -> None:
    """Remember whose database this is, and the version of this program, when either has changed.

    It is the same newsletter if its configuration folder is the same; its name and address may
    then have changed. It has moved if its name and address are the same, and the old folder no
    longer uses the database: two newsletters fresh from `init` differ only in their folder.
    `still_uses_it` returns whether a folder holds a newsletter that names this database. Raises
    StoreError when the database belongs to another newsletter.
    """
    now = asdict(identity)
    with database.transaction() as connection:
        row = connection.execute(sa.select(identities).with_for_update()).one_or_none()
        if row is None:
            first = inserting(connection, identities).values(place=1, program=program, **now)
            connection.execute(first.on_conflict_do_nothing(index_elements=["place"]))
            row = connection.execute(sa.select(identities)).one()
        known = Identity(name=row.name, sender=row.sender, folder=row.folder)
        has_moved = (known.name, known.sender) == (identity.name, identity.sender)
        if known.folder != identity.folder and not has_moved:
            raise StoreError(
                f"{shown(database.engine.url)}: this database belongs to {known}; for {identity} "
                "set another `database` in newsletter.yaml. Has the newsletter moved "
                "and been renamed? Then run it once under its old name and address"
            )
        if known.folder != identity.folder and still_uses_it(known.folder):
            raise StoreError(
                f"{shown(database.engine.url)}: this database belongs to {known}, which is still "
                f"there and uses it; for {identity} set another `database` in newsletter.yaml. "
                "Is it the same newsletter, moved? Then remove the old folder"
            )
        if (known, row.program) != (identity, program):
            connection.execute(identities.update().values(program=program, **now))
