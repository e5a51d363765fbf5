"""What a cell of a list says: a mailbox, a moment, an hour, a choice, attributes."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from newsletter.config.mistakes import suggest
from newsletter.model import Cadence, Length

Choice = TypeVar("Choice", bound=StrEnum)

_MAILBOX = re.compile(r'\s*"?(?P<name>[^<>]*?)"?\s*<\s*(?:mailto:)?(?P<address>[^<>\s]+)\s*>\s*')
_SLASHES = re.compile(r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b.*", re.DOTALL)
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


def _choice(kind: type[Choice], text: str) -> Choice:
    try:
        return kind(text.lower())
    except ValueError:
        names = [member.value for member in kind]
        raise ValueError(f"not one of them{suggest(text, names)}") from None


def moment_in(text: str, now: dt.datetime) -> dt.datetime | None:
    """Return a moment as programs write it; one without a zone is UTC, and none is None.

    That is ISO 8601, seconds or milliseconds since 1970, and RFC 5322. Raises ValueError for
    others, such as `1/2/2024`, which may be in January or in February, and for one to come.
    """
    if not text or text.startswith("0000-00-00"):
        return None
    try:
        found = _moment(text)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        raise ValueError(_no_moment(text)) from None
    if found > now + _DAY:
        raise ValueError(f"`{text[:40]}` is still to come")
    if found < _LONG_AGO:
        raise ValueError(f"`{text[:40]}` is before there were newsletters")
    return found


def _moment(text: str) -> dt.datetime:
    if _SECONDS.fullmatch(text):
        return dt.datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), dt.UTC)  # noqa: PLR2004
    try:
        found = dt.datetime.fromisoformat(text.removesuffix(" UTC").replace(" +", "+"))
    except ValueError:
        found = email.utils.parsedate_to_datetime(text)
    return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _no_moment(text: str) -> str:
    told = f"`{text[:40]}` is no moment such as 2026-11-24T06:00:00Z"
    if _SLASHES.fullmatch(text):
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
