"""A term's spellings: closed, hyphenated and spaced compounds, and what is written in two ways.

A text is read with its hyphens as spaces, and without them (`fold_text`). So a hyphen in the text
needs no spelling. What is left: the text is closed where the term is not (dataset for data set), or
has a space where the term has none (data set for dataset).
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator

from newsletter.pick.filters.folding import CAPITALS, fold_word
from newsletter.pick.filters.letters import is_unspaced
from newsletter.pick.filters.plurals import EITHER, singular

SHORTEST = 3
"""Letters of each part where a space alone divides a word: with fewer, "in accuracy" would be
inaccuracy and "a synchronous" asynchronous. In 7,698 real papers, 142 pairs of neighbours that this
allows are one word three times or more elsewhere; one of them means another (real location)."""
SHORTEST_KOREAN = 2
PREFIXES = frozenset(("bi", "co", "re"))
"""Shorter parts that are no words of their own."""
FUNCTION_WORDS = frozenset(
    """
    about all and any are but can each even ever every for had has have her here his how less more
    not one our per she some than that the their them then there they this those too was were
    what when where which who why with you your
    """.split()
)
"""Words that stand beside any other: "not able" is not notable, "over all" not overall."""
MOST_JOINED = 2
"""Places of a phrase that are closed at once; in one of more than MANY words, one place."""
MANY = 6
MOST_FORMS = 16
"""Ways to choose among words that are written in two ways."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@functools.lru_cache(maxsize=50_000)
def spellings(words: str) -> tuple[str, ...]:
    """Return all texts to look for when a term is `words`, as `fold_term` makes it.

    >>> spellings(" pre-training ")
    (' pre training ', ' pretraining ')
    >>> spellings(" dataset ")
    (' dataset ', ' dat aset ', ' data set ')
    """
    tokens = re.findall(r"[^ -]+", words)
    hyphens = [gap == "-" for gap in re.findall(r"(?<=\S)[ -](?=\S)", words)]
    found: dict[str, None] = {}
    choices = itertools.product(*(_forms(token, alone=len(tokens) == 1) for token in tokens))
    for chosen in itertools.islice(choices, MOST_FORMS):
        for spelled in itertools.chain(_joined(chosen, hyphens), _divided(chosen)):
            found[f" {' '.join(spelled)} "] = None
    return tuple(found)


def _forms(word: str, *, alone: bool) -> tuple[str, ...]:
    """Return a word in all ways that the texts have it."""
    if len(word) == 1 and word.isascii() and word.isalpha() and not alone:
        return (word, word.swapcase())  # a lone capital is another word only by itself
    if word.upper() in CAPITALS and not (alone and word.isupper()):
        return (word.lower(), word.upper())
    more = tuple(plural for plural, nouns in EITHER.items() if word in nouns)
    return (word, *EITHER.get(word, ()), *more)


def _joined(words: tuple[str, ...], hyphens: list[bool]) -> Iterator[tuple[str, ...]]:
    """Yield a phrase as it is, and closed at one or two of its places."""
    places = [
        place
        for place, hyphen in enumerate(hyphens)
        if hyphen or _may_part(words[place], words[place + 1])
    ]
    for count in range(MOST_JOINED + 1 if len(words) <= MANY else 2):
        for closed in itertools.combinations(places, count):
            spelled = [words[0]]
            for place, word in enumerate(words[1:]):
                if place in closed:
                    spelled[-1] = fold_word((spelled[-1] + word).lower())
                else:
                    spelled.append(word)
            yield tuple(spelled)


def _divided(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield a phrase with one of its words divided by a space."""
    for place, word in enumerate(words):
        if len(word) > SHORTEST and not is_unspaced(word):
            for size in range(2, len(word)):
                left, right = word[:size], word[size:]
                if _may_part(left, right):
                    yield (*words[:place], singular(left), right, *words[place + 1 :])


def _may_part(left: str, right: str) -> bool:
    """Tell whether a space may divide a word into these parts."""
    if right[0].isdecimal():
        return len(left) >= SHORTEST and left.isalpha() and bool(_NUMBER.fullmatch(right))
    shortest = SHORTEST_KOREAN if "가" <= left[0] <= "힣" else SHORTEST
    if len(right) < shortest or (len(left) < shortest and left not in PREFIXES):
        return False
    return (
        left not in FUNCTION_WORDS
        and right not in FUNCTION_WORDS
        and left.isalpha()
        and right.isalpha()
    )
