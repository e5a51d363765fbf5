"""Papers by the thousand, from a folder of real feeds or from the invented day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from newsletter.collect.answers import Document
from newsletter.collect.kinds.table import KINDS
from newsletter.doctor.sample import sample_papers
from newsletter.model import Paper, Source

NOW = dt.datetime(2026, 3, 17, 6, 30, tzinfo=dt.UTC)


def feed_days(data: Path, every: int = 1) -> list[list[Paper]]:
    """Return the papers of days of the public feed of the Daily Papers, oldest first.

    With `every`, the first of each so many days.
    """
    source = Source(name="x", kind="feed", location="x")
    days = []
    for path in sorted((data / "huggingface" / "feed").glob("*.xml"))[::every]:
        document = Document(url=path.resolve().as_uri(), content=path.read_bytes())
        days.append(list(KINDS["feed"].parse(document, source, NOW).papers))
    return days


def feed_papers(data: Path, every: int = 1) -> list[Paper]:
    """Return every paper of those days once."""
    found: dict[str, Paper] = {}
    for day in feed_days(data, every):
        for paper in day:
            found.setdefault(paper.id, paper)
    return list(found.values())


def read_papers(data: Path, count: int) -> list[Paper]:
    """Return `count` papers; where there are fewer they come again under other ids."""
    real = feed_papers(data) or list(sample_papers(NOW))
    numbered = enumerate(islice(cycle(real), count))
    return [replace(paper, id=f"{paper.id}-{number}") for number, paper in numbered]
