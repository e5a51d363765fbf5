"""The invented day: its configuration, and its papers as if it were today."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import replace
from pathlib import Path

from newsletter.collect.answers import Document
from newsletter.collect.identity.duplicates import merge_papers
from newsletter.collect.kinds.table import KINDS
from newsletter.config.files import load_config
from newsletter.config.settings import Config
from newsletter.model import Paper
from newsletter.world.machine import STARTER

MORNING = dt.datetime(2026, 3, 17, 6, 30, tzinfo=dt.UTC)
"""The demo's clock: always the same morning, so that the second run finds the first."""
FEEDS = STARTER / "demo" / "feeds"


def demo_config(feeds: str = str(FEEDS), port: int = 25) -> Config:
    """Return the demo's configuration, its sources below `feeds`: an address or a folder."""
    environment = {
        "DEMO_FEEDS": feeds,
        "DEMO_SMTP_PORT": str(port),
        "DEMO_SECRET": "signs links that lead nowhere at all",
    }
    return load_config(STARTER / "demo" / "config", environment)


def sample_papers(now: dt.datetime) -> tuple[Paper, ...]:
    """Return the papers of the invented day, as if it were today."""
    shift = now - MORNING
    return tuple(
        replace(paper, published=paper.published + shift if paper.published else None)
        for paper in _invented_papers()
    )


@functools.cache
def _invented_papers() -> tuple[Paper, ...]:
    papers: list[Paper] = []
    for source in demo_config().collecting.sources:
        path = Path(source.location)
        document = Document(url=path.as_uri(), content=path.read_bytes())
        papers += KINDS[source.kind].parse(document, source, MORNING).papers
    return merge_papers(papers)
