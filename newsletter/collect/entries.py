"""Pass the entries of a document through the gate one by one: a bad entry loses only itself.

Every parser hands its entries to `read_papers` or `read_mentions`. No other code makes a Paper
from data that comes from outside.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from newsletter.collect.withdrawals import is_withdrawn
from newsletter.model import Border, Fault, Mention, Paper, Source, fault_of
from newsletter.model.gate import COUNTS, LINKS, admit, admit_mention

MOST = 10_000
"""Entries that are read of one document: ten times the largest day of arXiv."""
KEPT_FAULTS = 10
"""Faults of one document that are kept with their input; all faults are counted."""
KEPT_INPUT = 100_000
"""Characters of an entry that are kept with its fault."""
Entry = TypeVar("Entry")
Found = TypeVar("Found")


@dataclass(slots=True)
class EntryTally:
    """What became of the entries of a document."""

    source: Source
    skipped: int = 0
    """Entries that are not papers."""
    unread: int = 0
    """Entries that could not be read."""
    uncounted: int = 0
    """Entries beyond MOST, which were not read."""
    withdrawn: int = 0
    """Papers that their authors have taken back."""
    faults: list[Fault] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """How often a field was emptied because its value could not be true or safe."""

    def notes(self) -> Iterator[str]:
        """Yield, in words, what was left out."""
        if self.withdrawn:
            yield f"{self.withdrawn} withdrawn"
        if self.unread:
            yield f"{self.unread} could not be read"
        if self.uncounted:
            yield f"only the first {MOST} entries were read, {self.uncounted} were not"
        if unlinked := self.left_out["url"]:
            yield f"{unlinked} without a usable link"
        others = Counter[str]()
        for name, count in self.left_out.items():
            if name != "url":
                others[_KIND_OF_FIELD.get(name, name)] += count
        if others:
            told = ", ".join(f"{count} {name}" for name, count in sorted(others.items()))
            yield f"left out as implausible: {told}"


_KIND_OF_FIELD = (
    dict.fromkeys(LINKS, "links") | dict.fromkeys(COUNTS, "counts") | {"published": "dates"}
)


def read_papers(
    entries: Sequence[Entry],
    read: Callable[[Entry], Paper | None],
    source: Source,
    now: dt.datetime,
) -> tuple[tuple[Paper, ...], EntryTally]:
    """Return the papers that the gate lets through, and an account of the other entries.

    `read` returns None for an entry that is not a paper. If it raises, only that entry is lost.
    """

    def passed(entry: Entry) -> tuple[Paper, tuple[str, ...]] | None:
        paper = read(entry)
        return admit(paper, now) if paper else None

    tally = EntryTally(source)
    papers = []
    for found in _each(entries, passed, tally):
        if found is None or not found[0].title:
            tally.skipped += 1
            continue
        paper, emptied = found
        if is_withdrawn(paper):
            tally.withdrawn += 1
            continue
        tally.left_out.update(emptied)
        # Count papers that never had a link, too: a reader could not open them.
        tally.left_out["url"] += not paper.url and "url" not in emptied
        papers.append(paper)
    return tuple(papers), tally


def read_mentions(
    entries: Sequence[Entry], read: Callable[[Entry], Iterable[Mention]], source: Source
) -> tuple[tuple[Mention, ...], EntryTally]:
    """Return the discussions in the entries, and an account; an entry may hold several or none."""

    def passed(entry: Entry) -> tuple[Mention, ...]:
        return tuple(map(admit_mention, read(entry)))

    tally = EntryTally(source)
    mentions: list[Mention] = []
    for found in _each(entries, passed, tally):
        tally.skipped += not found
        mentions += found
    return tuple(mentions), tally


def read_sources(
    entries: Sequence[Entry], read: Callable[[Entry], Source | None], source: Source
) -> tuple[tuple[Source, ...], EntryTally]:
    """Return the sources that the entries name, and an account."""
    tally = EntryTally(source)
    sources = []
    for found in _each(entries, read, tally):
        if found is None:
            tally.skipped += 1
        else:
            sources.append(found)
    return tuple(sources), tally


def _each(
    entries: Sequence[Entry], read: Callable[[Entry], Found], tally: EntryTally
) -> Iterator[Found]:
    tally.uncounted = max(0, len(entries) - MOST)
    for entry in entries[:MOST]:
        try:
            yield read(entry)
        except MemoryError:  # the limit is for the whole document
            raise
        except Exception as error:  # noqa: BLE001  guard: one entry must not stop the others
            tally.unread += 1
            if len(tally.faults) < KEPT_FAULTS:
                content = repr(entry)[:KEPT_INPUT].encode("utf-8", "replace")
                tally.faults.append(fault_of(Border.ENTRY, tally.source.name, error, content))
