"""The places in an edition that differ from reader to reader, as private-use characters.

`plain_text` takes private-use characters out of everything that comes from a source, and config
refuses them, so that no paper can be mistaken for a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

NAMES: Final = (
    "greeting",
    "email",
    "date",
    "unsubscribe",
    "preferences",
    "feedback",
)
"""Names of the values that differ between readers, filled in when a message is composed."""

OPEN_NAMES: Final = ("subject", "preheader")
"""Names of the values that differ between editions, filled in when one is built from blocks."""
NUMBER: Final = "n"
"""Name of the number of a paper, which differs between editions too. As a hole it is three
characters, as wide as a number can be, so that lines of text can be filled around it."""

TOKEN: Final = re.compile("\ue000([a-z_]+)\ue001")
"""Splits a text into literal, token name, literal, token name, …, literal."""

HOLE: Final = re.compile("\ue002([a-z_]+)\ue003")
"""The same for holes, which are filled when an edition is built."""


def token(name: str) -> str:
    """Return the token called `name`."""
    return f"\ue000{name}\ue001"


def hole(name: str) -> str:
    """Return the hole called `name`."""
    return f"\ue002{name}\ue003"


class Blocks:
    """The pieces that an issue's editions are built from: their blocks, cut at the tokens.

    Each token is a piece of its own, so that the text around it is encoded once. Equal pieces are
    stored once.
    """

    def __init__(self) -> None:
        """Begin with no pieces."""
        self.table: list[str] = []
        """The pieces: literal texts and tokens. The number of a piece is its index."""
        self._places: dict[str, int] = {}
        self._cut: dict[str, tuple[int, ...]] = {}

    def numbers(self, blocks: Iterable[str]) -> tuple[int, ...]:
        """Return the numbers of the pieces of `blocks`, in order."""
        cut = self._cut
        found: list[int] = []
        for block in blocks:
            numbers = cut.get(block)
            if numbers is None:
                numbers = cut[block] = tuple(map(self._place, _pieces(block)))
            found += numbers
        return tuple(found)

    def _place(self, piece: str) -> int:
        place = self._places.setdefault(piece, len(self.table))
        if place == len(self.table):
            self.table.append(piece)
        return place


def _pieces(block: str) -> list[str]:
    parts = TOKEN.split(block)
    return [token(part) if place % 2 else part for place, part in enumerate(parts) if part]
