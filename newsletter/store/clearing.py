"""Delete files that are over: folders of days, and faults. Files that are not ours stay."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.files.writing import clear_errors

OURS: Final = frozenset((".html", ".txt", ".eml", ".json", ".bib", ".ris", ".part"))
"""Kinds of files that an issue has."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What was deleted."""

    files: int = 0
    size: int = 0
    """Bytes."""

    def __add__(self, other: Cleared) -> Cleared:
        """Return both together."""
        return Cleared(files=self.files + other.files, size=self.size + other.size)


def clear_days(
    folder: Path, before: dt.date, stays: Callable[[dt.date], bool] = lambda _date: False
) -> Cleared:
    """Delete the files of issues before a date, but those that are to stay; return how many.

    Raises StoreError when the disk refuses.
    """
    total = Cleared()
    with clear_errors(folder):
        for path in sorted(folder.glob("*-*-*")):
            date = _date(path)
            if date is not None and date < before and not stays(date):
                total += _clear(path)
    return total


def clear_old(folder: Path, before: dt.datetime) -> Cleared:
    """Delete the files of a folder that were written before a moment; raises StoreError."""
    total = Cleared()
    with clear_errors(folder):
        for path in sorted(folder.glob("*.*")):
            if path.stat().st_mtime < before.timestamp():
                total += _delete(path)
    return total


def _date(path: Path) -> dt.date | None:
    """Return the date that a folder is called by; None for a link, or what has another name."""
    if path.is_symlink() or not path.is_dir() or not _DATE.fullmatch(path.name):
        return None
    with contextlib.suppress(ValueError):
        return dt.date.fromisoformat(path.name)
    return None


def _clear(folder: Path) -> Cleared:
    """Delete our files in a folder and those below it, and the folders that are empty then."""
    total = Cleared()
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            total += _clear(path)
        elif path.suffix in OURS:
            total += _delete(path)
    with contextlib.suppress(OSError):  # somebody keeps files of their own in it
        folder.rmdir()
    return total


def _delete(path: Path) -> Cleared:
    size = path.lstat().st_size
    path.unlink(missing_ok=True)
    return Cleared(files=1, size=size)
