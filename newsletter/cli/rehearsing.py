"""What the preview shows: the issue that is due, as it would be now, and planned ones."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from newsletter import machine, world
from newsletter.cli import health
from newsletter.cli.checking import sample_papers
from newsletter.config import Config, load_config
from newsletter.day import letters, selections
from newsletter.day.proofs import proofread
from newsletter.errors import NewsletterError
from newsletter.learn.tastes import Tastes
from newsletter.model import Border, Edition, Issue, Paper, Pick, Subscriber, Topic, fault_of
from newsletter.pick.misses import near_misses
from newsletter.pick.papers import pick_papers
from newsletter.pick.personal import OWN_TOPICS
from newsletter.render.checks.findings import Finding
from newsletter.render.checks.lint import lint_message
from newsletter.render.editions import render_editions
from newsletter.render.messages import as_read
from newsletter.render.press import Selection, html_bytes
from newsletter.schedule import due_date, issue_window
from newsletter.serve import Preview, PreviewEdition
from newsletter.store import (
    Database,
    FaultStore,
    IssueStore,
    Outbox,
    PaperStore,
    SourceStore,
)


def load_preview(folder: Path, date: str = "") -> Preview:
    """Render the issue that is due, or show the planned one of `date`; a mistake becomes a page."""
    redact: Callable[[str], str] = str
    try:
        config = load_config(folder, os.environ)
        redact = machine.redactor(config.secrets)
        now = machine.utc_now()
        with machine.open_ledger(config) as database:
            planned = [one.isoformat() for one in IssueStore(database).dates()]
            due = due_date(config.schedule, now).isoformat()
            dates = tuple(dict.fromkeys((due, *planned)))
            if date in planned and (date != due):
                return _planned(config, database, dt.date.fromisoformat(date), dates, now)
            return _due(config, database, dt.date.fromisoformat(due), dates, now)
    except NewsletterError as error:
        return Preview(name="", date=date, problem=redact(str(error)))
    except Exception as error:  # noqa: BLE001  a border: the page says so, and goes on following
        fault = fault_of(Border.EDITION, date or "that is due", error)
        FaultStore(folder.resolve().parent / "outbox" / "faults", redact).keep(fault)
        return Preview(name="", date=date, problem=redact(f"{fault}; kept in outbox/faults"))


def load_editions(config: Config) -> tuple[PreviewEdition, ...]:
    """Return the editions of the issue that is due, each as its first reader would get it now.

    The first one has every topic.
    """
    now = machine.utc_now()
    with machine.open_ledger(config) as database:
        return _due(config, database, due_date(config.schedule, now), (), now).editions


def _due(
    config: Config, database: Database, date: dt.date, dates: tuple[str, ...], now: dt.datetime
) -> Preview:
    """Render what a run would make now; before anything was collected, of invented papers."""
    store = PaperStore(database)
    papers = store.candidates(issue_window(config.schedule, date, config.max_age_days))
    shown = papers or sample_papers(now)
    tastes = Tastes(store, config.root, world.embedder(database))
    marks = tastes.of_topics(shown, config.topics)
    picks = pick_papers(shown, selections.topics(config), now, marks)
    # Somebody who wants every topic comes first, so that an empty list shows something too.
    curious = replace(letters.NOBODY, topics=tuple(topic.name for topic in config.topics))
    everybody = replace(config, subscribers=(curious, *config.subscribers), send_empty=True)
    chosen = tuple(
        itertools.islice(
            selections.selections(everybody, picks, shown, tastes.marks), letters.READABLE
        )
    )
    issue = Issue(date=date, number=IssueStore(database).next_number(), papers=len(shown))
    topics = (*config.topics, *OWN_TOPICS)
    head, templates = letters.masthead(config), letters.templates(config)
    editions = render_editions(issue, chosen, topics, head, templates)
    findings = proofread(config, issue, chosen, editions, topics, now)
    return Preview(
        name=config.name,
        date=date.isoformat(),
        dates=dates,
        editions=tuple(
            _edition(
                config,
                issue,
                edition,
                now,
                findings=findings,
                misses=_misses(config, selection, picks, shown),
            )
            for selection, edition in zip(chosen, editions, strict=True)
        ),
        notes=tuple(_notes(config, database, papers, len(chosen), now)),
    )


def _planned(
    config: Config, database: Database, date: dt.date, dates: tuple[str, ...], now: dt.datetime
) -> Preview:
    """Show an issue as it was sent; its scores are those that papers.json kept."""
    store = IssueStore(database)
    issue = store.get(date)
    if issue is None:
        raise AssertionError("the issue is planned")
    kept = _kept(Outbox(config.root / "outbox").of(date) / "papers.json", config.topics)
    return Preview(
        name=config.name,
        date=date.isoformat(),
        dates=dates,
        editions=tuple(
            _edition(config, issue, edition, now, picks=kept.get(edition.key, ()))
            for edition in letters.readable(store.editions(date))
        ),
        notes=(f"Issue {issue.number} as it was planned: it does not change any more.",),
    )


def _kept(path: Path, topics: Sequence[Topic]) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    try:
        editions = json.loads(path.read_text("utf-8"))["editions"]
    except (OSError, ValueError, KeyError):
        return {}
    titles = {one.name: one.title for one in topics}
    return {
        key: tuple({**one, "topic": titles.get(one["topic"], one["topic"])} for one in picks)
        for key, picks in editions.items()
    }


def _edition(
    config: Config,
    issue: Issue,
    edition: Edition,
    now: dt.datetime,
    *,
    findings: Sequence[Finding] = (),
    picks: tuple[Mapping[str, Any], ...] = (),
    misses: tuple[Mapping[str, Any], ...] = (),
) -> PreviewEdition:
    readers = [one for one in config.subscribers if selections.edition_of(one) == edition.key]
    reader = readers[0] if readers else letters.NOBODY
    message = letters.sample(config, issue, edition, reader, now)
    recipient = letters.recipient(config, letters.delivery(issue, edition, reader), now)
    titles = _titles(config)
    own = [one for one in findings if one.edition == edition.key]
    return PreviewEdition(
        key=edition.key,
        label=_label(config, edition, reader),
        readers=_count(readers),
        subject=edition.subject,
        html=as_read(edition.html, recipient, "html"),
        text=as_read(edition.text, recipient, "text"),
        message=message.decode("utf-8", "replace").replace("\r\n", "\n"),
        bytes=html_bytes(edition.html),
        picks=picks or tuple(_pick(one, titles) for one in edition.picks),
        misses=misses,
        findings=tuple(asdict(one) for one in (*own, *lint_message(message, edition.key))),
    )


def _titles(config: Config) -> Mapping[str, str]:
    return {one.name: one.title for one in (*config.topics, *OWN_TOPICS)}


def _label(config: Config, edition: Edition, reader: Subscriber) -> str:
    if "~" in edition.key:
        return reader.email
    names = edition.key.split("+")
    if len(names) == len(config.topics):
        return "Every topic"
    titles = _titles(config)
    return ", ".join(titles.get(name, name) for name in names)


def _count(readers: Sequence[Subscriber]) -> str:
    if not readers:
        return "nobody on the list"
    more = len(readers) - 1
    return readers[0].email + (f" and {more} more" if more else "")


def _pick(pick: Pick, titles: Mapping[str, str], missed: str = "") -> dict[str, Any]:
    return {
        "title": pick.paper.title,
        "topic": titles.get(pick.topic, pick.topic),
        "score": pick.score.total,
        "parts": [asdict(part) for part in pick.score.parts],
        "missed": missed,
    }


def _misses(
    config: Config, selection: Selection, picks: Sequence[Pick], papers: Sequence[Paper]
) -> tuple[dict[str, Any], ...]:
    titles = _titles(config)
    topics = [one for one in config.topics if one.name in selection.topics]
    known = {paper.id for paper in papers}
    found = near_misses(picks, selection.picks, topics, config.per_author)
    return tuple(_pick(one.pick, titles, one.reason) for one in found if one.pick.paper.id in known)


def _notes(
    config: Config, database: Database, papers: Sequence[Paper], shown: int, now: dt.datetime
) -> Iterator[str]:
    for name, one in SourceStore(database).known(config.sources, now):
        if said := one.last_error or health.words(one, now):
            yield f"{name}: {said}"
    if not papers:
        yield "Invented papers: `newsletter collect` brings real ones."
    if shown == letters.READABLE:
        yield f"The first {shown} editions; there are more."
