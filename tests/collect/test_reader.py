"""Parsing off the event loop."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time

import pytest
from makers import NOW, make_document, make_source, run

from newsletter.collect.answers import Document, Parsed, Parser, SourceKind
from newsletter.collect.kinds.feeds import parse_feed
from newsletter.collect.reader import DocumentReader
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


def read_each(*kinds: SourceKind, content: str = RSS, **options: float) -> list[Parsed]:
    """Read a document as each kind, in the same process."""

    async def work() -> list[Parsed]:
        document = make_document(content)
        async with DocumentReader(processes=1, **options) as reader:  # type: ignore[arg-type]
            return [await reader.read(kind, document, make_source(), NOW) for kind in kinds]

    return run(work())


def read(kind: SourceKind, content: str = RSS, **options: float) -> Parsed:
    (parsed,) = read_each(kind, content=content, **options)
    return parsed


def test_the_smallest_are_read_here_and_the_others_elsewhere() -> None:
    """A thread costs nothing; a process has limits. Both give the same."""
    kinds = SourceKind(parse=where), SourceKind(parse=parse_feed)
    here, feed = read_each(*kinds)
    elsewhere, same_feed = read_each(*kinds, small=0)

    assert here.note == str(os.getpid())
    assert elsewhere.note != str(os.getpid())
    assert read(kinds[0], sources=100).note != str(os.getpid())
    assert feed == same_feed


def test_what_cannot_be_read_is_one_line_from_a_process_too() -> None:
    """The error comes back as it was raised there."""
    with pytest.raises(SourceError, match=r"^https://example\.org/feed: not valid JSON"):
        read(SourceKind(parse=parse_feed), "{", small=0)


def test_a_document_that_never_ends_is_given_up() -> None:
    """The process that reads it is ended, and the run goes on."""
    with pytest.raises(SourceError, match=r"took more than 0\.5 s to read"):
        read(SourceKind(parse=endless), small=0, seconds=0.5)


def test_a_process_that_is_killed_costs_one_document() -> None:
    """Memory ran short, say."""
    with pytest.raises(SourceError, match="was killed; is memory short"):
        read(SourceKind(parse=dies), small=0)


def greedy(_document: Document, _source: Source, _now: dt.datetime) -> Parsed:
    return Parsed(note=str(len(bytearray(900_000_000))))


def greedy_bit_by_bit(_document: Document, _source: Source, _now: dt.datetime) -> Parsed:
    kept = []
    while True:
        kept.append(bytearray(1_000_000))


def gives_too_much(_document: Document, _source: Source, _now: dt.datetime) -> Parsed:
    return Parsed(note="x" * 300_000_000)


def broken(_document: Document, _source: Source, _now: dt.datetime) -> Parsed:
    raise ZeroDivisionError("our own bug")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit of address space is Linux's")
@pytest.mark.parametrize("parse", [greedy, greedy_bit_by_bit, gives_too_much])
def test_a_document_that_wants_all_memory_is_given_up(parse: Parser) -> None:
    """The limit is the process's own: neither this program nor the machine runs short."""
    with pytest.raises(SourceError, match=r"^https://example\.org/feed: takes too much memory"):
        read(SourceKind(parse=parse), small=0)


@pytest.mark.slow
def test_memory_is_given_to_large_documents() -> None:
    """A feed of many entries is read within the limit."""
    items = "".join(f"<item><title>{number}</title></item>" for number in range(20_000))
    parsed = read(
        SourceKind(parse=parse_feed), f"<rss version='2.0'><channel>{items}</channel></rss>"
    )

    assert len(parsed.papers) == 10_000


@pytest.mark.parametrize("small", [0, 8_000])
def test_a_fault_of_the_parser_is_a_value(small: int) -> None:
    """With the document and the place in the program, from a process too."""
    (fault,) = read(SourceKind(parse=broken), small=small).faults

    assert (fault.border, fault.name) == ("source", "test")
    assert fault.problem == "a fault of this program (ZeroDivisionError: our own bug)"
    assert fault.content == RSS.encode()
    assert "in broken" in fault.trace


def test_more_than_a_few_kilobytes_are_never_read_here() -> None:
    """However few documents there are."""
    assert read(SourceKind(parse=where), "x" * 9_000).note != str(os.getpid())
