"""RSS, Atom, RDF and JSON Feed documents → Paper, whatever their oddities."""

from __future__ import annotations

import calendar
import datetime as dt
import io
import re
import time
import xml.sax
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import feedparser

from newsletter.collect.answers import (
    MAX_TITLE,
    Document,
    Parsed,
    cut,
    iso_moment,
    listed,
    mapping,
    read_json,
    text,
)
from newsletter.collect.identity import arxiv_id, doi, paper_keys, web_url
from newsletter.collect.repositories import repository
from newsletter.errors import SourceError
from newsletter.model import Paper, Sighting, Source

_NAME_LISTS = re.compile(r"\s*(?:;|\band\b|&|,)\s*")
_ADDRESS = re.compile(r"\S+@\S+")
_INITIALS = re.compile(r"(?:[A-Z]\.?[\s-]?){1,3}")
_EMPTY_FEED = re.compile(rb"<(?:rss|feed|rdf:rdf|channel)\b", re.IGNORECASE)

Entry = Mapping[str, Any]
"""One feed entry, as feedparser or JSON gives it: nothing about it can be relied on."""


def parse_feed(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of a feed document of any of the usual formats.

    Raises SourceError when the document is no feed. Entries with neither a title nor a text, and
    arXiv announcements of types that the source does not ask for, are left out and counted.
    """
    if document.content.lstrip()[:1] in (b"{", b"["):
        return _papers(_json_entries(document), source, now)
    feed = feed_of(document)
    made = feed["feed"].get("published_parsed") or feed["feed"].get("updated_parsed")
    parsed = _papers([flat_entry(entry, document.url) for entry in feed["entries"]], source, now)
    return replace(parsed, dated=_moment(made))


def feed_of(document: Document) -> Mapping[str, Any]:
    """Return feedparser's view of an XML document; raises SourceError when it is no feed."""
    if not document.content.strip():
        raise SourceError(f"{document.url}: the answer is empty")
    # Without its address, so that ids stay as they are (RFC 4287, 4.2.6: compared as written);
    # relative links are resolved below.
    headers = {"content-type": document.content_type} if document.content_type else {}
    try:
        feed: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(document.content),
            response_headers=headers,
            # All HTML becomes plain text below, so that cleaning it first is work for nothing.
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # noqa: BLE001  feedparser's loose parser has no error class
        raise SourceError(f"{document.url}: not a readable feed ({error})") from None
    start = document.content.lstrip()[:400].lower()
    if feed["entries"] or feed.get("version") or _EMPTY_FEED.search(start):
        return feed
    if b"<html" in start or b"<!doctype html" in start:
        raise SourceError(f"{document.url}: a web page, not a feed; look for its RSS link")
    problem = feed.get("bozo_exception")
    if isinstance(problem, xml.sax.SAXParseException):
        where = f"{document.url}:{problem.getLineNumber()}:{problem.getColumnNumber()}"
        raise SourceError(f"{where}: not a feed ({problem.getMessage()})")
    raise SourceError(f"{document.url}: XML, but no feed: neither RSS, Atom, RDF nor CDF")


# --- One entry --------------------------------------------------------------------------------


def _papers(entries: Sequence[Entry], source: Source, now: dt.datetime) -> Parsed:
    # Some feeds link every entry to the same page: then the link identifies none of them.
    titles: dict[str, set[str]] = {}
    for entry in entries:
        titles.setdefault(str(entry.get("link") or ""), set()).add(str(entry.get("title")))
    papers: list[Paper] = []
    skipped = nameless = 0
    for entry in entries:
        paper = _paper(
            entry, source, now, link_is_shared=len(titles[str(entry.get("link") or "")]) > 1
        )
        if paper is None:
            nameless += 1
        elif paper.announce and paper.announce not in source.announce:
            skipped += 1
        else:
            papers.append(paper)
    note = f"{nameless} without title or text" if nameless else ""
    return Parsed(papers=tuple(papers), skipped=skipped + nameless, note=note)


def _paper(entry: Entry, source: Source, now: dt.datetime, *, link_is_shared: bool) -> Paper | None:
    title = _shown(entry.get("title"))
    abstract = _shown(entry.get("text"))
    announce, abstract = _announcement(str(entry.get("announce") or ""), abstract)
    labels, abstract = _labels(abstract)
    title, suffix = _without_arxiv_suffix(title)
    if not title:
        title = _first_words(abstract)
    if not title:
        return None
    link = web_url(str(entry.get("link") or ""))
    guid = str(entry.get("id") or "")
    references = tuple(
        str(value) for value in (guid, link, entry.get("doi") or "", suffix) if value
    )
    known = next((found for ref in references if (found := arxiv_id(ref))), None)
    named = next((name for ref in references if (name := doi(ref))), None)
    url = link or web_url(guid) or (f"https://doi.org/{named}" if named else "")
    if known:
        url = f"https://arxiv.org/abs/{known[0]}"
    authors = _authors(entry.get("authors") or labels["authors"])
    keys = paper_keys(
        references=references,
        url="" if link_is_shared else url,
        title=f"{url} {guid or title}" if link_is_shared else title,
    )
    return Paper(
        id=keys[0],
        keys=keys,
        title=title[:MAX_TITLE],
        url=url,
        abstract=abstract,
        authors=authors,
        categories=tuple(dict.fromkeys(filter(None, map(_shown, entry.get("tags") or ())))),
        published=entry.get("published"),
        announce=announce or ("replace" if "UPDATED" in suffix else ""),
        version=known[1] if known else 1,
        pdf_url=f"https://arxiv.org/pdf/{known[0]}" if known else "",
        code_url=repository(abstract) or repository(_shown(entry.get("comment"))),
        venue=_shown(entry.get("journal"))[:200],
        votes=int(labels["votes"][0]) if labels["votes"] else 0,
        sightings=(Sighting(source=source.name, seen_at=now, url=url),),
    )


def _shown(value: object) -> str:
    return text(str(value)) if value else ""


_STAND_IN = 100
"""Characters of a text that stand in for a missing title."""


def _first_words(text: str) -> str:
    """Return a title for an entry that has none: its first sentence, cut at a word."""
    return cut(re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0], _STAND_IN)


