"""enrich_papers(): what other services know of a paper, asked for within a time limit."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from newsletter.collect import arxiv, crossref, github
from newsletter.collect import semanticscholar as scholar
from newsletter.collect.answers import Document, Manners
from newsletter.collect.fetcher import Fetcher, MissingError
from newsletter.collect.identity import strength
from newsletter.errors import SourceError
from newsletter.model import Enrichment, Paper

Facts = Mapping[str, Any]
"""Fields of a paper as one service knows them; plain JSON, so that they can be kept."""
Known = Callable[[str, Sequence[str], dt.datetime], Mapping[str, Facts]]
"""What a service answered about some subjects since a moment, as it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enricher:
    """How one service is asked about papers."""

    subject: Callable[[Paper], str]
    """What it knows the paper by, or nothing."""
    question: Callable[[str, Sequence[str]], tuple[str, object]]
    """Its base address and subjects to the address to ask at, and a JSON body or None."""
    read: Callable[[Document, Sequence[str]], Mapping[str, Facts]]
    """Its answer to facts by subject; raises SourceError."""
    api: str
    batch: int
    most: int
    """Subjects asked about in one run."""
    kept: dt.timedelta
    """How long an answer holds."""
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
"""What `enrich:` in sources.yaml may name, in the order in which services are asked: arXiv may
tell of a repository that GitHub is then asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """What the services told."""

    papers: tuple[Paper, ...]
    """Those that are richer now."""
    told: tuple[tuple[str, Mapping[str, Facts]], ...] = ()
    """New answers to keep, by service; an empty one says that it knows nothing."""
    notes: tuple[str, ...] = ()


async def enrich_papers(
    papers: Sequence[Paper],
    services: Sequence[Enrichment],
    fetcher: Fetcher,
    known: Known,
    now: dt.datetime,
    seconds: float,
) -> Enriched:
    """Add what `services` know of `papers`, the most wanted of which come first.

    Answers that are `known` are not asked for again. After `seconds` in all, what has not come is
    left out; a service that fails costs its own facts only.
    """
    told: list[tuple[str, Mapping[str, Facts]]] = []
    notes: list[str] = []
    richer = {paper.id: paper for paper in papers}
    try:
        async with asyncio.timeout(seconds):
            for service in services:
                enricher = ENRICHERS[service.service]
                async for facts in _ask(service, enricher, richer.values(), fetcher, known, now):
                    if isinstance(facts, str):
                        notes.append(f"{service.service}: {facts}")
                        continue
                    fresh, answered = facts
                    if fresh:
                        told.append((service.service, answered))
                    _apply(enricher, answered, richer)
    except TimeoutError:
        notes.append(f"enrichment stopped after {seconds:g} s; the rest is asked for next time")
    changed = tuple(richer[paper.id] for paper in papers if richer[paper.id] != paper)
    return Enriched(papers=changed, told=tuple(told), notes=tuple(notes))


async def _ask(
    service: Enrichment,
    enricher: Enricher,
    papers: Iterable[Paper],
    fetcher: Fetcher,
    known: Known,
    now: dt.datetime,
) -> Any:
    """Yield answers, as pairs of whether they are new and the facts by subject, or a problem."""
    subjects = list(dict.fromkeys(filter(None, map(enricher.subject, papers))))
    kept = known(service.service, subjects, now - enricher.kept)
    yield False, kept
    missing = [one for one in subjects if one not in kept][: enricher.most]
    for some in _batches(missing, enricher.batch):
        url, asked = enricher.question(service.api or enricher.api, some)
        try:
            fetched = await fetcher.fetch(
                url,
                headers=dict(service.headers),
                manners=enricher.manners,
                body=None if asked is None else json.dumps(asked).encode(),
            )
            answered = enricher.read(fetched.documents[0], some)
        except MissingError:
            answered = {}  # one repository that is gone says nothing of the next
        except SourceError as error:
            yield str(error)
            return
        yield True, {one: dict(answered.get(one, {})) for one in some}


def _batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _apply(enricher: Enricher, answered: Mapping[str, Facts], papers: dict[str, Paper]) -> None:
    for paper in list(papers.values()):
        if facts := answered.get(enricher.subject(paper)):
            papers[paper.id] = with_facts(paper, facts)


def with_facts(paper: Paper, facts: Facts) -> Paper:
    """Return the paper with what it did not have; numbers grow, an abstract stays the authors'."""
    changes: dict[str, Any] = {}
    for name in ("venue", "code_url", "summary", "summary_by", "abstract"):
        if isinstance(facts.get(name), str) and not getattr(paper, name):
            changes[name] = facts[name]
    for name in ("citations", "stars"):
        if isinstance(facts.get(name), int):
            changes[name] = max(getattr(paper, name), facts[name])
    for name in ("categories", "authors"):
        if isinstance(facts.get(name), list | tuple) and not getattr(paper, name):
            changes[name] = tuple(map(str, facts[name]))
    keys = tuple(str(key) for key in facts.get("keys", ()) if key not in paper.keys)
    if keys:
        changes["keys"] = tuple(sorted(paper.keys + keys, key=strength))
    if "summary" not in changes:
        changes.pop("summary_by", None)
    return replace(paper, **changes)
