"""enrich_papers(): ask other services what they know of papers, within a time limit."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from newsletter.collect.http.fetcher import Fetcher, MissingError
from newsletter.collect.identity.keys import strength
from newsletter.collect.reader import DocumentReader
from newsletter.collect.services.table import ENRICHERS, Enricher, Facts
from newsletter.errors import SourceError
from newsletter.model import Border, Enrichment, Fault, Paper, fault_of
from newsletter.model.gate import admit, identity

Known = Callable[[str, Sequence[str], dt.datetime], Mapping[str, Facts]]
"""(service, subjects, moment) → the answers about these subjects kept since that moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """What the services answered."""

    papers: tuple[Paper, ...]
    """The papers that gained something."""
    told: tuple[tuple[str, Mapping[str, Facts]], ...] = ()
    """New answers to keep, by service; an empty answer means that the service knows nothing."""
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    """Faults of a service or of one paper; they did not stop the others."""


async def enrich_papers(
    papers: Sequence[Paper],
    services: Sequence[Enrichment],
    fetcher: Fetcher,
    reader: DocumentReader,
    known: Known,
    now: dt.datetime,
    seconds: float,
) -> Enriched:
    """Add to `papers`, most important first, what `services` know of them.

    Answers that are already `known` are not asked for again. After `seconds` in all, asking
    stops. A service that fails loses only its own facts.
    """
    told: list[tuple[str, Mapping[str, Facts]]] = []
    notes: list[str] = []
    faults: list[Fault] = []
    richer = {paper.id: paper for paper in papers}

    async def ask(service: Enrichment) -> None:
        enricher = ENRICHERS[service.service]
        answers = _ask(service, enricher, richer.values(), fetcher, reader, known, now)
        async for fresh, answered in answers:
            if fresh:
                told.append((service.service, answered))
            faults.extend(_apply(enricher, answered, richer))

    try:
        async with asyncio.timeout(seconds):
            for service in services:
                try:
                    await ask(service)
                except TimeoutError:
                    raise
                except SourceError as error:
                    notes.append(f"{service.service}: {error}")
                except Exception as error:  # noqa: BLE001  guard: one service stops no other
                    faults.append(fault_of(Border.SOURCE, service.service, error))
                    notes.append(f"{service.service}: {faults[-1].problem}")
    except TimeoutError:
        notes.append(f"enrichment stopped after {seconds:g} s; the rest is asked for next time")
    changed = tuple(richer[paper.id] for paper in papers if richer[paper.id] != paper)
    return Enriched(papers=changed, told=tuple(told), notes=tuple(notes), faults=tuple(faults))


async def _ask(
    service: Enrichment,
    enricher: Enricher,
    papers: Iterable[Paper],
    fetcher: Fetcher,
    reader: DocumentReader,
    known: Known,
    now: dt.datetime,
) -> AsyncIterator[tuple[bool, Mapping[str, Facts]]]:
    """Yield pairs: whether the facts are new, and the facts by subject.

    Raises SourceError when the service does not answer, or answers something else.
    """
    subjects = list(dict.fromkeys(filter(None, map(enricher.subject, papers))))
    kept = known(service.service, subjects, now - enricher.kept)
    yield False, kept
    missing = [subject for subject in subjects if subject not in kept][: enricher.most]
    for some in _batches(missing, enricher.batch):
        url, asked = enricher.question(service.api or enricher.api, some)
        try:
            fetched = await fetcher.fetch(
                url,
                headers=dict(service.headers),
                manners=enricher.manners,
                body=None if asked is None else json.dumps(asked).encode(),
            )
            document = fetched.documents[0]
            answered = await reader.call(document, enricher.read, document, some)
        except MissingError:
            answered = {}  # a repository that is gone is no reason not to ask for the next
        yield True, {subject: dict(answered.get(subject, {})) for subject in some}


def _batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _apply(
    enricher: Enricher, answered: Mapping[str, Facts], papers: dict[str, Paper]
) -> Iterator[Fault]:
    """Add the facts to the papers; yield what went wrong with one of them."""
    for paper in list(papers.values()):
        facts = answered.get(enricher.subject(paper))
        if not facts:
            continue
        try:
            papers[paper.id], _ = admit(with_facts(paper, facts))
        except Exception as error:  # noqa: BLE001  guard: one paper must not stop the others
            content = json.dumps(dict(facts), default=str).encode()
            yield fault_of(Border.ENTRY, paper.title, error, content)


def with_facts(paper: Paper, facts: Facts) -> Paper:
    """Return the paper with missing fields filled and higher counts; its own abstract stays."""
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
    keys = tuple(
        key for key in map(identity, map(str, facts.get("keys", ()))) if key not in paper.keys
    )
    if keys:
        changes["keys"] = tuple(sorted(paper.keys + keys, key=strength))
    if "summary" not in changes:
        changes.pop("summary_by", None)
    return replace(paper, **changes)
