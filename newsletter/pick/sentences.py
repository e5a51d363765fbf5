"""Find the sentence of an abstract that tells what is new: features of sentences, and weights.

This is a linear model over features of a sentence: its position, its length, the words that it
shares with the title and with the other sentences, and the phrases with which authors say what
they did (cue phrases: Teufel and Moens 2002, table 5). The weights are fitted to SciTLDR (Cachola
et al. 2020), a data set of abstracts with summaries by authors and reviewers:
`benchmarks/summaries.py --fit` prints them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_WORD = re.compile(r"[^\W_]+")
_ACRONYM = re.compile(r"\b[A-Z]{2,}|[a-z][A-Z]")
STEM = 5
"""Words are compared by this many first letters: `aligning`, `alignment`, `aligned` are equal."""
LONG = 60
"""Number of words above which a sentence's length makes no more difference."""
USUAL = 25
"""Number of words in a usual sentence: the unit of the feature `length`."""

CUES: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "makes": r"\bwe (?:\w+ )?(?:propos|introduc|present|develop|devis|design|describ)",
        "shows": r"\bwe (?:\w+ )?(?:show|demonstrat|prov|find|found|establish|observ|reveal"
        r"|discover)",
        "studies": r"\bwe (?:\w+ )?(?:stud|investigat|explor|examin|analy|consider|address|focus"
        r"|formulat|aim|tackle|revisit|learn|use|apply|extend)",
        "work": r"\b(?:this|the present|our) (?:paper|work|article|study|approach|method)\b",
        "here": r"\bin this (?:paper|work|article|study)\b",
        "end": r"\bhere,? we\b|\bto this end\b",
        "new": r"\b(?:new|novel)\b",
        "however": r"\b(?:however|but|although|while|despite|unfortunately)\b",
        "results": r"\b(?:experiment|evaluat|dataset|benchmark|results?|outperform"
        r"|state-of-the-art|empirical)",
        "code": r"\b(?:code|github|available|http)",
        "digit": r"\d",
        "we": r"\bwe\b",
        "our": r"\bour\b",
        "method": r"\b(?:method|model|approach|framework|algorithm|architecture|technique"
        r"|network)\b",
        "clause": r"\b(?:that|which)\b",
        "background": r"\b(?:for example|e\.g\.|such as|recent|recently|has been|have been|often"
        r"|typically)\b",
        "goes on": r"^(?:specifically|moreover|furthermore|additionally|in addition|finally|then"
        r"|in particular|also|first|second)\b",
        "named": r"\b(?:called|named|termed|dubbed|coined)\b",
        "better": r"\b(?:improv|better|faster|efficien|robust)",
        "may": r"\b(?:can|could|may|might)\b",
        "refers back": r"\b(?:it|this|these|they)\b",
        "question": r"\?$",
        "colon": r":",
    }.items()
}
SAYS: Final = ("makes", "shows", "studies")
"""The cues that mark a sentence which says what the authors did."""


def stems(text: str) -> list[str]:
    """Return the words of `text` in lower case, each cut to its first STEM letters."""
    return [word[:STEM] for word in _WORD.findall(text.lower())]


def features(sentences: Sequence[str], title: str) -> list[dict[str, float]]:
    """Return the features of each sentence of an abstract, by feature name."""
    words = [stems(sentence) for sentence in sentences]
    spread = Counter(word for some in words for word in set(some))
    named = set(stems(title))
    first = next(
        (n for n, sentence in enumerate(sentences) if CUES["makes"].search(sentence)), None
    )
    last = max(1, len(sentences) - 1)
    rows = []
    for number, sentence in enumerate(sentences):
        own = set(words[number])
        length = min(len(words[number]), LONG) / USUAL
        shared = sum(spread[word] - 1 for word in own if len(word) > 3)  # noqa: PLR2004  not the, of
        row = {
            "place": number / last,
            "place squared": (number / last) ** 2,
            "first": float(number == 0),
            "second": float(number == 1),
            "last": float(number == len(sentences) - 1),
            "length": length,
            "length squared": length**2,
            "very short": float(len(words[number]) < 10),  # noqa: PLR2004  too few to say much
            "central": shared / max(1, len(own)) / last,
            "of the title": len(named & own) / max(1, len(named)),
            "in the title": len(named & own) / max(1, len(own)),
            "first to make": float(first == number),
            "before it": float(first is not None and number < first),
            "after it": float(first is not None and number == first + 1),
            "few sentences": 1 / len(sentences),
            "acronym": float(_ACRONYM.search(sentence) is not None),
        }
        row |= {name: float(cue.search(sentence) is not None) for name, cue in CUES.items()}
        for name in SAYS:
            row[f"{name}, length"] = row[name] * length
            row[f"{name}, place"] = row[name] * row["place"]
            row[f"{name}, of the title"] = row[name] * row["of the title"]
        row["of the title, length"] = row["of the title"] * length
        row["in the title, length"] = row["in the title"] * length
        rows.append(row)
    return rows


