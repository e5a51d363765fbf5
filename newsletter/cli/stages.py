"""Commands of the single stages: collect, pick, render."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter import __version__, world
from newsletter.cli import account, checking, health
from newsletter.cli.given import find_subscriber, load, parse_date, wait_for
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, OnDate, app
from newsletter.cli.progress import show_progress
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config import Config
from newsletter.day import letters, selections, steps
from newsletter.day.results import Collected, Rendered
from newsletter.model import Fault
from newsletter.pick.personal import OWN_TOPICS
from newsletter.pick.variety import choose


@app.command()
def collect(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Visit the sources; show how each did and how many papers there are for the issue.

    Example: `newsletter collect --json`
    """

    async def work(settings: Config) -> tuple[Collected, tuple[Fault, ...]]:
        with show_progress(quiet=as_json) as watch:
            async with world.open_day(
                settings, version=__version__, date=parse_date(date), on_source=watch.source
            ) as day:
                watch.expect(len(settings.sources), 0)
                return await steps.collect(day), day.faults.seen

    settings = load(config)
    collected, faults = wait_for(work(settings))
    if as_json:
        print_json(
            {
                "sources": [account.report_json(one) for one in collected.reports],
                "health": [
                    health.as_json(name, one, collected.at)
                    for name, one in collected.health.items()
                ],
                "new": collected.new,
                "notes": collected.notes,
                "candidates": collected.candidates,
                "faults": [str(one) for one in faults],
            }
        )
    else:
        account.sources(console(), collected)
        console().print(account.collected_line(collected))
    if collected.all_failed:
        account.problem(errors(), "every source failed; nothing that was known before is lost")
    account.faults(errors(), faults, settings.root / "outbox" / "faults")
    account.unasked(errors(), settings)
    wrong = collected.all_failed or faults or settings.left_out
    raise typer.Exit(NOT_RIGHT if wrong else DONE)


@app.command()
def pick(
    *,
    config: ConfigDir = Path("config"),
    date: OnDate = None,
    topic: Annotated[str | None, typer.Option(help="Only this topic.")] = None,
    subscriber: Annotated[str | None, typer.Option(help="What this address would get.")] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="ID", help="All parts of one paper's scores.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the picks of what was collected, with scores and reasons.

    Examples: `newsletter pick --topic agents`, `newsletter pick --explain 2410.01234`
    """
    settings = load(config)
    topics = [one for one in settings.topics if topic is None or one.name == topic]
    if not topics:
        known = ", ".join(one.name for one in settings.topics)
        raise typer.BadParameter(f"no topic is called `{topic}`; there are {known}")
    if subscriber is not None:
        reader = find_subscriber(settings, subscriber)
        topics = [one for name in reader.topics for one in topics if one.name == name]

    async def work() -> tuple[Any, ...]:
        async with world.open_day(settings, version=__version__, date=parse_date(date)) as day:
            papers, scored = steps.candidates(day), steps.pick(day)
            chosen = choose(scored, topics)
            if subscriber is not None:
                alone = replace(settings, subscribers=(reader,), send_empty=True)
                mine = selections.selections(
                    alone, scored, papers, day.tastes.marks, day.faults.keep
                )
                chosen = tuple(pick for one in mine for pick in one.picks)
            account.faults(errors(), day.faults.seen, day.faults.folder)
            return papers, scored, chosen, day.date

    papers, scored, chosen, issue = wait_for(work())
    if explain is not None:
        checking.explain(console(), explain, papers, scored, topics, as_json=as_json)
        return
    if as_json:
        picked = [account.pick_json(one) for one in chosen]
        print_json({"date": issue, "papers": len(papers), "picks": picked})
        return
    account.picks(console(), chosen, (*topics, *OWN_TOPICS))
    console().print(f"\n{len(chosen)} picks out of {len(papers)} papers for {issue}")
    if not papers:
        console().print("Nothing was collected for it: run [bold]newsletter collect[/] first")


@app.command()
def render(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Write the editions to outbox/DATE/ as html, txt, eml and papers.json; send nothing.

    Example: `newsletter render --date 2026-11-24`
    """

    async def work(settings: Config) -> tuple[Rendered, Path]:
        async with world.open_day(settings, version=__version__, date=parse_date(date)) as day:
            rendered = steps.render(day, steps.pick(day))
            account.faults(errors(), day.faults.seen, day.faults.folder)
            return rendered, day.outbox.of(day.date)

    rendered, folder = wait_for(work(load(config)))
    if as_json:
        print_json(account.rendered_json(rendered))
        return
    shown = letters.readable(rendered.editions)
    for edition in shown:
        console().print(f"[bold]{escape(edition.key)}[/]  {escape(edition.subject)}")
    if len(shown) < len(rendered.editions):
        console().print(f"[dim]and {len(rendered.editions) - len(shown)} more, without files[/]")
    account.findings(errors(), rendered.findings)
    if rendered.editions:
        account.where_to_look(console(), folder)
    else:
        console().print("No picks for anybody; [bold]newsletter collect[/] brings papers")
