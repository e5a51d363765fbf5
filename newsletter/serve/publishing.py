"""The site as files, for those who have no server: day pages, archive, feeds, search.

What needs a server is left out: forms lead to the `site` of newsletter.yaml, if there is one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from newsletter.errors import StoreError
from newsletter.files.reading import read_regular
from newsletter.files.writing import write
from newsletter.model import Paper
from newsletter.render.citations import bibtex, ris
from newsletter.render.people import byline
from newsletter.serve import feeds, reading
from newsletter.serve.given import Site
from newsletter.serve.look import file, page, style
from newsletter.serve.views import Card, cards

MARK: Final = ".newsletter"
"""Marks a folder as ours: another one, which may hold somebody's work, is not written into."""
PAPERS: Final = 365
"""Days whose papers have pages of their own, and are found by the search."""


def publish(site: Site, folder: Path, address: str) -> Iterator[Path]:
    """Write the site, as it is at a public `address`, into `folder`; yield each file written.

    A file that would not change is left alone. Files of papers that are gone stay: they may be
    linked to. Raises StoreError when the folder has other things in it, or cannot be written.
    """
    static = replace(site, address=address.rstrip("/"), is_static=True)
    _take(folder)
    for path, content in _files(static):
        target = folder / path
        if not _is_equal(target, content):
            write(target, content, public=True)
            yield target


def _take(folder: Path) -> None:
    """Mark a new or empty folder as ours; refuse one with other things in it."""
    try:
        there = list(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}") from None
    if there and not (folder / MARK).exists():
        raise StoreError(
            f"{folder}: there are other files in it: choose an empty folder, so that none of them "
            "is overwritten"
        )
    write(folder / MARK, b"made by `newsletter publish`\n", public=True)


def _is_equal(path: Path, content: bytes) -> bool:
    try:
        return read_regular(path, len(content)) == content
    except OSError:
        return False


def _files(site: Site) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the path and content of every file."""
    dates = site.picks.dates()
    pages: list[tuple[str, Response]] = []
    if dates:
        pages.append(("index.html", reading.day_page(site, dates[0], dates, path="/")))
    else:
        pages.append(("index.html", reading.empty_page(site)))
    pages.append(("archive/index.html", reading.archive_page(site)))
    yield from _bodies(pages)
    yield PurePosixPath("site.css"), style()[0].encode()
    yield PurePosixPath("search.js"), file("search.js").encode()
    yield from _bodies(_feeds(site))
    for date in dates:
        day = reading.day_page(site, date, dates, path=f"/{date}")
        yield from _bodies([(f"{date}/index.html", day)])
        picks = site.picks.of(date)
        yield from _citations(f"{date}", [pick.paper for pick in picks])
    yield from _bodies(_spans(site, dates))
    for topic in site.config.choice.topics:
        yield from _bodies(
            [(f"topics/{topic.name}/index.html", reading.topic_page(site, topic.name))]
        )
    yield from _papers(site, dates[:PAPERS])
    figures = site.day.folders.figures
    for name in figures.names():
        yield PurePosixPath(f"figures/{name}"), figures.read(name)


def _feeds(site: Site) -> Iterator[tuple[str, Response]]:
    yield "feed.xml", feeds.atom_feed(site)
    yield "feed.json", feeds.json_feed(site)
    yield "sitemap.xml", feeds.sitemap(site)
    yield "robots.txt", feeds.robots(site)
    for topic in site.config.choice.topics:
        yield f"topics/{topic.name}/feed.xml", feeds.atom_feed(site, topic.name)
        yield f"topics/{topic.name}/feed.json", feeds.json_feed(site, topic.name)


def _spans(site: Site, dates: Iterable[dt.date]) -> Iterator[tuple[str, Response]]:
    """Yield the pages of weeks and months that have issues."""
    weeks = dict.fromkeys(date - dt.timedelta(days=date.weekday()) for date in dates)
    for first in weeks:
        yield f"week/{first}/index.html", reading.week_page(site, first)
    for first in dict.fromkeys(date.replace(day=1) for date in dates):
        yield f"month/{first:%Y-%m}/index.html", reading.month_page(site, first)


def _papers(site: Site, dates: tuple[dt.date, ...]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield a page for each paper, and what the search page looks through."""
    picks = site.picks.dated(dates[-1], dates[0]) if dates else ()
    newest = sorted(picks, key=lambda dated: dated[0], reverse=True)
    shown = cards(site, newest)
    for card in shown:
        with contextlib.suppress(HTTPException):
            yield from _bodies(
                [(f"papers/{card.id}/index.html", reading.paper_page(site, card.paper.id))]
            )
            yield from _citations(card.id, [card.paper])
    index = json.dumps([_entry(card) for card in shown], ensure_ascii=False)
    yield PurePosixPath("search.json"), index.encode()
    found = page(
        site, "search_static.html", {"title": "", "path": "/search", "canonical": "/search"}
    )
    yield from _bodies([("search/index.html", found)])


def _citations(name: str, papers: Iterable[Paper]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield papers for reference managers, in both formats."""
    some = tuple(papers)
    for suffix, text in (("bib", bibtex(some)), ("ris", ris(some))):
        yield PurePosixPath(f"cite/{name}.{suffix}"), text.encode()


def _entry(card: Card) -> dict[str, str]:
    return {
        "title": card.paper.title,
        "authors": ", ".join(map(byline, card.paper.authors)),
        "words": card.view.summary or card.paper.abstract[:300],
        "path": f"/papers/{card.id}/",
        "date": f"{card.date}",
    }


def _bodies(
    answers: Iterable[tuple[str, Response]],
) -> Iterator[tuple[PurePosixPath, bytes]]:
    for path, answer in answers:
        yield PurePosixPath(path), bytes(answer.body)
