"""Failures that many addresses share: one line for one cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newsletter.collect.http.addresses import shown, without_secrets
from newsletter.model.gate import line

_UNREACHABLE = re.compile(
    r"(?P<where>\S+): cannot connect \((?P<why>.{1,400})\): is this machine online\?"
)
MAX_CAUSE = 300
"""Most characters of an error's own message that are shown."""
_NAMED = 3
"""Servers that are named for one cause; the others are counted."""


def unreachable(address: str, why: str) -> str:
    """Return the message for a server that cannot be reached; it names the server only."""
    server = shown(address).partition("://")[2].partition("/")[0]
    return f"{server or shown(address)}: cannot connect ({why}): is this machine online?"


def gathered(errors: Iterable[str]) -> list[str]:
    """Return messages without repeats; servers that cannot be reached share a line by cause."""
    told: dict[str, list[str]] = {}
    for error in errors:
        found = _UNREACHABLE.fullmatch(error)
        places = told.setdefault(found["why"] if found else error, [])
        if found and found["where"] not in places:
            places.append(found["where"])
    return [_line(why, places) if places else why for why, places in told.items()]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, the innermost last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def cause_of(error: BaseException) -> str:
    """Return the innermost message of a chain of errors, without class names or line breaks."""
    *_, error = chain(error)
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return line(without_secrets(text[:2000]), MAX_CAUSE) or type(error).__name__


def _line(why: str, places: list[str]) -> str:
    more = f" and {len(places) - _NAMED} more" if places[_NAMED:] else ""
    return f"{', '.join(places[:_NAMED])}{more}: cannot connect ({why}): is this machine online?"
