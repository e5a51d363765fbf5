"""The words by which some papers differ from others: they find what is about the same."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

from newsletter.store.words import plain_words

WORDS = 8
"""Words that are added to a query."""
SHORTEST = 3
"""Letters of a word that may be added."""
RARE = 0.1
"""Share of all papers that may have a word that is added: others say little, and cost time."""
SHARED = 3
"""Examples that must have a word, so that it is not one author's only."""
SURPRISE = 4.0
"""Standard deviations by which examples have a word more often than any papers would by chance."""
FEWEST = 50
"""Papers that a sample needs: among fewer, any word looks rare."""


class Rarity:
    """How many papers have each word, estimated from the newest ones."""

    SAMPLE: ClassVar[int] = 1_000
    STALE: ClassVar[int] = 500
    """New papers after which it is estimated again."""

    def __init__(self, texts: Iterable[str] = (), newest: int = -1) -> None:
        """Count the words of some texts; `newest` is the number of the newest paper."""
        self._newest = newest
        self._having: Counter[str] = Counter()
        self.count = 0
        for text in texts:
            self._having.update(set(map(stem, set(plain_words(text)))))
            self.count += 1

    def is_stale(self, newest: int) -> bool:
        """Tell whether many papers came since then."""
        return self._newest < 0 or not self._newest <= newest <= self._newest + self.STALE

    def share(self, word: str) -> float:
        """Return the share of papers that have a word in any form."""
        return self._share(stem(word))

    def says(self, name: str, having: int, of: int) -> float:
        """Return how much a stem says that `having` of `of` examples have; 0 if it may be chance.

        The offer weight (Robertson and Sparck Jones 1994): the number of examples, times the
        logarithm of the odds of meeting the stem in an example rather than in any paper.
        """
        share = self._share(name)
        usual = max(share * of, SHARED / 10)
        if share > RARE or (having - usual) / math.sqrt(usual) < SURPRISE:
            return 0.0
        share = (self._having[name] + 0.5) / (self.count + 1)
        inside = (having + 0.5) / (of - having + 0.5)
        return max(0.0, having * math.log(inside * (1 - share) / share))

    def _share(self, name: str) -> float:
        return self._having[name] / max(1, self.count)


def telling_words(texts: Sequence[str], asked: Collection[str], rarity: Rarity) -> tuple[str, ...]:
    """Return the words by which the texts of examples differ from other papers, the best first.

    The words that were `asked` for, in any form, are left out: they are in the query already.
    """
    if rarity.count < FEWEST:
        return ()
    known = set(map(stem, asked))
    words = [{word for word in plain_words(text) if len(word) >= SHORTEST} for text in texts]
    having = Counter(itertools.chain.from_iterable(set(map(stem, some)) for some in words))
    scored = [
        (-points, name)
        for name, count in having.items()
        if count >= SHARED and (points := rarity.says(name, count, len(texts)))
    ]
    best = [name for _, name in sorted(scored) if name not in known and not name.isdigit()][:WORDS]
    written = Counter(word for some in words for word in some if stem(word) in best)
    # Each stem in the form in which most texts have it; a tie goes to the alphabet.
    forms = {stem(word): word for word, _ in sorted(written.items(), key=_often)}
    return tuple(forms[name] for name in best)


def _often(counted: tuple[str, int]) -> tuple[int, str]:
    word, count = counted
    return count, word


_ENDINGS = (
    "ization", "isation", "ations", "ation", "izing", "ising", "ments", "ment", "ized", "ised",
    "ings", "ing", "ities", "ity", "ions", "ion", "ives", "ive", "ies", "ize", "ise", "ers", "er",
    "ed", "es", "al", "s", "e", "y",
)  # fmt: skip
_ROOT = 4
"""Letters that an ending leaves at least."""


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return a word without its ending: forms of a word mostly have the same stem.

    Only counts depend on it; the search itself has stems of its own.
    """
    if word.endswith(_ENDINGS):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _ROOT:
                return word[: -len(ending)]
    return word
