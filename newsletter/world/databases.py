"""Databases as they are: to be upgraded, backed up, restored, copied, while nobody sends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from newsletter.config.settings import Config
from newsletter.errors import StoreError
from newsletter.send.processes import fate_of, sender_name
from newsletter.store import (
    Database,
    SqlLedger,
    Told,
    Transferred,
    connect,
    database_exists,
    is_at,
    replace,
    require_newest,
    secrets_of,
)
from newsletter.store.urls import read_url, shown
from newsletter.world.machine import hiding, redactor, utc_now


@contextlib.contextmanager
def as_it_is(url: str, root: Path, place: str) -> Iterator[Database]:
    """Open the database at a `url`, relative to `root`, without making or migrating its tables.

    Errors tell nothing secret of the URL; one in it is told to be at the `place` where it stands.
    """
    with hiding(redactor(secrets_of(url))):
        try:
            database = connect(url, root)
        except StoreError as error:
            raise StoreError(f"{place} {error}") from None
        with database:
            yield database


@contextlib.contextmanager
def own(config: Config) -> Iterator[Database]:
    """Open the newsletter's database in the same way."""
    with as_it_is(config.database, config.root, "newsletter.yaml: `database`") as database:
        yield database


def copy(
    origin: tuple[str, Path], destination: tuple[str, Path], *, force: bool, on_rows: Told
) -> tuple[Transferred, ...]:
    """Put all of one database into another; each is a URL, and the folder where it starts.

    See `newsletter.store.replace`. Raises StoreError also when somebody sends and `force` is not
    set, when there is no such database, or both are the same.
    """
    (url, root), (other, folder) = origin, destination
    place = "the URL to copy from"
    try:
        where = shown(read_url(url))
    except StoreError as error:
        raise StoreError(f"{place} {error}") from None
    if not database_exists(url, root):
        raise StoreError(f"{where}: there is no such database")
    with as_it_is(url, root, place) as source:
        if database_exists(other, folder) and is_at(source, other, folder):
            raise StoreError("both URLs lead to the same database")
        with source.reading() as reader:
            require_newest(reader)
        if not force:
            require_rest(source)
        with as_it_is(other, folder, "the URL to copy to") as target:
            return replace(source, target, force=force, on_rows=on_rows)


def require_quiet(database: Database) -> None:
    """Raise StoreError when somebody sends an issue that is in a database, if it has our tables."""
    try:
        with database.reading() as reader:
            require_newest(reader)
    except StoreError:
        return  # there is nothing yet, or what nobody of today's version sends from
    require_rest(database, "")


def require_rest(database: Database, more: str = "; --force does not look at that") -> None:
    """Raise StoreError when somebody sends an issue that is in a database of today's version."""
    name = sender_name()
    senders = SqlLedger(database).at_work(utc_now(), lambda other: fate_of(other, own=name))
    if senders:
        told = ", ".join(sorted(senders)[:3])
        raise StoreError(
            f"{len(senders)} sender{'s' * (len(senders) > 1)} at work ({told}): stop `newsletter "
            f"run`, `serve` and `worker` first{more}"
        )
