"""Matcher: the filters of all topics and readers at once, in one scan of each paper.

All words of all filters are in one Aho-Corasick automaton (Aho and Corasick 1975): a paper's text
is read once, whatever the number of filters. The words found in it lead to the few filters that may
hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import ahocorasick

from newsletter.model import Match, Near, Term
from newsletter.pick.filters.folding import Folded
from newsletter.pick.filters.matching import matches
from newsletter.pick.filters.spellings import spellings

_ANYWHERE, _TITLE, _ABSTRACT = "text", "title", "abstract"
_LOOKS_AT = (_ANYWHERE, _TITLE, _ABSTRACT)
"""Fields of terms that are searched for in a paper's title or abstract."""


@dataclass(slots=True, eq=False)
class _Led:
    """The filters that a word leads to when it is found in the right place."""

    sure: set[int] = field(default_factory=set)
    """These hold because of this word alone, unless another word excludes the paper."""
    likely: set[int] = field(default_factory=set)
    """These may hold and have to be evaluated."""
    refused: set[int] = field(default_factory=set)
    """These do not want a paper with this word."""


@dataclass(slots=True, eq=False)
class _Word:
    """A term of some filters, and the filters it leads to for each place in a paper."""

    anywhere: _Led | None
    title: _Led | None
    abstract: _Led | None


class _Automaton(Protocol):
    """What this module uses of ahocorasick's automaton, which has no types."""

    def add_word(self, word: str, value: tuple[_Word, ...], /) -> object:
        """Add a word, and what to return when it is found."""

    def get(self, word: str, default: tuple[_Word, ...], /) -> tuple[_Word, ...]:
        """Return the value of a word that was added."""
        ...

    def make_automaton(self) -> object:
        """Finish the automaton: only then it can search."""

    def iter(self, text: str, /) -> Iterator[tuple[int, tuple[_Word, ...]]]:
        """Yield the last place and the value of each word in a text."""
        ...


class Matcher:
    """Finds which of many filters hold for a paper."""

    def __init__(self, filters: Sequence[Match]) -> None:
        """Put all terms of `filters` into one automaton."""
        self._filters = tuple(filters)
        self._always: list[int] = []
        """Filters that may hold when none of their words is in the title or abstract."""
        led: dict[str, dict[str, _Led]] = defaultdict(lambda: defaultdict(_Led))
        for number, match in enumerate(self._filters):
            leads = _leads(match)
            plain = _is_plain(match)
            if leads is None:
                self._always.append(number)
                continue
            for term in leads:
                to = led[term.words][term.field]
                (to.sure if plain else to.likely).add(number)
            for term in _terms(match.none) if plain else ():
                led[term.words][term.field].refused.add(number)
        automaton: _Automaton = ahocorasick.Automaton()
        for words, places in led.items():
            own = (_Word(*map(places.get, (_ANYWHERE, _TITLE, _ABSTRACT))),)
            for spelling in spellings(words):  # two terms may have a spelling in common
                automaton.add_word(spelling, automaton.get(spelling, ()) + own)
        if led:
            automaton.make_automaton()
        self._automaton: _Automaton | None = automaton if led else None

    def holding(self, paper: Folded) -> set[int]:
        """Return the numbers of the filters that hold for `paper`."""
        led = self._led(paper)
        # Use operations on whole sets: a popular word leads to thousands of readers' filters.
        found = set().union(*[filters.sure for filters in led])
        found.difference_update(*[filters.refused for filters in led if filters.refused])
        likely = set(self._always).union(*[filters.likely for filters in led if filters.likely])
        found.update(number for number in likely if matches(self._filters[number], paper))
        return found

    def _led(self, paper: Folded) -> list[_Led]:
        """Return the filters that the words of a paper lead to."""
        if self._automaton is None:
            return []
        title: set[_Word] = set().union(*[words for _, words in self._automaton.iter(paper.title)])
        abstract: set[_Word] = set().union(
            *[words for _, words in self._automaton.iter(paper.abstract)]
        )
        return [
            *[word.anywhere for word in title | abstract if word.anywhere],
            *[word.title for word in title if word.title],
            *[word.abstract for word in abstract if word.abstract],
        ]


def count_holding(filters: Sequence[Match], papers: Iterable[Folded]) -> list[int]:
    """Return how many papers each filter holds for."""
    matcher, counts = Matcher(filters), [0] * len(filters)
    for paper in papers:
        for number in matcher.holding(paper):
            counts[number] += 1
    return counts


def _is_plain(match: Match) -> bool:
    """Tell whether words alone decide: the filter has only words, and only under `any` and `none`.

    Then it holds when a word of `any` is in the paper, and no word of `none`.
    """
    return not match.all and len(_terms(match.any)) + len(_terms(match.none)) == len(
        match.any
    ) + len(match.none)


def _terms(parts: Sequence[Term | Near | Match]) -> list[Term]:
    """Return those parts that are words to find in title or abstract."""
    return [part for part in parts if isinstance(part, Term) and part.field in _LOOKS_AT]


def _leads(match: Match) -> list[Term] | None:
    """Return terms of which at least one is in title or abstract whenever the filter holds.

    Return None when there are no such terms, as for a filter by author, category or votes alone.
    """
    # One part of `all` is enough: take the one with the fewest terms. Without it, every part of
    # `any` is needed.
    best: list[Term] | None = None
    for part in match.all:
        found = _leads_of(part)
        if found is not None and (best is None or len(found) < len(best)):
            best = found
    if best is not None:
        return best
    several = [_leads_of(part) for part in match.any]
    if not several or any(terms is None for terms in several):
        return None
    return [term for some in several for term in some or ()]


def _leads_of(part: Term | Near | Match) -> list[Term] | None:
    if isinstance(part, Match):
        return _leads(part)
    if isinstance(part, Near):
        return [part.terms[0]]
    return [part] if part.field in _LOOKS_AT else None
