"""What a cell of a list says: a mailbox, a moment, an hour, a choice, attributes."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from newsletter.collect.plain.dates import UNREADABLE, read_date
from newsletter.config.mistakes import suggest
from newsletter.config.values import read_language
from newsletter.model import Cadence, Length

Choice = TypeVar("Choice", bound=StrEnum)

_MAILBOX = re.compile(r'\s*"?(?P<name>[^<>]*?)"?\s*<\s*(?:mailto:)?(?P<address>[^<>\s]+)\s*>\s*')
_UNCLEAR = re.compile(
    r"(?:[^\W\d]+[.,]*\s+)?\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{2,4}(?!\d).*", re.DOTALL
)
"""A date in numbers that does not begin with its year: the day or the month may be first."""
_NONE = frozenset({"", "null", "none", "nil", "n/a", "na", "nan", "-", "--", "never"})
"""What programs write where there is no moment."""
_SECONDS = re.compile(r"\d{9,10}|\d{12,13}")
_LONG_AGO = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)
MOST_ATTRIBUTES: Final = 100


def mailbox_in(text: str) -> tuple[str, str]:
    """Return the address and the name in a cell: `ada@x.example`, or `Ada <ada@x.example>`."""
    if found := _MAILBOX.fullmatch(text):
        return found["address"], found["name"].replace('\\"', '"')
    return re.sub(r"(?i)^mailto:", "", text), ""


def hour_in(text: str) -> int:
    """Return an hour of the day; raises ValueError."""
    if not re.fullmatch("[0-9]{1,2}", text) or int(text) not in range(24):
        raise ValueError("no hour from 0 to 23")
    return int(text)


def cadence_in(text: str) -> Cadence:
    """Return how often somebody wants mail; raises ValueError."""
    return _choice(Cadence, text)


def length_in(text: str) -> Length:
    """Return how much of an issue somebody wants; raises ValueError."""
    return _choice(Length, text)


def language_in(text: str) -> str:
    """Return a language's code; raises ValueError.

    Case says nothing (RFC 5646, 2.1.1), and many programs write `_`: `DE`, `pt_BR`.
    """
    return read_language(text.replace("_", "-"))


def _choice(kind: type[Choice], text: str) -> Choice:
    try:
        return kind(text.lower())
    except ValueError:
        names = [member.value for member in kind]
        raise ValueError(f"not one of them{suggest(text, names)}") from None


def moment_in(text: str, now: dt.datetime) -> dt.datetime | None:
    """Return a moment as programs write it; one without a zone is UTC, and none is None.

    That is ISO 8601, seconds or milliseconds since 1970, RFC 5322, and all that feeds may have
    (`collect.plain.dates`). Raises ValueError for one that can be read in two ways, such as
    `1/2/2024`, which may be in January or in February, and for one to come.
    """
    if text.lower() in _NONE or text.startswith("0000-00-00"):
        return None
    try:
        found = _moment(text, now)
    except (ValueError, OverflowError, OSError):
        found = UNREADABLE
    if found == UNREADABLE:
        raise ValueError(_no_moment(text))
    if found > now + _DAY:
        raise ValueError(f"`{text[:40]}` is still to come")
    if found < _LONG_AGO:
        raise ValueError(f"`{text[:40]}` is before there were newsletters")
    return found


def is_date(text: str, now: dt.datetime) -> bool:
    """Return whether a cell says a day of the past, even if not which."""
    try:
        return bool(_UNCLEAR.fullmatch(text)) or moment_in(text, now) is not None
    except ValueError:
        return False


def _moment(text: str, now: dt.datetime) -> dt.datetime:
    if _SECONDS.fullmatch(text):
        return dt.datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), dt.UTC)  # noqa: PLR2004
    try:
        found = dt.datetime.fromisoformat(text.removesuffix(" UTC").replace(" +", "+"))
    except ValueError:
        if _UNCLEAR.fullmatch(text) or not _has_day(text):
            return UNREADABLE
        return read_date(text, now) or UNREADABLE
    return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _has_day(text: str) -> bool:
    """Return whether a date has three parts: a month or a year alone is no moment."""
    has_word = re.search(r"[^\W\d_]{3,}", text) is not None
    return len(re.findall(r"\d+", text)) + has_word >= len(("day", "month", "year"))


def _no_moment(text: str) -> str:
    told = f"`{text[:40]}` is no moment such as 2026-11-24T06:00:00Z"
    if _UNCLEAR.fullmatch(text):
        told += "; is the day or the month first? A spreadsheet wrote it so: export the list anew"
    return told


def attributes_in(text: str, on_note: Callable[[str], None]) -> dict[str, str]:
    """Return attributes in JSON, each as one text; a list has commas between its items."""
    if not text or text in ("{}", "null", "[]"):
        return {}
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        on_note("attributes that are no JSON: left out")
        return {}
    if not isinstance(given, dict):
        return {}
    return {
        str(key).lower(): ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in list(given.items())[:MOST_ATTRIBUTES]
        if isinstance(value, str | bool | list | int)
    }
