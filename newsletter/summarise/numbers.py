"""The numbers in a text, however they are written: 1,234.5 is 1.234,5 elsewhere, and three is 3."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NUMBER = re.compile(
    r"(?<!\w)(?<![^\W\d_]-)\d+(?:[.,' \u00a0\u202f\u2009]\d{3}(?!\d))*(?:[.,]\d+)?(?!\w)"
)
"""Not a part of a name: `GPT-4`, `FP16`, `3D`."""
_SPACES = re.compile(r"['\s]")
_GROUPS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_WORD = re.compile(r"[a-z]+")
IN_WORDS: Final = {
    word: str(value)
    for value, words in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
    for word in (words,)
} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70",
    "eighty": "80", "ninety": "90", "hundred": "100", "thousand": "1000", "dozen": "12",
    "million": "1000000", "billion": "1000000000", "trillion": "1000000000000",
    "twice": "2", "double": "2", "doubles": "2", "doubled": "2", "triple": "3", "triples": "3",
    "tripled": "3", "thrice": "3", "tenfold": "10", "half": "0.5", "halves": "0.5",
}  # fmt: skip
"""English words for numbers; other languages are translated to with digits as they were."""
_GLUE: Final = frozenset({"zero", "one", "two"})
"""More often words than numbers: `one of them`, `zero-shot`, `between the two`."""
_SHORT: Final = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "mn": "million"}


def values(text: str) -> list[frozenset[str]]:
    """Return what each number in digits may mean, in the order of the text.

    >>> [sorted(value) for value in values("1.234 of 3,5")]
    [['1.234', '1234'], ['3.5']]
    """
    seen = unicodedata.normalize("NFKC", text)
    return [_meanings(found[0]) for found in _NUMBER.finditer(seen)]


def _meanings(written: str) -> frozenset[str]:
    digits = "".join(str(unicodedata.decimal(char, char)) for char in written)
    digits = _SPACES.sub("", digits)
    marks = digits.count(".") + digits.count(",")
    found = {_decimal(digits.replace(",", "."))} if marks <= 1 else set()
    if _GROUPS.fullmatch(digits):
        found.add(_decimal(re.sub("[.,]", "", digits)))
    elif not found:  # 1,234.5: what comes last begins the fraction
        whole, point, rest = re.sub(r"[.,](?=.*[.,])", "", digits).replace(",", ".").partition(".")
        found.add(_decimal(whole + point + rest))
    return frozenset(found)


def _decimal(digits: str) -> str:
    whole, _, rest = digits.partition(".")
    whole, rest = whole.lstrip("0") or "0", rest.rstrip("0")
    return f"{whole}.{rest}" if rest else whole


def in_words(text: str) -> frozenset[str]:
    """Return the values of the English words for numbers in a text."""
    return frozenset(IN_WORDS[word] for word in _WORD.findall(text.lower()) if word in IN_WORDS)


def invented(text: str, source: str, *, english: bool) -> list[str]:
    """Return the numbers of a text that its source does not have, as they are written there.

    In an `english` text those in words count, too.
    """
    known = {meaning for value in values(source) for meaning in value} | in_words(source)
    seen = unicodedata.normalize("NFKC", text)
    found = [
        number[0].strip()
        for number in _NUMBER.finditer(seen)
        if _meanings(number[0]).isdisjoint(known)
    ]
    if english:
        found += [
            word
            for word in _WORD.findall(text.lower())
            if word in IN_WORDS.keys() - _GLUE and IN_WORDS[word] not in known | _scaled(source)
        ]
    return found


def _scaled(source: str) -> frozenset[str]:
    """Return the scales that a source has as letters: of `7B`, a billion."""
    letters = re.findall(r"\d\s?(k|m|b|bn|mn)\b", source.lower())
    return frozenset(IN_WORDS[_SHORT[letter]] for letter in letters)
