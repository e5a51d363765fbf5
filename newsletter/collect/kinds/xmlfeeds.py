"""Feeds in XML (RSS, Atom, RDF, CDF) → entries, by feedparser."""

from __future__ import annotations

import calendar
import contextlib
import datetime as dt
import io
import re
import xml.sax
from collections.abc import Mapping
from typing import Any

from newsletter.collect.answers import Document
from newsletter.collect.http.addresses import joined
from newsletter.errors import SourceError
from newsletter.model.gate import line

_EMPTY_FEED = re.compile(rb"<(?:rss|feed|rdf:rdf|channel)\b", re.IGNORECASE)

Entry = Mapping[str, Any]
"""One feed entry as feedparser or JSON gives it; any field may be missing or malformed."""


def feed_of(document: Document) -> Mapping[str, Any]:
    """Return feedparser's view of an XML document; raises SourceError if it is not a feed."""
    import feedparser  # noqa: PLC0415  slow to load, and most commands do not read feeds

    if not document.content.strip():
        raise SourceError(f"{document.shown}: the answer is empty")
    # feedparser is not given the address, so ids stay as written (RFC 4287, 4.2.6); relative
    # links are resolved below.
    headers = {"content-type": document.content_type} if document.content_type else {}
    try:
        feed: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(_without_long_runs(document.content)),
            response_headers=headers,
            # All HTML becomes plain text below, so feedparser need not clean it.
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # noqa: BLE001  feedparser's loose parser has no error class
        problem = line(str(error), 200)
        raise SourceError(f"{document.shown}: not a readable feed ({problem})") from None
    start = document.content.lstrip()[:400].lower()
    if feed["entries"] or feed.get("version") or _EMPTY_FEED.search(start):
        return feed
    if b"<html" in start or b"<!doctype html" in start:
        raise SourceError(f"{document.shown}: a web page, not a feed; look for its RSS link")
    fault = feed.get("bozo_exception")
    if isinstance(fault, xml.sax.SAXParseException):
        where = f"{document.shown}:{fault.getLineNumber()}:{fault.getColumnNumber()}"
        raise SourceError(f"{where}: not a feed ({line(fault.getMessage(), 200)})")
    raise SourceError(f"{document.shown}: XML, but no feed: neither RSS, Atom, RDF nor CDF")


# feedparser searches author names for an address, and the start for a document type, in time that
# grows with the square of a run's length. No real name, word or margin is this long.
_LONG = 2_500
_LONG_WORD = re.compile(rb"(?<![\w.+-])[\w.+-]{2500,}")
_LONG_SPACE = re.compile(rb"\s(?<!\s\s)\s{500,}")
_KEPT_OF_IT = 500


def _without_long_runs(content: bytes) -> bytes:
    content = _LONG_SPACE.sub(b"\n", content)
    if max(map(len, content.split()), default=0) < _LONG:  # nearly always, and quick to check
        return content
    return _LONG_WORD.sub(lambda found: found[0][:_KEPT_OF_IT], content)


def flat_entry(entry: Entry, start: str) -> Entry:
    """Return the fields of a feedparser entry that we use, under the names that `_paper` reads.

    Relative links are resolved against `start`, the document's own address (RFC 3986, 5.1.3).
    """
    link = str(entry.get("link") or _alternate(entry))
    contents = [str(part.get("value") or "") for part in entry.get("content") or ()]
    summary = str(entry.get("summary") or "")
    authors = [person.get("name") for person in entry.get("authors") or () if person.get("name")]
    return {
        "title": entry.get("title"),
        "text": summary or max(contents, key=len, default=""),
        "link": joined(start, link) if link else "",
        "id": entry.get("id"),
        "doi": entry.get("arxiv_doi") or entry.get("prism_doi") or entry.get("dc_identifier"),
        "authors": authors or ([entry["author"]] if entry.get("author") else []),
        "tags": [tag.get("term") for tag in entry.get("tags") or ()],
        "published": date_of(entry, "published", "created", "updated"),
        "announce": entry.get("arxiv_announce_type"),
        "comment": entry.get("arxiv_comment"),
        "journal": entry.get("arxiv_journal_ref") or entry.get("prism_publicationname"),
    }


def _alternate(entry: Entry) -> str:
    return next((str(link.get("href") or "") for link in entry.get("links") or ()), "")


def date_of(entry: Entry, *names: str) -> dt.datetime | None:
    """Return the first of an entry's named dates that is valid, as a moment in UTC."""
    for name in names:
        # For a missing date feedparser returns another date, and warns.
        parsed = entry[f"{name}_parsed"] if f"{name}_parsed" in entry else None  # noqa: SIM401  so no `get`
        with contextlib.suppress(TypeError, ValueError, OverflowError, OSError):
            if parsed:
                return dt.datetime.fromtimestamp(calendar.timegm(parsed), dt.UTC)
    return None
