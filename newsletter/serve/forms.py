"""Forms that people send: read within limits, and clean of what no field may hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.errors import LinkError
from newsletter.links import read_token, sign
from newsletter.model.gate import line

MAX_FIELDS: Final = 200
MAX_FIELD: Final = 5_000
"""Characters of one field."""
OLDEST: Final = dt.timedelta(hours=24)
YOUNGEST: Final = dt.timedelta(seconds=2)
"""Nobody fills in a form faster; a program does."""
TRAP: Final = "website"
"""A field that people do not see, and programs fill in."""


@dataclass(frozen=True, slots=True)
class SentForm:
    """The fields of a form: text of one line or several, without control characters."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field as one line; empty when it is not there."""
        return line(self.raw(name))[:MAX_FIELD]

    def raw(self, name: str) -> str:
        """Return a field with its line ends; empty when it is not there."""
        return next(iter(self.fields.get(name, ())), "")[:MAX_FIELD]

    def many(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return tuple(line(value)[:MAX_FIELD] for value in self.fields.get(name, ()))


def date_in(text: str) -> dt.date | None:
    """Return the date in a field or an address (ISO 8601); None when it is none."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


async def read_form(request: Request) -> SentForm:
    """Return the form in a request, urlencoded or multipart.

    Raises HTTPException (400) for a body that is neither.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return SentForm()
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    try:
        given: FormData = await request.form(max_files=1, max_fields=MAX_FIELDS)
    except (ValueError, LookupError, UnicodeError):
        raise HTTPException(400) from None
    try:
        for name, value in given.multi_items():
            if isinstance(value, UploadFile):
                files[name] = await value.read()
            else:
                fields.setdefault(name, []).append(value)
    finally:
        await given.close()
    return SentForm(fields, files)


def form_token(secret: bytes, page: str, now: dt.datetime) -> str:
    """Return the token of a form on `page`, which says when the page was made."""
    return sign(secret, "form", page, until=now + OLDEST)


def is_fresh(secrets: Sequence[bytes], page: str, token: str, now: dt.datetime) -> bool:
    """Return whether a form's token is ours, for `page`, and neither too young nor too old."""
    try:
        found = read_token(secrets, "form", token, now)
    except LinkError:
        return False
    if found.until is None or found.subject != page:
        return False
    return found.until - OLDEST + YOUNGEST <= now