# arXiv puts the announcement before the abstract (RSS since 2024):
# `arXiv:2607.11111v1 Announce Type: new Abstract: We study …`.
_ANNOUNCED = re.compile(
    r"^\s*(?:arXiv:\S+\s+)?Announce Type:\s*(?P<type>[a-z-]+)\s+(?:Abstract:\s*)?", re.IGNORECASE
)
# and, in the older RDF, the id after the title: `Title. (arXiv:2301.00001v2 [cs.CL] UPDATED)`.
_SUFFIX = re.compile(r"\.?\s*\((arXiv:\S+\s*\[[^\]]*\](?:\s*\w+)?)\)\s*$", re.IGNORECASE)


def _announcement(given: str, abstract: str) -> tuple[str, str]:
    found = _ANNOUNCED.match(abstract)
    if not found:
        return given.strip().lower(), abstract
    return given.strip().lower() or found["type"].lower(), abstract[found.end() :]


# Feeds made from paper lists put what RSS has no element for into the text, with labels:
# `Authors: A, B Upvotes: 3 Summary: We introduce …`.
_LABELLED = re.compile(
    r"^(?:Authors?:\s*(?P<authors>.{1,5000}?)\s+)?(?:(?:Upvotes|Votes):\s*(?P<votes>\d{1,7})\s+)?"
    r"(?:Summary|Abstract):\s+",
)


def _labels(text: str) -> tuple[dict[str, list[str]], str]:
    """Return the labelled authors and votes that a text begins with, and the rest of it."""
    found = _LABELLED.match(text)
    if not found:
        return {"authors": [], "votes": []}, text
    labels = {name: [value] if value else [] for name, value in found.groupdict().items()}
    return labels, text[found.end() :]


def _without_arxiv_suffix(title: str) -> tuple[str, str]:
    found = _SUFFIX.search(title)
    return (title[: found.start()], found[1]) if found else (title, "")


