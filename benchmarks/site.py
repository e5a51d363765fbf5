"""The site: what its pages and searches cost.

    python benchmarks/site.py [--quick] [--json] [--data DIR]

Search: words of titles, alone and in pairs and threes, and the most common words, in an archive of
100,000 papers made of real ones (without a data folder, of the invented day's; a third as many with
--quick). Against a bare query of SQLite's full-text index: MATCH, BM25 of everything that is found,
the best 20. Each query is asked in turns, in every way; medians of several turns. The ratio is of
the sums over all queries.

Pages: a day's page over HTTP, by 16 connections, against the same bytes from Starlette with nothing
around them. Signing up: thousands of people at once; how many of those that were answered are not
in the database, or were not answered (`signups_lost`).

Trying: what a stranger would have got in seven issues of 600 papers, with words and likes, when the
drafts of these issues are known; and what it costs to make them known.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import statistics
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from corpora import webs
from corpora.archive import fill, real_papers, varied
from corpora.papers import NOW

from newsletter.day.trying import PastDays, read_interest, try_days
from newsletter.doctor.sample import demo_config
from newsletter.model import Paper
from newsletter.store import Database, Query, SearchStore, open_database
from newsletter.store.index import ABSTRACT, AUTHORS, TITLE
from newsletter.store.matching import as_fts5
from newsletter.store.papers import offer
from newsletter.store.search import match_of
from newsletter.store.tables import papers
from newsletter.store.words import STOP_WORDS, plain_words
from newsletter.world.days import day_of

Figures = Mapping[str, float]
PAGE = 20
BARE = (
    "SELECT rowid FROM paper_search WHERE paper_search MATCH ? "
    f"ORDER BY bm25(paper_search, {TITLE}, {AUTHORS}, {ABSTRACT}) LIMIT {PAGE}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    papers: int
    every: int
    """The first of each so many days of the feed is read."""
    queries: int
    turns: int


WHOLE = Size(papers=100_000, every=1, queries=40, turns=7)
QUICK = Size(papers=30_000, every=12, queries=10, turns=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A newsletter with an archive."""

    database: Database
    real: Sequence[Paper]
    """The papers that the archive is made of."""
    size: Size


# --- Search -----------------------------------------------------------------------------------


