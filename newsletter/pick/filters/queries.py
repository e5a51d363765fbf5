"""The one-line form of a filter: (dpo OR "preference optimization") AND cat:cs.CL NOT protein."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsletter.model import Match, Term

_TOKEN = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<word>(?:[A-Za-z]+:\s*)?(?:"[^"]*"|[^\s()"]+)))'
)
_QUERY = re.compile(r"(?:^|[\s)])(?:AND|OR|NOT|ANDNOT)(?:$|[\s(])|^\s*\(.*\)\s*$")
_TYPED = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
"""Quotation marks that word processors and phones write in place of `"`."""
DEPTH = 30
"""How deep brackets may be nested."""

ReadTerm = Callable[[str], Term]


class QueryError(ValueError):
    """A query that cannot be understood; the message says where it goes wrong."""


def is_query(text: str) -> bool:
    """Tell whether a term is a query: it has an operator in capitals, or brackets around it all."""
    return _QUERY.search(text) is not None


def read_query(text: str, read_term: ReadTerm) -> Match:
    """Return the filter that a query means.

    NOT binds most tightly, then AND (which may be left out), then OR. Raises QueryError, and what
    `read_term` raises.
    """
    if '"' not in text:  # else they are part of what stands between plain ones
        text = text.translate(_TYPED)
    reader = _QueryParser(list(_tokens(text)), read_term)
    found = reader.alternatives(0)
    if reader.peek() is not None:
        raise QueryError("one `)` too many")
    match = found if isinstance(found, Match) else Match(all=(found,))
    if not match.any and not match.all:
        raise QueryError("it only says what is not wanted")
    return match


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise QueryError("a quotation mark is never closed")
        yield found[0].strip()
        at = found.end()


@dataclass(slots=True)
class _QueryParser:
    """One pass over the tokens of a query, by recursive descent."""

    tokens: list[str]
    read_term: ReadTerm
    at: int = 0

    def peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def alternatives(self, depth: int) -> Term | Match:
        """Read parts with OR between them."""
        if depth > DEPTH:
            raise QueryError("too many brackets in brackets")
        parts = [self.conjunction(depth)]
        while self.peek() == "OR":
            self.take()
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else Match(any=tuple(parts))

    def conjunction(self, depth: int) -> Term | Match:
        """Read parts that must all hold, each with or without NOT before it."""
        wanted: list[Term | Match] = []
        unwanted: list[Term | Match] = []
        while (word := self.peek()) not in (None, "OR", ")"):
            refuse = False
            while word in ("AND", "NOT", "ANDNOT"):
                refuse = refuse != (word != "AND")
                self.take()
                word = self.peek()
            if word in (None, "OR", ")"):
                raise QueryError(f"nothing follows `{self.tokens[self.at - 1]}`")
            (unwanted if refuse else wanted).append(self.primary(depth))
        if not wanted and not unwanted:
            before = self.tokens[self.at - 1] if self.at else "the beginning"
            raise QueryError(f"nothing follows `{before}`" if self.at else "it is empty")
        if len(wanted) == 1 and not unwanted:
            return wanted[0]
        return Match(all=tuple(wanted), none=tuple(unwanted))

    def primary(self, depth: int) -> Term | Match:
        """Read a term, or what is in brackets."""
        word = self.take()
        if word != "(":
            return self.read_term(word)
        inner = self.alternatives(depth + 1)
        if self.peek() != ")":
            raise QueryError("a `(` is never closed")
        self.take()
        return inner
