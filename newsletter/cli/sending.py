"""Commands that send, and report what was sent: run, send, send-test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import __version__
from newsletter.cli import reports
from newsletter.cli.completing import complete_states
from newsletter.cli.endings import finish
from newsletter.cli.given import find_subscriber, load, parse_date, parse_states, wait_for
from newsletter.cli.logs import (
    JsonLog,
    LogForm,
    LogOption,
    errors_logged,
    load_logged,
    speaker,
    watching,
)
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, OnDate, Quiet, app
from newsletter.cli.progress import show_progress
from newsletter.cli.rehearsing import load_editions
from newsletter.cli.terminal import console, errors, print_json
from newsletter.day import steps
from newsletter.day.given import Day
from newsletter.day.results import Ran
from newsletter.errors import NewsletterError
from newsletter.model import SubscriberState
from newsletter.world import days, posts

MOST_NAMED = 20
"""How many editions are listed when `--edition` names one that does not exist."""
STOPPING = (
    "asked to end: no new mail is begun, what is leaving is finished, and the next run sends the "
    "rest (Ctrl-C again ends at once: mail that is leaving may then be `unknown`)"
)
_ONLY_TO = "Only this subscriber; the issue is planned for everybody."


@app.command()
def run(
    *,
    config: ConfigDir = Path("config"),
    date: OnDate = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    log_form: LogOption = LogForm.TEXT,
) -> None:
    """Collect, pick, render and send the issue that is due. Again: nothing is sent twice.

    `newsletter schedule` has it run every morning.

    Examples: `newsletter run`, `newsletter run --quiet --config /srv/my-letter/config`
    """
    settings, log = load_logged(config, log_form)

    async def work() -> tuple[Ran, bool]:
        with (
            watching(log, quiet=quiet or as_json) as watch,
            days.open_day(settings, date=parse_date(date), on_embedded=watch.embedded) as day,
        ):
            steps.follow_list(day)
            expected = _active(day)
            async with (
                days.open_web(settings, version=__version__, on_source=watch.source) as web,
                posts.open_post(
                    settings, on_delivery=watch.delivery, on_stop=_stopping(log, quiet=quiet)
                ) as post,
            ):
                watch.expect(len(settings.collecting.sources), expected)
                return await steps.run(day, web, post), not expected

    with errors_logged(log):
        ran, nobody = wait_for(work())
    finish(ran, settings, nobody=nobody, quiet=quiet, as_json=as_json, log=log)


@app.command()
def send(
    *,
    config: ConfigDir = Path("config"),
    date: OnDate = None,
    to: Annotated[str | None, typer.Option(metavar="EMAIL", help=_ONLY_TO)] = None,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="STATES",
            help="Send again what is failed, unknown or deferred.",
            autocompletion=complete_states,
        ),
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
    states = parse_states(only)

    async def rehearse() -> reports.Rehearsal:
        with days.open_day(settings, date=parse_date(date)) as day:
            steps.follow_list(day)
            address = find_subscriber(day, to).email if to else None
            async with posts.open_post(settings) as post:
                return await reports.dry_run(day, post, address, states)

    async def work() -> tuple[Ran, bool]:
        with (
            show_progress(quiet=quiet or as_json) as watch,
            days.open_day(settings, date=parse_date(date), on_embedded=watch.embedded) as day,
        ):
            steps.follow_list(day)
            address = find_subscriber(day, to).email if to else None
            stores, expected = day.stores, _active(day)
            planned = stores.issues.get(day.date) is not None
            if planned and states:
                stores.ledger.reopen(day.date, states, day.clock(), address)
            watch.expect(0, expected)
            async with posts.open_post(
                settings, on_delivery=watch.delivery, on_stop=_stopping(None, quiet=quiet)
            ) as post:
                sent = await steps.send(day, post, email=address)
            counts = stores.ledger.counts(day.date) if stores.issues.get(day.date) else {}
            ran = Ran(
                date=day.date,
                already=planned,
                sent=sent,
                counts=counts,
                later=stores.ledger.later(day.date, day.clock()),
                faults=day.folders.faults.seen,
            )
            return ran, not expected

    if dry_run:
        found = wait_for(rehearse())
        reports.show_dry_run(console(), errors(), found, as_json=as_json)
        raise typer.Exit(NOT_RIGHT if found.problem else DONE)
    ran, nobody = wait_for(work())
    if to is not None and not ran.already and ran.counts and not quiet:
        errors().print(
            f"[yellow]note:[/] the issue of {ran.date} is planned now, for all "
            f"{sum(ran.counts.values())} readers, and does not change any more; `newsletter "
            "send` sends it to the others. For a test there is `newsletter send-test`",
            soft_wrap=True,
        )
    finish(ran, settings, nobody=nobody, quiet=quiet, as_json=as_json)


def _stopping(log: JsonLog | None, *, quiet: bool) -> Callable[[], None]:
    """Return what tells that a run was asked to end: it may take minutes until it does."""
    tell = speaker(log, quiet=quiet)
    return lambda: tell(STOPPING, problem=False)


def _active(day: Day) -> int:
    return day.stores.subscribers.counts()[SubscriberState.ACTIVE]


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
    with days.open_day(settings) as day:
        steps.follow_list(day)
        email = find_subscriber(day, subscriber).email if subscriber else None
        editions = load_editions(day, email)
    chosen = next((candidate for candidate in editions if edition in (None, candidate.key)), None)
    if chosen is None and subscriber:
        raise typer.BadParameter(f"{subscriber} gets no mail of the issue that is due")
    if chosen is None:
        known = ", ".join(candidate.key for candidate in editions[:MOST_NAMED])
        raise typer.BadParameter(f"there is no edition `{edition}`; there are {known}")
    message = chosen.message.replace("\n", "\r\n").encode()
    try:
        said = wait_for(posts.send_test(settings, message, address))
    except NewsletterError:
        raise
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        told = {"to": address, "edition": chosen.key, "subject": chosen.subject, "sent": said}
        print_json(told)
    else:
        console().print(escape(said), soft_wrap=True)
