"""Commands that send, and tell what was sent: run, send, send-test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import __version__, world
from newsletter.cli import reports
from newsletter.cli.endings import finish
from newsletter.cli.given import find_subscriber, load, parse_date, parse_states, wait_for
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, OnDate, Quiet, app
from newsletter.cli.progress import show_progress
from newsletter.cli.rehearsing import load_editions
from newsletter.cli.terminal import console, errors, print_json
from newsletter.day import selections, steps
from newsletter.day.results import Ran
from newsletter.errors import NewsletterError

MOST_NAMED = 20
"""Editions that are named to whoever names one that is not there."""
_ONLY_TO = "Only this subscriber; the issue is planned for everybody."


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
                version=__version__,
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
    to: Annotated[str | None, typer.Option(metavar="EMAIL", help=_ONLY_TO)] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="STATES", help="Send again what is failed, unknown or deferred."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Log in to the mail server, and say what would be sent."),
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Send what is planned and not accepted yet; plan the issue first, if nobody has.

    From then on the issue does not change any more, also with `--to`: `newsletter send-test` sends
    a test without planning anything.

    Examples: `newsletter send`, `newsletter send --only failed,unknown`
    """
    settings = load(config)
    if to is not None:
        to = find_subscriber(settings, to).email
    states = parse_states(only)

    async def rehearse() -> reports.Rehearsal:
        async with world.open_day(settings, version=__version__, date=parse_date(date)) as day:
            return await reports.dry_run(day, to, states)

    async def work() -> Ran:
        with show_progress(quiet=quiet or as_json) as watch:
            async with world.open_day(
                settings, version=__version__, date=parse_date(date), on_delivery=watch.delivery
            ) as day:
                planned = day.issues.get(day.date) is not None
                if planned and states:
                    day.ledger.reopen(day.date, states, day.clock(), to)
                watch.expect(0, len(settings.subscribers))
                sent = await steps.send(day, email=to)
                counts = day.ledger.counts(day.date) if day.issues.get(day.date) else {}
                return Ran(
                    date=day.date,
                    already=planned,
                    sent=sent,
                    counts=counts,
                    faults=day.faults.seen,
                )

    if dry_run:
        found = wait_for(rehearse())
        reports.show_dry_run(console(), errors(), found, as_json=as_json)
        raise typer.Exit(NOT_RIGHT if found.problem else DONE)
    ran = wait_for(work())
    if to is not None and not ran.already and ran.counts and not quiet:
        errors().print(
            f"[yellow]note:[/] the issue of {ran.date} is planned now, for all "
            f"{sum(ran.counts.values())} readers, and does not change any more; `newsletter "
            "send` sends it to the others. For a test there is `newsletter send-test`",
            soft_wrap=True,
        )
    finish(ran, settings, quiet=quiet, as_json=as_json)


@app.command("send-test")
def send_test(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where it goes: anybody's.")],
    *,
    config: ConfigDir = Path("config"),
    edition: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The edition. Default: the first, with every topic."),
    ] = None,
    subscriber: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="The edition of this subscriber.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one mail of the issue that is due to any address, marked as a test; plan nothing.

    It is what the preview shows. The ledger knows nothing of it, and the issue may still change.

    Examples: `newsletter send-test you@example.org`, `newsletter send-test you@example.org
    --subscriber ada@example.org`
    """
    settings = load(config)
    if subscriber is not None:
        reader = find_subscriber(settings, subscriber)
        settings = replace(settings, subscribers=(reader,))
        edition = edition or selections.edition_of(reader)
    editions = load_editions(settings)
    chosen = next((one for one in editions if edition in (None, one.key)), None)
    if chosen is None:
        known = ", ".join(one.key for one in editions[:MOST_NAMED])
        raise typer.BadParameter(f"there is no edition `{edition}`; there are {known}")
    message = chosen.message.replace("\n", "\r\n").encode()
    try:
        said = wait_for(world.send_test(settings, message, address))
    except NewsletterError:
        raise
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        told = {"to": address, "edition": chosen.key, "subject": chosen.subject, "sent": said}
        print_json(told)
    else:
        console().print(escape(said), soft_wrap=True)
