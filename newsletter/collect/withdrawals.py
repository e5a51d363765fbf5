"""Papers that their authors, or the service, have taken back: they are no news."""

from __future__ import annotations

import re

from newsletter.model import Paper

WITHDRAWN = "withdrawn"
"""The announcement type of a paper that its source calls withdrawn."""
_TAKEN = r"(?:withdrawn|retracted)"
_TITLE = re.compile(
    rf"\W{{0,3}}{_TAKEN}(?:\s+(?:article|paper|preprint))?\s*[:\])–—-]|.*[\[(]{_TAKEN}[\])]\W*$",
    re.IGNORECASE,
)
_KIND = (
    r"(?:paper|article|manuscript|submission|pre-?print|e-?print|work|study|version|report|draft)"
)
# Taken from one venue to go to another: the paper stays.
_FROM_VENUE = (
    r"(?!\s+from\s+(?:the\s+)?[\w'’&-]+(?:\s+[\w'’&-]+){0,3}?\s*"
    r"(?:20\d\d|consideration|conference|workshop|review))"
)
_WHO = r"(?:the\s+|its\s+|all\s+)?(?:authors?|submitters?|editors?|publishers?|journal|arxiv)\b"
# A reason may come first: `Due to an error in Lemma 3, this paper has been withdrawn`.
_REASON = (
    r"(?:(?:due\s+to|because\s+of|owing\s+to|in\s+view\s+of|in\s+light\s+of|(?:please\s+)?note)\b"
    r"[^.;]{0,200}?)"
)
_SAYS = re.compile(
    rf"(?:(?:(?:abstract|{_KIND})\s+)?{_TAKEN}{_FROM_VENUE}\s*(?:$|[.:;,!()\]-]|due\b|by\s+{_WHO}"
    r"|because\b|as\b|for\b|since\b|from\s+arxiv\b|at\b|until\b)"
    rf"|this\s+is\s+a\s+{_TAKEN}\s+{_KIND}\b"
    rf"|{_REASON}(?:this\s+{_KIND}\s+(?:has\s+been|is|was)\s+{_TAKEN}\b{_FROM_VENUE}"
    rf"|(?:we|i)\s+(?:have\s+)?(?:{_TAKEN}|withdraw|withdrew)\s+this\s+{_KIND}\b)"
    rf"|(?:this|the|our)\s+(?:(?!first|previous|earlier|original)[\w-]+\s+){{0,2}}?{_KIND}s?\s+(?:has|have|is|was|had)\s+(?:now\s+|since\s+)?"
    rf"(?:been\s+)?(?:temporarily\s+|formally\s+|voluntarily\s+)?{_TAKEN}\b{_FROM_VENUE}"
    rf"|(?:we|i|biorxiv|medrxiv|arxiv)\s+(?:have\s+|has\s+|am\s+|are\s+)?(?:now\s+)?"
    rf"(?:{_TAKEN}|withdrew|withdraw|withdrawing)\s+(?:this|the|our)\s+{_KIND}\b"
    rf"|(?:the\s+|all\s+)?authors?\s+(?:have\s+|has\s+)?(?:withdrawn|withdraw|withdrew|retracted)\b)",
    re.IGNORECASE,
)
_ANYWHERE = re.compile(
    rf"\b(?:this|the)\s+{_KIND}\s+(?:(?:has|have)\s+been|was|is)\s+(?:{_TAKEN}|removed)\s+by\s+"
    r"(?:the\s+|its\s+)?(?:authors?|arxiv)",
    re.IGNORECASE,
)
_REMARK = re.compile(
    rf"(?:^|[;.,:]\s*|\bv\d\s+|(?<!first\s)(?<!previous\s)(?<!earlier\s)(?<!original\s)\b{_KIND}\s+"
    rf"(?:has\s+been\s+|is\s+|was\s+)?){_TAKEN}\b{_FROM_VENUE}"
    r"(?=\s*(?:$|[.:;,!()-]|(?:due|by|because|as|for|since|from|at|until|pending)\b))",
    re.IGNORECASE,
)


def is_withdrawn(paper: Paper) -> bool:
    """Return whether the source, the title or the beginning of the abstract says so."""
    return (
        paper.announce == WITHDRAWN
        or _TITLE.match(paper.title) is not None
        or says_withdrawn(paper.abstract)
    )


def remarks_withdrawn(comment: str) -> bool:
    """Return whether an author's comment on a paper (`5 pages; withdrawn`) says so."""
    return says_withdrawn(comment) or _REMARK.search(comment[:400]) is not None


def says_withdrawn(text: str) -> bool:
    """Return whether an abstract says that the paper it belongs to is withdrawn."""
    start = text[:400].lstrip(" *[(\"'")
    return _SAYS.match(start) is not None or _ANYWHERE.search(start) is not None
