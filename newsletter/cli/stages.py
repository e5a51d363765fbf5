"""Commands that run a single stage: collect, pick, render."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import __version__
from newsletter.cli import account, health, picking
from newsletter.cli.completing import complete_topics
from newsletter.cli.given import find_subscriber, load, parse_date, unknown_topic, wait_for
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, OnDate, app
from newsletter.cli.progress import show_progress
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.settings import Config
from newsletter.day import steps
from newsletter.day.drafts import make_draft
from newsletter.day.explaining import explain as explained
from newsletter.day.explaining import find_paper, find_stored, why_left_out
from newsletter.day.pools import window_of
from newsletter.day.readers import Readers, as_reader, curious
from newsletter.day.rendering import render as render_day
from newsletter.day.results import Collected
from newsletter.day.wording import answers_about
from newsletter.errors import ConfigError
from newsletter.model import Fault
from newsletter.world import days


@app.command()
def collect(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Visit the sources; show how each did and how many papers there are for the issue.

    Example: `newsletter collect --json`
    """

    async def work(settings: Config) -> tuple[Collected, tuple[Fault, ...]]:
        with (
            show_progress(quiet=as_json) as watch,
            days.open_day(settings, date=parse_date(date), on_embedded=watch.embedded) as day,
        ):
            steps.follow_list(day)
            async with days.open_web(settings, version=__version__, on_source=watch.source) as web:
                watch.expect(len(settings.collecting.sources), 0)
                return await steps.collect(day, web), day.folders.faults.seen

    settings = load(config)
    collected, faults = wait_for(work(settings))
    if as_json:
        print_json(
            {
                "sources": [account.report_json(report) for report in collected.reports],
                "health": [
                    health.as_json(name, condition, collected.at)
                    for name, condition in collected.health.items()
                ],
                "new": collected.new,
                "notes": collected.notes,
                "candidates": collected.candidates,
                "faults": [str(fault) for fault in faults],
            }
        )
    else:
        account.sources(console(), collected)
        console().print(account.collected_line(collected))
    if collected.all_failed:
        account.problem(errors(), "every source failed; nothing that was known before is lost")
    account.faults(errors(), faults, settings.root / "outbox" / "faults")
    account.unasked(errors(), settings)
    wrong = collected.all_failed or faults or settings.collecting.left_out
    raise typer.Exit(NOT_RIGHT if wrong else DONE)


@app.command()
def pick(
    *,
    config: ConfigDir = Path("config"),
    date: OnDate = None,
    topic: Annotated[
        str | None, typer.Option(help="Only this topic.", autocompletion=complete_topics)
    ] = None,
    subscriber: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="What this reader gets.")
    ] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="ID", help="All parts of one paper's scores.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the picks of what was collected, with scores and reasons.

    Examples: `newsletter pick --topic agents`, `newsletter pick --explain 2410.01234`
    """
    settings = load(config)
    names = [name for name in settings.choice.topic_names if topic in (None, name)]
    if not names:
        raise unknown_topic(str(topic), settings.choice.topic_names)
    with (
        show_progress(quiet=as_json) as watch,
        days.open_day(settings, date=parse_date(date), on_embedded=watch.embedded) as day,
    ):
        steps.follow_list(day)
        reader: Readers | None = curious(day)
        if subscriber is not None:
            reader = as_reader(day, find_subscriber(day, subscriber))
        draft = make_draft(day)
        wanted = tuple(name for name in reader.first.topics if name in names) if reader else ()
        readers = [replace(reader, first=replace(reader.first, topics=wanted))] if reader else []
        paper = find_paper(draft, explain, reader) if explain is not None else None
        if explain is not None and paper is None:
            stored = find_stored(day, explain)
            if stored is None:
                raise ConfigError(
                    f"no collected paper has the id `{explain}`; `newsletter pick` shows ids"
                )
            why = why_left_out(day, stored)
            if as_json:
                print_json(picking.left_out_json(stored, why))
            else:
                picking.show_left_out(console(), stored, why)
            return
        if paper is not None:
            verdicts = [verdict for some in readers for verdict in explained(draft, paper, some)]
            answered = answers_about(day, paper)
            if as_json:
                print_json(picking.explained_json(paper, verdicts, answered))
            else:
                picking.show_explained(console(), paper, verdicts, answered)
            return
        shown = draft.for_readers(readers)
        chosen = [choice for drafted in shown for choice in drafted.selection.picks]
        papers = len(draft.papers_for(reader.first if reader else None))
        left_out = day.stores.papers.left_out(window_of(day))
        account.faults(errors(), day.folders.faults.seen, day.folders.faults.folder)
    if as_json:
        picked = [picking.pick_json(choice) for choice in chosen]
        print_json(
            {
                "date": day.date,
                "papers": papers,
                "left_out": asdict(left_out),
                "picks": picked,
            }
        )
        return
    picking.show_picks(console(), chosen, draft.topics)
    console().print(f"\n{len(chosen)} picks out of {papers} papers for {day.date}")
    if not chosen:
        console().print(picking.why_nothing(papers, left_out, settings.choice.max_age_days))


@app.command()
def render(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Write the editions to outbox/DATE/ as html, txt, eml and papers.json; send nothing.

    Example: `newsletter render --date 2026-11-24`
    """
    with (
        show_progress(quiet=as_json) as watch,
        days.open_day(load(config), date=parse_date(date), on_embedded=watch.embedded) as day,
    ):
        steps.follow_list(day)
        rendered = render_day(day)
        account.faults(errors(), day.folders.faults.seen, day.folders.faults.folder)
        folder = day.folders.outbox.of(day.date)
    if as_json:
        print_json(account.rendered_json(rendered))
        return
    for edition in rendered.editions:
        console().print(f"[bold]{escape(edition.key)}[/]  {escape(edition.subject)}")
    if more := len(rendered.contents) - len(rendered.editions):
        console().print(f"[dim]and {more} more, without files[/]")
    account.findings(errors(), rendered.findings)
    if rendered.contents:
        account.where_to_look(console(), folder)
    elif rendered.is_issue:
        console().print(f"{rendered.issue.date}: {account.FOR_SITE}")
    else:
        console().print("No picks for anybody; [bold]newsletter collect[/] brings papers")
