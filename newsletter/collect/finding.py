"""find_sources(): which sources an address leads to: a service, a feed, a page, a list of feeds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from newsletter.collect.answers import Document
from newsletter.collect.http.addresses import joined, may_be_kept, shown
from newsletter.collect.http.fetcher import Fetched, Fetcher
from newsletter.collect.kinds.feeds import feed_title
from newsletter.collect.kinds.places import source_at
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.kinds.xmlfeeds import feeds_named
from newsletter.collect.reader import DocumentReader
from newsletter.errors import SourceError
from newsletter.model import Source
from newsletter.model.gate import MAX_NAME, line, link

MOST_LINKS: Final = 3
"""Feeds that a page names which are tried, in its order."""
GUESSES: Final = ("feed", "rss.xml", "atom.xml", "index.xml", "feed.xml")
"""Where pages that name no feed often have one."""
_LIST = re.compile(rb"<(?:\w+:)?opml\b", re.IGNORECASE)
_FEED_SCHEME = re.compile(r"^feed:(?://)?(?=https?:)|^feed://", re.IGNORECASE)
"""How some programs mark addresses of feeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What an address leads to."""

    sources: tuple[Source, ...]
    is_list: bool = False
    """Whether it is a list of feeds (OPML), each of which is a source."""


def address_of(given: str) -> str:
    """Return an address that was given, as `example.org/blog` may be; raises SourceError."""
    text = _FEED_SCHEME.sub("", given.strip())
    address = link(text if "://" in text else f"https://{text}")
    if not address or not re.search("[.:]", urlsplit(address).netloc):
        raise SourceError(f"`{line(given, 100)}` is no address such as https://example.org/feed")
    if "@" in urlsplit(text).netloc or "${" in text:
        raise SourceError(
            "an address with a name and password, or with a variable, is written into sources.yaml "
            "by hand"
        )
    return address


async def find_sources(
    location: str, fetcher: Fetcher, reader: DocumentReader, now: dt.datetime
) -> Discovery:
    """Return the sources that an address, or the absolute path of a file, leads to.

    Of a page it is the first feed that it names and that can be read. Raises SourceError when there
    is none.
    """
    if known := source_at(location):
        return Discovery(sources=(known,))
    fetched = await fetcher.fetch(location)
    document = fetched.documents[0]
    if _LIST.search(document.content[:2_000]):
        asked = Source(name=shown(location), kind="opml", location=location)
        parsed = await reader.read(KINDS["opml"], document, asked, now)
        if not parsed.sources:
            raise SourceError(f"{document.shown}: a list (OPML) without feeds")
        return Discovery(sources=parsed.sources, is_list=True)
    try:
        return Discovery(sources=(await _feed(location, fetched, reader),))
    except SourceError as error:
        if "://" not in location:
            raise
        found = await _behind(document, fetcher, reader)
        if found is None:
            raise SourceError(f"{error}; no feed was found beside it either") from None
        return Discovery(sources=(found,))


async def _behind(document: Document, fetcher: Fetcher, reader: DocumentReader) -> Source | None:
    """Return the first feed that a page names, or that is where feeds often are."""
    named = [address for address in map(link, feeds_named(document)) if address][:MOST_LINKS]
    for address in named:
        if known := source_at(address):
            return known
    folder = document.url.partition("?")[0].partition("#")[0].rstrip("/") + "/"
    for address in named or [joined(folder, name) for name in GUESSES]:
        try:
            return await _feed(address, await fetcher.fetch(address), reader)
        except SourceError:
            continue  # the next may be one
    return None


async def _feed(location: str, fetched: Fetched, reader: DocumentReader) -> Source:
    """Return a feed as a source, under the name that it has; raises SourceError if it is none."""
    document = fetched.documents[0]
    title = await reader.call(document, feed_title, document)
    moved = fetched.moved_to if link(fetched.moved_to) and may_be_kept(fetched.moved_to) else ""
    address = moved or location
    return Source(name=title or urlsplit(address).netloc or address, kind="feed", location=address)


def named_apart(found: Iterable[Source], names: Iterable[str]) -> tuple[Source, ...]:
    """Return sources with names that none of `names` has, nor another of them.

    A name of a web page's own choosing names no variable of the environment.
    """
    taken = set(names)
    apart = []
    for source in found:
        name = line(source.name.replace("${", "$("), MAX_NAME) or source.kind
        host = urlsplit(source.location).netloc
        tries = (name, f"{name} ({host})", *(f"{name} ({number})" for number in range(2, 10_000)))
        name = next(one for one in tries if one not in taken)
        taken.add(name)
        apart.append(replace(source, name=name))
    return tuple(apart)


def already_there(source: Source, known: Iterable[Source]) -> Source | None:
    """Return the source among those that are known which brings what another would bring."""
    for other in known:
        if source.location and _plain(source.location) == _plain(other.location):
            return other
        is_whole = not other.location and not other.categories and source.kind != "arxiv"
        if (
            not source.location
            and not other.location
            and (source.kind, source.query, source.authors)
            == (other.kind, other.query, other.authors)
            and (is_whole or (source.categories and {*source.categories} <= {*other.categories}))
        ):
            return other
    return None


def _plain(location: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", location).rstrip("/")
