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
"""What is a reader's own, filled in when a message is composed."""

OPEN_NAMES: Final = ("subject", "preheader")
"""What is an edition's own, filled in when it is put together from rendered blocks."""

TOKEN: Final = re.compile("\ue000([a-z_]+)\ue001")
"""Splits a text into literal, token name, literal, token name, …, literal."""

HOLE: Final = re.compile("\ue002([a-z0-9_]+)\ue003")
"""The same for what is open until an edition is put together: names, and numbers of links."""


def token(name: str) -> str:
    """Return the token called `name`."""
    return f"\ue000{name}\ue001"


def hole(name: str | int) -> str:
    """Return the hole called `name`; a number stands for the so-manieth link of its block."""
    return f"\ue002{name}\ue003"


class Blocks:
    """What an issue's editions are put together from: their blocks, cut at the tokens.

    A token stands alone, so that what is around it is encoded once. What is equal is kept once.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.table: list[str] = []
        """Literal texts and tokens, by their numbers."""
        self._places: dict[str, int] = {}
        self._cut: dict[str, tuple[int, ...]] = {}

    def numbers(self, blocks: Iterable[str]) -> tuple[int, ...]:
        """Return the numbers of the pieces of `blocks`, in their order."""
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
    names = TOKEN.split(block)
    return [token(one) if place % 2 else one for place, one in enumerate(names) if one]
