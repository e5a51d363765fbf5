"""Lists of other programs → SignUp: CSV with a line of names above."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from newsletter.config.mistakes import suggest
from newsletter.config.values import read_address, read_language, read_line, read_zone
from newsletter.errors import ImportListError
from newsletter.model import ANY_HOUR, Cadence, Length, SignUp, Wishes

Choice = TypeVar("Choice", bound=StrEnum)

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "e-mail", "email address", "address", "mail"),
    "name": ("name", "full name"),
    "topics": ("topics",),
    "timezone": ("timezone", "time zone"),
    "language": ("language",),
    "hour": ("hour",),
    "cadence": ("cadence", "frequency"),
    "length": ("length",),
    "state": ("state", "status"),
    "consent": ("consent",),
    "consent_at": ("consent_at", "subscribed at", "created_at", "confirmed_at", "optin_time"),
}
"""What is read of a row, by the names that columns have for it, in lower case."""


GONE: Final = ("left", "unsubscribed", "cleaned", "bounced", "complained", "blocklisted")
"""States, as programs write them, of people who must not be mailed any more."""
FORMULA: Final = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet takes for a formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row that cannot be used."""

    line: int
    """Of the file, from 1."""
    why: str


def read_csv(
    lines: Iterable[str],
    on_refused: Callable[[Refused], None],
    *,
    on_note: Callable[[str], None] = lambda _note: None,
    topics: Iterable[str],
    consent: str,
) -> Iterator[SignUp]:
    """Yield the people of a CSV file, each address once; a row that cannot be used is told of.

    `lines` are the lines of the file, `topics` the names that topics have, and `consent` says how
    people asked for the newsletter, where the file does not. Columns that are not read are noted.
    Raises ImportListError when no column holds addresses.
    """
    csv.field_size_limit(min(sys.maxsize, 1_000_000))
    lines = iter(lines)
    first = next(lines, "")
    # Spreadsheets of many countries write semicolons.
    mark = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(
        itertools.chain([first] if first else [], lines), strict=True, delimiter=mark
    )
    try:
        header = next(reader)
    except StopIteration:
        raise ImportListError("an empty file") from None
    except csv.Error as error:
        raise ImportListError(f"line 1: {error}") from None
    places = _places(header)
    if "email" not in places:
        raise ImportListError(
            "line 1: no column is called `email`; the first line names the columns, with commas "
            "between them"
        )
    unread = [name.strip() for at, name in enumerate(header) if at not in places.values()]
    if unread:
        on_note(f"columns that are not read: {', '.join(unread)}")
    known = frozenset(topics)
    seen: set[str] = set()
    while True:
        begins = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            ended = "end of data" in str(error)
            told = "a quotation mark is never closed: nothing after it was read" if ended else error
            on_refused(Refused(line=begins, why=str(told)))
            continue
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(header):
            told = f"{len(row)} cells, but the first line names {len(header)} columns"
            on_refused(Refused(line=begins, why=told))
            continue
        cells = {name: _cell(row, at) for name, at in places.items()}
        try:
            found = _sign_up(cells, known, consent)
        except ValueError as error:
            on_refused(Refused(line=reader.line_num, why=str(error)))
            continue
        address = found.email.lower()
        if address in seen:
            on_refused(Refused(line=reader.line_num, why=f"{found.email} stands there already"))
            continue
        seen.add(address)
        yield found


def _cell(row: list[str], at: int) -> str:
    """Return a cell without the apostrophe that keeps spreadsheets from taking it for a formula."""
    cell = row[at].strip() if at < len(row) else ""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


def _places(header: list[str]) -> dict[str, int]:
    """Return the place of each column that is read."""
    named = {
        name.strip().lstrip("\ufeff").lower(): at for at, name in reversed([*enumerate(header)])
    }
    return {
        name: next(named[column] for column in names if column in named)
        for name, names in COLUMNS.items()
        if any(column in named for column in names)
    }


def _sign_up(cells: Mapping[str, str], known: frozenset[str], consent: str) -> SignUp:
    """Return the person of one row; raises ValueError with what is wrong."""
    email = cells["email"]
    if not email:
        raise ValueError("no address")
    try:
        address = read_address(email)
    except ValueError as error:
        raise ValueError(f"{email}: {error}") from None
    state = cells.get("state", "").lower()
    if state in GONE:
        raise ValueError(f"{address}: has left the list that this comes from ({state})")
    topics = tuple(dict.fromkeys(cells.get("topics", "").replace(",", " ").split()))
    if unknown := [name for name in topics if name not in known]:
        raise ValueError(f"{address}: no topic is called `{unknown[0]}`")
    return SignUp(
        email=address,
        name=read_line(cells.get("name", "")),
        is_paused=state == "paused",
        wishes=Wishes(
            topics=topics,
            timezone=read_zone(cells["timezone"]) if cells.get("timezone") else "",
            language=read_language(cells["language"]) if cells.get("language") else "",
            hour=_hour(cells.get("hour", "")),
            cadence=_choice(Cadence, cells.get("cadence", ""), Cadence.DAILY),
            length=_choice(Length, cells.get("length", ""), Length.FULL),
        ),
        consent_at=_moment(cells.get("consent_at", "")),
        consent=read_line(cells.get("consent", "")) or consent,
    )


def _hour(text: str) -> int:
    """Return an hour of the day; ANY_HOUR where there is none."""
    if not text:
        return ANY_HOUR
    if not re.fullmatch("[0-9]{1,2}", text) or int(text) not in range(24):
        raise ValueError(f"`{text}` is no hour from 0 to 23")
    return int(text)


def _choice(kind: type[Choice], text: str, usual: Choice) -> Choice:
    """Return the member of an enumeration that a cell names; an empty cell names the usual one."""
    try:
        return kind(text.lower()) if text else usual
    except ValueError:
        names = [member.value for member in kind]
        raise ValueError(f"`{text}` is not one of them{suggest(text, names)}") from None


def _moment(text: str) -> dt.datetime | None:
    """Return a moment as programs write it; one without a zone is UTC."""
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text.removesuffix(" UTC"))
        return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"`{text}` is no moment such as 2026-11-24T06:00:00Z") from None
