"""YAML → Match: terms under any, all and none, nested to any depth."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

import re2

from newsletter.model import Match, Near, Term
from newsletter.pick.filters.folding import fold, fold_name, fold_term
from newsletter.pick.filters.queries import QueryError, is_query, read_query

FIELDS = ("title", "abstract", "author", "category", "venue", "source")
"""What may stand before the colon of a term; a term without one looks at title, abstract and
keywords."""
SHORT = {"ti": "title", "abs": "abstract", "au": "author", "cat": "category"}
"""The short names of fields in arXiv's own search."""
GROUPS = ("any", "all", "none")
VOTES = "min_votes"

_PREFIX = re.compile(r"(?P<field>[A-Za-z]+)\s*:\s*(?P<rest>.+)", re.DOTALL)
_MINUS = re.compile(r"[-\u2212\u2013]\s*(?P<rest>(?P<field>[A-Za-z]+)\s*:.+)", re.DOTALL)
"""How other searches leave out what a field has; here it would look for these very words."""
_NEAR = re.compile(r"near\s*\(\s*(\d{1,3})\s*\)")
_EXPRESSION = re.compile(r"/(?P<expression>.+)/(?P<flags>[^\W_]*)", re.DOTALL)
FLAGS = {"i": "any case", "m": "^ and $ at each line", "s": ". also finds the end of a line"}
"""What may stand after a regular expression, and what it means."""
_FOLDS = {"author": fold_name, "venue": fold, "source": fold, "category": str.lower}
"""How what follows the colon is folded; `fold_term` elsewhere."""

Path_ = tuple[str | int, ...]


class FilterError(ValueError):
    """A filter that is not valid; `path` leads to the place, as in pydantic's `loc`."""

    def __init__(self, message: str, path: Path_ = ()) -> None:
        """Keep the `path` beside the message."""
        self.path = path
        super().__init__(message)


def parse_match(value: object, path: Path_ = ()) -> Match:
    """Return the filter that plain YAML data means.

    A list means `any`. Raises FilterError, with the path to the mistake.
    """
    if isinstance(value, str):
        part = _part(value, path)
        return part if isinstance(part, Match) else Match(any=(part,))
    if isinstance(value, list):
        value = {"any": value}
    if not isinstance(value, Mapping):
        raise FilterError("a filter is a list of terms, or any:, all: and none: over such", path)
    match = _mapping(value, path)
    if not match.any and not match.all:
        raise FilterError("this filter finds nothing: give it terms under any: or all:", path)
    return match


def _mapping(value: Mapping[object, object], path: Path_) -> Match:
    """Return the filter of a mapping: its groups, and the other conditions that must hold too."""
    groups: dict[str, tuple[Term | Near | Match, ...]] = {}
    more: list[Term | Near | Match] = []
    for name, inner in value.items():
        here = (*path, str(name))
        if name in GROUPS:
            groups[str(name)] = _parts(inner, here)
        elif found := _NEAR.fullmatch(str(name)):
            more.append(_near(int(found[1]), inner, here))
        elif name == VOTES:
            more.append(_votes(inner, here))
        else:
            if str(name) in (*FIELDS, *SHORT) and isinstance(inner, str | int | float):
                raise FilterError(f'a term with a colon goes in quotes: "{name}: {inner}"', here)
            known = (*GROUPS, "near(5)", VOTES)
            raise FilterError(f"unknown key `{name}`{_suggest(str(name), known)}", here)
    groups["all"] = (*groups.get("all", ()), *more)
    return Match(**groups)


def _near(within: int, value: object, path: Path_) -> Near:
    terms = _parts(value, path)
    plain = tuple(part for part in terms if isinstance(part, Term) and part.field == "text")
    if len(terms) < 2 or len(plain) < len(terms):  # noqa: PLR2004  a single word is near nothing
        raise FilterError("near(5): takes a list of two or more plain words or phrases", path)
    text = " … ".join(term.text for term in plain)
    return Near(terms=plain, within=within, text=text)


