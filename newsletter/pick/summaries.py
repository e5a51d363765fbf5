"""One sentence, or two short ones, that tell what is new in a paper."""

from __future__ import annotations

import re

from newsletter.model import Paper

MAX_LENGTH = 320
"""Characters: three or four lines on a phone."""

ENOUGH = 90
"""Characters from which a summary stands on its own."""

_ABBREVIATIONS = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|al|fig|figs|eq|eqs|sec|no|vol|dr|mr|mrs|ms|prof|st|approx|resp"
    r"|w\.r\.t|a\.k\.a|viz|ca)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“(]?[A-Z0-9\u00c0-\uffff])")
# The verbs with which authors say what they did (cue phrases: Teufel & Moens 2002, table 5).
_NOVEL = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|report)|our (?:paper|work|study))\b"
    r"(?:\s+\w+){0,3}?\s+(?:propos|present|introduc|show|demonstrat|develop|stud|investigat|"
    r"describ|releas|prove|explor|address|find|offer|provid|design|analy[sz]|report)",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """Return the sentences of plain text; abbreviations and decimals end none."""
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
    """Return what is new in `paper`, and who wrote it when it was not the authors.

    A source's own summary comes first; else the abstract's first sentence that says what the
    authors did, else its first. An abstract that is missing gives an empty string.
    """
    if paper.summary:
        return shorten(paper.summary, MAX_LENGTH), paper.summary_by
    listed = sentences(paper.abstract)
    start = next((n for n, sentence in enumerate(listed) if _NOVEL.search(sentence)), 0)
    told = listed[start] if listed else ""
    # A short sentence says too little alone: the next one finishes the thought, or, when it is
    # the last, the one before begins it.
    for sentence in listed[start + 1 :]:
        if len(told) < ENOUGH and len(told) + len(sentence) < MAX_LENGTH:
            told = f"{told} {sentence}"
    alone = start and told == listed[start] and len(told) < ENOUGH
    if alone and len(told) + len(listed[start - 1]) < MAX_LENGTH:
        told = f"{listed[start - 1]} {told}"
    return shorten(told, MAX_LENGTH), ""


def shorten(text: str, length: int) -> str:
    """Return `text` cut at a word, with an ellipsis, when it is longer than `length` characters."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    word = cut.rsplit(" ", 1)[0]
    # A text without spaces (Chinese, Japanese) is cut where it is.
    return (word if len(word) > length // 2 else cut).rstrip(" ,;:–—-") + "…"
