"""One sentence, or two short ones, that tell what is new in a paper."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsletter.model import Paper
from newsletter.pick.sentences import scores, trim

MAX_LENGTH = 320
"""Maximum number of characters: three or four lines on a phone."""

FEW_WORDS = 11
"""A sentence of fewer words says too little on its own."""
MANY_WORDS = 38
"""Two sentences together must have fewer words than this."""

_ABBREVIATIONS = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|al|fig|figs|eq|eqs|sec|no|vol|dr|mr|mrs|ms|prof|st|approx|resp"
    r"|w\.r\.t|a\.k\.a|viz|ca)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“(]?[A-Z0-9\u00c0-\uffff])")


def sentences(text: str) -> list[str]:
    """Return the sentences of plain text; dots in abbreviations and decimals end no sentence."""
    found: list[str] = []
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        candidate = text[start : boundary.start()].strip()
        if candidate and not _ABBREVIATIONS.search(candidate):
            found.append(text[start : boundary.end()].strip())
            start = boundary.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


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
    return shorten(complete(listed, scores(listed, paper.title)), MAX_LENGTH), ""


def complete(listed: Sequence[str], marks: Sequence[float]) -> str:
    """Return the sentence with the best mark, trimmed; a very short one gets a neighbour with it.

    `We propose Xylo.` alone says too little: the neighbour with the better mark is added.
    """
    best = max(range(len(listed)), key=lambda number: (marks[number], -number))
    told = trim(listed[best])
    beside = [number for number in (best + 1, best - 1) if 0 <= number < len(listed)]
    if len(told.split()) < FEW_WORDS and beside:
        other = max(beside, key=lambda number: marks[number])
        first, second = sorted((best, other))
        both = f"{trim(listed[first])} {trim(listed[second])}"
        if len(both.split()) < MANY_WORDS:
            told = both
    return told


def shorten(text: str, length: int) -> str:
    """Return `text` cut at a word, with an ellipsis, when it is longer than `length` characters."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    word = cut.rsplit(" ", 1)[0]
    # A text without spaces (Chinese, Japanese) is cut exactly at the length.
    return (word if len(word) > length // 2 else cut).rstrip(" ,;:–—-") + "…"
