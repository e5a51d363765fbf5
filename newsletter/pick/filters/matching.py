"""Tell whether a paper passes a Match, and by which terms: tries one term after the other."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import re2

from newsletter.model import Match, Near, Term
from newsletter.pick.filters.folding import Folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A term found in a paper; the title is preferred to the abstract as the place."""

    term: Term | Near
    place: str
    """`title`, `abstract`, or the field that the term names."""


class Expression(Protocol):
    """A compiled regular expression of re2, which has no types."""

    def search(self, text: str, /) -> object | None:
        """Return the first match in a text."""


def find(term: Term | Near, paper: Folded) -> Hit | None:
    """Return where `term` occurs in `paper`, or None. The title is tried before the abstract."""
    if isinstance(term, Near):
        places = (("title", paper.title), ("abstract", paper.abstract))
        place = next((name for name, text in places if is_near(term, text)), None)
        return Hit(term=term, place=place) if place else None
    match term.field:
        case "category":
            found = any(fnmatch.fnmatchcase(name, term.words) for name in paper.categories)
        case "author":
            found = any(is_name(term, name) for name in paper.authors)
        case "venue":
            found = term.words in paper.venue
        case "source":
            found = any(term.words in name for name in paper.sources)
        case "votes":
            found = paper.votes >= int(term.words)
        case "regex":
            found = expression(term.words).search(paper.written) is not None
        case _:
            if term.field in ("text", "title") and term.words in paper.title:
                return Hit(term=term, place="title")
            if term.field in ("text", "abstract") and term.words in paper.abstract:
                return Hit(term=term, place="abstract")
            return None
    return Hit(term=term, place=term.field) if found else None


def is_name(term: Term, name: str) -> bool:
    """Tell whether a name has every word: `Hinton, Geoffrey` matches Geoffrey E. Hinton."""
    return all(f" {word} " in name for word in term.words.split())


@functools.lru_cache(maxsize=1000)
def expression(pattern: str) -> Expression:
    """Return a compiled regular expression.

    RE2 runs it in linear time (https://swtch.com/~rsc/regexp).
    """
    options = re2.Options()
    options.log_errors = False
    compiled: Expression = re2.compile(pattern, options)
    return compiled


def is_near(near: Near, text: str) -> bool:
    """Tell whether all terms occur in `text` with at most `within` other words between them."""
    own = sum(len(term.words.split()) for term in near.terms)
    spots = []
    for term in near.terms:
        places = list(_places(term.words, text))
        if not places:
            return False
        spots.append(places)
    # Every window begins at an occurrence of a term. For each other term, take its next occurrence.
    starts = sorted({start for places in spots for start, _ in places})
    for start in starts:
        ends = [
            min((end for begin, end in places if begin >= start), default=-1) for places in spots
        ]
        # Terms include a space at both ends, so spaces count the words in the window. The words of
        # the terms themselves are subtracted.
        if -1 not in ends and text.count(" ", start + 1, max(ends)) - own <= near.within:
            return True
    return False


def _places(words: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(words)
    while at >= 0:
        yield at, at + len(words)
        at = text.find(words, at + 1)


def matches(match: Match, paper: Folded) -> bool:
    """Tell whether `paper` passes the filter."""

    def holds(part: Term | Near | Match) -> bool:
        return matches(part, paper) if isinstance(part, Match) else find(part, paper) is not None

    return (
        (not match.any or any(map(holds, match.any)))
        and all(map(holds, match.all))
        and not any(map(holds, match.none))
    )


def hits(match: Match, paper: Folded) -> Iterator[Hit]:
    """Yield the wanted terms (under any and all) that occur in `paper`."""
    for part in (*match.any, *match.all):
        if isinstance(part, Match):
            if matches(part, paper):
                yield from hits(part, paper)
        elif hit := find(part, paper):
            yield hit
