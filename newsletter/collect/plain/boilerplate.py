"""What publishers and blogs put around every abstract: citation lines, copyrights, "read more"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DATE = (
    r"(?:\d{1,2}\s+)?[A-Z][a-z]{2,8}\.?(?:\s\d{1,2},)?\s+\d{4}"
    r"(?:\s*[-–]\s*[A-Z][a-z]{2,8}\s+\d{4})?"
)
_PLACE = (
    r"(?:,?\s*(?:Volume|Vol\.?|Issue|No\.?|Pages?|pp\.?|Article)\s+[\w.–-]{1,20}"
    r"(?:\s*(?:\([^()]{1,20}\)|Part\s\w{1,5}))?)"
)
_NEXT = r"(?=\s*(?:Publication date:|Available online|Authors?(?:\(s\))?:|Abstract\b|DOI:))"
_NAME = r"(?:[^\W\d_a-z][\w.'’-]*|de|del|la|le|van|der|den|von|di|da|el|al|bin|and|&)[,;]?"
# At the beginning of a text; each is tried until none fits.
_STARTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:Publication date:|Available online)\s+(?:Available online\s+)?{_DATE}\.?\s*",
        rf"Source:\s+(?P<venue>[A-Z][^:]{{1,200}}?)(?:{_PLACE}{{1,4}}\.?\s*|\.?\s*{_NEXT})",
        rf"(?i:Authors?(?:\(s\))?):\s+(?P<authors>(?:{_NAME}\s+)*?{_NAME})\s*(?:{_NEXT}|$)",
        rf"(?P<venue>[^.:;]{{2,120}}?),\s+Published online:\s+{_DATE};?\s*",
        r"(?i:doi):?\s*10\.\d{4,9}/[^\s;,]+[.;,]?\s*",
        rf"(?P<venue>[^.:;]{{2,120}}?){_PLACE}{{2,4}},?\s*(?:{_DATE})?(?:{_PLACE}){{0,2}}\s*\.?\s*(?=$|[A-Z])",
        rf"{_PLACE}{{2,4}},?\s*(?:{_DATE})?(?:{_PLACE}){{0,2}}\s*\.?\s*(?=$|[A-Z])",
        r"(?:ABSTRACT|Abstract)(?:\s*[:.—–-]\s*|\s+(?=[A-Z\d]))",
        r"Summary\s*[:.]\s*",
    )
)
_ENDS = tuple(
    re.compile(pattern + r"\s*$", re.IGNORECASE)
    for pattern in (
        r"\s*(?:the post\s.{1,300}?\s)?(?:first\s)?appeared first on\s.{1,200}",
        (
            r"\s*(?:continue reading|read more|read the full (?:article|story|post|paper))\b"
            r"[^.!?]{0,200}[.»→…]?"
        ),
        (
            r"\s*(?:copyright\s*)?(?:©|\(c\))\s*(?:\d{4}|the authors?)\b[^.]{0,200}"
            r"(?:\.[^.]{0,60}){0,2}\.?"
        ),
        r"\s*(?:this article is protected by copyright\.?\s*)?all rights reserved\.?",
        r"\s*this article is protected by copyright\.?",
        r"\s*the content of this rss feed\s.{1,150}",
        r"\s*\[[A-Z][^\[\]]{2,60}\d[^\[\]]{0,30}\]\s*published\s[^.]{1,40}\.?",
        r"\s*published by [^.]{2,80} all rights reserved\.?",
    )
)
_CUT = re.compile(r"\s*\[\s*(?:…|\.\.\.)\s*\]\s*$")
_TAIL = 600
"""Characters at the end of a text in which the end of the boilerplate is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped:
    """A text without boilerplate, and what the boilerplate said."""

    text: str
    authors: str = ""
    venue: str = ""


def without_boilerplate(text: str) -> Stripped:
    """Return the abstract in a plain text; empty if it held only boilerplate."""
    said = {"authors": "", "venue": ""}
    for _ in range(8):
        found = next(
            (match for start in _STARTS if (match := start.match(text)) and match[0]), None
        )
        if found is None:
            break
        for name, value in found.groupdict().items():
            said[name] = said[name] or (value or "").strip(" ,;")
        text = text[found.end() :]
    for _ in range(4):
        head, tail = text[:-_TAIL], text[-_TAIL:]
        found = next((match for end in _ENDS if (match := end.search(tail)) and match[0]), None)
        if found is None:
            break
        text = head + tail[: found.start()]
    # What a blog's program cuts off it marks with `[…]`.
    text = text[:-_TAIL] + _CUT.sub("…", text[-_TAIL:])
    return Stripped(text=text.strip(), **said)
