"""Freezing an issue: its editions are written down as they are made, few in memory at a time."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, Any, Self

from newsletter.model import Edition


class Spool:
    """Editions on their way into the database, in files without a name.

    Ten thousand personal editions have most blocks in common: each block is written once. The
    database is held only when all of them are there. Use as a context manager.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._editions: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self._blocks: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self._numbers: dict[bytes, int] = {}
        self._audiences: dict[str, str] = {}
        self._keys: set[str] = set()

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Take the files away."""
        self._editions.close()
        self._blocks.close()

    def add(self, audience: str, edition: Edition) -> None:
        """Write down that an audience gets an edition; one that is there already is kept once."""
        self._audiences[audience] = edition.key
        if edition.key in self._keys:
            return
        self._keys.add(edition.key)
        row = {
            "key": edition.key,
            "subject": edition.subject,
            "html": self._numbered(edition, edition.html_blocks),
            "text": self._numbered(edition, edition.text_blocks),
        }
        self._editions.write(json.dumps(row) + "\n")

    def _numbered(self, edition: Edition, blocks: Iterable[int]) -> list[int]:
        """Return the numbers that blocks of an edition have here; new ones are written down."""
        found = []
        for one in blocks:
            block = edition.blocks[one]
            digest = hashlib.blake2b(
                block.encode("utf-8", "surrogatepass"), digest_size=16
            ).digest()
            if digest not in self._numbers:
                self._numbers[digest] = len(self._numbers)
                self._blocks.write(json.dumps(block) + "\n")
            found.append(self._numbers[digest])
        return found

    @property
    def audiences(self) -> Iterable[tuple[str, str]]:
        """The names of audiences, each with the key of the edition it gets."""
        return self._audiences.items()

    def editions(self) -> Iterator[dict[str, Any]]:
        """Yield key, subject, and numbers of blocks of each edition."""
        self._editions.seek(0)
        yield from map(json.loads, self._editions)

    def blocks(self) -> Iterator[tuple[int, str]]:
        """Yield every block with its number."""
        self._blocks.seek(0)
        yield from enumerate(map(json.loads, self._blocks))
