"""Quoted-printable bodies with tokens left open: each block is encoded once (RFC 2045, 6.7).

A text is cut at its tokens first and encoded then, so that what is filled in decodes to what stood
there. A soft line break, which decodes to nothing, stands on both sides of a token: no line grows
past 76 columns, however long an address is.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from newsletter.render.tokens import TOKEN

SOFT_BREAK = b"=\r\n"
PLAIN = 72
"""Characters of ASCII that fit a line as they are, whatever stands behind."""

Buffer = bytes | bytearray

_SPECIAL = re.compile("[&<>\"']")
_BARE_NEWLINE = re.compile(rb"(?<!\r)\n")


def encode_blocks(
    blocks: Mapping[int, str], kind: Literal["html", "text"], slots: dict[str, bytearray]
) -> dict[int, tuple[Buffer, ...]]:
    """Return blocks as pieces of a part of `kind`, by their numbers; tokens become `slots`.

    A slot is one bytearray wherever its token stands, named by kind and token (`html email`): what
    is written into it stands in every block. So filling an edition for a reader is joining bytes.
    """

    def encoded(block: str) -> Iterator[Buffer]:
        for place, piece in enumerate(TOKEN.split(block)):
            if place % 2:
                yield slots.setdefault(f"{kind} {piece}", bytearray())
            elif piece:
                yield quoted_printable(piece) + (b"" if piece.endswith("\n") else SOFT_BREAK)

    return {number: tuple(encoded(block)) for number, block in blocks.items()}


def fill_slots(slots: Mapping[str, bytearray], values: Mapping[str, str]) -> None:
    """Write a reader's values into the slots that an edition has."""
    made: dict[str, bytes] = {}
    for slot, place in slots.items():
        kind, _, name = slot.partition(" ")
        value = values[name]
        if kind == "html" and _SPECIAL.search(value):
            place[:] = _filling(html.escape(value))
            continue
        found = made.get(name)
        if found is None:
            found = made[name] = _filling(value)
        place[:] = found


def _filling(value: str) -> bytes:
    # Most values are short and plain: the codec would leave them as they are, and takes longer.
    width = len(value) + 2 * value.count("=")
    if width <= PLAIN and value.isascii() and value.isprintable() and not value.endswith(" "):
        return value.replace("=", "=3D").encode() + SOFT_BREAK
    return quoted_printable(value) + SOFT_BREAK


def quoted_printable(text: str) -> bytes:
    """Return text as quoted-printable, CRLF at its line ends."""
    raw = text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(raw, istext=True)
    return _BARE_NEWLINE.sub(b"\r\n", encoded)