def _votes(value: object, path: Path_) -> Term:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise FilterError("min_votes: takes a number of votes, 1 or more", path)
    return Term(text=f"{value} votes or more", field="votes", words=str(value))


def _suggest(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean `{close[0]}:`?"
    return f"; known are {', '.join(f'`{name}:`' for name in known)}"


def _parts(value: object, path: Path_) -> tuple[Term | Near | Match, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (_part(value, path),)
    if not isinstance(value, list):
        raise FilterError("expected a list of terms", path)
    return tuple(
        _only(_mapping(item, (*path, place)), (*path, place))
        if isinstance(item, Mapping)
        else _part(item, (*path, place))
        for place, item in enumerate(value)
    )


def _only(match: Match, path: Path_) -> Term | Near | Match:
    """Return a nested filter; if `all` with one part is all it has, return that part."""
    if not match.any and not match.all:
        raise FilterError("this filter finds nothing: give it terms under any: or all:", path)
    if len(match.all) == 1 and not match.any and not match.none:
        return match.all[0]
    return match


def _part(value: object, path: Path_) -> Term | Match:
    """Return a term, or the filter that a one-line query means."""
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if is_query(text) and not _EXPRESSION.fullmatch(text):
        try:
            return read_query(text, lambda word: term(word, path))
        except QueryError as error:
            raise FilterError(f"`{text}`: {error}", path) from None
    return term(text, path)


def term(text: str, path: Path_ = ()) -> Term:
    """Return the term that `text` means; raises FilterError."""
    if odd := next((char for char in text if char < " " and char not in "\n\t"), None):
        raise FilterError(
            f"`{text.replace(odd, '�')}` holds the control character {odd!r}: YAML makes it of a "
            "backslash in double quotes; write expressions in single quotes",
            path,
        )
    if found := _EXPRESSION.fullmatch(text):
        return _expression(text, found["expression"], found["flags"], path)
    if (found := _MINUS.fullmatch(text)) and found["field"].lower() in (*FIELDS, *SHORT, "name"):
        rest = re.sub("^name", "author", found["rest"])
        raise FilterError(
            f"`{text}` is no way to leave something out: write `NOT {rest}` after what is wanted, "
            f'or `"{rest}"` under `none:`',
            path,
        )
    field, wanted = "text", text
    if found := _PREFIX.fullmatch(text):
        field, wanted = found["field"].lower(), found["rest"]
        field = SHORT.get(field, field)
        if field not in FIELDS:
            raise FilterError(f"unknown field `{found['field']}:`{_suggest(field, FIELDS)}", path)
    wanted = wanted.strip().strip('"')
    words = _FOLDS.get(field, fold_term)(wanted)
    if not words.strip():
        raise FilterError(f"`{text}` has no word to look for", path)
    return Term(text=wanted, field=field, words=words)


def _expression(text: str, expression: str, flags: str, path: Path_) -> Term:
    """Return a term for a regular expression.

    RE2 runs it in linear time, and does not support back-references.
    """
    if unknown := [flag for flag in flags if flag not in FLAGS]:
        known = ", ".join(f"`{flag}` ({meaning})" for flag, meaning in FLAGS.items())
        raise FilterError(
            f"`{text}` is read as an expression, and `{unknown[0]}` is no flag of one; flags are "
            f"{known}; for the words themselves, leave out the first slash",
            path,
        )
    whole = f"(?{flags}){expression}" if flags else expression
    try:
        options = re2.Options()
        options.log_errors = False
        re2.compile(whole, options)
    except re2.error as error:
        said = error.args[0]
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        # Our own way to write the flags is not in topics.yaml.
        said = said.replace(whole, expression)
        raise FilterError(f"`{text}` is no expression: {said}", path) from None
    return Term(text=text, field="regex", words=whole)
