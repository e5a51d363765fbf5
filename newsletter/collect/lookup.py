"""look_up(): papers by their arXiv ids, whatever source showed them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.kinds import arxiv
from newsletter.collect.reader import DocumentReader
from newsletter.model import Border, Paper, Source, fault_of

MOST = 100
"""Ids in one run, which makes one request; the next run looks up the others."""


async def look_up(
    ids: Sequence[str], fetcher: Fetcher, reader: DocumentReader, now: dt.datetime, api: str = ""
) -> tuple[tuple[Paper, ...], str]:
    """Return the papers that arXiv has under these ids, and what went wrong (empty if nothing)."""
    if not ids:
        return (), ""
    url, _ = arxiv.question(api or arxiv.API, ids[:MOST])
    source = Source(name="arXiv, by id", kind="arxiv", announce=arxiv.EVERYTHING)
    try:
        fetched = await fetcher.fetch(url, manners=arxiv.MANNERS)
        (document,) = fetched.documents
        parsed = await reader.call(document, arxiv.parse_arxiv, document, source, now)
    except Exception as error:  # noqa: BLE001  guard: the issue goes on without these papers
        problem = fault_of(Border.SOURCE, source.name, error).problem
        return (), f"papers that readers like were not found: {problem}"
    return parsed.papers, ""
