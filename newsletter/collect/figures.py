"""copy_figures(): pictures of papers, copied once, so that no mail loads them from elsewhere.

A paper's picture is the one that a source shows with it, or else, for a paper of arXiv, the first
figure of its HTML.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import lxml.html
from lxml import etree

from newsletter.collect.answers import Document, Manners
from newsletter.collect.http.addresses import base, joined
from newsletter.collect.http.fetcher import POLITE, Fetcher, GoneError, MissingError
from newsletter.collect.kinds.arxiv import MANNERS
from newsletter.collect.pictures import Picture, shrink
from newsletter.collect.reader import DocumentReader
from newsletter.errors import SourceError
from newsletter.model import Border, Paper, fault_of

HTML: Final = "https://arxiv.org/html/"
"""Where arXiv has papers as HTML (https://info.arxiv.org/about/accessible_HTML.html)."""
SECONDS: Final = 60.0
"""Time for all figures of an issue: an issue without some is better than a late one."""
AT_ONCE: Final = 8
"""Pictures of sources that are in memory at the same time."""
MOST_NOTES: Final = 5
"""Pictures that could not be had that are told one by one; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of a paper's picture."""

    picture: Picture
    by: str
    """Whose it is, in words for the reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What became of the figures of some papers."""

    found: Mapping[str, Copy]
    """Copies, by paper id."""
    without: tuple[str, ...]
    """Ids of papers that have no picture."""
    notes: tuple[str, ...]
    """Which pictures could not be had, and why: one line for each."""


async def copy_figures(
    papers: Sequence[Paper],
    fetcher: Fetcher,
    reader: DocumentReader,
    *,
    html: str = HTML,
    seconds: float = SECONDS,
) -> Copies:
    """Copy the pictures of papers, most important first, for at most `seconds` in all.

    A picture that cannot be had costs only itself. `html` is where arXiv's HTML is.
    """
    found: dict[str, Copy] = {}
    without: list[str] = []
    problems: list[str] = []
    servers = _Servers(
        fetcher=fetcher,
        reader=reader,
        html=html,
        slots=asyncio.Semaphore(AT_ONCE),
        arxiv=asyncio.Semaphore(1),
    )

    async def copied(paper: Paper) -> None:
        try:
            copy = await _copy(paper, servers)
        except SourceError as error:
            problems.append(str(error))
        except Exception as error:  # noqa: BLE001  guard: one picture stops no other
            problems.append(fault_of(Border.ENTRY, paper.title, error).problem)
        else:
            if copy:
                found[paper.id] = copy
            else:
                without.append(paper.id)

    tasks = [asyncio.create_task(copied(paper)) for paper in papers]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if late:
            problems.append(f"{len(late)} were not there after {seconds:g} s")
    notes = [f"figure: {problem}" for problem in problems[:MOST_NOTES]]
    if more := len(problems) - MOST_NOTES:
        notes += [f"figures: {more} more could not be had"] if more > 0 else []
    return Copies(found=found, without=tuple(without), notes=tuple(notes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Servers:
    """What pictures are asked of, and how many at a time."""

    fetcher: Fetcher
    reader: DocumentReader
    html: str
    slots: asyncio.Semaphore
    arxiv: asyncio.Semaphore
    """One paper after the other: arXiv is asked slowly, and the first ones shall be complete."""


async def _copy(paper: Paper, servers: _Servers) -> Copy | None:
    """Return a copy of a paper's picture; None when it has none.

    Raises SourceError when there is one that cannot be had.
    """
    problem: SourceError | None = None
    # Anything else would be a file of our own.
    if paper.image_url.startswith(("http://", "https://")):
        try:
            async with servers.slots:
                return await _copied(paper.image_url, _whose(paper), servers, POLITE)
        except SourceError as error:
            problem = error
    known = (key.partition(":")[2] for key in paper.keys if key.startswith("arxiv:"))
    if name := next(known, ""):
        try:
            async with servers.arxiv:
                page = await _fetched(f"{servers.html}{name}", servers.fetcher, MANNERS)
                if address := await servers.reader.call(page, first_figure, page):
                    return await _copied(address, "arXiv", servers, MANNERS)
        except (MissingError, GoneError):
            pass  # not every paper is there as HTML
        except SourceError as error:
            problem = problem or error
    if problem:
        raise problem
    return None


async def _copied(address: str, by: str, servers: _Servers, manners: Manners) -> Copy:
    document = await _fetched(address, servers.fetcher, manners)
    return Copy(picture=await servers.reader.call(document, shrink, document), by=by)


async def _fetched(address: str, fetcher: Fetcher, manners: Manners) -> Document:
    fetched = await fetcher.fetch(address, manners=manners)
    return fetched.documents[0]


def _whose(paper: Paper) -> str:
    """Return, in words, who shows the picture that a source gave."""
    host = urlsplit(paper.image_url).hostname or ""
    if host == "huggingface.co" or host.endswith(".huggingface.co"):
        return "Hugging Face"
    return (urlsplit(paper.url).hostname or host).removeprefix("www.")


def first_figure(document: Document) -> str:
    """Return the address of the first figure in a paper's HTML, as LaTeXML makes it; or nothing.

    Tables and algorithms are floats, too, but no figures; drawings within the page have no address.
    """
    try:
        root = lxml.html.document_fromstring(document.content)
    except (etree.LxmlError, ValueError):
        return ""
    start = base(document.url)
    for given in root.iter("base"):
        start = joined(start, given.get("href") or "")
    for float_ in root.iter("figure"):
        if "ltx_figure" not in (float_.get("class") or "").split():
            continue
        for image in float_.iter("img"):
            address = joined(start, image.get("src") or "")
            is_web = address.startswith(("http://", "https://"))
            if image.get("src") and is_web and not _is_drawing(address):
                return address
    return ""


def _is_drawing(address: str) -> bool:
    return urlsplit(address).path.lower().endswith((".svg", ".svgz", ".pdf"))
