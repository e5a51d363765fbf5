"""Feeds in XML (RSS, Atom, RDF, CDF) → entries, by feedparser."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import xml.sax
from collections.abc import Mapping
from typing import Any

from newsletter.collect.answers import Document
from newsletter.collect.http.addresses import base, joined
from newsletter.collect.kinds.images import picture_of
from newsletter.collect.kinds.mending import BLURB, mended
from newsletter.collect.plain.dates import UNREADABLE, read_date
from newsletter.collect.plain.text import plain_text
from newsletter.errors import SourceError
from newsletter.model.gate import line

_WEB_PAGE = re.compile(
    rb"(?:\s|\xef\xbb\xbf|<\?.{0,500}?\?>|<!--.{0,5000}?-->)*+<(?:html|!doctype\s+html)\b",
    re.IGNORECASE | re.DOTALL,
)
_ENDINGS = re.compile(rb"</\s*(?:\w+:)?(?:rss|feed|rdf|channel|item|entry)\s*>", re.IGNORECASE)
_ADDRESS = re.compile(r"https?:|/", re.IGNORECASE)
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
    content, kind = mended(document.content, document.content_type)
    headers = {"content-type": kind} if kind else {}
    try:
        feed: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(content),
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
    if _WEB_PAGE.match(document.content[:20_000]) or b"<html" in start:
        raise SourceError(f"{document.shown}: a web page, not a feed; {_offer(document)}")
    if b"<opml" in start:
        raise SourceError(
            f"{document.shown}: a list of feeds (OPML), not a feed; its `kind` is `opml`"
        )
    fault = feed.get("bozo_exception")
    if isinstance(fault, xml.sax.SAXParseException):
        where = f"{document.shown}:{fault.getLineNumber()}:{fault.getColumnNumber()}"
        raise SourceError(f"{where}: not a feed ({line(fault.getMessage(), 200)})")
    raise SourceError(f"{document.shown}: XML, but no feed: neither RSS, Atom, RDF nor CDF")


def is_cut_off(content: bytes) -> bool:
    """Return whether a document ends within an entry, as after a broken transfer.

    The mark-up after the last end of an entry or of the feed then begins another entry.
    """
    last = 0
    for ending in _ENDINGS.finditer(content):
        last = ending.end()
    return re.search(rb"<(?:\w+:)?(?:item|entry)[\s>]", content[last:], re.IGNORECASE) is not None


_LINK = re.compile(
    r"""<(?P<kind>link|base)\b(?P<given>(?:[^<>"']|"[^"<]{0,1000}"|'[^'<]{0,1000}'){0,300})>""",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
_ATTRIBUTES = re.compile(r"""([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE)
_FEEDS = re.compile(
    r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)|application/feed", re.IGNORECASE
)


def _offer(document: Document) -> str:
    """Return, in words, which feed a web page names, so that it can be asked instead."""
    if not (offered := feeds_named(document)):
        return "look for its RSS link"
    most = " or ".join(line(link, 300) for link in offered[:3])
    return f"it names its feed: {most}"


def feeds_named(document: Document) -> tuple[str, ...]:
    """Return the addresses of the feeds that a web page names, in its order."""
    page = _COMMENT.sub("", document.content[:500_000].decode("utf-8", "replace"))
    start = base(document.url)
    offered = []
    for tag in _LINK.finditer(page):
        given = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTES.findall(tag["given"])}
        address = joined(start, html.unescape(given.get("href", "")))
        if tag["kind"].lower() == "base":
            start = address
            continue
        is_feed = given.get("href") and (
            _FEEDS.match(given.get("type", "")) and "alternate" in given.get("rel", "").lower()
        )
        if is_feed and address.startswith(("http://", "https://")):
            offered.append(address)
    return tuple(dict.fromkeys(offered))


DATES = ("published", "created", "updated", "prism_publicationdate", "prism_coverdate")


def flat_entry(
    entry: Entry, start: str, now: dt.datetime | None = None, feed: Entry | None = None
) -> Entry:
    """Return the fields of a feedparser entry that we use, under the names that `_paper` reads.

    Relative links are resolved against `start`, the document's own address (RFC 3986, 5.1.3).
    """
    if feed and str(feed.get("version")).startswith("atom") and not entry.get("authors"):
        # RFC 4287, 4.2.1: the authors of the source, or of the feed, are those of the entry.
        given = entry.get("source", {}).get("authors") or feed["feed"].get("authors")
        entry = {**entry, "authors": given or ()}
    # FeedBurner, and whoever does as it did, counts readers on the way to the real address.
    link = str(entry.get("feedburner_origlink") or entry.get("link") or _alternate(entry))
    if entry.get("guidislink") and link == entry.get("id") and not _ADDRESS.match(link):
        link = ""  # feedparser takes any id for a link
    contents = [str(part.get("value") or "") for part in entry.get("content") or ()]
    summary = str(entry.get("summary") or "")
    authors = [person.get("name") for person in entry.get("authors") or () if person.get("name")]
    return {
        "title": entry.get("title"),
        "text": summary or max(contents, key=len, default="") or str(entry.get(BLURB) or ""),
        "link": joined(start, link) if link else "",
        "id": entry.get("id"),
        "doi": entry.get("arxiv_doi") or entry.get("prism_doi") or entry.get("dc_identifier"),
        "authors": authors or ([entry["author"]] if entry.get("author") else []),
        "tags": [tag.get("term") for tag in entry.get("tags") or ()],
        "published": date_of(entry, *DATES, now=now),
        "announce": entry.get("arxiv_announce_type"),
        "comment": entry.get("arxiv_comment"),
        "picture": picture_of(entry, start),
        "journal": entry.get("arxiv_journal_ref") or entry.get("prism_publicationname"),
    }


def _alternate(entry: Entry) -> str:
    return next((str(link.get("href") or "") for link in entry.get("links") or ()), "")


def date_of(entry: Entry, *names: str, now: dt.datetime | None = None) -> dt.datetime | None:
    """Return the first of an entry's named dates that can be read, as a moment in UTC.

    If dates are given and none can be read, the gate is given one that it leaves out and counts.
    """
    read = None
    for name in names:
        # For a missing date feedparser returns another date, and warns.
        given = entry[name] if name in entry else None  # noqa: SIM401  so no `get`
        found = read_date(plain_text(given), now) if isinstance(given, str) else None
        if found and found != UNREADABLE:
            return found
        read = read or found
    return read
