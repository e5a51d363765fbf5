"""One sentence, or two short ones, that tell what is new in a paper; and what adds to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from newsletter.model import Paper
from newsletter.pick.sentences import sentences
from newsletter.pick.telling import STEM, scores, words_of
from newsletter.pick.trimming import begins_list, offers, stands_alone, trim

MAX_LENGTH = 320
"""Maximum number of characters: three or four lines on a phone."""

FEW_WORDS = 11
"""A sentence of fewer words says too little on its own."""
MANY_WORDS = 38
"""Two sentences together must have fewer words than this."""
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{2}")
"""Two letters of a script that is written without spaces: about a word."""
_UNSPACED_STOP = re.compile(r"[。！？｡．][」』）】”’]?$")
"""The end of a sentence after which no space stands."""

FEW_WORDS_OF_DETAIL = 3
"""A detail of fewer words is a heading, a number in a list or somebody's address."""
MOST_DETAILS = 3
"""How many sentences are told below the summary at most."""
ALIKE = 0.5
"""Two sentences say the same when the shorter one shares this part of its telling words."""
ENOUGH_ALIKE = 3
"""And at least so many, if it has them."""
_NUMBER = re.compile(r"(?<![\w-])(?!(?:19|20)\d\d\b)\d+(?:[.,]\d+)*(?:\s?%|[x×kKMB]\b)?(?![\w-])")
"""A quantity; `GPT-4`, `3D` and a year are none."""
_FOUND = frozenset(
    "outpe impro achie surpa reduc incre excee accel gains boost match faste bette highe lower"
    " state show shows shown demon find finds found revea prove prove obser resul signi consi"
    " accur yield cuts halve doubl estab confi indic sugge".split()
)
"""Beginnings of words with which authors tell what they found."""
_PRAISE = re.compile(
    r"\b(?:effectiveness|superiority|efficacy|feasibility|usefulness|viability)\b", re.IGNORECASE
)
_COMPARED = frozenset(
    "outpe impro achie surpa reduc incre excee gains match faste bette than".split()
)
"""Beginnings of words with which praise of a method has something to stand on."""
_ADDRESS = re.compile(r"\b10\.\d{4,9}/\S|\w@\w|\bdoi:|\b\d+(?:\(\d+\))?:\d+[-–]\d", re.IGNORECASE)
"""A DOI, somebody's address, or a volume and its pages."""
_LETTER = re.compile(r"[^\W\d_]")
_OWN = frozenset("we our i my paper work study".split())
_ELSEWHERE = frozenset("code github http https available website page demo released".split())
"""Words of sentences that tell where to find things."""


def summarise(paper: Paper) -> tuple[str, str]:
    """Return a summary of what is new in `paper`, and who wrote it if not the paper's authors.

    If a source gave a summary, that is used; otherwise the sentence of the abstract that tells best
    what is new, as the authors wrote it. Without an abstract the summary is an empty string.
    """
    if paper.summary:
        return shorten(paper.summary, MAX_LENGTH), paper.summary_by
    listed = sentences(paper.abstract)
    if not listed:
        return "", ""
    told = complete(listed, scores(listed, paper.title))
    if begins_list(told):
        told = told.rstrip(".;, ") + "…"
    return shorten(told, MAX_LENGTH), ""


def complete(listed: Sequence[str], marks: Sequence[float]) -> str:
    """Return the sentence with the best mark that stands alone; a very short one with a neighbour.

    `We propose Xylo.` alone says too little: the neighbour with the better mark is added. When no
    sentence stands alone, the best one is told with the sentence before it.
    """
    context = " ".join(listed)
    order = sorted(
        range(len(listed)), key=lambda number: (offers(listed[number]), -marks[number], number)
    )
    best, told = next(_alone(listed, order, context), (order[0], trim(listed[order[0]], context)))
    if _size(told) >= FEW_WORDS:
        return told
    # The next sentence may refer to the one that is told before it; the one before may not.
    beside = dict(_alone(listed, [best - 1] if best else [], context))
    after = listed[best + 1] if best + 1 < len(listed) else "?"
    if "?" not in after and not offers(after):
        beside[best + 1] = listed[best + 1]
    if not beside:
        return told
    other = max(beside, key=lambda number: marks[number])
    pair = (told, listed[other]) if other > best else (beside[other], listed[best])
    both = ("" if _UNSPACED_STOP.search(pair[0]) else " ").join(pair)
    return both if _size(both) < MANY_WORDS else told


def _alone(
    listed: Sequence[str], numbers: Iterable[int], context: str
) -> Iterator[tuple[int, str]]:
    """Yield the sentences of these numbers that stand alone, trimmed."""
    for number in numbers:
        if stands_alone(told := trim(listed[number], context)):
            yield number, told


def details(paper: Paper, told: str) -> tuple[str, ...]:
    """Return the sentences of the abstract that add a result to `told`, in the abstract's order.

    They are whole and as their authors wrote them, each stands alone, and none says what `told` or
    another one says. Sentences with a quantity come before those without.
    """
    listed = sentences(paper.abstract)
    words = [set(words_of(sentence)) for sentence in listed]
    # What comes before the authors speak of themselves tells of the work of others.
    own = next((number for number, some in enumerate(words) if some & _OWN), len(listed) // 2)
    worth = {
        number: _worth(listed[number], words[number])
        for number in range(own, len(listed))
        if not words[number] & _ELSEWHERE
    }
    kept: list[int] = []
    said = [_telling(words_of(sentence)) for sentence in sentences(told)]
    for number in sorted(worth, key=lambda number: (-worth[number], number)):
        telling = _telling(words[number])
        if (
            worth[number]
            and len(kept) < MOST_DETAILS
            and not any(_alike(telling, other) for other in said)
            and stands_alone(listed[number])
        ):
            kept.append(number)
            said.append(telling)
    return tuple(listed[number] for number in sorted(kept))


def _worth(sentence: str, words: Iterable[str]) -> int:
    """Return how much a sentence adds as a detail: 2 for a quantity, 1 for a finding in words."""
    stems = _stems(words)
    has_number = _NUMBER.search(sentence) is not None
    if (
        sum(bool(_LETTER.search(word)) for word in sentence.split())
        + len(_UNSPACED.findall(sentence))
        < FEW_WORDS_OF_DETAIL
        or _ADDRESS.search(sentence)
        or offers(sentence)
        or begins_list(sentence)
        # `Experiments show the superiority of our method`: a result that is not told.
        or (_PRAISE.search(sentence) and not has_number and stems.isdisjoint(_COMPARED))
    ):
        return 0
    return 2 * has_number + bool(stems & _FOUND)


def _stems(words: Iterable[str]) -> set[str]:
    return {word[:STEM] for word in words}


def _telling(words: Iterable[str]) -> set[str]:
    """Return the stems of the words that are more than `the` and `with`."""
    return {word[:STEM] for word in words if len(word) >= STEM or word[0].isdigit()}


def _alike(some: set[str], others: set[str]) -> bool:
    fewer = min(len(some), len(others))
    return len(some & others) >= max(ALIKE * fewer, min(ENOUGH_ALIKE, fewer))


def _size(text: str) -> int:
    """Return about how many words a text has, in any script."""
    return len(text.split()) + len(_UNSPACED.findall(text))


def shorten(text: str, length: int) -> str:
    """Return `text` cut at a word, with an ellipsis, when it is longer than `length` characters."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    word = cut.rsplit(" ", 1)[0]
    # A text without spaces (Chinese, Japanese) is cut exactly at the length.
    return (word if len(word) > length // 2 else cut).rstrip(" ,;:–—-") + "…"
