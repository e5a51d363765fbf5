"""Words as the index of searches sees them: queries that cannot fail, and texts without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_TEXT = 1_000
"""Characters of what somebody types that are looked at."""
MOST_WORDS = 12
"""Words and phrases of a query that are looked for; the rest is left out."""
Phrases = tuple[tuple[str, ...], ...]
"""What to look for; each phrase is a word, or several that stand together."""
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters of scripts that put no space between words, or glue endings to them: Thai, Lao, Burmese,
Khmer, Japanese, Chinese, Korean."""
_MARKS = re.compile(r'["“”„«»]')
STOP_WORDS = frozenset(
    "a about an and are as at be been by can do does for from has have how in into is it its of on "
    "or our than that the their these they this to using via was we what when which while who why "
    "will with without you".split()
)
"""Words that almost every text has: alone in a query they would only cost time."""


def spaced(text: str) -> str:
    """Return a text with spaces around each letter of scripts that write no spaces.

    The index takes a run of letters for one word. With the spaces, each such letter is a word, and
    a query is a phrase of them: it finds the letters wherever they stand together.
    """
    return text if text.isascii() else _UNSPACED.sub(r" \g<0> ", text)


def plain_words(text: str) -> list[str]:
    """Return the words of a text in lower case, as they are written."""
    return _WORD.findall(text.lower())


def phrases_of(text: str) -> Phrases:
    """Return the words of what somebody typed one by one, and those in quotation marks together.

    Stop words outside quotation marks are left out when there are other words.
    """
    found = list(_phrases(text[:MOST_TEXT]))
    telling = [phrase for phrase in found if len(phrase) > 1 or phrase[0] not in STOP_WORDS]
    return tuple(dict.fromkeys(telling or found))[:MOST_WORDS]


def has_quotes(text: str) -> bool:
    """Tell whether something in a query stands in quotation marks: it is meant to the letter."""
    return any(place % 2 for place, _ in list(enumerate(_MARKS.split(text[:MOST_TEXT])))[:-1])


def _phrases(text: str) -> Iterator[tuple[str, ...]]:
    pieces = _MARKS.split(text)
    for place, piece in enumerate(pieces):
        words = plain_words(piece)
        # A quotation mark that is never closed quotes nothing.
        if place % 2 and words and place < len(pieces) - 1:
            yield tuple(words[:MOST_WORDS])
        else:
            yield from ((word,) for word in words)
