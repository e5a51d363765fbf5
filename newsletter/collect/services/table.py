"""ENRICHERS: how each enriching service is asked and read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from newsletter.collect.answers import Document, Manners
from newsletter.collect.kinds import arxiv
from newsletter.collect.kinds import semanticscholar as scholar
from newsletter.collect.services import crossref, github
from newsletter.model import Paper

Facts = Mapping[str, Any]
"""Fields of a paper, as one service knows them: plain JSON, so they can be stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enricher:
    """How one service is asked about papers, and how its answer is read."""

    subject: Callable[[Paper], str]
    """Paper → the id by which the service finds it; empty if it cannot."""
    question: Callable[[str, Sequence[str]], tuple[str, object]]
    """(base address, subjects) → the address to ask at, and a JSON body or None."""
    read: Callable[[Document, Sequence[str]], Mapping[str, Facts]]
    """(answer, subjects) → facts by subject; raises SourceError."""
    api: str
    batch: int
    most: int
    """Most subjects to ask about in one run."""
    kept: dt.timedelta
    """How long an answer stays valid."""
    manners: Manners


ENRICHERS: Final[dict[str, Enricher]] = {
    "arxiv": Enricher(
        subject=arxiv.subject,
        question=arxiv.question,
        read=arxiv.read_facts,
        api=arxiv.API,
        batch=100,
        most=500,
        kept=dt.timedelta(days=7),
        manners=arxiv.MANNERS,
    ),
    "semantic-scholar": Enricher(
        subject=scholar.subject,
        question=scholar.question,
        read=scholar.read_facts,
        api=scholar.API,
        batch=500,
        most=500,
        kept=dt.timedelta(days=1),
        manners=scholar.MANNERS,
    ),
    "crossref": Enricher(
        subject=crossref.subject,
        question=crossref.question,
        read=crossref.read_facts,
        api=crossref.API,
        batch=20,
        most=200,
        kept=dt.timedelta(days=7),
        manners=Manners(connections=1, pause=0.2),
    ),
    "github": Enricher(
        subject=github.subject,
        question=github.question,
        read=github.read_facts,
        api=github.API,
        batch=1,
        most=50,  # without a key GitHub answers 60 requests an hour
        kept=dt.timedelta(days=1),
        manners=Manners(connections=1, pause=0.1),
    ),
}
"""The services that `enrich:` in sources.yaml may name, in the order in which they are asked:
arXiv may name a repository, and then GitHub is asked about it."""
