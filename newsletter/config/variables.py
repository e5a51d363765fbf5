"""Which variables a configuration asks for, whether they are set or not."""

from __future__ import annotations

import contextlib
from pathlib import Path

from newsletter.config.documents import read_document
from newsletter.errors import ConfigError

FILES = ("newsletter", "sources", "topics", "subscribers")


class Recorded(dict[str, str]):
    """An environment in which every variable is empty; it keeps the names that it was asked for."""

    def __init__(self) -> None:
        """Begin with no names."""
        super().__init__()
        self.names: list[str] = []

    def __contains__(self, name: object) -> bool:
        """Pretend to have every variable."""
        return True

    def get(self, name: str, _default: str | None = None) -> str:  # type: ignore[override]
        """Return nothing, and keep the name."""
        self.names.append(name)
        return ""


def named_variables(folder: Path) -> tuple[str, ...]:
    """Return the names in `${NAME}` of the files in `folder`, each once, in their order there.

    Of a file that cannot be read there are none: `newsletter check` says why.
    """
    asked = Recorded()
    for name in FILES:
        with contextlib.suppress(ConfigError):
            read_document(folder / f"{name}.yaml", asked)
    return tuple(dict.fromkeys(asked.names))
