"""Figures as files under public/figures/, named by their content."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from newsletter.files.reading import read_regular
from newsletter.files.writing import clear_errors, write
from newsletter.model.figures import FILE
from newsletter.store.clearing import Cleared

MAX_BYTES: Final = 1_000_000
"""Most bytes that are read of a file: copies are far smaller."""


class FigureStore:
    """The folder of figures. A web server may publish it."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when the first figure is kept."""
        self.folder = folder

    def keep(self, content: bytes, suffix: str) -> str:
        """Keep a picture, and return the name of its file.

        The same picture is kept once, and from now on. Raises StoreError when the disk refuses.
        """
        name = f"{hashlib.sha256(content).hexdigest()}.{suffix}"
        write(self.folder / name, content, public=True)
        return name

    def has(self, name: str) -> bool:
        """Return whether there is a figure of that name."""
        return re.fullmatch(FILE, name) is not None and (self.folder / name).is_file()

    def read(self, name: str) -> bytes:
        """Return a figure; empty when there is none of that name any more."""
        if re.fullmatch(FILE, name) is None:
            return b""
        try:
            return read_regular(self.folder / name, MAX_BYTES)
        except OSError:
            return b""

    def names(self) -> tuple[str, ...]:
        """Return the names of all figures."""
        found = (path.name for path in self.folder.glob("*.*"))
        return tuple(sorted(name for name in found if re.fullmatch(FILE, name)))

    def forget(
        self, before: dt.datetime, shown: Callable[[], frozenset[str]] = frozenset
    ) -> Cleared:
        """Delete the figures that were kept before a moment, but those `shown`; return how many.

        What is shown is asked only when some are old enough. Raises StoreError.
        """
        old: dict[str, int] = {}
        with clear_errors(self.folder):
            for name in self.names():
                found = (self.folder / name).stat()
                if found.st_mtime < before.timestamp():
                    old[name] = found.st_size
            for name in old.keys() & shown() if old else ():
                del old[name]
            for name in old:
                (self.folder / name).unlink(missing_ok=True)
        return Cleared(files=len(old), size=sum(old.values()))
