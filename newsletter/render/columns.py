"""Columns: text as wide as it is shown, where Chinese and emoji take two columns and marks none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import wcwidth

COLUMNS: Final = 72
"""Width of the text part: what people who read mail as text expect (RFC 3676, 4.2)."""
PREHEADER: Final = 200
"""Columns of the line that an inbox shows beside the subject, at most (Gmail on a wide screen)."""

_WIDE = 2
_BLANK = "\u034f\u200c\u00a0"
"""One blank column that inboxes neither drop nor join with the next: a combining grapheme joiner,
a zero-width non-joiner, and a space that is not white space to them."""
_SPACES = re.compile(r"[^\S\u00a0\u2007\u202f]+")
"""White space at which a line may break: not the no-break spaces."""
_CLOSING = frozenset(("Pe", "Pf", "Po"))
_OPENING = frozenset(("Ps", "Pi"))
_NEVER_FIRST = frozenset("ー々〻ゝゞヽヾ～〜ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ")
"""Marks that lengthen or repeat, and small kana: no line begins with them (JIS X 4051, and the
classes NS and CJ of Unicode's UAX #14)."""


def width(text: object) -> int:
    """Return how many columns a line of text takes."""
    return wcwidth.width(str(text))


def padded(line: str, columns: int = PREHEADER) -> str:
    """Return a preheader with blanks after it up to `columns`, so that no other text follows it.

    An empty one stays empty: an inbox then shows how the mail begins.
    """
    return line + _BLANK * (columns - width(line)) if line else ""


def underlined(text: object) -> str:
    """Return a heading of the text part, with a line below it that is as wide."""
    heading = fill(text)
    return f"{heading}\n{'=' * max(map(width, heading.splitlines()), default=0)}"


def fill(text: object, indent: str = "", first: str | None = None) -> str:
    """Return `text` in lines of at most COLUMNS columns; an address is never broken.

    `indent` is put before each line, `first` (if given) before the first one instead. A line breaks
    at spaces, and in writing without spaces between any two characters that may be parted. Raises
    ValueError for an indent as wide as the text.
    """
    lead = indent if first is None else first
    if max(width(indent), width(lead)) >= COLUMNS:
        raise ValueError(f"an indent of {COLUMNS} columns or more")
    lines: list[str] = []
    line, used = "", 0
    for gap, piece in _pieces(str(text), COLUMNS - max(width(indent), width(lead))):
        size = width(piece)
        if line and used + len(gap) + size <= COLUMNS:
            line += gap + piece
            used += len(gap) + size
            continue
        if line:
            lines.append(line)
        start = indent if line else lead
        line, used = start + piece, width(start) + size
    return "\n".join((*lines, line))


def _pieces(text: str, room: int) -> Iterator[tuple[str, str]]:
    """Yield what no line may part, each with the space that stands before it in a line."""
    for word in filter(None, _SPACES.split(text)):
        gap = " "
        for piece in _parted(word):
            is_address = "://" in piece or piece.startswith("mailto:")
            for bit in (piece,) if is_address or width(piece) <= room else _cut(piece, room):
                yield gap, bit
                gap = ""


def _parted(word: str) -> Iterator[str]:
    """Yield a word, cut where a line may break: beside a character of writing without spaces."""
    if word.isascii():
        yield word
        return
    piece = before = ""
    for sign in wcwidth.iter_graphemes(word):
        if before and _may_part(before[0], sign[0]):
            yield piece
            piece = ""
        piece += sign
        before = sign
    yield piece


def _may_part(before: str, after: str) -> bool:
    """Tell whether a line may break between two characters (UAX #14, as far as prose needs it)."""
    if not (_stands_alone(before) or _stands_alone(after)):
        return False
    if unicodedata.category(after) in _CLOSING or after in _NEVER_FIRST:
        return False
    return unicodedata.category(before) not in _OPENING


def _stands_alone(char: str) -> bool:
    """Tell whether a character is of writing without spaces; Korean has spaces between words."""
    return wcwidth.wcwidth(char) == _WIDE and "HANGUL" not in unicodedata.name(char, "")


def _cut(word: str, room: int) -> Iterator[str]:
    """Yield a word without a place to break in bits of at most `room` columns."""
    bit = ""
    for sign in wcwidth.iter_graphemes(word):
        if bit and width(bit) + width(sign) > room:
            yield bit
            bit = ""
        bit += sign
    yield bit
