"""Find a database's revision, and upgrade it to the newest.

Alembic keeps the revision in the table `alembic_version`. It is read here without Alembic, whose
import takes longer than most commands; usually there is nothing to migrate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store.dialects import alone, is_postgresql
from newsletter.store.urls import shown

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0016"
"""The newest revision in versions/."""

TOO_NEW: Final = 99
"""A number of a schema that no program from before Alembic knows."""

_own = sa.MetaData()
_stamps = sa.Table(
    "alembic_version", _own, sa.Column("version_num", sa.String(32), primary_key=True)
)
_old_stamps = sa.Table("schema", _own, sa.Column("version", sa.Integer, primary_key=True))
"""Where versions before Alembic kept the number of the schema, 1 to 5."""


def prepare(
    connection: sa.Connection,
    metadata: sa.MetaData,
    before_upgrade: Callable[[str], object] = lambda _revision: None,
) -> None:
    """Make the tables of `metadata` in an empty database, or migrate one of an older version.

    `before_upgrade` is told the revision of tables that are about to be migrated, when nothing is
    written yet. All of this happens in the transaction of `connection`; on PostgreSQL, others that
    want the same wait until it ends. Raises StoreError when a newer version of this program made
    the database, or when PostgreSQL keeps texts in another encoding than UTF-8.
    """
    if is_postgresql(connection):
        if _is_ready(connection):
            return
        alone(connection, "schema")
        if (encoding := connection.scalar(sa.text("SHOW server_encoding"))) != "UTF8":
            raise StoreError(
                f"{shown(connection.engine.url)}: keeps texts as {encoding}; make a database with "
                "createdb --encoding=UTF8 --template=template0"
            )
    tables = set(sa.inspect(connection).get_table_names())
    found = revision_of(connection)
    if found is None:
        make(connection, metadata, HEAD)
        return
    if found != HEAD:
        before_upgrade(found)
    if _stamps.name not in tables:
        _stamp(connection, found)
    if found != HEAD:
        _upgrade(connection)
        _refuse_old(connection)


def make(connection: sa.Connection, metadata: sa.MetaData, revision: str) -> None:
    """Make the tables of `metadata`, which are those of a revision, in an empty database."""
    metadata.create_all(connection)
    _stamp(connection, revision)
    _refuse_old(connection)


def configure(connection: sa.Connection) -> Config:
    """Return Alembic's configuration for our revisions on this connection."""
    from alembic.config import Config  # noqa: PLC0415  slow to import, and seldom needed

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "newsletter.store:migrations")
    return config


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415  slow to import, too

    command.upgrade(configure(connection), HEAD)


def _refuse_old(connection: sa.Connection) -> None:
    """Have programs from before Alembic refuse the database: they would mail who has left."""
    _old_stamps.create(connection, checkfirst=True)
    connection.execute(_old_stamps.delete())
    connection.execute(_old_stamps.insert().values(version=TOO_NEW))


def _is_ready(connection: sa.Connection) -> bool:
    """Return whether PostgreSQL has the newest tables: then nobody waits for anybody."""
    if not sa.inspect(connection).has_table(_stamps.name):
        return False
    return connection.scalar(sa.select(_stamps.c.version_num)) == HEAD


def revision_of(connection: sa.Connection) -> str | None:
    """Return the revision of a database, or None when it has none of our tables yet.

    Raises StoreError when a newer version of this program made the database.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if _stamps.name in tables:
        found = connection.scalar(sa.select(_stamps.c.version_num))
    elif _old_stamps.name in tables:
        version = connection.scalar(sa.select(_old_stamps.c.version))
        found = None if version is None else f"{version:04}"
    else:
        found = None
    if found is not None and found not in {f"{number:04}" for number in range(1, int(HEAD) + 1)}:
        raise StoreError(
            f"{shown(connection.engine.url)}: made by a newer newsletter (schema {found}, this "
            f"one knows {HEAD}); update this program"
        )
    return found


def _stamp(connection: sa.Connection, revision: str) -> None:
    _stamps.create(connection)
    connection.execute(_stamps.insert().values(version_num=revision))
