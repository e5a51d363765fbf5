"""OPML: a list of feeds, as every feed reader exports its own → sources."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urljoin

from lxml import etree

from newsletter.collect.answers import Document, Parsed, text
from newsletter.collect.identity import web_url
from newsletter.errors import SourceError
from newsletter.model import Source

MAX_SOURCES = 5_000


def parse_opml(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the feeds that an OPML document (http://opml.org/spec2.opml) names, each once.

    Outlines are nested in folders at will; those without `xmlUrl` are folders, or no feeds. The
    sources have the list's own headers no more: keys are for one server only.

    Raises SourceError when the document is not OPML.
    """
    del now
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(document.content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(f"{document.url}: not OPML ({error})") from None
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise SourceError(f"{document.url}: not OPML (no <opml> element)")
    sources: dict[str, Source] = {}
    skipped = 0
    for outline in root.iter("{*}outline"):
        given = {str(name).lower(): str(value) for name, value in outline.attrib.items()}
        if "xmlurl" not in given:
            continue
        url = web_url(urljoin(document.url, given["xmlurl"].strip()))
        if not url or url in sources or len(sources) == MAX_SOURCES:
            skipped += 1
            continue
        title = text(given.get("title")) or text(given.get("text")) or url
        sources[url] = Source(name=title, kind="feed", location=url, announce=source.announce)
    note = f"names {len(sources)} sources" if sources else "a list without feeds"
    return Parsed(sources=tuple(sources.values()), skipped=skipped, note=note)
