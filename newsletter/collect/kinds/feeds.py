"""RSS, Atom, RDF and JSON Feed documents → Paper, with allowances for their usual errors."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from newsletter.collect.answers import (
    Document,
    Parsed,
    iso_moment,
    listed,
    mapping,
    read_json,
    text,
)
from newsletter.collect.entries import read_papers
from newsletter.collect.http.addresses import base
from newsletter.collect.identity.keys import arxiv_id, doi, paper_keys, web_url
from newsletter.collect.identity.repositories import repository
from newsletter.collect.kinds.xmlfeeds import Entry, date_of, feed_of, flat_entry
from newsletter.errors import SourceError
from newsletter.model import Paper, Sighting, Source
from newsletter.model.gate import MAX_TITLE, cut

_NAME_LISTS = re.compile(r"\s*(?:;|\band\b|&|,)\s*")
_ADDRESS = re.compile(r"(?<!\S)[^\s@]*@\S*")
_INITIALS = re.compile(r"(?:[A-Z]\.?[\s-]?){1,3}")


def parse_feed(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of a feed in any of the usual formats.

    Raises SourceError when the document is not a feed. Left out and counted: entries with neither
    title nor text, and arXiv announcements of types that the source does not ask for.
    """
    if document.content.lstrip()[:1] in (b"{", b"["):
        return _papers(_json_items(document), source, now, _json_entry)
    feed = feed_of(document)
    start = base(document.url)
    parsed = _papers(feed["entries"], source, now, lambda entry: flat_entry(entry, start))
    return replace(parsed, dated=date_of(feed["feed"], "published", "updated"))


# --- One entry --------------------------------------------------------------------------------


def _papers(
    entries: Sequence[Entry], source: Source, now: dt.datetime, flat: Callable[[Entry], Entry]
) -> Parsed:
    # Some feeds link every entry to the same page; that link then identifies no paper.
    titles: dict[str, set[str]] = {}
    for entry in entries:
        titles.setdefault(_page(entry), set()).add(str(entry.get("title")))

    def read(entry: Entry) -> Paper | None:
        shared = len(titles[_page(entry)]) > 1
        return _paper(flat(entry), source, now, link_is_shared=shared)

    every, account = read_papers(entries, read, source, now)
    papers = tuple(
        paper for paper in every if not paper.announce or paper.announce in source.announce
    )
    nameless = account.skipped
    notes = [f"{nameless} without title or text"] if nameless else []
    return Parsed(
        papers=papers,
        skipped=nameless + len(every) - len(papers),
        note="; ".join((*notes, *account.notes())),
        faults=tuple(account.faults),
    )


def _page(entry: Entry) -> str:
    """Return the link of an entry, in either format, as the feed gives it."""
    return str(entry.get("link") or entry.get("url") or entry.get("external_url") or "")


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
        title=cut(title, MAX_TITLE),
        # Pass a bad link on to the gate, which leaves it out and counts it.
        url=url or str(entry.get("link") or ""),
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


def _without_affiliation(name: str) -> str:
    """Return names without arXiv's affiliations: `Ada Byron (1), Bo Li ((1) X, (2) Y)`."""
    for _ in range(3):  # nested brackets
        name = re.sub(r"\s*\([^()]*\)", "", name)
    return name.strip(" ,;")


def _authors(names: Iterable[object] | None) -> tuple[str, ...]:
    """Return author names; a single string that holds several is split.

    `Smith, John` stays one author: a string is split only when each part has two words. Email
    addresses are left out: they are not names, and must not be shown to readers.
    """
    listed = [_without_affiliation(_ADDRESS.sub("", _shown(name))) for name in names or ()]
    if len(listed) == 1:
        listed = _split_names(listed[0])
    return tuple(dict.fromkeys(name for name in listed if name))


def _split_names(text: str) -> list[str]:
    """Return the names in `text`, which may have commas within names and between names."""
    if ";" in text:
        return [part.strip() for part in text.split(";")]
    parts = [part for part in _NAME_LISTS.split(text) if part]
    # In `Byron, A., Li, B.` every second part is initials.
    if len(parts) % 2 == 0 and all(map(_INITIALS.fullmatch, parts[1::2])):
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    are_names = len(parts) > 2  # noqa: PLR2004  two may be one name: `Byron, Ada`
    if are_names or all(" " in part or "." in part for part in parts):
        return parts
    return [text]


# --- Formats ----------------------------------------------------------------------------------


def _json_items(document: Document) -> list[Entry]:
    """Return the items of a JSON Feed (https://jsonfeed.org/version/1.1)."""
    feed = mapping(read_json(document))
    items = feed.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise SourceError(
            f"{document.shown}: JSON, but no JSON Feed (no `version` of jsonfeed.org, or no "
            "`items`)"
        )
    return [item for item in items if isinstance(item, dict)]


def _json_entry(item: Entry) -> Entry:
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    return {
        "title": item.get("title"),
        "text": item.get("summary") or item.get("content_text") or item.get("content_html"),
        "link": item.get("url") or item.get("external_url"),
        "id": item.get("id"),
        "authors": [name for person in people or () if (name := mapping(person).get("name"))],
        "tags": listed(item.get("tags")),
        "published": iso_moment(item.get("date_published") or item.get("date_modified")),
    }
