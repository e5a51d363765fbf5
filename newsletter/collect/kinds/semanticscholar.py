"""Semantic Scholar: papers that match a query or are by given authors → Paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlencode

from newsletter.collect.answers import (
    Document,
    Manners,
    Parsed,
    VisitWindow,
    asking,
    complaint,
    count,
    iso_moment,
    listed,
    mapping,
    read_json,
    read_list,
    text,
)
from newsletter.collect.entries import read_papers
from newsletter.collect.identity.keys import paper_keys, web_url
from newsletter.collect.identity.repositories import repository
from newsletter.errors import SourceError
from newsletter.model import Paper, Sighting, Source
from newsletter.model.gate import identity

API = "https://api.semanticscholar.org/graph/v1"
FIELDS = (
    "externalIds,title,abstract,authors,venue,publicationDate,citationCount,openAccessPdf,"
    "fieldsOfStudy,url"
)
PAGE = 500
MANNERS = Manners(connections=1, pause=1.1)
"""One request a second, with 0.1 s to spare for slow clocks."""
SUMMARY_BY = "AI, Semantic Scholar"
LATE = dt.timedelta(days=3)
"""Papers are found by publication date, but are indexed some days after it."""


def locate_papers(source: Source, window: VisitWindow) -> tuple[str, ...]:
    """Return where to ask for the papers that match the query, and for those of each author."""
    api = source.api or API
    found = []
    if source.query:
        query = {
            "query": source.query,
            "publicationDateOrYear": f"{window.since - LATE:%Y-%m-%d}:",
            "sort": "publicationDate:desc",
            "fields": FIELDS,
        }
        found.append(f"{api}/paper/search/bulk?{urlencode(query)}")
    for author in source.authors:
        # An author's papers cannot be asked for by date; the newest come first.
        query = {"fields": FIELDS, "limit": str(PAGE)}
        found.append(f"{api}/author/{author}/papers?{urlencode(query)}")
    return tuple(found)


def parse_papers(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of one page; a work without a date is no news, and is left out.

    Raises SourceError when the answer is an error or not a list of papers.
    """
    found, answer = read_list(document, "Semantic Scholar", "data")
    every, account = read_papers(found, lambda item: _paper(item, source, now), source, now)
    papers = tuple(paper for paper in every if paper.published)
    undated = len(every) - len(papers)
    notes = [] if found else ["no papers on this query"]
    notes += [f"{undated} without a date"] * bool(undated)
    token = answer.get("token")
    more = ""
    if isinstance(token, str) and token and found:
        more = asking(document.url, token=token)
    return Parsed(
        papers=papers,
        skipped=account.skipped + undated,
        note="; ".join((*notes, *account.notes())),
        more=more,
        faults=tuple(account.faults),
    )


def subject(paper: Paper) -> str:
    """Return the id by which the service finds the paper: its arXiv id, or its DOI."""
    for scheme, name in (("arxiv:", "ARXIV:"), ("doi:", "DOI:")):
        for key in paper.keys:
            if key.startswith(scheme):
                return name + key.removeprefix(scheme)
    return ""


def question(api: str, subjects: Sequence[str]) -> tuple[str, object]:
    """Return the address and the body of a request about many papers at once."""
    fields = urlencode({"fields": "venue,citationCount,tldr,externalIds"})
    return f"{api}/paper/batch?{fields}", {"ids": list(subjects)}


def batch(api: str, ids: Sequence[str]) -> tuple[str, object]:
    """Return the address and the body of a request for papers by their arXiv ids."""
    fields = urlencode({"fields": FIELDS})
    return f"{api}/paper/batch?{fields}", {"ids": [f"ARXIV:{name}" for name in ids]}


def parse_batch(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of an answer by ids, which has null for each unknown paper."""
    found = _listed(document)
    papers, account = read_papers(found, lambda item: _paper(item, source, now), source, now)
    return Parsed(papers=papers, skipped=account.skipped, faults=tuple(account.faults))


def _listed(document: Document) -> list[object]:
    answer = read_json(document)
    if not isinstance(answer, list):
        said = complaint(answer) or "JSON, but not a list of papers"
        raise SourceError(f"{document.shown}: Semantic Scholar says: {said}")
    return answer


def read_facts(document: Document, subjects: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return venue, citations, summary and DOI by subject; raises SourceError.

    The answer has one entry for each subject, in order, and null for an unknown paper.
    """
    answer = _listed(document)
    found: dict[str, dict[str, object]] = {}
    for name, given in zip(subjects, map(mapping, answer), strict=False):
        summary = text(mapping(given.get("tldr")).get("text"))
        doi = mapping(given.get("externalIds")).get("DOI")
        facts = {
            "venue": text(given.get("venue"), 200),
            "citations": count(given.get("citationCount")),
            "summary": summary,
            "summary_by": SUMMARY_BY if summary else "",
            "keys": [identity(f"doi:{doi.lower()}")] if isinstance(doi, str) and doi else [],
        }
        # Every preprint has this venue: it says nothing.
        if facts["venue"] == "arXiv.org":
            del facts["venue"]
        found[name] = {key: value for key, value in facts.items() if value}
    return found


def _paper(item: object, source: Source, now: dt.datetime) -> Paper | None:
    given = mapping(item)
    title = text(given.get("title"))
    page = web_url(str(given.get("url") or ""))
    ids = mapping(given.get("externalIds"))
    references = tuple(
        f"{scheme}:{ids[name]}"
        for name, scheme in (("ArXiv", "arXiv"), ("DOI", "doi"))
        if isinstance(ids.get(name), str)
    )
    if not title or not (references or page):
        return None
    abstract = text(given.get("abstract"))
    authors = tuple(
        name
        for person in listed(given.get("authors"))
        if (name := text(mapping(person).get("name")))
    )
    keys = paper_keys(references=references, url=page, title=title)
    summary = text(mapping(given.get("tldr")).get("text"))
    return Paper(
        id=keys[0],
        keys=keys,
        title=title,
        url=_address(keys, page),
        abstract=abstract,
        authors=authors,
        categories=tuple(filter(None, map(text, listed(given.get("fieldsOfStudy"))))),
        published=iso_moment(given.get("publicationDate")),
        summary=summary,
        summary_by=SUMMARY_BY if summary else "",
        pdf_url=str(mapping(given.get("openAccessPdf")).get("url") or ""),
        code_url=repository(abstract),
        venue=text(given.get("venue"), 200),
        citations=count(given.get("citationCount")),
        sightings=(Sighting(source=source.name, seen_at=now, url=page),),
    )


def _address(keys: tuple[str, ...], page: str) -> str:
    """Return a link to the paper itself if its keys give one, else the service's page on it."""
    scheme, _, name = keys[0].partition(":")
    if scheme == "arxiv":
        return f"https://arxiv.org/abs/{name}"
    return f"https://doi.org/{name}" if scheme == "doi" else page
