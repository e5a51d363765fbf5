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
from newsletter.pick.filters.spellings import spellings


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
            found = any(is_name(term.words, name) for name in paper.authors)
        case "venue":
            found = term.words in paper.venue
        case "source":
            found = any(term.words in name for name in paper.sources)
        case "votes":
            found = paper.votes >= int(term.words)
        case "regex":
            found = expression(term.words).search(paper.written) is not None
        case _:
            if term.field in ("text", "title") and stands_in(term, paper.title):
                return Hit(term=term, place="title")
            if term.field in ("text", "abstract") and stands_in(term, paper.abstract):
                return Hit(term=term, place="abstract")
            return None
    return Hit(term=term, place=term.field) if found else None


def stands_in(term: Term, text: str) -> bool:
    """Tell whether a text has a term, in any of its spellings."""
    return any(spelling in text for spelling in spellings(term.words))


def mentions(term: Term, text: str) -> tuple[int, ...]:
    """Return where a term begins in a text as `fold_text` gives it, in characters, in order.

    Of the ways in which the text is given (hyphens as spaces, and without) the one with the most
    mentions counts, and so of an abstract and its source's summary.
    """
    parts = (
        tuple(sorted({place for place, _ in _places(term.words, part)})) for part in text.split("|")
    )
    best: tuple[int, ...] = max(parts, key=len)
    return best


def is_name(wanted: str, name: str) -> bool:
    """Tell whether a name has every word: `Hinton, Geoffrey` matches Geoffrey E. Hinton.

    Both are as `fold_name` makes them; it is enough that one way to write `wanted` is found.
    """
    ways = [way.split() for way in wanted.split("|")]
    return any(way and all(f" {word} " in name for word in way) for way in ways)


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
    """Tell whether all terms occur in `text` with at most `within` other words between them.

    In scripts without spaces between words, each character counts as a word.
    """
    return any(_is_near(near, part) for part in text.split("|"))


def _is_near(near: Near, text: str) -> bool:
    spots = []
    for term in near.terms:
        places = sorted(_places(term.words, text))
        if not places:
            return False
        spots.append(places)
    # Every window begins at an occurrence of a term. For each other term, take its next occurrence.
    starts = sorted({start for places in spots for start, _ in places})
    for start in starts:
        chosen = [next((spot for spot in places if spot[0] >= start), None) for places in spots]
        ends = [spot[1] for spot in chosen if spot]
        if len(ends) < len(spots):
            return False
        # Terms include a space at both ends, so spaces count the words in the window. The words of
        # the terms themselves are subtracted.
        own = sum(text.count(" ", begin + 1, end) for begin, end in filter(None, chosen))
        if text.count(" ", start + 1, max(ends)) - own <= near.within:
            return True
    return False


def _places(words: str, text: str) -> Iterator[tuple[int, int]]:
    for spelling in spellings(words):
        at = text.find(spelling)
        while at >= 0:
            yield at, at + len(spelling)
            at = text.find(spelling, at + 1)


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
