"""The parts of what a stranger typed: where one ends, and what it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from newsletter.collect.identity import keys as identity
from newsletter.config.topics import LIBRARIES
from newsletter.model import Match, Near, Term, Topic
from newsletter.model.gate import line
from newsletter.pick.filters.folding import fold
from newsletter.pick.filters.language import FIELDS, SHORT

MOST_PIECE = 300
"""Characters of a part: as many as the longest title has."""
BIBTEX = re.compile(r"@\w{3,20}\s*[{(]")
FILE = re.compile(rf"\S+(?:{'|'.join(map(re.escape, LIBRARIES))})", re.IGNORECASE)
FIELD = re.compile(rf"(?:{'|'.join((*FIELDS, *SHORT, 'regex'))}):\s*\S", re.IGNORECASE)
_ASKED_DOI = re.compile(r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/\S+", re.IGNORECASE)


def pieces_of(text: str, is_whole: Callable[[str], bool]) -> Iterator[str]:
    """Yield the parts of a text."""
    for row in text.splitlines():
        whole = line(row, MOST_PIECE)
        if _SEPARATED.fullmatch(whole) is None and is_whole(whole):
            yield whole
            continue
        for piece in _SEPARATED.findall(row):
            if plain := line(piece, MOST_PIECE).strip(" .;,。"):
                yield plain


_SEPARATED = re.compile(r'(?:"[^"]*"|\([^()]*\)|[^,;，、；،؛])+')
"""A part ends at a comma or semicolon, of any of our languages, that stands neither in quotation
marks nor in brackets."""


def topic_called(text: str, topics: Sequence[Topic]) -> str:
    """Return the name of the topic that a text names, or nothing."""
    wanted = fold(text)
    names = ((topic.name, name) for topic in topics for name in (topic.name, topic.title))
    return next((found for found, name in names if fold(name) == wanted), "")


def reference_in(text: str) -> str:
    """Return the key of the paper that a text names by its id or address, or nothing."""
    if found := identity.arxiv_id(text):
        return f"arxiv:{found[0]}"
    if _ASKED_DOI.fullmatch(text) and (name := identity.doi(text)):
        return f"doi:{name}"
    return next(iter(identity.reference_keys(text)), "") if " " not in text else ""


def terms_in(part: Match | Term | Near) -> Iterator[Term]:
    """Yield the terms of a filter."""
    if isinstance(part, Term):
        yield part
    elif isinstance(part, Near):
        yield from part.terms
    else:
        for inner in (*part.any, *part.all, *part.none):
            yield from terms_in(inner)


def as_term(words: str) -> str:
    """Return words as one term: a colon in them would name a field."""
    return " ".join(words.replace(":", " ").replace('"', " ").split())


def excerpt_of(piece: str) -> str:
    """Return the beginning of a part, to show what is meant."""
    return line(piece, 60)
