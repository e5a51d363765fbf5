"""Commands that send, and tell what was sent: run, send, status."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from newsletter import day as steps
from newsletter.cli import account, reports, world
from newsletter.cli.program import (
    DONE,
    NOT_FINAL,
    VERSION,
    AsJson,
    ConfigDir,
    OnDate,
    Quiet,
    app,
    find_subscriber,
    finish,
    load,
    parse_date,
    parse_states,
    wait_for,
)
from newsletter.cli.progress import show_progress
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config import Config
from newsletter.model import DeliveryState
from newsletter.results import Ran


@app.command()
def run(
    *,
    config: ConfigDir = Path("config"),
    date: OnDate = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Collect, pick, render and send the issue that is due. Again: nothing is sent twice.

    Example, for cron: `5 * * * * cd /srv/my-letter && newsletter run --quiet`
    """
    settings = load(config)

    async def work() -> Ran:
        with show_progress(quiet=quiet or as_json) as watch:
            async with world.open_day(
                settings,
                version=VERSION,
                date=parse_date(date),
                on_source=watch.source,
                on_delivery=watch.delivery,
            ) as day:
                watch.expect(len(settings.sources), len(settings.subscribers))
                return await steps.run(day)

    finish(wait_for(work()), settings, quiet=quiet, as_json=as_json)


@app.command()
def send(
    *,
    config: ConfigDir = Path("config"),
    date: OnDate = None,
    to: Annotated[str | None, typer.Option(metavar="EMAIL", help="Only this subscriber.")] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="STATES", help="Send again what is failed, unknown or deferred."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Send what is planned and not accepted yet; plan the issue first, if nobody has.

    Examples: `newsletter send`, `newsletter send --only failed,unknown`
    """
    settings = load(config)
    if to is not None:
        to = find_subscriber(settings, to).email
    states = parse_states(only)

    async def work() -> Ran:
        with show_progress(quiet=quiet or as_json) as watch:
            async with world.open_day(
                settings, version=VERSION, date=parse_date(date), on_delivery=watch.delivery
            ) as day:
                planned = day.issues.get(day.date) is not None
                if planned and states and not dry_run:
                    day.ledger.reopen(day.date, states, day.clock())
                if dry_run:
                    return reports.dry_run(day, to)
                watch.expect(0, len(settings.subscribers))
                sent = await steps.send(day, email=to)
                counts = day.ledger.counts(day.date) if day.issues.get(day.date) else {}
                return Ran(date=day.date, already=planned, sent=sent, counts=counts)

    ran = wait_for(work())
    if dry_run:
        reports.show_dry_run(console(), ran, as_json=as_json)
        return
    finish(ran, settings, quiet=quiet, as_json=as_json)


@app.command()
def status(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Show the ledger of an issue (default: the newest): who got it, who did not, and why.

    Example: `newsletter status --date 2026-11-24 --json`
    """

    async def work(settings: Config) -> tuple[Any, ...]:
        async with world.open_day(settings, version=VERSION, date=parse_date(date)) as day:
            wanted = parse_date(date) or next(iter(day.issues.dates()), None)
            issue = day.issues.get(wanted) if wanted else None
            if issue is None:
                return wanted, None, {}, (), ""
            others = frozenset(DeliveryState) - {DeliveryState.ACCEPTED}
            listed = day.ledger.deliveries(issue.date, others)
            halted = day.ledger.halted(issue.date)
            return wanted, issue, day.ledger.counts(issue.date), listed, halted

    wanted, issue, counts, listed, halted = wait_for(work(load(config)))
    if as_json:
        print_json(
            {
                "date": wanted,
                "number": issue.number if issue else None,
                "halted": halted,
                "deliveries": account.counts_json(counts),
                "failed": account.by_verdict(listed),
                "not_accepted": [account.delivery_json(one) for one in listed],
            }
        )
    elif issue is None:
        console().print(f"No issue was planned{f' for {wanted}' if wanted else ' yet'}")
    else:
        console().print(f"[bold]Issue {issue.number}[/], {account.explain_date(issue.date)}")
        if halted:
            account.problem(errors(), f"{issue.date}: {halted}")
        account.deliveries(console(), counts)
        for verdict, count in account.by_verdict(listed).items():
            console().print(f"{count:>8}  failed: {verdict}")
        account.troubled(console(), listed)
    raise typer.Exit(NOT_FINAL if account.open_count(counts) else DONE)
