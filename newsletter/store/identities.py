"""Whose database this is: two newsletters that share one by mistake are told, before they mix.

An issue is known by its date alone, so the second of two would take the first one's issue for its
own, and its readers for people who have left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.tables import identities


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What tells a newsletter from others."""

    name: str
    sender: str
    """The address that its mail is from."""
    folder: str
    """Where its configuration is, as an absolute path."""

    def __str__(self) -> str:
        """Return it as a person knows it."""
        return f"“{self.name}” (from {self.sender}, {self.folder})"


def is_at(database: Database, url: str, root: Path) -> bool:
    """Tell whether a SQLAlchemy `url`, whose relative path starts at `root`, is of this database.

    Raises OSError when there is no such file, and ValueError for what is no URL.
    """
    try:
        name = sa.engine.make_url(url).database
    except sa.exc.ArgumentError as error:
        raise ValueError(url) from error
    own = database.engine.url.database
    return bool(name and own) and (root / str(name)).samefile(str(own))


def recognise(database: Database, identity: Identity, still_uses_it: Callable[[str], bool]) -> None:
    """Remember whose database this is, at first use and whenever something has changed.

    It is the same newsletter when its configuration is where it was: then its name and address may
    be new. It has moved when name and address are what they were, and it is not where it was any
    more: two that nobody has changed since `init` differ by nothing else. `still_uses_it` tells
    whether there is a newsletter in a folder that names this very database. Raises StoreError when
    it is another one's.
    """
    now = asdict(identity)
    with database.transaction() as connection:
        row = connection.execute(sa.select(identities)).one_or_none()
        if row is None:
            connection.execute(identities.insert().values(place=1, **now))
            return
        known = Identity(name=row.name, sender=row.sender, folder=row.folder)
        has_moved = (known.name, known.sender) == (identity.name, identity.sender)
        if known.folder != identity.folder and not has_moved:
            raise StoreError(
                f"{database.engine.url.database}: this database is that of {known}; for {identity} "
                "name one of its own, as `database` in newsletter.yaml. Has the newsletter moved "
                "and been renamed? Then run it once under its old name and address"
            )
        if known.folder != identity.folder and still_uses_it(known.folder):
            raise StoreError(
                f"{database.engine.url.database}: this database is that of {known}, which is still "
                f"there and uses it; for {identity} name one of its own, as `database` in "
                "newsletter.yaml. Is it the same newsletter, moved? Then remove the old folder"
            )
        if known != identity:
            connection.execute(identities.update().values(**now))
