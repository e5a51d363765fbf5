"""The YAML filter language: terms under any, all and none, parsed once and matched by words."""

from __future__ import annotations

import difflib
import fnmatch
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.model import Match, Paper, Term

FIELDS = ("title", "abstract", "author", "category")
"""What may stand before the colon of a term; a term without one looks at title, abstract and
keywords."""
GROUPS = ("any", "all", "none")

_WORD = re.compile(r"[^\W_]+")
_PREFIX = re.compile(r"(?P<field>[A-Za-z]+)\s*:\s*(?P<rest>.+)", re.DOTALL)


class FilterError(ValueError):
    """A filter that means nothing; `path` leads to the place, as in pydantic's `loc`."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        """Keep the `path` beside the message."""
        self.path = path
        super().__init__(message)


def fold(text: str) -> str:
    """Return `text` as matching sees it: ` word word `, without case, accents, plurals, hyphens.

    >>> fold("Pre-trained Transformers")
    ' pre trained transformer '
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return f" {' '.join(_singular(word) for word in _WORD.findall(letters))} "


def _singular(word: str) -> str:
    """Fold the plainest plurals: networks → network, policies → policy; not bias, gas or less."""
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "as")):  # noqa: PLR2004
        return word[:-1]
    return word


def parse_match(value: object, path: tuple[str | int, ...] = ()) -> Match:
    """Return the filter that plain YAML data means.

    A list means `any`. Raises FilterError, with the path to the mistake.
    """
    if isinstance(value, str | list):
        value = {"any": value}
    if not isinstance(value, Mapping):
        raise FilterError("a filter is a list of terms, or any:, all: and none: over such", path)
    for name in value:
        if name not in GROUPS:
            raise FilterError(f"unknown key `{name}`{_suggest(str(name), GROUPS)}", (*path, name))
    groups = {name: _terms(value.get(name), (*path, name)) for name in GROUPS}
    if not groups["any"] and not groups["all"]:
        raise FilterError("this filter finds nothing: give it terms under any: or all:", path)
    return Match(**groups)


def _suggest(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean `{close[0]}:`?"
    return f"; known are {', '.join(f'`{name}:`' for name in known)}"


def _terms(value: object, path: tuple[str | int, ...]) -> tuple[Term | Match, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (_term(value, path),)
    if not isinstance(value, list):
        raise FilterError("expected a list of terms", path)
    return tuple(
        parse_match(item, (*path, place))
        if isinstance(item, Mapping)
        else _term(item, (*path, place))
        for place, item in enumerate(value)
    )


def _term(value: object, path: tuple[str | int, ...]) -> Term:
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    field, wanted = "text", text
    if found := _PREFIX.fullmatch(text):
        field, wanted = found["field"].lower(), found["rest"]
        if field not in FIELDS:
            raise FilterError(f"unknown field `{found['field']}:`{_suggest(field, FIELDS)}", path)
    wanted = wanted.strip().strip('"')
    words = wanted.lower() if field == "category" else fold(wanted)
    if not words.strip():
        raise FilterError(f"`{text}` has no word to look for", path)
    return Term(text=wanted, field=field, words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A paper's texts folded once, for all topics."""

    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]


def fold_paper(paper: Paper) -> Folded:
    """Return the folded texts of `paper`; source summaries and keywords count as its abstract."""
    return Folded(
        title=fold(paper.title),
        abstract=fold(paper.abstract) + fold(paper.summary) + fold(" . ".join(paper.keywords)),
        authors=tuple(map(fold, paper.authors)),
        categories=tuple(name.lower() for name in paper.categories),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A term found in a paper, at the most telling place."""

    term: Term
    place: str
    """`title`, `abstract`, `author` or `category`."""


def find(term: Term, paper: Folded) -> Hit | None:
    """Return where `term` stands in `paper`, the title before the abstract, or nothing."""
    if term.field == "category":
        found = any(fnmatch.fnmatchcase(name, term.words) for name in paper.categories)
        return Hit(term=term, place="category") if found else None
    if term.field == "author":
        # Every word of the name, in any order: `Hinton, Geoffrey` is Geoffrey E. Hinton.
        found = any(
            all(f" {word} " in name for word in term.words.split()) for name in paper.authors
        )
        return Hit(term=term, place="author") if found else None
    if term.field in ("text", "title") and term.words in paper.title:
        return Hit(term=term, place="title")
    if term.field in ("text", "abstract") and term.words in paper.abstract:
        return Hit(term=term, place="abstract")
    return None


def matches(match: Match, paper: Folded) -> bool:
    """Tell whether `paper` passes the filter."""

    def holds(part: Term | Match) -> bool:
        return matches(part, paper) if isinstance(part, Match) else find(part, paper) is not None

    return (
        (not match.any or any(map(holds, match.any)))
        and all(map(holds, match.all))
        and not any(map(holds, match.none))
    )


def hits(match: Match, paper: Folded) -> Iterator[Hit]:
    """Yield the wanted terms (under any and all) that stand in `paper`."""
    for part in (*match.any, *match.all):
        if isinstance(part, Match):
            if matches(part, paper):
                yield from hits(part, paper)
        elif hit := find(part, paper):
            yield hit
