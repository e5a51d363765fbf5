"""Where the sentences of a text begin and end.

The cases in which a full stop ends nothing are those of Kiss and Strunk (2006): abbreviations,
initials, numbers, ellipses. Scripts that are written without spaces have stops of their own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

_UNSPACED: Final = "。！？｡．।॥۔؟።។။։"
"""Full stops of Chinese, Japanese, Hindi, Urdu, Arabic, Ethiopic, Khmer, Burmese and Armenian: they
end a sentence whatever follows."""
_STOP = re.compile(rf"(?P<stop>[.!?…{_UNSPACED}]++)[\"'”’»)\]」』）】]*+(?P<space>\s*+)")
_START = re.compile(
    # A word of English or of any script without capitals, a number, a sign that comes before one;
    # or a name that has a capital somewhere: `mT5`, `iPhone`.
    r"[\"'“‘«(\[¿¡*#$+\-–—−<]*(?:[^\W_a-zß-öø-ÿ]|[a-zß-öø-ÿ]+[-\d]*[A-Z]|[a-z]-|\\)|https?:"
    r"|\((?:[ivx]{1,4}|[a-h])\)",
)
_OPENER = re.compile(
    r"(?:A|After|All|Also|Although|An|And|Another|As|At|Based|Because|Besides|Beyond|Both|But|By"
    r"|Code|Data|Despite|Due|During|Each|Empirical|Even|Experimental|Experiments|Extensive|First"
    r"|For|From|Further|Given|Hence|Here|How|However|I|If|In|Instead|It|Its|Many|More|Most"
    r"|Motivated|No|Of|On|One|Other|Our|Project|Recent|Results|Second|Several|Since|So|Some|Still"
    r"|Such|That|The|Their|Then|There|These|They|This|Those|Through|Thus|To|Two|Under|Unlike"
    r"|Unfortunately|We|What|When|Where|Whether|Which|While|With|Without|Yet|[A-Z][a-z]{3,}(?:ly|ing)"
    r"|BACKGROUND|OBJECTIVES?|AIMS?|METHODS?|RESULTS?|FINDINGS|CONCLUSIONS?)\b(?![.(_])"
)
"""Words that begin sentences and hardly ever names."""
_NEVER_LAST = re.compile(
    r"(?:^|[\W_])(?:e\.g|i\.e|c\.f|cf|vs|viz|approx|[Dd]ept|Drs?|Mr|Mrs|Ms|Prof|St|Mt|Gen|Rev)$"
)
"""Abbreviations after which a sentence always goes on."""
_NUMBERED = re.compile(
    r"(?:^|[\W_])(?:figs?|eqs?|eqns?|secs?|sects?|tabs?|alg|thm|chaps?|vols?|nos?|pp?|refs?)$",
    re.IGNORECASE,
)
"""Abbreviations that a number follows; otherwise they are words (`no`, `fig`)."""
_ALSO_LAST = re.compile(
    r"(?:^|[\W_])(?:[^\W\d_]|(?:[^\W\d_]\.)+[^\W\d_]{1,2}|et al|etc|resp|ca|inc|ltd|corp|jr|sr"
    r"|ph\.d|incl|est)$",
    re.IGNORECASE,
)
"""Abbreviations and initials that may also end a sentence: what follows tells."""
_NUMBER = re.compile(r"[(\[]?(?:\d|[IVX]+\b)")
_ABOUT: Final = 24
"""Characters before a stop that tell whether it belongs to an abbreviation."""
_WITHIN = re.compile(
    r"\((?>[^()]|\([^()]*\))*+\)|\[[^\[\]]*\]|“[^“”]*”|«[^«»]*»|「[^「」]*」|（[^（）]*）"
    r"|(?<![^\s(\[])\"(?=\S)[^\"]{1,200}(?<=\S)\"(?!\w)"
)
"""What stands in brackets or quotation marks is part of the sentence around it."""


def sentences(text: str) -> list[str]:
    """Return the sentences of plain text, in any language; together they are the whole text.

    >>> sentences("Nets (e.g. LSTMs) work. Lee et al. say so (Fig. 3).We agree: 3.5% is little.")
    ['Nets (e.g. LSTMs) work.', 'Lee et al. say so (Fig. 3).', 'We agree: 3.5% is little.']
    """
    found: list[str] = []
    start = 0
    for end in _ends(text):
        if sentence := text[start:end].strip():
            found.append(sentence)
            start = end
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def _ends(text: str) -> Iterator[int]:
    """Yield each place in the text at which a sentence ends and another one begins."""
    spans = [inner.span() for inner in _WITHIN.finditer(text)]
    begun = 0
    for stop in _STOP.finditer(text):
        end = stop.end()
        if stop["stop"][-1] not in _UNSPACED and not _is_end(text, stop):
            continue
        if _is_inside(stop.start(), end, begun, spans):
            continue
        yield end
        begun = end


def _is_end(text: str, stop: re.Match[str]) -> bool:
    """Tell whether a stop that Latin script uses ends a sentence, by the words on both sides."""
    end = stop.end()
    if end == len(text):
        return False
    opener = _OPENER.match(text, end)
    before = text[max(0, stop.start() - _ABOUT) : stop.start()]
    if not stop["space"]:
        # Only a word that begins sentences tells `it works.We` from `torch.Tensor`.
        word = re.search(r"[^\s/@_:]*$", before)
        is_word = word is not None and re.search(r"(?:^|-)[^\W\d_A-Z]{3,}$|[)\]%\d]$", word[0])
        is_heading = opener is not None and len(opener[0]) > 1 and opener[0].isupper()
        return opener is not None and bool(is_word or is_heading)
    if not opener and not _START.match(text, end):
        return False
    if stop["stop"] != ".":
        return not before[-1:].isspace()  # an ellipsis between words: `from A ... Z`
    return not (
        _NEVER_LAST.search(before)
        or (_NUMBERED.search(before) and _NUMBER.match(text, end))
        or (opener is None and _ALSO_LAST.search(before))
    )


def _is_inside(place: int, end: int, begun: int, spans: list[tuple[int, int]]) -> bool:
    """Tell whether a stop is inside brackets or quotation marks of the sentence begun before."""
    number = bisect_right(spans, (place, end)) - 1
    if number < 0:
        return False
    first, last = spans[number]
    if not first < place < last:
        return False
    # Brackets around whole sentences end with them: `It works. (We checked.) It is fast.`
    return end < last or (first > begun + 1)
