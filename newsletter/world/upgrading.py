"""What a new version of the program means for a newsletter, before anything of it is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import newsletter
from newsletter.config.files import load_config
from newsletter.config.settings import Config
from newsletter.config.subscribers import read_list
from newsletter.config.themes import SHIPPED
from newsletter.errors import ConfigError, StoreError
from newsletter.render.upstream import CopiedPart, compare
from newsletter.store import Foreseen, database_exists, foresee
from newsletter.world import databases
from newsletter.world.notes import CHANGELOG, VersionNotes, notes_since

ENDS: Final[Mapping[tuple[int, int], dt.date]] = {
    (3, 11): dt.date(2027, 10, 31),
    (3, 12): dt.date(2028, 10, 31),
    (3, 13): dt.date(2029, 10, 31),
    (3, 14): dt.date(2030, 10, 31),
}
"""When each Python has no security fixes any more: PEP 664, 693, 719 and 745, by their months."""
SOON: Final = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What there is to know before an upgrade, or after it and before the next run."""

    version: str
    problems: tuple[str, ...]
    """What has to be mended first, each with its place."""
    database: Foreseen | None
    """None when there is no database yet, or it cannot be read."""
    notes: tuple[VersionNotes, ...]
    """Of the versions after the one that used the database last; of all when that is not known."""
    copies: tuple[CopiedPart, ...]
    python: str
    python_ends: dt.date | None
    """When this Python has no security fixes any more; None when that is not known here."""
    is_python_old: bool
    """Whether that is within a year."""


def look_ahead(
    folder: Path, environment: Mapping[str, str], today: dt.date, python: tuple[int, int]
) -> Outlook:
    """Look at settings, database, templates and Python; nothing is changed, no network is used."""
    config, problems = _settings(folder, environment)
    database = None
    if config is not None:
        database, more = _database(config)
        problems += more
    version = newsletter.__version__
    notes: tuple[VersionNotes, ...] = ()
    if database is not None and database.program != version:
        notes = notes_since(CHANGELOG.read_text("utf-8"), database.program)
    ends = ENDS.get(python)
    return Outlook(
        version=version,
        problems=problems,
        database=database,
        notes=notes,
        copies=compare(folder.resolve().parent / "templates", SHIPPED, version),
        python=f"{python[0]}.{python[1]}",
        python_ends=ends,
        is_python_old=ends is not None and today + SOON > ends,
    )


def _settings(
    folder: Path, environment: Mapping[str, str]
) -> tuple[Config | None, tuple[str, ...]]:
    """Read the configuration, with all that this version does not know or take any more."""
    try:
        config = load_config(folder, environment)
        read_list(folder, config.choice.topic_names, environment)
    except ConfigError as error:
        return None, error.problems
    return config, ()


def _database(config: Config) -> tuple[Foreseen | None, tuple[str, ...]]:
    try:
        if not database_exists(config.database, config.root):
            return None, ()
        with databases.own(config) as database:
            found = foresee(database)
    except StoreError as error:
        return None, (str(error),)
    if found.fits:
        return found, ()
    told = (
        f"{found.backup}: no room for the backup, which needs {found.bytes / 1e6:,.1f} MB: make "
        "some, or name another place: newsletter db upgrade --backup FILE"
    )
    return found, (told,)