WEIGHTS: Final[dict[str, float]] = {
    "place": -0.0814,
    "place squared": 0.0307,
    "first": -0.0179,
    "second": -0.051,
    "last": -0.0159,
    "length": 0.1739,
    "length squared": -0.0537,
    "very short": -0.0036,
    "central": 0.0788,
    "of the title": 0.3799,
    "in the title": 0.3113,
    "first to make": 0.1732,
    "before it": -0.0297,
    "after it": 0.0234,
    "few sentences": -0.5552,
    "acronym": 0.0136,
    "makes": 0.1133,
    "shows": 0.0864,
    "studies": 0.1191,
    "work": 0.0824,
    "here": 0.0194,
    "end": 0.1516,
    "new": 0.0268,
    "however": -0.0082,
    "results": -0.0303,
    "code": -0.0652,
    "digit": -0.0258,
    "we": 0.0643,
    "our": -0.0536,
    "method": 0.0221,
    "clause": 0.015,
    "background": -0.0393,
    "goes on": -0.0326,
    "named": -0.0087,
    "better": -0.0066,
    "may": -0.0079,
    "refers back": 0.0007,
    "question": -0.0018,
    "colon": -0.0368,
    "makes, length": -0.072,
    "makes, place": -0.1543,
    "makes, of the title": 0.1416,
    "shows, length": 0.008,
    "shows, place": -0.1786,
    "shows, of the title": 0.0737,
    "studies, length": 0.0256,
    "studies, place": -0.2233,
    "studies, of the title": -0.0425,
    "of the title, length": -0.1341,
    "in the title, length": 0.2277,
}


def scores(sentences: Sequence[str], title: str) -> list[float]:
    """Return a score for each sentence: the highest marks the one that best tells what is new."""
    return [
        sum(WEIGHTS[name] * value for name, value in row.items() if value)
        for row in features(sentences, title)
    ]


_OPENING = re.compile(
    r"^(?:(?:in|with|through) this (?:paper|work|article|study|report|manuscript|contribution)"
    r"|to (?:this|that) end|to (?:address|tackle|solve|overcome|fill) (?:this|these)(?: \w+)?"
    r"|more specifically|specifically|however|here|therefore|thus|hence|in particular|moreover"
    r"|furthermore|additionally|finally|(?:motivated|inspired) by this|concretely|in contrast"
    r"|as a result|consequently|nevertheless|for this purpose|accordingly),?\s+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"^[^,;:]{3,100}, (?=(?:we|this (?:paper|work)) \w)", re.IGNORECASE)
# Only brackets after a space are asides: in `O(n)` and `n^(0.3)` they are part of the word.
_ASIDE = re.compile(r"\s+[(\[][^()\[\]]*[)\]]")
_IN_THIS = re.compile(r"\bin this (?:paper|work|article|study),? ", re.IGNORECASE)
ENOUGH_WORDS = 8
"""An opening clause is cut only if at least this many words of the sentence remain."""


def trim(sentence: str) -> str:
    """Return the sentence without asides in brackets and without introductory phrases.

    >>> trim("In this paper, inspired by bees, we propose a hive (HIVE) of small models for all.")
    'We propose a hive of small models for all.'
    """
    text = _ASIDE.sub("", sentence)
    while (shorter := _OPENING.sub("", text)) != text:
        text = shorter
    shorter = _CLAUSE.sub("", text)
    if len(shorter.split()) >= ENOUGH_WORDS:
        text = shorter
    text = _IN_THIS.sub("", text).strip()
    return text[:1].upper() + text[1:] if text else sentence
