"""Whose database this is: two newsletters that share one by mistake are told, before they mix.

An issue is known by its date alone, so the second of two would take the first one's issue for its
own, and its readers for people who have left.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store.database import Database, identities


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


def recognise(database: Database, identity: Identity) -> None:
    """Remember whose database this is, at first use and whenever something has changed.

    It is the same newsletter when its configuration is where it was: then its name and address may
    be new. It has moved when name and address are what they were. Raises StoreError when it is
    another one's.
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
        if known != identity:
            connection.execute(identities.update().values(**now))
