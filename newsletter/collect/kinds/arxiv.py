"""arXiv announcements (RSS since 2024, the older RDF, Atom) and its API → Paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
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
MANNERS = Manners(connections=1, pause=3.0, throttles=(406,))
"""One connection; one request every three seconds (https://info.arxiv.org/help/api/tou.html).
Since September 2026 hosts that ask too often are answered 406, as well as 429 and 503."""
PAGE = 500
"""Entries of one request: arXiv allows 2,000, but takes long to make them."""
EVERYTHING = ("new", "cross", "replace", "replace-cross")
LATE = dt.timedelta(days=2)
"""How long before its batch a paper may have been submitted: moderation can take days."""


def locate_announcements(source: Source, _window: VisitWindow) -> tuple[str, ...]:
    """Return the address of today's announcements in the source's categories."""
    return (RSS.format(categories="+".join(source.categories)),)


def locate_search(source: Source, window: VisitWindow) -> tuple[str, ...]:
    """Return the address of the papers that match the query and were submitted in the window."""
    return (_search(source, f"({source.query})", window.since - LATE, window.until),)


def parse_arxiv(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of an announcement or an API answer; if there are none, the note says why.

    arXiv's feed names in `skipDays` the days without announcements.

    Raises SourceError when the document is not a feed, or holds an error of the API as an entry.
    """
    feed = feed_of(document)["feed"]
    is_search = "opensearch_totalresults" in feed
    # The API answers with every paper that matches; the ones to keep are chosen below.
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
    """Return one page of an API answer: the papers that the source keeps, and the next page."""
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
    """Mark a paper as new in the source's categories, or as only cross-listed there."""
    if not source.categories or not paper.categories:
        return replace(paper, announce="new")
    # The first category of an API entry is the primary category.
    primary = paper.categories[0] in source.categories
    return replace(paper, announce="new" if primary else "cross")


def _number(feed: dict[str, str], name: str) -> int:
    return numbered(str(feed.get(f"opensearch_{name}", "")))


def catch_up(
    source: Source, window: VisitWindow, shown: Parsed | None, fresh: Sequence[Paper]
) -> CatchUp:
    """Return which announcements the feed did not show, and where to ask for their papers.

    The feed holds only the last batch, so earlier ones must be asked for after a pause. The last
    batch must be asked for when the feed fails, is late, or shows yesterday's papers under today's
    date, even if in only one of its categories.
    """
    due = latest(window.until - READY)
    batch = (latest(shown.dated) if shown.dated else due) if shown and fresh else None
    if window.covered is None:
        # A first visit asks for the last batch only, not for the months before.
        missed = [due] if batch is None or batch < due else []
    else:
        since = max(window.covered, window.reach)
        missed = [date for date in announcements(since, window.until - READY) if date != batch]
    stale = _stale(source, shown, fresh) if not missed and _is_due(window, due) else ()
    covered = max((date for date in (batch, window.covered, *missed) if date), default=None)
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
    return CatchUp(
        url=_search(source, query, start, end),
        why=why,
        covered=covered,
        # Records bear the date on which a batch appears, the day after its evening in the east.
        since=batches[0],
        until=batches[-1] + dt.timedelta(days=1),
        categories=tuple(categories),
    )


def _is_due(window: VisitWindow, due: dt.datetime) -> bool:
    return window.covered is not None and window.covered < due


def _stale(source: Source, shown: Parsed | None, fresh: Sequence[Paper]) -> tuple[str, ...]:
    """Return the categories whose papers in the feed are all old.

    A feed of several categories joins one batch of each; one of them may still be yesterday's.
    """
    if shown is None:
        return ()
    seen, new = (
        {paper.categories[0] for paper in papers if paper.categories and paper.announce == "new"}
        for papers in (shown.papers, fresh)
    )
    return tuple(name for name in source.categories if name in seen - new)


def _why(missed: Sequence[dt.datetime], shown: Parsed | None, fresh: Sequence[Paper]) -> str:
    """Return, in words, why the API is asked."""
    days = ", ".join(f"{moment.astimezone(EASTERN):%a %d %b}" for moment in missed[:3])
    if missed[3:]:
        days += " …"
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
    """Return the paper's arXiv id if arXiv itself has not shown the paper yet, else nothing."""
    known = next((key for key in paper.keys if key.startswith("arxiv:")), "")
    return "" if paper.categories else known.removeprefix("arxiv:")


def question(api: str, subjects: Sequence[str]) -> tuple[str, object]:
    """Return the address of a query for papers by id."""
    wanted = {"id_list": ",".join(subjects), "max_results": str(len(subjects))}
    return f"{api}?{urlencode(wanted)}", None


def read_facts(document: Document, subjects: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return categories, authors, abstract, code, journal and DOI by arXiv id; raises SourceError.

    In `arxiv:comment` authors say where the code is and where the paper was accepted.
    """
    del subjects
    source = Source(name="arXiv", kind="arxiv", announce=EVERYTHING)
    anytime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    found: dict[str, dict[str, object]] = {}
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
