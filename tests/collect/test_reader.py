"""Parsing off the event loop."""

from __future__ import annotations

import datetime as dt
import os
import time

import pytest
from makers import NOW, make_document, make_source, run

from newsletter.collect import Reader
from newsletter.collect.answers import Document, Kind, Parsed
from newsletter.collect.feeds import parse_feed
from newsletter.errors import SourceError
from newsletter.model import Source

RSS = "<rss version='2.0'><channel><title>x</title><item><title>A paper</title></item></channel></rss>"


def where(_document: Document, _source: Source, _now: dt.datetime) -> Parsed:
    return Parsed(note=str(os.getpid()))


def endless(_document: Document, _source: Source, _now: dt.datetime) -> Parsed:
    while True:
        time.sleep(1)


def dies(_document: Document, _source: Source, _now: dt.datetime) -> Parsed:
    os._exit(9)


def read(kind: Kind, content: str = RSS, **options: float) -> Parsed:
    async def work() -> Parsed:
        async with Reader(processes=1, **options) as reader:  # type: ignore[arg-type]
            return await reader.read(kind, make_document(content), make_source(), NOW)

    return run(work())


def test_the_smallest_are_read_here_and_the_others_elsewhere() -> None:
    """A thread costs nothing; a process has limits. Both give the same."""
    assert read(Kind(parse=where)).note == str(os.getpid())
    assert read(Kind(parse=where), small=0).note != str(os.getpid())
    assert read(Kind(parse=where), sources=100).note != str(os.getpid())
    assert read(Kind(parse=parse_feed), small=0) == read(Kind(parse=parse_feed))


def test_what_cannot_be_read_is_one_line_from_a_process_too() -> None:
    """The error comes back as it was raised there."""
    with pytest.raises(SourceError, match=r"^https://example\.org/feed: not valid JSON"):
        read(Kind(parse=parse_feed), "{", small=0)


def test_a_document_that_never_ends_is_given_up() -> None:
    """The process that reads it is ended, and the run goes on."""
    with pytest.raises(SourceError, match=r"took more than 0\.5 s to read"):
        read(Kind(parse=endless), small=0, seconds=0.5)


def test_a_process_that_is_killed_costs_one_document() -> None:
    """Memory ran short, say."""
    with pytest.raises(SourceError, match="was killed; is memory short"):
        read(Kind(parse=dies), small=0)