def _without_affiliation(name: str) -> str:
    """Return names without what arXiv puts in brackets: `Ada Byron (1), Bo Li ((1) X, (2) Y)`."""
    for _ in range(3):  # brackets in brackets
        name = re.sub(r"\s*\([^()]*\)", "", name)
    return name.strip(" ,;")


def _authors(names: Iterable[object] | None) -> tuple[str, ...]:
    """Return author names; one string that holds many is split.

    `Smith, John` stays one author: a list is believed only when each part has two words. An
    address is no name, and nothing to show to thousands of readers.
    """
    listed = [_without_affiliation(_ADDRESS.sub("", _shown(name))) for name in names or ()]
    if len(listed) == 1:
        listed = _split_names(listed[0])
    return tuple(dict.fromkeys(name for name in listed if name))


def _split_names(text: str) -> list[str]:
    """Return the names in `text`, which may have commas inside of names and between them."""
    if ";" in text:
        return [part.strip() for part in text.split(";")]
    parts = [part for part in _NAME_LISTS.split(text) if part]
    # `Byron, A., Li, B.`: every other part is somebody's initials.
    if len(parts) % 2 == 0 and all(map(_INITIALS.fullmatch, parts[1::2])):
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    if all(" " in part or "." in part for part in parts) or len(parts) > 2:  # noqa: PLR2004
        return parts
    return [text]


# --- Formats ----------------------------------------------------------------------------------


def flat_entry(entry: Entry, base: str) -> Entry:
    """Return what we use of a feedparser entry, under the names `_paper` reads.

    Relative links start at `base`, the document's own address (RFC 3986, 5.1.3).
    """
    link = str(entry.get("link") or _alternate(entry))
    contents = [str(part.get("value") or "") for part in entry.get("content") or ()]
    summary = str(entry.get("summary") or "")
    authors = [person.get("name") for person in entry.get("authors") or () if person.get("name")]
    return {
        "title": entry.get("title"),
        "text": summary or max(contents, key=len, default=""),
        "link": _absolute(link, base) if link else "",
        "id": entry.get("id"),
        "doi": entry.get("arxiv_doi") or entry.get("prism_doi") or entry.get("dc_identifier"),
        "authors": authors or ([entry["author"]] if entry.get("author") else []),
        "tags": [tag.get("term") for tag in entry.get("tags") or ()],
        "published": _moment(
            entry.get("published_parsed") or entry.get("created_parsed")
            or entry.get("updated_parsed")
        ),
        "announce": entry.get("arxiv_announce_type"),
        "comment": entry.get("arxiv_comment"),
        "journal": entry.get("arxiv_journal_ref") or entry.get("prism_publicationname"),
    }  # fmt: skip


def _alternate(entry: Entry) -> str:
    return next((str(link.get("href") or "") for link in entry.get("links") or ()), "")


def _absolute(link: str, base: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:  # `http://[`
        return ""


def _moment(parsed: time.struct_time | None) -> dt.datetime | None:
    """Return feedparser's UTC time tuple as a moment, or nothing for impossible dates."""
    try:
        return dt.datetime.fromtimestamp(calendar.timegm(parsed), dt.UTC) if parsed else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _json_entries(document: Document) -> list[Entry]:
    """Return the items of a JSON Feed (https://jsonfeed.org/version/1.1)."""
    feed = mapping(read_json(document))
    items = feed.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise SourceError(
            f"{document.url}: JSON, but no JSON Feed (no `version` of jsonfeed.org, or no `items`)"
        )
    return [_json_entry(item) for item in items if isinstance(item, dict)]


def _json_entry(item: Entry) -> Entry:
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    return {
        "title": item.get("title"),
        "text": item.get("summary") or item.get("content_text") or item.get("content_html"),
        "link": item.get("url") or item.get("external_url"),
        "id": item.get("id"),
        "authors": [name for one in people or () if (name := mapping(one).get("name"))],
        "tags": listed(item.get("tags")),
        "published": iso_moment(item.get("date_published") or item.get("date_modified")),
    }
