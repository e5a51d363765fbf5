"""The spool: editions are kept in files until the issue is planned; only a few are in memory."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, Self, TypedDict

from newsletter.model import Edition, KeptDraft


class EditionRow(TypedDict):
    """One edition, as the spool keeps it: blocks by their numbers."""

    key: str
    subject: str
    html: list[int]
    text: list[int]


class Spool:
    """Editions on their way into the database, in unnamed temporary files.

    Ten thousand personal editions have most blocks in common: each block is written once. The
    database is locked only after all editions have been written here. Use as a context manager.
    """

    def __init__(self) -> None:
        """Start with no editions."""
        self.draft: KeptDraft | None = None
        self._editions: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  __exit__ closes it
        self._blocks: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  __exit__ closes it
        self._numbers: dict[bytes, int] = {}
        self._audiences: dict[str, str] = {}
        self._keys: set[str] = set()

    def __enter__(self) -> Self:
        """Return the spool."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close the files, which deletes them."""
        self._editions.close()
        self._blocks.close()

    def add(self, audience: str, edition: Edition) -> None:
        """Record that an audience gets an edition; each edition is written only once."""
        self._audiences[audience] = edition.key
        if edition.key in self._keys:
            return
        self._keys.add(edition.key)
        row: EditionRow = {
            "key": edition.key,
            "subject": edition.subject,
            "html": self._numbered(edition, edition.html_blocks),
            "text": self._numbered(edition, edition.text_blocks),
        }
        self._editions.write(json.dumps(row) + "\n")

    def leave(self, draft: KeptDraft, seen: Iterable[str]) -> None:
        """Leave the other editions to be made when they are sent, from a draft.

        Audiences that were `seen` and have no edition get no mail.
        """
        self.draft = draft
        for audience in seen:
            self._audiences.setdefault(audience, "")

    def _numbered(self, edition: Edition, blocks: Iterable[int]) -> list[int]:
        """Return the numbers of an edition's blocks in this spool; write blocks that are new."""
        found = []
        for number in blocks:
            block = edition.blocks[number]
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
        """The names of audiences, each with the key of the edition it gets, or nothing."""
        return self._audiences.items()

    def editions(self) -> Iterator[EditionRow]:
        """Yield the key, the subject and the block numbers of each edition."""
        self._editions.seek(0)
        yield from map(json.loads, self._editions)

    def blocks(self) -> Iterator[tuple[int, str]]:
        """Yield every block with its number."""
        self._blocks.seek(0)
        yield from enumerate(map(json.loads, self._blocks))
