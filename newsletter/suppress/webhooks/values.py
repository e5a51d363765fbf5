"""JSON from outside, read within limits: any bytes give a value or None, never an error."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

from newsletter.send.streams import printable
from newsletter.suppress.reports import addresses

LONGEST = 4_000
"""Characters of a text that are looked at."""
MOST_DIGITS = 40
"""Digits of an integer, at most."""
Object = dict[str, Any]

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")


def read_json(raw: bytes | str) -> Any:
    """Return the value that JSON in UTF-8 says; None when it is none.

    An object that has a key twice says nothing, as two programs would read it in two ways (RFC
    8259, 4); nor does a number that is none, or too long. They cost themselves: what stands beside
    them is read.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=lambda _word: None, parse_int=_integer
        )
    except (ValueError, RecursionError):  # also: nested too deeply
        return None


def _object(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}


def _integer(text: str) -> int | None:
    return int(text) if len(text) <= MOST_DIGITS else None


def object_in(value: Any, *path: str) -> Object:
    """Return the object at a path of keys; an empty one when there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objects_in(value: Any) -> Iterator[Object]:
    """Yield the objects of a list; none when it is no list."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def text_in(value: Any, *path: str) -> str:
    """Return the text or the number at a path of keys; empty when there is none."""
    found = object_in(value, *path[:-1]).get(path[-1])
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found)


def line_in(value: Any, *path: str) -> str:
    """Return the same in one printable line of limited length."""
    return printable(text_in(value, *path)[:LONGEST])


def address_in(value: Any, *path: str) -> str:
    """Return the mail address at a path of keys, without a name around it; empty if there is none.

    A domain of other letters becomes what DNS has for it (RFC 5891), as in our list of readers.
    """
    text = text_in(value, *path)[:LONGEST]
    local, at, domain = text.rpartition("@")
    if not domain.isascii():
        try:
            text = f"{local}{at}{domain.rstrip('> ').encode('idna').decode('ascii')}"
        except UnicodeError:
            return ""
    found = list(addresses([text]))
    return found[-1].lower() if found else ""


def moment(text: str) -> dt.datetime | None:
    """Return the moment in ISO 8601, in UTC, or in seconds since 1970; None when it is none."""
    try:
        if _ISO.fullmatch(text):
            return dt.datetime.fromisoformat(text[:19]).replace(tzinfo=dt.UTC)
        if re.fullmatch(r"[0-9]{1,11}", text):
            return dt.datetime.fromtimestamp(int(text), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
