"""What no sentence about a paper has: links, markup, telephone numbers, what cannot be seen.

A rule here holds whatever the abstract says, for whoever attacks writes the abstract. Each is about
a kind of sign: there is no list of bad hosts or of bad sentences.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from newsletter.collect.plain.text import plain_text
from newsletter.model.gate import NEVER

_NEVER = re.compile(f"[{NEVER}]")
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and signs that look like nothing: fillers, a joiner, an empty cell of Braille."""
_JOINERS = re.compile(
    "(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])|[\u200c\u200d]{2}"
)
"""Joiners that are not between letters of a script that needs them."""
_PLAIN_KINDS: Final = frozenset(
    "Lu Ll Lt Lm Lo Mn Mc Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk Zs".split()
)
"""General categories (UAX #44, 5.7.1) of what is written; pictures (So) and all formats are not."""
_VARIATIONS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Variation selectors: a string of them hides a message."""
MOST_MARKS: Final = 3
"""Marks above one letter; Vietnamese, Hebrew and Thai have two."""

_ENDS: Final = "com|org|net|io|ai|edu|gov|info|biz|app|dev|xyz|top|site|shop|online"
_DOTS: Final = ".。．｡․‧·"
"""Full stops, and what looks like one or is read as one in a host's name (UTS #46)."""
_LINKS: Final = {
    "an address": re.compile(r"[a-z][a-z0-9+.-]*:/|//|\bwww\b|hxxp|\w:(?=[^\W\d_])", re.IGNORECASE),
    # `example.org`, `bit.ly/x`, `пример.рф`: a mail program makes links of such words by itself.
    "a host": re.compile(
        rf"[\w-]\s?[{_DOTS}]\s?(?:{_ENDS})\b"
        rf"|[^\W_][.．․][^\W\d_][\w-]+"
        r"|\b(?:\d{1,3}\s?\.\s?){3}\d{1,3}\b|[0-9a-f]*::|\b(?:[0-9a-f]{1,4}:){3}",
        re.IGNORECASE,
    ),
    "a host in words": re.compile(
        rf"\b(?:dot|punkt|point|punto|ponto|punt)[\s\-_]+(?:{_ENDS})\b|\bdot[\s\-_]+[a-z]{{2}}\b"
        r"|[\[({]\s*(?:\.|dot|at|punkt)\s*[\])}]",
        re.IGNORECASE,
    ),
    # `pass@1` and `precision@k` are no addresses.
    "an address of mail, or a handle": re.compile(
        r"@(?!(?:\d{1,4}|k|n)\b)|(?<![a-z])@|@\w+[.@]\w|\bat\s+\w+\s+dot\b", re.IGNORECASE
    ),
    "an identifier that leads somewhere": re.compile(r"\b10\.\d{4,}\s?/|\\|(?<!\w)/\w+/|~/"),
}
_MARKUP: Final = {
    # `p < 0.05` and `n > 3` are none.
    "markup": re.compile(
        r"<\s*[a-z/!?]|[a-z\"'/]\s*>(?!\s?=?\s?\d)|&#?\w+;|=\s*[\"']", re.IGNORECASE
    ),
    "Markdown": re.compile(
        r"\]\s*\(|!\s*\[|\]\s*:|`|\*\*|__|~~|^\s*(?:[#>|]|[-*+•]\s|\d+[.)]\s)"
        r"|(?<!\w)[*_]\w[^*_]*[*_](?!\w)"
    ),
    "a template": re.compile(r"\{\{|\{%|%\}|\}\}|\$\{|%%|\*\|"),
    "a hashtag": re.compile(r"(?<!\w)#\w"),
}
_PHONE = re.compile(
    r"\+\s?\d[\d\s().\-]{4,}|\d(?:[\s.\-/()]*\d){6}|\d-\d{3}-\w|\(\d{3}\)\s?\d|\b0\d{2,}[\s/-]\d"
)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})+(?![\d.,]?\d)")
"""1,000,000: the only long numbers that are none of a telephone."""
LONGEST_WORD: Final = 40
"""Characters of a word; longer ones are codes, such as base64. Scripts without spaces aside."""
_LONG = re.compile(rf"[!-~]{{{LONGEST_WORD},}}")


def hidden_signs(text: str) -> Iterator[str]:
    """Yield what a text has that a reader would not see, or that is no text."""
    if _NEVER.search(text) or _VARIATIONS.search(text) or not _BLANK.isdisjoint(text):
        yield "a sign that cannot be seen"
    if _JOINERS.search(text):
        yield "a joiner that joins nothing"
    joiners = "\u200c\u200d"
    if any(unicodedata.category(char) not in _PLAIN_KINDS for char in text if char not in joiners):
        yield "a sign that is no text"
    marks = 0
    for char in unicodedata.normalize("NFD", text):
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks > MOST_MARKS:
            yield "a letter with a heap of marks"
            return


def misleading_signs(text: str) -> Iterator[str]:
    """Yield which signs of links, markup and telephone numbers a text has.

    It is looked at as it is, and as what it looks like: `ｅｘａｍｐｌｅ．ｏｒｇ` is a host
    (NFKC, UAX #15).
    """
    for seen in dict.fromkeys((text, as_seen(text))):
        for name, pattern in (*_LINKS.items(), *_MARKUP.items()):
            if pattern.search(seen):
                yield name
        without = _GROUPED.sub("", seen)
        if _PHONE.search(without):
            yield "a telephone number"
        if _LONG.search(seen):
            yield "a word that is none"
    if plain_text(text) != text:
        yield "what plain text does not have"


def as_seen(text: str) -> str:
    """Return a text in the letters that it looks like, without marks above them."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    return "".join(char for char in plain if unicodedata.category(char) not in ("Mn", "Me"))
