"""What one may choose on the site: the fields of a form → checked wishes, or what is wrong."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from newsletter.config.values import read_language, read_line, read_zone
from newsletter.model import (
    ANY_HOUR,
    Cadence,
    Length,
    RefusedError,
    Remark,
    Wishes,
    remark,
)
from newsletter.pick.filters.language import FilterError, parse_match

MAX_TERMS: Final = 20
"""Own words, and words to mute."""
MAX_TERM: Final = 100
"""Characters of one of them."""
MAX_NAMES: Final = 50
"""Authors to follow, and to mute."""
MAX_NAME: Final = 80
LONGEST_PAUSE: Final = dt.timedelta(days=366)
_EXPRESSION = re.compile(r"^\s*(?:[A-Za-z]+\s*:\s*)?/|regex\s*:", re.IGNORECASE)

Kind = TypeVar("Kind")


class Fields(Protocol):
    """A form that somebody sent."""

    def text(self, name: str) -> str:
        """Return a field as one line."""
        ...

    def raw(self, name: str) -> str:
        """Return a field with its line ends."""
        ...

    def many(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What somebody has chosen, and what is wrong with it."""

    name: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    pause_until: dt.date | None = None
    problems: Mapping[str, Remark] = field(default_factory=dict)
    """Field → what is wrong with it, for the person who typed it."""


def read_choices(form: Fields, known: Wishes, topics: Sequence[str], today: dt.date) -> Chosen:
    """Return the choices in a form; fields that are not in it keep what is `known`.

    Each field is checked for itself. One that is wrong keeps what was known, and has a problem.
    """
    problems: dict[str, Remark] = {}

    def checked(name: str, read: Callable[[], Kind], otherwise: Kind) -> Kind:
        try:
            return read()
        except RefusedError as error:
            problems[name] = error.remark
            return otherwise
        except ValueError as error:
            problems[name] = remark("This cannot be understood:", detail=str(error))
            return otherwise

    hour = checked("hour", lambda: _hour(form.text("hour")), known.hour)
    chosen = tuple(dict.fromkeys(name for name in form.many("topics") if name in topics))
    if not chosen and topics:
        problems["topics"] = remark("Choose one topic at least, or unsubscribe.")
        chosen = known.topics
    wishes = Wishes(
        # Who has all topics also gets those that are added later.
        topics=() if set(chosen) == set(topics) else chosen,
        timezone=checked(
            "timezone",
            lambda: read_zone(form.text("timezone")) if form.text("timezone") else "",
            known.timezone,
        ),
        language=checked(
            "language",
            lambda: read_language(form.text("language")) if form.text("language") else "",
            known.language,
        ),
        words=checked("words", lambda: read_terms(form.raw("words")), known.words),
        follow=checked("follow", lambda: _names(form.raw("follow")), known.follow),
        mute=checked("mute", lambda: read_terms(form.raw("mute")), known.mute),
        mute_authors=checked(
            "mute_authors", lambda: _names(form.raw("mute_authors")), known.mute_authors
        ),
        likes=known.likes,
        dislikes=known.dislikes,
        hour=hour,
        cadence=checked("cadence", lambda: _cadence(form.text("cadence")), known.cadence),
        length=checked("length", lambda: _length(form.text("length")), known.length),
    )
    return Chosen(
        name=checked("name", lambda: read_line(form.text("name"))[:MAX_NAME], ""),
        wishes=wishes,
        pause_until=checked("pause", lambda: _pause(form.text("pause"), today), None),
        problems=problems,
    )


def read_terms(text: str) -> list[str] | None:
    """Return the terms of a field, one on each line, as a filter; None when there are none.

    Raises ValueError for a term that is no filter, and for more than a person needs: a filter costs
    time with every paper.
    """
    terms = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if not terms:
        return None
    if len(terms) > MAX_TERMS:
        raise RefusedError(
            "These are %(count)s lines, and %(most)s are allowed.",
            count=len(terms),
            most=MAX_TERMS,
        )
    for number, term in enumerate(terms, 1):
        if len(term) > MAX_TERM:
            raise RefusedError(
                "Line %(number)s is longer than %(most)s characters.", number=number, most=MAX_TERM
            )
        if _EXPRESSION.search(term):
            raise RefusedError(
                "Line %(number)s: regular expressions are for the editors.", number=number
            )
        try:
            parse_match(term)
        except FilterError as error:
            raise RefusedError(
                "Line %(number)s cannot be understood:",
                number=number,
                detail=str(error),
            ) from None
    return terms


def term_lines(value: object) -> str | None:
    """Return a filter as lines for a field; None when it is more than lines can say."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(term, str) for term in value):
        return "\n".join(value)
    return None


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(read_line(line) for line in text.splitlines() if line.strip()))
    if len(names) > MAX_NAMES:
        raise RefusedError(
            "These are %(count)s names, and %(most)s are allowed.",
            count=len(names),
            most=MAX_NAMES,
        )
    if long := next((name for name in names if len(name) > MAX_NAME), ""):
        raise RefusedError(
            "“%(name)s…” is longer than %(most)s characters.", name=long[:20], most=MAX_NAME
        )
    for name in names:
        parse_match([f"author: {name}"])
    return names


def _hour(text: str) -> int:
    if text in ("", "any"):
        return ANY_HOUR
    if not re.fullmatch(r"\d{1,2}", text) or not text.isascii() or int(text) > 23:  # noqa: PLR2004  hours
        raise RefusedError("An hour is a number from 0 to 23.")
    return int(text)


def _cadence(text: str) -> Cadence:
    try:
        return Cadence(text or Cadence.DAILY)
    except ValueError:
        raise RefusedError("Choose one of: %(all)s", all=", ".join(Cadence)) from None


def _length(text: str) -> Length:
    try:
        return Length(text or Length.FULL)
    except ValueError:
        raise RefusedError("Choose one of: %(all)s", all=", ".join(Length)) from None


def _pause(text: str, today: dt.date) -> dt.date | None:
    if not text:
        return None
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        raise RefusedError("A day is written as 2026-11-24.") from None
    if not today < date <= today + LONGEST_PAUSE:
        raise RefusedError("A pause ends on a day after today, within a year.")
    return date