def queries(real: Sequence[Paper], count: int, chance: random.Random) -> list[str]:
    """Return as many queries of each kind: one, two or three words of a title; common words."""
    titles = [
        [word for word in plain_words(paper.title) if word not in STOP_WORDS] for paper in real
    ]
    found = []
    for length in (1, 2, 3):
        for _ in range(count):
            words = chance.choice([title for title in titles if len(title) >= length])
            start = chance.randrange(len(words) - length + 1)
            found.append(" ".join(words[start : start + length]))
    having = Counter(word for paper in real for word in set(plain_words(paper.abstract)))
    common = [word for word, _ in having.most_common(count * 3) if word not in STOP_WORDS]
    return [*found, *common[:count]]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all values does not exceed."""
    return sorted(values)[max(0, round(share * len(values)) - 1)]


def measure_search(site: Site) -> Figures:
    """Return what a search costs, in milliseconds and against the bare query."""
    search = SearchStore(site.database)

    def bare(words: str) -> None:
        with site.database.reading() as connection:
            match = match_of(Query(words=words))
            assert match is not None
            connection.exec_driver_sql(BARE, (as_fts5(match),)).all()

    ways: dict[str, Callable[[str], object]] = {
        "bare": bare,
        "find": lambda words: search.find(Query(words=words), limit=PAGE),
        "about": lambda words: search.about(Query(words=words), limit=PAGE),
    }
    asked = queries(site.real, site.size.queries, random.Random(1))
    took: dict[str, list[float]] = {name: [] for name in ways}
    search.about(Query(words="warm"), limit=PAGE)
    for words in asked:
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(site.size.turns):
            for name, way in ways.items():
                start = time.perf_counter()
                way(words)
                times[name].append(1_000 * (time.perf_counter() - start))
        for name, some in times.items():
            took[name].append(statistics.median(some))
    print(f"search of {site.size.papers:,} papers, {len(asked)} queries; milliseconds:")
    for name, some in took.items():
        print(
            f"  {name:6} median {statistics.median(some):6.1f}  p95 {percentile(some, 0.95):6.1f}  "
            f"most {max(some):6.1f}  sum / bare {sum(some) / sum(took['bare']):5.2f}"
        )
    return {
        "search_p95_ms": percentile(took["about"], 0.95),
        "search_ratio_to_fts": sum(took["about"]) / sum(took["bare"]),
        "search_p95_ratio_to_fts": percentile(took["about"], 0.95) / percentile(took["bare"], 0.95),
        "search_words_p95_ms": percentile(took["find"], 0.95),
        "search_words_ratio_to_fts": sum(took["find"]) / sum(took["bare"]),
    }


# --- Trying before subscribing ----------------------------------------------------------------

DAYS, EACH_DAY = 7, 600
TEXTS = ("robotics", "diffusion models for proteins", "speech, emotion", "reward hacking", "graphs")


def issues_of(site: Site) -> list[dt.date]:
    """Offer the last papers of the archive in seven issues; return their dates."""
    dates = [NOW.date() - dt.timedelta(days=place + 1) for place in range(DAYS)]
    newest = sa.select(papers.c.id).order_by(papers.c.first_seen.desc(), papers.c.id)
    with site.database.transaction() as connection:
        ids = list(connection.scalars(newest.limit(DAYS * EACH_DAY)))
        for place, date in enumerate(dates):
            offer(connection, ids[place::DAYS], date)
    return dates


def measure_trying(site: Site) -> Figures:
    """Return what a try costs, in milliseconds, and what the first of a day costs in seconds."""
    dates = issues_of(site)
    with tempfile.TemporaryDirectory() as folder:
        config = replace(demo_config(), root=Path(folder))
        day = day_of(config, site.database, date=NOW.date(), clock=lambda: NOW)
        past = PastDays()
        start = time.perf_counter()
        past.of(day, dates)
        cold = time.perf_counter() - start
        first: list[float] = []
        took: list[float] = []
        for turn in range(1 + site.size.turns):
            for text in TEXTS:
                start = time.perf_counter()
                interest = read_interest(
                    text,
                    topics=config.choice.topics,
                    papers=day.stores.papers,
                    search=day.stores.search,
                )
                try_days(day, interest, dates, past=past)
                (took if turn else first).append(1_000 * (time.perf_counter() - start))
    print(f"trying {DAYS} issues of {EACH_DAY} papers, {len(took)} times; milliseconds:")
    print(
        f"  median {statistics.median(took):6.1f}  p95 {percentile(took, 0.95):6.1f}  "
        f"most {max(took):6.1f}; of the first with a text {statistics.median(first):6.1f}; "
        f"{cold:.1f} s to make the drafts known"
    )
    return {
        "try_median_ms": statistics.median(took),
        "try_new_median_ms": statistics.median(first),
        "try_drafts_s": cold,
    }


# --- Pages, and people who sign up ------------------------------------------------------------


def measure_pages(site: Site) -> Figures:
    """Return how fast a day's page is, and what became of people who sign up all at once."""
    is_quick = site.size is QUICK
    seconds, turns = (0.6, 5) if is_quick else (3.0, 5)
    count, connections = (300, 100) if is_quick else (10_000, 500)
    answered: set[str] = set()
    with webs.site(site.real) as served:
        with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/") as page:
            content = page.read()
        with webs.static(content) as plain:
            pairs = [
                (
                    webs.requests_per_second(served.port, seconds),
                    webs.requests_per_second(plain.port, seconds),
                )
                for _ in range(turns)
            ]
        took = webs.sign_up_all(served.port, count, connections, answered.add)
        lost = answered - webs.pending(served)
    ours, theirs = (statistics.median(some) for some in zip(*pairs, strict=True))
    print(
        f"a day's page of {len(content) / 1000:.0f} kB: {ours:,.0f} a second, the same bytes from "
        f"Starlette alone {theirs:,.0f}; {len(answered):,} of {count:,} sign-ups answered in "
        f"{took:.1f} s, {len(lost)} of them lost"
    )
    return {
        "day_page_ratio_to_static": statistics.median(mine / plain for mine, plain in pairs),
        "day_pages_per_second": ours,
        "signups": len(answered),
        "signups_per_second": len(answered) / took,
        "signups_lost": len(lost) + count - len(answered),
    }


PARTS: Sequence[Callable[[Site], Figures]] = (measure_search, measure_trying, measure_pages)
"""What is measured, in this order; each gives figures of its own."""


def main() -> None:
    """Make the archive, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer papers, queries and turns")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="a folder with huggingface/feed/*.xml")
    options = parser.parse_args()
    data = options.data or Path(os.environ.get("NEWSLETTER_TEST_DATA") or "missing")
    size = QUICK if options.quick else WHOLE
    real = real_papers(data, size.every)
    figures: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_database("sqlite:///site.db", Path(folder)) as database,
    ):
        fill(database, varied(real, size.papers, random.Random(0)), size.papers)
        site = Site(database=database, real=real, size=size)
        for part in PARTS:
            figures |= part(site)
    if options.json:
        print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
