"""`check` and `pick --explain`: is this right, and why did it come out so."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from newsletter import machine
from newsletter.cli import account, terms
from newsletter.cli.demo import MORNING, demo_config
from newsletter.cli.terminal import print_json
from newsletter.collect.answers import Document
from newsletter.collect.http.files import read_files
from newsletter.collect.identity.duplicates import merge_papers
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.reader import SECONDS, Reader
from newsletter.config import Config, load_config
from newsletter.day import letters, selections
from newsletter.day.proofs import proofread
from newsletter.errors import ConfigError, LibraryError, SourceError, TemplateError
from newsletter.learn.libraries import read_library
from newsletter.model import Issue, Paper, Pick, Topic
from newsletter.pick.papers import pick_papers
from newsletter.pick.variety import choose
from newsletter.render.checks.findings import Finding
from newsletter.render.editions import render_editions
from newsletter.render.press import Selection
from newsletter.store import PaperStore, database_exists


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What `check` found."""

    config: Config | None
    problems: tuple[str, ...]
    """Mistakes, each with its place."""
    warnings: tuple[str, ...]
    findings: tuple[Finding, ...]
    """Of the issue that configuration and templates give on the invented day."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings are not."""
        return not self.problems and all(one.level != "error" for one in self.findings)


def check(
    folder: Path, environment: Mapping[str, str], now: dt.datetime, seconds: float = SECONDS
) -> Checked:
    """Validate config and templates, and lint what they make of an invented day.

    A local file of a source is read within the limits of a run: `seconds`, and of memory.
    """
    try:
        config = load_config(folder, environment)
    except ConfigError as error:
        return Checked(config=None, problems=error.problems, warnings=(), findings=())
    try:
        findings = _lint(config, now)
    except TemplateError as error:
        return Checked(
            config=config, problems=(str(error),), warnings=_warnings(config), findings=()
        )
    problems, notes = _unread(config)
    problems += asyncio.run(_unread_sources(config, now, seconds))
    warnings = (*_warnings(config), *notes, *_idle_terms(config, folder, environment, now))
    return Checked(config=config, problems=problems, warnings=warnings, findings=findings)


