"""What publishers and blogs put around every abstract: citation lines, copyrights, "read more"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DATE = (
    r"(?:\d{1,2}\s+)?[A-Z][a-z]{2,8}\.?(?:\s\d{1,2},)?\s+\d{4}"
    r"(?:\s*[-–]\s*[A-Z][a-z]{2,8}\s+\d{4})?"
)
_PLACE = (
    r"(?:,?\s*(?i:Volume|Vol\.?|Issue|No\.?|Pages?|pp\.?|Article)\s+[\w.–-]{1,20}"
    r"(?:\s*(?:\([^()]{1,20}\)|Part\s\w{1,5}))?)"
)
_CITED = (
    r"\d{4}(?:\s[A-Z][a-z]{2}(?:-[A-Z][a-z]{2})?(?:\s\d{1,2})?)?(?:[;:][^.\s]{0,40}(?:\.\d+)?)?"
)
_PUBMED = "doi:|Online ahead|eCollection|ABSTRACT|NO ABSTRACT"
_EARLY = (
    "ahead of print|early\\s?view|early access|accepted articles?|online first|just accepted|"
    "articles in advance|latest articles"
)
# A heading of its own in HTML may end without a space: `<b>Abstract</b>We show`; not SummaryMixing.
_OPENER = (
    "(?:We|The|This|These|In|An?|To|Our|Here|It|For|With|As|On|Background|Objectives?|Purpose"
    "|Recent|Many|Although|Despite|While|Large|Understanding)"
)
_NEXT = (
    r"(?=\s*(?:Publication date:|Available online|Authors?(?:\(s\))?:|DOI:"
    rf"|Abstract(?:\b|(?={_OPENER}\b))))"
)
_NAME = r"(?:[^\W\d_a-z][\w.'’-]*|de|del|la|le|van|der|den|von|di|da|el|al|bin|and|&)[,;]?"
# At the beginning of a text; each is tried until none fits.
_STARTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:Publication date:|Available online)\s+(?:Available online\s+)?{_DATE}\.?\s*",
        rf"Source:\s+(?P<venue>[A-Z][^:]{{1,200}}?)(?:{_PLACE}{{1,4}}\.?\s*|\.?\s*{_NEXT})",
        rf"(?i:Authors?(?:\(s\))?):\s+(?P<authors>(?:{_NAME}\s+)*?{_NAME})\s*(?:{_NEXT}|$)",
        rf"(?P<venue>[^.:;]{{2,120}}?),\s+Published online:\s+{_DATE};?\s*",
        # A word may follow without a space: `doi:10.1038/s1-1We show`.
        r"(?i:doi):?\s*10\.\d{4,9}/[^\s;,]+?(?:(?<=\d)(?=[A-Z][a-z]*\s)|[.;,]?(?=\s|$)|[;,])\s*",
        # PubMed: `J Foo. 2026 Nov 25:1-10. doi: 10.1000/1. Online ahead of print.`
        rf"(?P<venue>[A-Z][^.:;]{{1,120}})\.\s{_CITED}\.\s+(?={_PUBMED})",
        r"(?:Online ahead of print|eCollection\s\d{4}(?:\s[A-Z][a-z]{2})?)\.\s*",
        r"NO ABSTRACT\b\.?\s*",
        r"Article URL: \S+\s+Comments URL: \S+\s+Points: \d+\s+# Comments: \d+",
        rf"(?P<venue>[^.:;]{{2,120}}?){_PLACE}{{2,4}},?\s*(?:{_DATE}|\d{{4}})?(?:{_PLACE}){{0,2}}\s*\.?\s*(?=$|[A-Z])",
        rf"{_PLACE}{{2,4}},?\s*(?:{_DATE})?(?:{_PLACE}){{0,2}}\s*\.?\s*(?=$|[A-Z])",
        r"(?:ABSTRACT|Abstract)(?:\s*[:.—–-]\s*|\s+(?=[A-Z\d]))",
        rf"(?:ABSTRACT|Abstract|SIGNIFICANCE|Significance|SUMMARY|Summary)(?={_OPENER}\s)",
        rf"(?P<venue>[^.:;]{{2,120}}?),\s(?i:{_EARLY})\.\s*",
        r"(?i:(?:estimated )?reading time:?\s\d{1,3}\smin(?:ute)?s?\b)\.?\s*",
        r"(?i:\d{1,3}[ -]min(?:ute)?s? read\b)\.?\s*",
        r"(?:Summary|SUMMARY)\s*[:.]\s*",
    )
)
# Each with a word that it has, in lower case: looking for a word is quick.
_ENDS = tuple(
    (word, re.compile(pattern + "$", re.IGNORECASE))
    for word, pattern in (
        ("appeared", r"(?:the post\s.{1,300}?\s)?(?:first\s)?appeared (?:first )?on\s.{1,200}"),
        # WordPress's own translations of it.
        ("zuerst auf", r"der beitrag\s.{1,300}?\serschien zuerst auf\s.{1,200}"),
        ("en premier sur", r"\bl[’']article\s.{1,300}?\sest apparu en premier sur\s.{1,200}"),
        ("primero en", r"\bla entrada\s.{1,300}?\s(?:se publicó|apareció) primero en\s.{1,200}"),
        ("articolo", r"\bl[’']articolo\s.{1,300}?\s(?:proviene da|.{1,20} primo su)\s.{1,200}"),
        ("primeiro em", r"\bo post\s.{1,300}?\sapareceu primeiro em\s.{1,200}"),
        ("eerst op", r"het bericht\s.{1,300}?\sverscheen eerst op\s.{1,200}"),
        (
            "submitted by",
            r"submitted by\s+/?u/[\w-]{1,40}(?:\s+\[link\])?(?:\s+\[comments\])?",
        ),
        ("pmid", r"PMID:\s?\d{1,9}(?:\s*\|\s*(?:PMC|DOI):\s?\S{1,100})*"),
        ("access article", r"(?<=[.!?]\s)this is an open[- ]access article\b.{0,300}"),
        ("ed ", r"\((?:received|accepted|revised)\s[^()]{4,150}\)"),
        ("word", r"(?<=[.!?]\s)key\s?words?\s*:\s[^.!?]{3,300}\.?"),
        (
            "published by",
            r"(?<=[.!?]\s)published by [^.]{2,60}\s(?:ltd|inc|b\.v|llc|gmbh|press|sons|group)\.?",
        ),
        (
            "read",
            (
                # Not the end of "diseases spread more easily".
                r"(?:(?<=[.!?…»\])]\s)|\b(?=(?-i:[CR])))"
                r"(?:continue reading|read more|read the full (?:article|story|post|paper))\b"
                r"(?:[^.!?]|\.(?=\w)){0,200}[.»→…]*"
            ),
        ),
        *(
            (
                sign,
                (
                    r"(?:copyright\s*)?(?:©|\(c\))\s*(?:\d{4}|the authors?)\b[^.]{0,200}"
                    r"(?:\.[^.]{0,60}){0,2}\.?"
                ),
            )
            for sign in ("©", "(c)")
        ),
        (
            "rights reserved",
            r"(?:this article is protected by copyright\.?\s*)?all rights reserved\.?",
        ),
        ("protected by", r"this article is protected by copyright\.?"),
        # What listings of arXiv and blogs put below a text.
        (
            "comments:",
            r"(?<=[.!?]\s)comments?:\s[^!?]{0,80}?\b(?:pages?|figures?|tables?)\b[^!?]{0,120}",
        ),
        ("subject", r"(?<=[.!?]\s)subjects?:\s[^!?]{0,200}"),
        ("comment", r"(?<=[.!?…]\s)(?:leave a comment|(?:no|\d{1,4}) comments?)\.?"),
        ("ed in", r"(?<=[.!?…]\s)posted in\s[^.!?]{1,200}"),
        ("filed under", r"(?<=[.!?…]\s)filed under:?\s[^.!?]{1,200}"),
        ("full", r"(?<=[.!?…]\s)view (?:the )?full (?:text|article|paper|story|post)\b[.»→…]*"),
        ("rss feed", r"the content of this rss feed\s.{1,150}"),
        ("published", r"\[[A-Z][^\[\]]{2,60}\d[^\[\]]{0,30}\]\s*published\s[^.]{1,40}\.?"),
        ("rights reserved", r"published by [^.]{2,80} all rights reserved\.?"),
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
        lower = tail.lower()
        found = next(
            (
                match
                for word, end in _ENDS
                if word in lower and (match := end.search(tail)) and match[0]
            ),
            None,
        )
        if found is None:
            break
        text = head + tail[: found.start()].rstrip()
    # What a blog's program cuts off it marks with `[…]`.
    text = text[:-_TAIL] + _CUT.sub("…", text[-_TAIL:])
    return Stripped(text=text.strip(), **said)
