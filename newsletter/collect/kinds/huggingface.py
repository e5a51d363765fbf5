"""Hugging Face Daily Papers API → Paper."""

from __future__ import annotations

import datetime as dt

from newsletter.collect.answers import (
    Document,
    Parsed,
    VisitWindow,
    asked,
    asking,
    complaint,
    count,
    iso_moment,
    listed,
    mapping,
    named,
    numbered,
    read_json,
    text,
    texts,
)
from newsletter.collect.entries import read_papers
from newsletter.collect.identity.keys import arxiv_id, paper_keys
from newsletter.errors import SourceError
from newsletter.model import Paper, Sighting, Source

API = "https://huggingface.co/api/daily_papers"
PAGE = 50
"""Papers of one answer; a day may have more, and they come on further pages."""
REFRESHED_DAYS = 3
"""Days before today that are asked for again: most votes come in the first three days."""


def locate_daily_papers(source: Source, window: VisitWindow) -> tuple[str, ...]:
    """Return the addresses of today's list and of earlier days: since the last visit, or recent."""
    api = source.api or API
    today = window.until.date()
    first = min(window.since.date(), today - dt.timedelta(days=REFRESHED_DAYS))
    days = (today - dt.timedelta(days=back) for back in range(1, (today - first).days + 1))
    paged = f"limit={PAGE}&p=0"
    return (f"{api}?{paged}", *(f"{api}?date={day}&{paged}" for day in days))


def parse_daily_papers(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of one answer of the API.

    A malformed or missing field loses only that field; a paper without a title is left out.
    Raises SourceError when the answer is not a list of papers.
    """
    answer = read_json(document)
    if said := complaint(answer):
        raise SourceError(f"{document.shown}: Hugging Face says: {said}")
    if not isinstance(answer, list):
        raise SourceError(f"{document.shown}: JSON, but not a list of daily papers")
    papers, account = read_papers(answer, lambda item: _paper(item, source, now), source, now)
    notes = [f"{account.skipped} without title"] if account.skipped else []
    # Today's list is empty in the morning, and all day at weekends.
    query = asked(document.url)
    if not answer and "date" not in query and query.get("p", "0") == "0":
        notes.append("no papers yet today")
    return Parsed(
        papers=papers,
        skipped=account.skipped,
        note="; ".join((*notes, *account.notes())),
        more=_next_page(document, len(answer)),
        faults=tuple(account.faults),
    )


def _next_page(document: Document, found: int) -> str:
    """Return the address of the next page; an answer of another length than asked is the last."""
    query = asked(document.url)
    limit, page = numbered(query.get("limit")), numbered(query.get("p"))
    return asking(document.url, p=str(page + 1)) if limit and found == limit else ""


def _paper(item: object, source: Source, now: dt.datetime) -> Paper | None:
    outer = mapping(item)
    inner = mapping(outer.get("paper")) or outer
    title = text(inner.get("title")) or text(outer.get("title"))
    if not title:
        return None
    paper_id = str(inner.get("id") or "")
    known = arxiv_id(paper_id)
    page = f"https://huggingface.co/papers/{paper_id}" if paper_id else ""
    url = f"https://arxiv.org/abs/{known[0]}" if known else page
    authors = tuple(filter(None, map(named, listed(inner.get("authors")))))
    keys = paper_keys(references=(paper_id,), url=url, title=title)
    summary = text(inner.get("ai_summary"))
    votes, comments = count(inner.get("upvotes")), count(outer.get("numComments"))
    return Paper(
        id=keys[0],
        keys=keys,
        title=title,
        url=url,
        abstract=text(inner.get("summary")) or text(outer.get("summary")),
        authors=authors,
        published=iso_moment(inner.get("publishedAt") or outer.get("publishedAt")),
        version=known[1] if known else 1,
        summary=summary,
        summary_by="AI, Hugging Face" if summary else "",
        keywords=texts(inner.get("ai_keywords")),
        pdf_url=f"https://arxiv.org/pdf/{known[0]}" if known else "",
        code_url=str(inner.get("githubRepo") or ""),
        discussion_url=page,
        image_url=str(outer.get("thumbnail") or ""),
        organisation=named(inner.get("organization") or outer.get("organization")),
        submitted_by=named(inner.get("submittedOnDailyBy") or outer.get("submittedBy")),
        votes=votes,
        comments=comments,
        stars=count(inner.get("githubStars")),
        sightings=(
            Sighting(
                source=source.name, seen_at=now, url=page or url, votes=votes, comments=comments
            ),
        ),
    )
