"""What feedparser's own corpus says of its documents, held against the papers made of them.

A file begins with a comment such as

    Header:      Content-type: text/xml
    Expect:      not bozo and entries[0]['title'] == u'Example'

Of these, the expectations on an entry's title, link, id, dates and authors apply to us. They are
read as syntax, never evaluated.
"""

from __future__ import annotations

import ast
import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsletter.collect.answers import Document
from newsletter.collect.identity.keys import web_url
from newsletter.collect.kinds.feeds import parse_feed
from newsletter.collect.kinds.xmlfeeds import feed_of, flat_entry
from newsletter.collect.plain.people import names_of
from newsletter.collect.plain.text import plain_text
from newsletter.errors import SourceError
from newsletter.model import Paper, Source

NOW = dt.datetime(2026, 3, 17, tzinfo=dt.UTC)
SOURCE = Source(name="corpus", kind="feed", location="corpus", announce=("new", "cross"))
_HEADER = re.compile(rb"Header:\s*Content-type:\s*([^\r\n]+)", re.IGNORECASE)
_LOCATION = re.compile(rb"Header:\s*Content-Location:\s*([^\r\n]+)", re.IGNORECASE)
_EXPECT = re.compile(rb"Expect:\s*(.+?)\s*(?:-->|\n)", re.DOTALL)
_TITLES = (("title",), ("title_detail", "value"))
_LINKS = (("link",), ("links", 0, "href"))
_IDS = (("id",), ("guid",))
_DATES = (("published_parsed",), ("created_parsed",), ("updated_parsed",), ("modified_parsed",))
_AUTHORS = (
    ("author",), ("author_detail", "name"), ("authors", 0, "name"), ("authors", 1, "name"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One expectation on one entry."""

    entry: int
    path: tuple[str | int, ...]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one expectation was met."""

    file: Path
    expectation: Expectation
    found: Any
    is_met: bool


def verdicts(folder: Path) -> Iterator[Verdict]:
    """Yield a verdict for every expectation below `folder` that applies to a paper."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            for expected in expectations(content):
                found = _found(content, expected)
                met = _is_met(expected, found)
                yield Verdict(file=path, expectation=expected, found=found, is_met=met)


def expectations(content: bytes) -> Iterator[Expectation]:
    """Yield what a document's comment expects of its entries' title, link, id, dates, authors."""
    found = _EXPECT.search(content[:4000])
    if not found:
        return
    try:
        tree = ast.parse(found[1].decode("utf-8", "replace").strip(), mode="eval").body
    except SyntaxError:
        return
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    for part in parts:
        match part:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                path = _path(left)
                known = (*_TITLES, *_LINKS, *_IDS, *_DATES, *_AUTHORS)
                if len(path) > 2 and path[0] == "entries" and path[2:] in known:
                    try:
                        value = ast.literal_eval(right)
                    except ValueError:
                        continue
                    yield Expectation(entry=int(path[1]), path=path[2:], value=value)
            case _:
                pass


def _path(node: ast.expr) -> tuple[str | int, ...]:
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Subscript(value=inner, slice=ast.Constant(value=str() | int() as step)):
            return (*_path(inner), step)
        case ast.Attribute(value=inner, attr=step):
            return (*_path(inner), step)
        case _:
            return ()


def _found(content: bytes, expected: Expectation) -> Any:
    """Return what we make of the field that is expected to have a value."""
    header, location = _HEADER.search(content[:4000]), _LOCATION.search(content[:4000])
    document = Document(
        url=location[1].decode("latin-1").strip() if location else "http://127.0.0.1:8097/tests/",
        content=content,
        content_type=header[1].decode("latin-1").strip() if header else "",
    )
    try:
        entries = feed_of(document)["entries"]
        # With a stand-in title no entry is left out, so that papers and entries keep in step.
        papers = parse_feed(document, SOURCE, NOW).papers
    except SourceError as error:
        return error
    flat = (
        flat_entry(entries[expected.entry], document.url) if len(entries) > expected.entry else {}
    )
    paper = papers[expected.entry] if len(papers) == len(entries) else None
    if expected.path in _IDS:
        return flat.get("id")
    if expected.path in _TITLES:
        return paper.title if paper else plain_text(str(flat.get("title") or ""))
    if expected.path in _LINKS:
        return paper.url if paper else web_url(str(flat.get("link") or ""))
    if expected.path in _DATES:
        return flat.get("published")
    return _authors(paper, flat)


def _authors(paper: Paper | None, flat: Any) -> tuple[str, ...]:
    # An entry without any text is no paper; its authors are read all the same.
    return paper.authors if paper else names_of(map(str, flat.get("authors") or ()))


def _is_met(expected: Expectation, found: Any) -> bool:
    value = expected.value
    if isinstance(found, SourceError):
        return False
    if expected.path in _IDS:
        return bool(found == value)
    if expected.path in _TITLES:
        return bool(found == plain_text(str(value)) or (not value and found))
    if expected.path in _LINKS:
        # Links of other schemes must not be shown; an identity that is a link may stand in.
        shown = web_url(str(value))
        return bool(found == shown if shown else found != value)
    if expected.path in _DATES:
        moment = dt.datetime.fromtimestamp(calendar.timegm(value), dt.UTC) if value else None
        return bool(found == moment)
    name = re.sub(r"\s*\([^()]*\)|\S+@\S+", "", plain_text(str(value))).strip()
    # An address alone is no name, and nothing to show to thousands of readers.
    return name in found or name == ", ".join(found)
