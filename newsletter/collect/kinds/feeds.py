"""RSS, Atom, RDF and JSON Feed documents → Paper, with allowances for their usual errors."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from newsletter.collect.answers import (
    Document,
    Parsed,
    listed,
    mapping,
    read_json,
    text,
)
from newsletter.collect.entries import read_papers
from newsletter.collect.http.addresses import base, joined, origin
from newsletter.collect.identity.keys import (
    arxiv_id,
    canonical_url,
    doi,
    id_key,
    paper_keys,
    strength,
    web_url,
)
from newsletter.collect.identity.repositories import repository
from newsletter.collect.kinds.images import picture_of_item
from newsletter.collect.kinds.xmlfeeds import Entry, date_of, feed_of, flat_entry, is_cut_off
from newsletter.collect.plain.boilerplate import without_boilerplate
from newsletter.collect.plain.dates import read_date
from newsletter.collect.plain.encodings import in_utf_8
from newsletter.collect.plain.people import names_of
from newsletter.collect.withdrawals import WITHDRAWN, remarks_withdrawn
from newsletter.errors import SourceError
from newsletter.model import Paper, Sighting, Source
from newsletter.model.gate import MAX_NAME, MAX_TITLE, cut, moment


def parse_feed(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of a feed in any of the usual formats.

    Raises SourceError when the document is not a feed. Left out and counted: entries with neither
    title nor text, and arXiv announcements of types that the source does not ask for.
    """
    # An id is one within its feed; feeds of one server may share entries.
    scope = origin(source.location or document.url)[1] or source.name
    if _begins_json(document.content):
        feed, items = _json_feed(document)
        page = joined(base(document.url), str(feed.get("home_page_url") or ""))
        # What a feed says of its authors counts for items that do not name theirs.
        people = _people(feed)
        return _papers(items, source, now, lambda item: _json_entry(item, page, now, people), scope)
    feed = feed_of(document)
    start = base(document.url)
    entries = feed["entries"]
    whole = entries[:-1] if entries and is_cut_off(document.content) else entries
    parsed = _papers(whole, source, now, lambda entry: flat_entry(entry, start, now, feed), scope)
    dated = moment(date_of(feed["feed"], "published", "updated"), now)
    cut_off = "the document is cut off; its last entry was left out" if whole != entries else ""
    return replace(parsed, dated=dated, note="; ".join(filter(None, (parsed.note, cut_off))))


def feed_title(document: Document) -> str:
    """Return what a feed calls itself, as one line; raises SourceError when it is no feed."""
    if _begins_json(document.content):
        feed, _ = _json_feed(document)
        return cut(_shown(feed.get("title")), MAX_NAME)
    return cut(_shown(feed_of(document)["feed"].get("title")), MAX_NAME)


# --- One entry --------------------------------------------------------------------------------


def _papers(
    entries: Sequence[Entry],
    source: Source,
    now: dt.datetime,
    flat: Callable[[Entry], Entry],
    scope: str,
) -> Parsed:
    # Some feeds link every entry to the same page, or give all the same id; that link, or id, then
    # identifies no paper.
    titles: dict[str, set[str]] = {}
    for entry in entries:
        for name in (f"link {_page(entry)}", f"id {entry.get('id')}"):
            titles.setdefault(name, set()).add(str(entry.get("title")))

    def read(entry: Entry) -> Paper | None:
        is_common = len(titles[f"link {_page(entry)}"]) > 1
        own_id = len(titles[f"id {entry.get('id')}"]) == 1
        return _paper(flat(entry), source, now, link_is_shared=is_common, scope=own_id * scope)

    every, account = read_papers(entries, read, source, now)
    papers = tuple(
        paper for paper in every if not paper.announce or paper.announce in source.announce
    )
    nameless = account.skipped
    notes = [f"{nameless} without title or text"] if nameless else []
    return Parsed(
        papers=papers,
        skipped=nameless + account.withdrawn + len(every) - len(papers),
        note="; ".join((*notes, *account.notes())),
        faults=tuple(account.faults),
    )


def _page(entry: Entry) -> str:
    """Return the link of an entry, in either format, as the feed gives it."""
    return str(entry.get("link") or entry.get("url") or entry.get("external_url") or "")


def _paper(
    entry: Entry, source: Source, now: dt.datetime, *, link_is_shared: bool, scope: str
) -> Paper | None:
    title = _shown(entry.get("title"))
    # Physics journals part the names from the text by a line break only.
    abstract = _shown(_NAME_LINE.sub(r"Authors: \1 Abstract: ", str(entry.get("text") or "")))
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
        str(value) for value in (entry.get("doi") or "", guid, link, suffix) if value
    )
    known = next((found for ref in references if (found := arxiv_id(ref))), None)
    named = next((name for ref in references if (name := doi(ref))), None)
    url = link or web_url(guid) or (f"https://doi.org/{named}" if named else "")
    if known:
        url = f"https://arxiv.org/abs/{known[0]}"
    stripped = without_boilerplate(abstract)
    authors = _authors(entry.get("authors") or labels["authors"] or [stripped.authors])
    comment = _shown(entry.get("comment"))
    if remarks_withdrawn(comment):
        announce = WITHDRAWN
    keys = paper_keys(
        references=references,
        url="" if link_is_shared else url,
        # Entries without a link that have ids of their own are not one because of their title.
        title=f"{url} {(scope and guid) or title}"
        if link_is_shared or (scope and guid and not url)
        else title,
    )
    # A link may change while the id stays. An id that is the link says nothing more.
    if scope and guid and not known and not named and canonical_url(guid) != canonical_url(url):
        keys = tuple(sorted((*keys, id_key(scope, guid)), key=strength))
    return Paper(
        id=keys[0],
        keys=keys,
        title=cut(title, MAX_TITLE),
        # Pass a bad link on to the gate, which leaves it out and counts it.
        url=url or str(entry.get("link") or ""),
        abstract=stripped.text,
        authors=authors,
        categories=tuple(dict.fromkeys(filter(None, map(_shown, entry.get("tags") or ())))),
        published=entry.get("published"),
        announce=announce or ("replace" if "UPDATED" in suffix else ""),
        version=known[1] if known else 1,
        pdf_url=f"https://arxiv.org/pdf/{known[0]}" if known else "",
        code_url=repository(abstract) or repository(comment),
        image_url=str(entry.get("picture") or ""),
        venue=(_shown(entry.get("journal")) or stripped.venue)[:200],
        votes=int(labels["votes"][0]) if labels["votes"] else 0,
        sightings=(Sighting(source=source.name, seen_at=now, url=url),),
    )


