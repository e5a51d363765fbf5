"""OpenReview: the papers of a conference or workshop → Paper."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from newsletter.collect.answers import (
    Document,
    Parsed,
    VisitWindow,
    asked,
    asking,
    listed,
    mapping,
    named,
    read_list,
    text,
    texts,
    unix_moment,
    whole,
)
from newsletter.collect.entries import read_papers
from newsletter.collect.http.addresses import on_server
from newsletter.collect.identity.keys import paper_keys
from newsletter.collect.identity.repositories import repository
from newsletter.model import Paper, Sighting, Source

API = "https://api2.openreview.net"
SITE = "https://openreview.net/"
PAGE = 500


LONG_AGO = dt.timedelta(days=31)
"""Accepted papers that have been public for longer are left out: the API always lists all."""


def locate_notes(source: Source, window: VisitWindow) -> tuple[str, ...]:
    """Return where to ask for what is new at a venue, such as `ICLR.cc/2026/Conference`.

    Papers under review are at `…/Conference/Submission`; `mintcdate` is their earliest creation
    time, in milliseconds. Accepted papers move to the venue itself, months after their creation:
    all are asked for, and `pdate` says which are new.
    """
    venue = source.query.strip().strip("/")
    paged = {"limit": str(PAGE), "offset": "0"}
    since = {"mintcdate": str(int(window.since.timestamp() * 1000))}
    reviewed = venue if venue.endswith("/Submission") else f"{venue}/Submission"
    queries = [{"content.venueid": reviewed} | since | paged]
    if venue != reviewed:
        queries.append({"content.venueid": venue} | paged)
    return tuple(f"{source.api or API}/notes?{urlencode(query)}" for query in queries)


def parse_notes(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of one page of notes, from version 1 or 2 of the API.

    Raises SourceError when the answer is an error or not a list of notes.
    """
    found, _ = read_list(document, "OpenReview", "notes")
    every, account = read_papers(found, lambda note: _paper(note, source, now), source, now)
    long_ago = now - LONG_AGO
    papers = tuple(paper for paper in every if not paper.published or paper.published > long_ago)
    notes = [] if found or _more_than_one(document) else ["no new papers at this venue"]
    return Parsed(
        papers=papers,
        skipped=account.skipped + len(every) - len(papers),
        note="; ".join((*notes, *account.notes())),
        more=_more(document, len(found)),
        faults=tuple(account.faults),
    )


def _more_than_one(document: Document) -> bool:
    """Return whether this is a page after the first."""
    return asked(document.url).get("offset", "0") != "0"


def _more(document: Document, found: int) -> str:
    query = asked(document.url)
    limit, offset = query.get("limit", ""), query.get("offset", "")
    if not (limit.isdecimal() and offset.isdecimal()) or not 0 < whole(limit) <= found:
        return ""
    return asking(document.url, offset=str(whole(offset) + found))


def _paper(note: object, source: Source, now: dt.datetime) -> Paper | None:
    given = mapping(note)
    content = {name: _value(field) for name, field in mapping(given.get("content")).items()}
    forum = str(given.get("forum") or given.get("id") or "")
    title = text(content.get("title"))
    # A reply (review, comment) names its paper as its forum but has an id of its own.
    if not title or not forum or given.get("id", forum) != forum:
        return None
    abstract = text(content.get("abstract"))
    url = f"{SITE}forum?id={forum}"
    authors = tuple(dict.fromkeys(filter(None, map(named, listed(content.get("authors"))))))
    keys = paper_keys(references=(url,), url=url, title=title)
    summary = text(content.get("TLDR") or content.get("TL;DR"))
    pdf = content.get("pdf")
    made = given.get("pdate") or given.get("cdate") or given.get("tcdate")
    return Paper(
        id=keys[0],
        keys=keys,
        title=title,
        url=url,
        abstract=abstract,
        authors=authors,
        categories=tuple(filter(None, (text(content.get("primary_area")),))),
        published=unix_moment(made, per_second=1000),
        summary=summary,
        summary_by="the authors" if summary else "",
        keywords=texts(listed(content.get("keywords"))),
        pdf_url=on_server(SITE, pdf) if isinstance(pdf, str) else "",
        code_url=repository(abstract),
        discussion_url=url,
        venue=text(content.get("venue"), 200),
        sightings=(Sighting(source=source.name, seen_at=now, url=url),),
    )


def _value(field: object) -> object:
    """Return a field's value: version 2 of the API wraps it in an object, version 1 does not."""
    return mapping(field).get("value", field)
