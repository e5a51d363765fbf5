"""What this machine has: the clock, the environment, the newsletter's database; no network.

The only place that knows the clock. What only reads or changes the database needs no more than
this.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import newsletter
from newsletter.config.files import load_config
from newsletter.config.settings import Config
from newsletter.errors import NewsletterError, StoreError
from newsletter.store import Database, Identity, is_at, open_database, recognise

STARTER = Path(newsletter.__file__).parent / "starter"
"""What `init` writes and `demo` plays."""


def utc_now() -> dt.datetime:
    """Return the present moment."""
    return dt.datetime.now(dt.UTC)


def rest() -> None:
    """Wait a little, so that others can write to the database meanwhile."""
    time.sleep(0.01)


def program() -> str:
    """Return the absolute path of the command that is running."""
    beside = Path(sys.executable).with_name("newsletter")
    return str(beside if beside.exists() else Path(sys.argv[0]).resolve())


def user_units() -> Path:
    """Return the folder of the user's units of systemd (systemd.unit(5))."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "systemd" / "user"


def agents() -> Path:
    """Return the folder of the user's agents of launchd."""
    return Path.home() / "Library" / "LaunchAgents"


def open_ledger(config: Config) -> Database:
    """Open the newsletter's database.

    Raises StoreError when it cannot be used, or is another newsletter's.
    """
    database = open_database(config.database, config.root)
    folder = config.folder.resolve()
    letter = config.letter
    identity = Identity(name=letter.name, sender=letter.sender, folder=str(folder))

    def still_uses_it(other: str) -> bool:
        """Tell whether another newsletter uses this database; a folder may have two paths."""
        try:
            there = load_config(Path(other), os.environ)
            return not folder.samefile(other) and is_at(database, there.database, there.root)
        except (NewsletterError, OSError, ValueError):
            return False  # it is gone, or of no use

    try:
        recognise(database, identity, still_uses_it, newsletter.__version__)
    except StoreError:
        database.close()
        raise
    return database


def new_id() -> str:
    """Return an id for a subscriber that nobody can guess."""
    return secrets.token_hex(10)


@contextlib.contextmanager
def hiding(redact: Callable[[str], str]) -> Iterator[None]:
    """Take secrets out of the errors raised within: libraries tell what they were given."""
    try:
        yield
    except NewsletterError as error:
        error.args = tuple(redact(str(argument)) for argument in error.args)
        raise


def redactor(values: Collection[str]) -> Callable[[str], str]:
    """Return what takes `values` out of a text that is shown or kept."""
    if not values:
        return str
    # The longest first: one may be a part of another.
    known = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))
    return lambda text: known.sub("***", text)
