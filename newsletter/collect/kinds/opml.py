"""OPML: a list of feeds, as feed readers export it → sources."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote, urlsplit

from lxml import etree

from newsletter.collect.answers import Document, Parsed, text
from newsletter.collect.entries import read_sources
from newsletter.collect.http.addresses import base, joined, shown
from newsletter.errors import SourceError
from newsletter.model import Source
from newsletter.model.gate import MAX_NAME, line, link

MAX_SOURCES = 5_000


def parse_opml(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the feeds that an OPML document (http://opml.org/spec2.opml) names, without repeats.

    Outlines may be nested to any depth; those without `xmlUrl` are folders or not feeds. The
    sources do not inherit the list's headers: a key is for one server only.

    Raises SourceError when the document is not OPML.
    """
    del now
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(document.content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(f"{document.shown}: not OPML ({line(str(error), 200)})") from None
    if root is None or str(root.tag).rpartition("}")[2].lower() != "opml":
        raise SourceError(f"{document.shown}: not OPML (no <opml> element)")
    start = base(document.url)

    def read(given: dict[str, str]) -> Source | None:
        url = _feed_address(joined(start, given["xmlurl"].strip()))
        if not url:
            return None
        title = text(given.get("title"), MAX_NAME) or text(given.get("text"), MAX_NAME)
        return Source(name=title or shown(url), kind="feed", location=url, announce=source.announce)

    outlines = (
        {str(name).lower(): str(value) for name, value in outline.attrib.items()}
        for outline in root.iter("{*}outline")
    )
    named, account = read_sources([given for given in outlines if "xmlurl" in given], read, source)
    sources: dict[str, Source] = {}
    for feed in named:
        sources.setdefault(feed.location, feed)
    kept = tuple(sources.values())[:MAX_SOURCES]
    notes = [f"names {len(kept)} sources" if kept else "a list without feeds"]
    return Parsed(
        sources=kept,
        skipped=account.skipped + len(named) - len(kept),
        note="; ".join((*notes, *account.notes())),
        faults=tuple(account.faults),
    )


def _feed_address(given: str) -> str:
    """Return an address that can be fetched, or nothing; it may keep a name and password."""
    sound = link(given)
    login, at, _ = urlsplit(given).netloc.rpartition("@") if sound else ("", "", "")
    scheme, _, rest = sound.partition("://")
    return f"{scheme}://{quote(login, safe=':%')}@{rest}" if at else sound
