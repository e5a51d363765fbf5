"""Papers that their authors, or the service, have taken back: they are no news."""

from __future__ import annotations

import re

from newsletter.model import Paper

WITHDRAWN = "withdrawn"
"""The announcement type of a paper that its source calls withdrawn."""
_TAKEN = r"(?:withdrawn|retracted)"
_TITLE = re.compile(
    rf"\W{{0,3}}{_TAKEN}(?:\s+(?:article|paper|preprint))?\s*[:\])–—-]", re.IGNORECASE
)
_KIND = (
    r"(?:paper|article|manuscript|submission|pre-?print|e-?print|work|study|version|report|draft)"
)
_SAYS = re.compile(
    rf"(?:{_TAKEN}\s*(?:$|[.:;,!()-]|due\b|by\b|because\b|as\b|for\b|since\b|from\b|at\b|until\b)"
    rf"|(?:this|the|our)\s+(?:[\w-]+\s+){{0,2}}?{_KIND}s?\s+(?:has|have|is|was|had)\s+(?:now\s+|since\s+)?"
    rf"(?:been\s+)?(?:temporarily\s+|formally\s+|voluntarily\s+)?{_TAKEN}\b"
    rf"|(?:the\s+|all\s+)?authors?\s+(?:have\s+|has\s+)?(?:withdrawn|withdraw|withdrew|retracted)\b)",
    re.IGNORECASE,
)
_ANYWHERE = re.compile(
    rf"\b(?:this|the)\s+{_KIND}\s+(?:has|have)\s+been\s+{_TAKEN}\s+by\s+(?:the\s+|its\s+)?"
    r"(?:authors?|arxiv)",
    re.IGNORECASE,
)


def is_withdrawn(paper: Paper) -> bool:
    """Return whether the source, the title or the beginning of the abstract says so."""
    return (
        paper.announce == WITHDRAWN
        or _TITLE.match(paper.title) is not None
        or says_withdrawn(paper.abstract)
    )


def says_withdrawn(text: str) -> bool:
    """Return whether an abstract or a comment says that the paper it belongs to is withdrawn."""
    start = text[:400].lstrip(" *[(\"'")
    return _SAYS.match(start) is not None or _ANYWHERE.search(start) is not None
