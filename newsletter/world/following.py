"""Settings that are followed: programs that go on read them again when a file was changed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Protocol

from newsletter.config.files import load_config
from newsletter.config.settings import Config
from newsletter.errors import NewsletterError


class Say(Protocol):
    """Tells the operator something."""

    def __call__(self, text: str, *, problem: bool = True) -> None:
        """Tell it as a problem, or as a note."""
        ...


class Followed:
    """The settings of a newsletter as they are now; while they have a mistake, as they were."""

    def __init__(self, folder: Path, config: Config, say: Say) -> None:
        """Follow the YAML files of `folder`, read as `config`; `say` is told of mistakes."""
        self._folder = folder
        self._say = say
        self._seen = self._version()
        self.config = config

    def follow(self) -> bool:
        """Read the settings again if a file was changed; return whether others hold now."""
        version = self._version()
        if version == self._seen:
            return False
        self._seen = version
        try:
            config = load_config(self._folder, os.environ)
        except NewsletterError as error:
            self._say(f"the settings have a mistake; those from before hold on:\n{error}")
            return False
        if config.database != self.config.database:
            self._say("`database` was changed: start this program again to use it")
            return False
        self.config = config
        return True

    def _version(self) -> tuple[tuple[str, int], ...]:
        paths = [*self._folder.glob("*.yaml"), self._folder.parent / ".env"]
        found: list[tuple[str, int]] = []
        for path in sorted(paths):
            with contextlib.suppress(OSError):
                found.append((path.name, path.stat().st_mtime_ns))
        return tuple(found)
