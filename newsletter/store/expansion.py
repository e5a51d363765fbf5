"""The words by which some papers differ from others: they find what is about the same."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar

from newsletter.store.words import STOP_WORDS, plain_words

WORDS = 6
"""Words that are added to a query."""
TITLE_TIMES = 3
"""How often the words of a title count."""
OWN = 16
"""Words of a paper with which papers like it are looked for."""
SHORTEST = 3
"""Letters of a word that may be added."""
RARE, FEW_RARE = 0.1, 0.5
"""Share of all papers that may have a word that is added: others say little, and cost time. Among
few papers more may have it."""
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

    @property
    def is_sure(self) -> bool:
        """Whether there are enough papers to tell which words are rare."""
        return self.count >= FEWEST

    def share(self, name: str) -> float:
        """Return the share of papers that have a stem."""
        return self._having[name] / max(1, self.count)

    def inverse(self, name: str) -> float:
        """Return how much less common a stem is than one that every paper has, as a logarithm.

        A word that almost no other paper has says no more than one that some have.
        """
        return math.log((self.count + 1) / max(self._having[name], 2))

    def says(self, name: str, having: int, of: int) -> float:
        """Return how much a stem says that `having` of `of` examples have; 0 if it may be chance.

        The offer weight (Robertson and Sparck Jones 1994): the number of examples, times the
        logarithm of the odds of meeting the stem in an example rather than in any paper.
        """
        share = self.share(name)
        usual = max(share * of, SHARED / 10)
        if share > RARE or (having - usual) / math.sqrt(usual) < SURPRISE:
            return 0.0
        share = (self._having[name] + 0.5) / (self.count + 1)
        inside = (having + 0.5) / (of - having + 0.5)
        return max(0.0, having * math.log(inside * (1 - share) / share))


Weights = Mapping[str, float]
"""The weight of each stem in a text; their squares add up to one."""


def weights_of(title: str, abstract: str, rarity: Rarity) -> Weights:
    """Return how much each stem says about the subject of a text: it is often there, and rare."""
    words = plain_words(title) * TITLE_TIMES + plain_words(abstract)
    counts = Counter(stem(word) for word in words if len(word) >= SHORTEST)
    found = {
        name: (1 + math.log(count)) * rarity.inverse(name)
        for name, count in counts.items()
        if not name.isdigit()
    }
    length = math.sqrt(sum(value**2 for value in found.values())) or 1.0
    return {name: value / length for name, value in found.items()}


def likeness(left: Weights, right: Weights) -> float:
    """Return how alike two texts are, in [0, 1]: the cosine of their weights."""
    return sum(value * right.get(name, 0.0) for name, value in left.items())


def words_of(title: str, abstract: str, rarity: Rarity) -> tuple[str, ...]:
    """Return the words that say most about the subject of a text, the first best."""
    weights = weights_of(title, abstract, rarity)
    most = RARE if rarity.is_sure else FEW_RARE
    best = sorted((-weight, name) for name, weight in weights.items() if rarity.share(name) <= most)
    forms = {stem(word): word for word in reversed(plain_words(f"{title} {abstract}"))}
    return tuple(forms[name] for _, name in best[:OWN])


def telling_words(texts: Sequence[str], asked: Collection[str], rarity: Rarity) -> tuple[str, ...]:
    """Return the words by which the texts of examples differ from other papers, the best first.

    The words that were `asked` for, in any form, are left out: they are in the query already.
    """
    if not rarity.is_sure:
        return ()
    known = set(map(stem, asked))
    words = [
        {word for word in plain_words(text) if len(word) >= SHORTEST} - STOP_WORDS for text in texts
    ]
    having = Counter(itertools.chain.from_iterable(set(map(stem, some)) for some in words))
    scored = [
        (-points, name)
        for name, count in having.items()
        if count >= SHARED
        and name not in known
        and not name.isdigit()
        and (points := rarity.says(name, count, len(texts)))
    ]
    best = [name for _, name in sorted(scored)[:WORDS]]
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