def _shown(value: object) -> str:
    return text(str(value)) if value else ""


MOST_LINES = 5_000
"""Lines of one author's field that are read."""
_STAND_IN = 100
"""Most characters of text that are used in place of a missing title."""


def _first_words(text: str) -> str:
    """Return a title for an entry without one: its first sentence, cut between words."""
    return cut(re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0], _STAND_IN)


# arXiv puts the announcement before the abstract (RSS since 2024):
# `arXiv:2607.11111v1 Announce Type: new Abstract: We study …`.
_ANNOUNCED = re.compile(
    r"^\s*(?:arXiv:\S+\s+)?Announce Type:\s*(?P<type>[a-z-]+)\s+(?:Abstract:\s*)?", re.IGNORECASE
)
# The older RDF puts the id after the title: `Title. (arXiv:2301.00001v2 [cs.CL] UPDATED)`.
_SUFFIX = re.compile(
    r"\.?\s?\((arXiv:[^\s()\[\]]{1,40}\s?\[[^()\[\]]{0,100}\](?:\s?\w{1,20})?)\)$", re.IGNORECASE
)


def _announcement(given: str, abstract: str) -> tuple[str, str]:
    found = _ANNOUNCED.match(abstract)
    if not found:
        return given.strip().lower(), abstract
    return given.strip().lower() or found["type"].lower(), abstract[found.end() :]


# Feeds made from lists of papers put what RSS has no element for into the text, under labels:
# `Authors: A, B Upvotes: 3 Summary: We introduce …`.
_LABELLED = re.compile(
    r"^(?:Authors?:\s*(?P<authors>.{1,5000}?)\s+)?(?:(?:Upvotes|Votes):\s*(?P<votes>\d{1,7})\s+)?"
    r"(?:Summary|Abstract):\s+",
)


_NAME_LINE = re.compile(r"^\s*(?:<p>)?\s*Author\(s\):\s*([^<]{1,5000})<br\s*/?>", re.IGNORECASE)


def _labels(text: str) -> tuple[dict[str, list[str]], str]:
    """Return the labelled authors and votes at the start of a text, and the rest of it."""
    found = _LABELLED.match(text)
    if not found:
        return {"authors": [], "votes": []}, text
    labels = {name: [value] if value else [] for name, value in found.groupdict().items()}
    return labels, text[found.end() :]


def _without_arxiv_suffix(title: str) -> tuple[str, str]:
    found = _SUFFIX.search(title)
    return (title[: found.start()], found[1]) if found else (title, "")


def _authors(names: Iterable[object] | None) -> tuple[str, ...]:
    """Return author names; a single string that holds several is split."""
    # Lines part names, too.
    lines = (
        (line for line in str(name or "").splitlines() if line.strip()) for name in names or ()
    )
    return names_of("\n".join(map(_shown, islice(given, MOST_LINES))) for given in lines)


# --- Formats ----------------------------------------------------------------------------------


def _begins_json(content: bytes) -> bool:
    """Return whether a document is JSON, whichever Unicode encoding and mark it begins with."""
    start = content[:400].decode(json.detect_encoding(content[:4]), "ignore")
    return start.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def _json_feed(document: Document) -> tuple[Entry, list[Entry]]:
    """Return a JSON Feed (https://jsonfeed.org/version/1.1) and its items."""
    converted = in_utf_8(document.content, document.content_type)
    feed = mapping(read_json(replace(document, content=converted or document.content)))
    items = feed.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise SourceError(
            f"{document.shown}: JSON, but no JSON Feed (no `version` of jsonfeed.org, or no "
            "`items`)"
        )
    return feed, [item for item in items if isinstance(item, dict)]


def _people(given: Entry) -> list[object]:
    """Return the names of the authors of an item or a feed; some give only texts."""
    some = given.get("authors")
    people = listed(some) or [some or given.get("author")]
    named = [name for person in people if (name := mapping(person).get("name"))]
    return named or [person for person in people if isinstance(person, str)]


def _json_entry(item: Entry, page: str, now: dt.datetime, authors: list[object]) -> Entry:
    """Return an item's fields; its link starts from `page`, the feed's home page or the feed."""
    link = item.get("url") or item.get("external_url")
    dates = (read_date(item.get(name), now) for name in ("date_published", "date_modified"))
    return {
        "title": item.get("title"),
        "text": item.get("summary") or item.get("content_text") or item.get("content_html"),
        "link": joined(page, link) if isinstance(link, str) else "",
        "id": item.get("id"),
        "authors": _people(item) or authors,
        "tags": listed(item.get("tags")),
        "picture": picture_of_item(item, page),
        "published": next(filter(None, dates), None),
    }