def _unread(config: Config) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read the libraries that a run would read; return what is wrong with them, and what is odd."""
    problems: list[str] = []
    notes: list[str] = []
    for name, place in config.libraries:
        try:
            notes += read_library(config.root / name).notes
        except LibraryError as error:
            problems.append(f"{place}: {error}")
    return tuple(problems), tuple(notes)


async def _unread_sources(config: Config, now: dt.datetime, seconds: float) -> tuple[str, ...]:
    """Read the local files of sources, as a run does; return what is wrong with them."""
    problems: list[str] = []
    reader = Reader(seconds=seconds)
    async with reader:
        for source in config.sources:
            if not source.location or "://" in source.location:
                continue
            try:
                for document in read_files(Path(source.location), config.max_bytes):
                    parsed = await reader.read(KINDS[source.kind], document, source, now)
                    problems += [
                        f"{config.places[source.name]}: {document.shown}: {one.problem}"
                        for one in parsed.faults
                    ]
            except SourceError as error:
                problems.append(f"{config.places[source.name]}: {error}")
    return tuple(problems)


def _idle_terms(
    config: Config, folder: Path, environment: Mapping[str, str], now: dt.datetime
) -> tuple[str, ...]:
    """Hold the terms of topics.yaml against the papers that were collected, if there are any."""
    if not database_exists(config.database, config.root):
        return ()
    with machine.open_ledger(config) as database:
        papers = PaperStore(database).since(now - terms.DAYS)
    return tuple(terms.idle_terms(folder, environment, papers))


def _lint(config: Config, now: dt.datetime) -> tuple[Finding, ...]:
    """Render every topic with the invented papers, whether they match or not, and lint it."""
    papers = sample_papers(now)
    picks = pick_papers(papers, config.topics, now)
    chosen = choose(picks, config.topics)
    names = tuple(topic.name for topic in config.topics)
    whole = Selection(topics=names, picks=chosen, lead=selections.lead(chosen))
    # An email without papers is sent to nobody, unless configuration says so.
    none = Selection(topics=whole.topics[:1], picks=())
    shown = [whole, none] if config.send_empty else [whole]
    issue = Issue(date=now.date(), number=1, papers=len(papers))
    head, templates = letters.masthead(config), letters.templates(config)
    editions = render_editions(issue, shown, config.topics, head, templates)
    return proofread(config, issue, shown, editions, config.topics, now)


def sample_papers(now: dt.datetime) -> tuple[Paper, ...]:
    """Return the papers of the invented day, as if it were today."""
    shift = now - MORNING
    return tuple(
        replace(one, published=one.published + shift if one.published else None)
        for one in _invented_papers()
    )


@functools.cache
def _invented_papers() -> tuple[Paper, ...]:
    papers: list[Paper] = []
    for source in demo_config().sources:
        path = Path(source.location)
        document = Document(url=path.as_uri(), content=path.read_bytes())
        papers += KINDS[source.kind].parse(document, source, MORNING).papers
    return merge_papers(papers)


def _warnings(config: Config) -> tuple[str, ...]:
    found = [f"{text}: no mail can leave without it" for text in config.missing]
    found += [f"{text}: it is left out" for text in config.left_out]
    if not config.subscribers:
        found.append("subscribers.yaml: nobody is on the list, so no issue will be sent")
    if config.delivering.transport == "smtp":
        domain = config.sender.rpartition("@")[2]
        if domain in ("example.org", "example.com", "example.net"):
            found.append(
                f"newsletter.yaml: mail from {config.sender} will be refused: use your own"
            )
        if config.delivering.port == 465 and config.delivering.security == "starttls":  # noqa: PLR2004
            found.append(
                "newsletter.yaml: servers speak TLS from the start on port 465: security: tls"
            )
        if not config.postal_address:
            found.append(
                "newsletter.yaml: no postal_address; the law of many countries asks one of public "
                "newsletters (CAN-SPAM, 15 USC 7704)"
            )
    return tuple(found)


def show(console: Console, errors: Console, found: Checked) -> None:
    """Show what was found."""
    for text in found.problems:
        account.problem(errors, text)
    for text in found.warnings:
        errors.print(f"[yellow]warning:[/] {escape(text)}", soft_wrap=True)
    account.findings(errors, found.findings)
    if found.config and found.ok:
        config = found.config
        console.print(
            f"[green]all right:[/] sources: {len(config.sources)}, topics: {len(config.topics)}, "
            f"subscribers: {len(config.subscribers)}; templates compile and the issue passes",
            soft_wrap=True,
        )


def as_json(found: Checked) -> dict[str, Any]:
    """Return what was found as plain data."""
    return {
        "ok": found.ok,
        "problems": list(found.problems),
        "warnings": list(found.warnings),
        "findings": [asdict(one) for one in found.findings],
    }


def explain(
    console: Console,
    wanted: str,
    papers: Sequence[Paper],
    scored: Sequence[Pick],
    topics: Sequence[Topic],
    *,
    as_json: bool,
) -> None:
    """Show all parts of a paper's score under each topic, also where it was not picked.

    Raises ConfigError when no collected paper has that id.
    """
    key = wanted.strip().lower()
    paper = next(
        (
            one
            for one in papers
            if any(key in (k.lower(), k.lower().partition(":")[2]) for k in one.keys)
        ),
        None,
    )
    if paper is None:
        raise ConfigError(f"no collected paper has the id `{wanted}`; `newsletter pick` shows ids")
    chosen = {(one.topic, one.paper.id) for one in choose(scored, topics)}
    rows = []
    for topic in topics:
        found = next(
            (one for one in scored if one.topic == topic.name and one.paper.id == paper.id), None
        )
        if found is None:
            low = f", or it scores below {topic.min_score:g}" if topic.min_score else ""
            verdict = f"its filter does not want it{low}"
        elif (topic.name, paper.id) in chosen:
            verdict = "picked"
        else:
            verdict = f"not picked: {topic.limit} better ones, or another topic shows it"
        rows.append((topic, found, verdict))
    if as_json:
        print_json(
            {
                "paper": paper.id,
                "title": paper.title,
                "topics": [
                    {
                        "topic": topic.name,
                        "verdict": verdict,
                        "score": found.score.total if found else None,
                        "parts": [asdict(part) for part in found.score.parts] if found else [],
                    }
                    for topic, found, verdict in rows
                ],
            }
        )
        return
    console.print(f"[bold]{escape(paper.title)}[/]\n[dim]{escape(' · '.join(paper.keys))}[/]")
    for topic, found, verdict in rows:
        total = f"{found.score.total:.3f}" if found else "  –  "
        console.print(f"\n[bold]{escape(topic.title)}[/]  {total}  {escape(verdict)}")
        for part in found.score.parts if found else ():
            value = f"{part.points:+.3f}  {part.signal} {part.value:.2f}"
            console.print(f"  {value}  [dim]{escape(part.reason)}[/]")
