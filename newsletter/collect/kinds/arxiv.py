"""arXiv announcements (RSS since 2024, the older RDF, Atom) and its API → Paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from newsletter.collect.answers import (
    CatchUp,
    Document,
    Manners,
    Parsed,
    VisitWindow,
    asked,
    asking,
    numbered,
)
from newsletter.collect.kinds.calendar import EASTERN, READY, announcements, latest, submitted
from newsletter.collect.kinds.feeds import parse_feed
from newsletter.collect.kinds.xmlfeeds import feed_of
from newsletter.errors import SourceError
from newsletter.model import Paper, Source

RSS = "https://rss.arxiv.org/rss/{categories}"
"""Several categories joined by `+` come as one feed (https://info.arxiv.org/help/rss.html)."""
API = "https://export.arxiv.org/api/query"
MANNERS = Manners(connections=1, pause=3.0)
"""One connection and a request every three seconds (https://info.arxiv.org/help/api/tou.html)."""
PAGE = 500
"""Entries asked for at a time: arXiv allows 2,000, and is slow to make them."""
EVERYTHING = ("new", "cross", "replace", "replace-cross")
LATE = dt.timedelta(days=2)
"""Moderation holds a paper back by days: so much earlier than a batch it may have been sent in."""


def locate_announcements(source: Source, _window: VisitWindow) -> tuple[str, ...]:
    """Return the address of today's announcements in the source's categories."""
    return (RSS.format(categories="+".join(source.categories)),)


def locate_search(source: Source, window: VisitWindow) -> tuple[str, ...]:
    """Return the address of what was submitted in the window and answers the source's query."""
    return (_search(source, f"({source.query})", window.since - LATE, window.until),)


def parse_arxiv(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of an announcement or of an answer of the API; say why there are none.

    arXiv's feed names the days that stay empty in `skipDays`.

    Raises SourceError when the document is no feed, or is an error that the API sent as an entry.
    """
    feed = feed_of(document)["feed"]
    is_search = "opensearch_totalresults" in feed
    # The API answers with every paper of the query; which of them count is decided below.
    every = replace(source, announce=EVERYTHING)
    parsed = parse_feed(document, every if is_search else source, now)
    if len(parsed.papers) == 1 and "arxiv.org/api/errors" in parsed.papers[0].url:
        raise SourceError(f"{document.shown}: arXiv says: {parsed.papers[0].abstract}")
    if is_search:
        return _of_search(parsed, source, document, _number(feed, "totalresults"))
    if parsed.papers or parsed.skipped:
        return parsed
    quiet = feed.get("skipdays") or b"<skipDays>" in document.content
    note = "no announcement today (arXiv is quiet at weekends)" if quiet else "an empty feed"
    return replace(parsed, note="; ".join(filter(None, (parsed.note, note))))


def _of_search(parsed: Parsed, source: Source, document: Document, total: int) -> Parsed:
    """Return the page of an answer: what the source asks for, and where the next page is."""
    papers = [_announced(paper, source) for paper in parsed.papers]
    kept = tuple(paper for paper in papers if paper.announce in source.announce)
    query = asked(document.url)
    start = numbered(query.get("start"))
    reached = start + len(parsed.papers) + parsed.skipped
    more = ""
    if query and reached < total and reached > start:
        more = asking(document.url, start=str(reached))
    skipped = parsed.skipped + len(papers) - len(kept)
    return replace(parsed, papers=kept, skipped=skipped, more=more)


def _announced(paper: Paper, source: Source) -> Paper:
    """Tell a new paper of the source's categories from one that is only listed there as well."""
    if not source.categories or not paper.categories:
        return replace(paper, announce="new")
    # The first category of an API entry is its primary one.
    primary = paper.categories[0] in source.categories
    return replace(paper, announce="new" if primary else "cross")


def _number(feed: dict[str, str], name: str) -> int:
    return numbered(str(feed.get(f"opensearch_{name}", "")))


def catch_up(
    source: Source, window: VisitWindow, shown: Parsed | None, fresh: Sequence[Paper]
) -> CatchUp:
    """Return which announcements the feed did not show, and where to ask for their papers.

    The feed holds only the last batch: after a pause the earlier ones must be asked for, and so
    must the last when the feed fails, is late, or shows yesterday's papers under today's date,
    be it in one of its categories only.
    """
    due = latest(window.until - READY)
    batch = (latest(shown.dated) if shown.dated else due) if shown and fresh else None
    if window.covered is None:
        # The first visit wants the last batch only, never the months before.
        missed = [due] if batch is None or batch < due else []
    else:
        since = max(window.covered, window.reach)
        missed = [one for one in announcements(since, window.until - READY) if one != batch]
    stale = _stale(source, shown, fresh) if not missed and _is_due(window, due) else ()
    covered = max((one for one in (batch, window.covered, *missed) if one), default=None)
    categories = stale or source.categories
    if not categories or not (missed or stale):
        return CatchUp(covered=covered)
    batches = missed or [due]
    start, end = submitted(batches[0])[0] - LATE, submitted(batches[-1])[1]
    query = "(" + " OR ".join(f"cat:{name}" for name in categories) + ")"
    why = (
        f"nothing new in {', '.join(stale)}, though an announcement was due"
        if stale
        else _why(missed, shown, fresh)
    )
    return CatchUp(url=_search(source, query, start, end), why=why, covered=covered)


def _is_due(window: VisitWindow, due: dt.datetime) -> bool:
    return window.covered is not None and window.covered < due


def _stale(source: Source, shown: Parsed | None, fresh: Sequence[Paper]) -> tuple[str, ...]:
    """Return the categories of which the feed shows papers, and none that is new.

    A feed of several categories is put together from one batch each: one may be yesterday's.
    """
    if shown is None:
        return ()
    seen, new = (
        {paper.categories[0] for paper in papers if paper.categories and paper.announce == "new"}
        for papers in (shown.papers, fresh)
    )
    return tuple(name for name in source.categories if name in seen - new)


def _why(missed: Sequence[dt.datetime], shown: Parsed | None, fresh: Sequence[Paper]) -> str:
    """Return in words why the API is asked."""
    days = ", ".join(f"{moment.astimezone(EASTERN):%a %d %b}" for moment in missed[:3])
    days += " …" * (len(missed) > 3)  # noqa: PLR2004
    if shown is None:
        return f"no feed; announced on {days}"
    if not fresh and shown.papers:
        return f"the feed shows an old batch; announced on {days}"
    return f"not in the feed: announced on {days}"


def _search(source: Source, query: str, since: dt.datetime, until: dt.datetime) -> str:
    """Return the address of a query by date (https://info.arxiv.org/help/api/user-manual.html)."""
    first, last = (f"{moment.astimezone(dt.UTC):%Y%m%d%H%M}" for moment in (since, until))
    wanted = {
        "search_query": f"{query} AND submittedDate:[{first} TO {last}]",
        "start": "0",
        "max_results": str(PAGE),
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }
    return f"{source.api or API}?{urlencode(wanted)}"


def subject(paper: Paper) -> str:
    """Return the arXiv id of a paper that arXiv itself has not told us about yet."""
    known = next((key for key in paper.keys if key.startswith("arxiv:")), "")
    return "" if paper.categories else known.removeprefix("arxiv:")


def question(api: str, subjects: Sequence[str]) -> tuple[str, object]:
    """Return the address of a query for papers by id."""
    wanted = {"id_list": ",".join(subjects), "max_results": str(len(subjects))}
    return f"{api}?{urlencode(wanted)}", None


def read_facts(document: Document, subjects: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return categories, authors, abstract, code, journal and DOI by arXiv id; raises SourceError.

    Authors write into `arxiv:comment` where the code is, and where the paper was accepted.
    """
    del subjects
    source = Source(name="arXiv", kind="arxiv", announce=EVERYTHING)
    anytime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    found: dict[str, dict[str, Any]] = {}
    for paper in parse_arxiv(document, source, anytime).papers:
        facts = {
            "categories": list(paper.categories),
            "authors": list(paper.authors),
            "abstract": paper.abstract,
            "code_url": paper.code_url,
            "venue": paper.venue,
            "keys": [key for key in paper.keys if key.startswith("doi:")],
        }
        found[paper.id.removeprefix("arxiv:")] = {
            name: value for name, value in facts.items() if value
        }
    return found
