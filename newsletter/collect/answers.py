"""What a source is asked and what it answers: documents, pages, and JSON that may be malformed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from newsletter.collect.http.addresses import shown
from newsletter.collect.plain.dates import UNREADABLE
from newsletter.collect.plain.text import plain_text
from newsletter.errors import SourceError
from newsletter.model import Fault, Mention, Paper, Source
from newsletter.model.gate import MAX_TEXT, cut

MAX_FIELD = 20_000
"""Characters of a field that are read: far more than any abstract, far fewer than an attack."""
MAX_DIGITS = 18
"""Longest number that is read exactly; a longer one becomes 10^18."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as the source sent it."""

    url: str
    """The address after redirects; relative links in the document start from it."""
    content: bytes
    content_type: str = ""

    @property
    def shown(self) -> str:
        """Its address without secrets, for messages."""
        return shown(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The papers of one document, and what was left out."""

    papers: tuple[Paper, ...] = ()
    mentions: tuple[Mention, ...] = ()
    sources: tuple[Source, ...] = ()
    """The sources that the document names, when it is a list of sources (OPML)."""
    skipped: int = 0
    note: str = ""
    more: str = ""
    """Address of the next page; empty when there is none."""
    dated: dt.datetime | None = None
    """When the document was made, as it says itself."""
    faults: tuple[Fault, ...] = ()
    """Faults of single entries or of the whole document; they must not stop anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitWindow:
    """The span of time whose papers are asked for."""

    since: dt.datetime
    """The last good visit, or FIRST_LOOK before the first; never before `reach`."""
    until: dt.datetime
    """Now."""
    reach: dt.datetime
    """Papers older than this are too old for an issue."""
    covered: dt.datetime | None = None
    """The last batch that was collected, for sources that publish in batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """What is missing from a source's document and must be asked for separately."""

    url: str = ""
    """Empty when nothing is missing."""
    why: str = ""
    covered: dt.datetime | None = None
    """The last batch that will have been collected once `url` has answered."""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """The first and the last day whose papers are missing, for what stands in for `url`."""
    categories: tuple[str, ...] = ()
    """The categories that lack papers; empty for all of the source's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How often and how many times at once one server may be asked."""

    connections: int = 2
    """Requests at the same time: as many as a polite browser makes for one page."""
    pause: float = 0.0
    """Seconds from the start of one request to the start of the next."""
    throttles: tuple[int, ...] = ()
    """Further status codes by which the server says that it is asked too often."""


Parser = Callable[[Document, Source, dt.datetime], Parsed]
"""(document, source, now) → papers. Raises SourceError, in one line, if it cannot be read."""
Locator = Callable[[Source, VisitWindow], tuple[str, ...]]
"""(source, window) → the addresses to ask; each answer may lead to further pages."""
Catcher = Callable[[Source, VisitWindow, Parsed | None, Sequence[Paper]], CatchUp]
"""(source, window, shown, fresh) → what is missing. `shown` is what the document held, or None if
it could not be read; `fresh` are the papers in it that we had not seen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """Another service that is asked for what a source's own service refuses."""

    name: str
    locate: Callable[[Source, CatchUp], tuple[str, ...]]
    parse: Parser
    manners: Manners = Manners()


def given_location(source: Source, _window: VisitWindow) -> tuple[str, ...]:
    """Return the source's address from the configuration."""
    return (source.location,)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """How sources of a kind are asked and read."""

    parse: Parser
    locate: Locator = given_location
    catch_up: Catcher | None = None
    """Set for sources that show only their last batch."""
    stand_ins: tuple[StandIn, ...] = ()
    """What is asked, in this order, when `catch_up` leads to a service that fails."""
    needs: tuple[str, ...] = ("url",)
    """A source must have at least one of these settings; empty means it needs none."""
    takes: tuple[str, ...] = ("url", "headers")
    """The settings that this kind uses."""
    manners: Manners = Manners()
    terms: str = ""
    """What the service asks of programs, and the page where it says so."""


def read_json(document: Document) -> object:
    """Return the JSON value of a document; raises SourceError when it is not JSON."""
    try:
        # Not strict: a line break within a text must not cost all the others.
        answer: object = json.loads(document.content, parse_int=whole, strict=False)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{document.shown}: not valid JSON ({error})") from None
    return answer


def read_list(
    document: Document, service: str, key: str
) -> tuple[list[object], Mapping[str, object]]:
    """Return the list under `key` of a JSON object, and the object itself.

    Raises SourceError if there is no such list, with the service's own error message if any.
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
    """Return the error message in a JSON answer, in the service's words; empty if there is none."""
    given = mapping(answer)
    for name in ("error", "message", "detail", "errors"):
        said = given.get(name)
        if said and isinstance(said, str):
            return text(said, 300)
        if inner := mapping(said).get("message"):
            return text(inner, 300)
    return ""


def mapping(value: object) -> Mapping[str, object]:
    """Return `value` if it is a JSON object, else an empty one: a bad field loses only itself."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[object]:
    """Return `value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object, length: int = MAX_TEXT) -> str:
    """Return a string as plain text, cut between words if long; empty if `value` is no string."""
    if not isinstance(value, str) or not value:
        return ""
    if len(value) > MAX_FIELD:
        # Do not cut inside a tag: the rest of the tag would be printed.
        value = value[:MAX_FIELD]
        value = value[: value.rfind("<")] if value.rfind("<") > value.rfind(">") else value
    return cut(plain_text(value), length)


def texts(values: object) -> tuple[str, ...]:
    """Return the strings of a JSON array as plain text, without repeats."""
    return tuple(dict.fromkeys(filter(None, map(text, listed(values)))))


def named(given: object) -> str:
    """Return the name of a person or organisation, given as an object or as plain text."""
    fields = mapping(given)
    return text(fields.get("fullname")) or text(fields.get("name")) or text(given)


def count(value: object) -> int:
    """Return `value` if it is a whole number of at least 0, else 0."""
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else 0


def whole(digits: str) -> int:
    """Return the number that `digits` spell; more than MAX_DIGITS digits give 10^18.

    Python refuses to convert numbers of more than 4,300 digits, and then the whole JSON would fail.
    """
    return int(digits) if len(digits) <= MAX_DIGITS else 10**MAX_DIGITS


def numbered(value: object) -> int:
    """Return a count that a service sends sometimes as a number, sometimes as text."""
    if isinstance(value, str):
        return whole(value) if value.isdecimal() else 0
    return count(value)


def asked(url: str) -> dict[str, str]:
    """Return the query of an address as names and values."""
    return dict(parse_qsl(urlsplit(url).query))


def asking(url: str, **changes: str) -> str:
    """Return the address with `changes` made to its query, to ask for a further page."""
    return f"{url.partition('?')[0]}?{urlencode(asked(url) | changes, errors='replace')}"


def iso_moment(value: object) -> dt.datetime | None:
    """Return an RFC 3339 date as a moment in UTC; None if nothing is given.

    What is no date, or past Python's last one, is UNREADABLE: the gate leaves it out and counts it.
    """
    if not value:
        return None
    try:
        moment = dt.datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return UNREADABLE


def unix_moment(value: object, per_second: int = 1) -> dt.datetime | None:
    """Return the moment `value` seconds (1000 `per_second`: milliseconds) after 1970, in UTC."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return dt.datetime.fromtimestamp(value / per_second, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
