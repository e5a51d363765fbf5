"""Letters as matching sees them, each script by its own rules.

Latin and Greek lose their accents. Elsewhere a mark is part of a letter: か is not が, и is not й,
Thai and Indic vowels are marks. Dropped are those that readers may leave out: Hebrew points, Arabic
vowels, Russian stress. Unicode's compatibility forms are one (NFKC, UAX 15): ﬁ and fi, ｶﾞ and ガ.
"""

from __future__ import annotations

import re
import unicodedata

JOINT = "\x00"
"""Stands in a text for a hyphen within a word until `plain_letters` makes it a `-`."""
POINT = "\x01"
"""Stands for the point of a decimal number until `plain_letters` makes it a `.`."""

_ALIKE = str.maketrans(
    {
        "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d",
        "þ": "th", "ё": "е", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك",
        "ـ": "", JOINT: "-", POINT: ".",
    }
)  # fmt: skip
"""Letters that readers write in two ways, and that Unicode does not decompose. Arabic and Persian
after the normalisers of Lucene (org.apache.lucene.analysis.ar and .fa)."""
_OPTIONAL = ((0x0300, 0x036F), (0x0591, 0x05C7), (0x064B, 0x065F), (0x0670, 0x0670))
"""Marks that may be left out: accents that no letter has, Hebrew points, Arabic vowels."""
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF),
    (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x3FFFF),
)  # fmt: skip
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese: scripts without spaces between words."""


class _Letters(dict[int, str]):
    """Code point → what it becomes; found out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _letter(chr(code))
        return found


def _letter(char: str) -> str:
    kind = unicodedata.category(char)
    if ord(char) in _ALIKE:
        return char.translate(_ALIKE)
    if kind == "Cf" or any(first <= ord(char) <= last for first, last in _OPTIONAL):
        return ""  # a soft hyphen, a mark of direction, an accent
    if kind[0] not in "LMN":
        return " "
    base = unicodedata.normalize("NFD", char)[0]
    is_accented = unicodedata.name(base, "").startswith(("LATIN", "GREEK"))
    return base.translate(_ALIKE) if is_accented else char


_LETTERS = _Letters()


def plain_letters(text: str) -> str:
    """Return a text in NFKC as letters, marks and digits in lower case; all else is a space."""
    return text.casefold().translate(_LETTERS)


_MARKS = "".join(
    char
    for first, last in _UNSPACED[:5]
    for char in map(chr, range(first, last + 1))
    if unicodedata.category(char)[0] == "M"
)
_BLOCKS = "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSPACED)
_SYLLABLE = re.compile(f"[{_BLOCKS}][{_MARKS}]*")
_HANGUL = re.compile("(?<=[A-Za-z0-9])(?=[가-힣])|(?<=[가-힣])(?=[A-Za-z0-9])")


def spread(text: str) -> str:
    """Return a text with spaces around each character of a script without spaces between words.

    So a phrase of characters is found wherever it stands, and BERT is found in 使用BERT的方法.

    >>> spread("使用bert的方法")
    ' 使  用 bert 的  方  法 '
    """
    if text.isascii():
        return text
    return _HANGUL.sub(" ", _SYLLABLE.sub(r" \g<0> ", text))


def is_unspaced(word: str) -> bool:
    """Tell whether a word is a character of a script without spaces between words."""
    return _SYLLABLE.fullmatch(word) is not None
