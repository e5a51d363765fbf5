"""What a source is asked and what it answers: documents, pages, odd JSON read safely."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from newsletter.collect.http.addresses import shown
from newsletter.collect.plain.text import plain_text
from newsletter.errors import SourceError
from newsletter.model import Fault, Mention, Paper, Source
from newsletter.model.gate import MAX_TEXT, cut

MAX_FIELD = 20_000
"""Characters of one field that are looked at: far past any abstract, short of an attack."""
MAX_DIGITS = 18
"""Of a number that is read as such; past them it is more than anything there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a source sent, as it sent it."""

    url: str
    """After redirects; the base of relative links."""
    content: bytes
    content_type: str = ""

    @property
    def shown(self) -> str:
        """Its address as it may be told."""
        return shown(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The papers of one document, and what was left out."""

    papers: tuple[Paper, ...] = ()
    mentions: tuple[Mention, ...] = ()
    sources: tuple[Source, ...] = ()
    """Of a list of sources (OPML): those that it names."""
    skipped: int = 0
    note: str = ""
    more: str = ""
    """Address of the next page, where there is one."""
    dated: dt.datetime | None = None
    """When the document says it was made."""
    faults: tuple[Fault, ...] = ()
    """What went wrong with one entry, or with the whole, and must not stop the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitWindow:
    """The time whose papers are wanted."""

    since: dt.datetime
    """The last good visit, or a first look back; never before `reach`."""
    until: dt.datetime
    """Now."""
    reach: dt.datetime
    """What is older is too old for an issue."""
    covered: dt.datetime | None = None
    """The source's last batch that was collected, for those that publish in batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """What a source's document did not show and has to be asked for."""

    url: str = ""
    """Empty when nothing is missing."""
    why: str = ""
    covered: dt.datetime | None = None
    """The last batch that is collected once `url` has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one server wants to be asked."""

    connections: int = 2
    """Requests at a time: what a polite browser does on one page."""
    pause: float = 0.0
    """Seconds from the start of one request to the start of the next."""


Parser = Callable[[Document, Source, dt.datetime], Parsed]
"""Document, source and now to papers; raises SourceError with one line when it cannot be read."""
Locator = Callable[[Source, VisitWindow], tuple[str, ...]]
"""Where to ask a service for the papers of a window; each address may lead on to further pages."""
Catcher = Callable[[Source, VisitWindow, Parsed | None, Sequence[Paper]], CatchUp]
"""Source, window, what its document showed (None: nothing could be read) and those of its papers
that are new to us, to what is missing."""


def given_location(source: Source, _window: VisitWindow) -> tuple[str, ...]:
    """Return the address that the source has in the configuration."""
    return (source.location,)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """How sources of a kind are asked and read."""

    parse: Parser
    locate: Locator = given_location
    catch_up: Catcher | None = None
    """For sources that show their last batch only."""
    needs: tuple[str, ...] = ("url",)
    """Settings one of which a source must have; none means that it needs nothing."""
    takes: tuple[str, ...] = ("url", "headers")
    """Settings that mean something to it."""
    manners: Manners = Manners()
    terms: str = ""
    """What the service says of programs that ask it, and where it says so."""


def read_json(document: Document) -> Any:
    """Return the JSON value of a document; raises SourceError when it is none."""
    try:
        return json.loads(document.content, parse_int=whole)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{document.shown}: not valid JSON ({error})") from None


def read_list(document: Document, service: str, key: str) -> tuple[list[Any], Mapping[str, Any]]:
    """Return the list under `key` of a JSON object, and the object.

    Raises SourceError with what the service said instead: most put it under `error` or `message`.
    """
    answer = mapping(read_json(document))
    found = answer.get(key)
    if isinstance(found, list):
        return found, answer
    said = complaint(answer)
    raise SourceError(
        f"{document.shown}: {service} says: {said}"
        if said
        else f"{document.shown}: JSON, but no answer of {service} (no list `{key}`)"
    )


def complaint(answer: object) -> str:
    """Return the error that a JSON answer holds, in its own words, or nothing."""
    given = mapping(answer)
    for name in ("error", "message", "detail", "errors"):
        said = given.get(name)
        if said and isinstance(said, str):
            return text(said, 300)
        if inner := mapping(said).get("message"):
            return text(inner, 300)
    return ""


def mapping(value: object) -> Mapping[str, Any]:
    """Return `value` when it is a JSON object, else an empty one: odd fields cost themselves."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Return `value` when it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object, length: int = MAX_TEXT) -> str:
    """Return a string as plain text, cut at a word when it is long; of anything else, nothing."""
    if not isinstance(value, str) or not value:
        return ""
    if len(value) > MAX_FIELD:
        # Never cut inside a tag: what is left of it would be printed.
        value = value[:MAX_FIELD]
        value = value[: value.rfind("<")] if value.rfind("<") > value.rfind(">") else value
    return cut(plain_text(value), length)


def texts(values: object) -> tuple[str, ...]:
    """Return the strings of a JSON array as plain text, each once."""
    return tuple(dict.fromkeys(filter(None, map(text, listed(values)))))


def count(value: object) -> int:
    """Return a number of things; what is no whole number, or below zero, counts nothing."""
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else 0


def whole(digits: str) -> int:
    """Return the number that a text of digits says; nothing that is longer is worth the time.

    Python takes a number of 4,300 digits for an attack, and JSON that holds one for no JSON.
    """
    return int(digits) if len(digits) <= MAX_DIGITS else 10**MAX_DIGITS


def numbered(value: object) -> int:
    """Return a number that a service gives now as one, now as text."""
    if isinstance(value, str):
        return whole(value) if value.isdecimal() else 0
    return count(value)


def asked(url: str) -> dict[str, str]:
    """Return what the query of an address asks, by name."""
    return dict(parse_qsl(urlsplit(url).query))


def asking(url: str, **changes: str) -> str:
    """Return an address that asks the same but for `changes`: a further page of an answer."""
    return f"{url.partition('?')[0]}?{urlencode(asked(url) | changes, errors='replace')}"


def iso_moment(value: object) -> dt.datetime | None:
    """Return an RFC 3339 date as a moment in UTC, or nothing when it is none."""
    try:
        moment = dt.datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except ValueError:
        return None
    except OverflowError:  # past the calendar: the gate leaves it out, and counts it
        return dt.datetime.max.replace(tzinfo=dt.UTC)


def unix_moment(value: object, per_second: int = 1) -> dt.datetime | None:
    """Return seconds (or, at 1000 `per_second`, milliseconds) since 1970 as a moment in UTC."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return dt.datetime.fromtimestamp(value / per_second, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
