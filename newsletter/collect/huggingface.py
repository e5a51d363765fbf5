"""Hugging Face Daily Papers API → Paper."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from newsletter.collect.feeds import MAX_FIELD, Parsed, iso_moment
from newsletter.collect.fetcher import Document
from newsletter.collect.identity import arxiv_id, paper_keys, web_url
from newsletter.collect.text import plain_text
from newsletter.errors import SourceError
from newsletter.model import Paper, Sighting, Source

URL = "https://huggingface.co/api/daily_papers"


def parse_daily_papers(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of one answer of the API.

    An odd or missing field loses that field, not the paper; a paper without a title loses itself.
    Raises SourceError when the answer is not a list of papers.
    """
    try:
        answer = json.loads(document.content)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{document.url}: not valid JSON ({error})") from None
    if isinstance(answer, dict) and "error" in answer:
        raise SourceError(f"{document.url}: Hugging Face says: {_text(answer['error'])}")
    if not isinstance(answer, list):
        raise SourceError(f"{document.url}: JSON, but not a list of daily papers")
    found = [_paper(item, source, now) for item in answer]
    papers = tuple(paper for paper in found if paper)
    lost = len(found) - len(papers)
    note = f"{lost} without title" if lost else "" if found else "no papers yet today"
    return Parsed(papers=papers, skipped=lost, note=note)


def _paper(item: object, source: Source, now: dt.datetime) -> Paper | None:
    outer: Mapping[str, Any] = item if isinstance(item, dict) else {}
    inner: Mapping[str, Any] = outer["paper"] if isinstance(outer.get("paper"), dict) else outer
    title = _text(inner.get("title") or outer.get("title"))
    if not title:
        return None
    paper_id = str(inner.get("id") or "")
    known = arxiv_id(paper_id)
    page = f"https://huggingface.co/papers/{paper_id}" if paper_id else ""
    url = f"https://arxiv.org/abs/{known[0]}" if known else page
    listed = inner.get("authors") if isinstance(inner.get("authors"), list) else []
    authors = tuple(
        name
        for author in listed or ()
        if (name := _text(author.get("name") if isinstance(author, dict) else author))
    )
    keys = paper_keys(references=(paper_id,), url=url, title=title, authors=authors)
    keywords = inner.get("ai_keywords") if isinstance(inner.get("ai_keywords"), list) else []
    return Paper(
        id=keys[0],
        keys=keys,
        title=title,
        url=url,
        abstract=_text(inner.get("summary") or outer.get("summary")),
        authors=authors,
        published=iso_moment(inner.get("publishedAt") or outer.get("publishedAt")),
        version=known[1] if known else 1,
        summary=(summary := _text(inner.get("ai_summary"))),
        summary_by="AI, Hugging Face" if summary else "",
        keywords=tuple(filter(None, map(_text, keywords or ()))),
        pdf_url=f"https://arxiv.org/pdf/{known[0]}" if known else "",
        code_url=web_url(str(inner.get("githubRepo") or "")),
        discussion_url=page,
        votes=_count(inner.get("upvotes")),
        comments=_count(outer.get("numComments")),
        stars=_count(inner.get("githubStars")),
        sightings=(Sighting(source=source.name, seen_at=now, url=page or url),),
    )


def _text(value: object) -> str:
    return plain_text(value[:MAX_FIELD]) if isinstance(value, str) else ""


def _count(value: object) -> int:
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else 0
