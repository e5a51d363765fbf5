"""What texts must have to be found, and the same in the query language of FTS5.

No word is a command in it: each stands in quotation marks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from newsletter.store.words import spaced


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand together, in any form; perhaps among the authors only."""

    words: tuple[str, ...]
    of_authors: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Everything that is listed must be there."""

    parts: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of what is listed must be there."""

    parts: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """What is wanted must be there, and what is not must not."""

    wanted: Match
    not_wanted: Match


Match = Phrase | All | Some | Without


def every(phrases: Iterable[Sequence[str]], *, of_authors: bool = False) -> Match | None:
    """Return what texts match that have all of `phrases`; None when there are none."""
    return _joined(All, [Phrase(tuple(words), of_authors) for words in phrases])


def either(phrases: Iterable[Sequence[str]]) -> Match | None:
    """Return what texts match that have at least one of `phrases`; None when there are none."""
    return _joined(Some, [Phrase(tuple(words)) for words in phrases])


def pairs(words: Sequence[str]) -> Match | None:
    """Return what texts match that have two of some words."""
    some = [All((Phrase((a,)), Phrase((b,)))) for a, b in itertools.combinations(words, 2)]
    return _joined(Some, some)


def both(*parts: Match | None) -> Match | None:
    """Return what matches all parts that there are."""
    return _joined(All, [part for part in parts if part])


def one_of(*parts: Match | None) -> Match | None:
    """Return what matches one of the parts that there are."""
    return _joined(Some, [part for part in parts if part])


def _joined(kind: type[All | Some], parts: Sequence[Match]) -> Match | None:
    if len(parts) <= 1:
        return parts[0] if parts else None
    return kind(tuple(parts))


def as_fts5(match: Match) -> str:
    """Return a match in the language of FTS5."""
    match match:
        case Phrase(words, of_authors):
            phrase = '"' + spaced(" ".join(words)) + '"'
            return f"authors : {phrase}" if of_authors else phrase
        case All(parts) if all(isinstance(part, Phrase) for part in parts):
            # Without an operator: a phrase in which FTS5 finds no letter is then passed over.
            return f"({' '.join(map(as_fts5, parts))})"
        case All(parts):
            return f"({' AND '.join(map(as_fts5, parts))})"
        case Some(parts):
            return f"({' OR '.join(map(as_fts5, parts))})"
        case Without(wanted, not_wanted):
            return f"({as_fts5(wanted)} NOT {as_fts5(not_wanted)})"
