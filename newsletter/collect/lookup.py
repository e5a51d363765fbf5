"""look_up(): papers by their arXiv ids, whatever source showed them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.kinds import arxiv
from newsletter.collect.kinds import semanticscholar as scholar
from newsletter.collect.reader import DocumentReader
from newsletter.model import Border, Paper, Source, fault_of

MOST = 100
"""Ids in one run, which makes one request; the next run looks up the others."""


async def look_up(
    ids: Sequence[str],
    fetcher: Fetcher,
    reader: DocumentReader,
    now: dt.datetime,
    api: str = "",
    *,
    other: str = "",
) -> tuple[tuple[Paper, ...], str]:
    """Return the papers that arXiv has under these ids, and what went wrong (empty if nothing).

    When arXiv refuses, Semantic Scholar is asked for the same ids, in one batch. `api` and `other`
    are the addresses of the two services, if not the usual ones.
    """
    if not ids:
        return (), ""
    some = ids[:MOST]
    url, _ = arxiv.question(api or arxiv.API, some)
    source = Source(name="arXiv, by id", kind="arxiv", announce=arxiv.EVERYTHING)
    try:
        fetched = await fetcher.fetch(url, manners=arxiv.MANNERS)
        (document,) = fetched.documents
        parsed = await reader.call(document, arxiv.parse_arxiv, document, source, now)
    except Exception as error:  # noqa: BLE001  guard: the issue goes on without these papers
        problem = fault_of(Border.SOURCE, source.name, error).problem
        if api and not other:
            return (), f"papers that readers like were not found: {problem}"
    else:
        return parsed.papers, ""
    try:
        url, asked = scholar.batch(other or scholar.API, some)
        body = json.dumps(asked).encode()
        fetched = await fetcher.fetch(url, manners=scholar.MANNERS, body=body)
        (document,) = fetched.documents
        parsed = await reader.call(document, scholar.parse_batch, document, source, now)
    except Exception as error:  # noqa: BLE001  guard: as above
        second = fault_of(Border.SOURCE, "Semantic Scholar", error).problem
        return (), f"papers that readers like were not found: {problem}; {second}"
    return parsed.papers, f"{problem}; Semantic Scholar was asked instead"
