"""What each command takes and does."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import importlib.metadata
import os
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from newsletter import day as steps
from newsletter.cli import account, checking, reports, starter, world
from newsletter.cli.demo import demo_day
from newsletter.config import Config, load_config
from newsletter.errors import NewsletterError
from newsletter.model import Delivery, DeliveryState, Outcome, SourceReport, Subscriber, Topic
from newsletter.pick import choose

Result = TypeVar("Result")
VERSION = importlib.metadata.version("newsletter")

DONE, NOT_RIGHT, WRONG_USAGE, NOT_FINAL = 0, 1, 2, 3
"""Exit status: done; the thing checked is not right; wrong usage; run again, some are open."""

app = typer.Typer(
    name="newsletter",
    help="A daily-papers newsletter: collect feeds, pick highlights, render email, send it.\n\n"
    "Start with `newsletter demo`, then `newsletter init my-letter`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigDir = Annotated[
    Path, typer.Option("--config", metavar="DIR", help="Folder with the YAML files.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
OnDate = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="The issue's date. Default: the one due."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only (for cron).")]


def main() -> None:
    """Run the command line; a mistake of the user's is one clear line, never a traceback."""
    try:
        app(standalone_mode=True)
    except NewsletterError as error:
        account.problem(_errors(), str(error))
        sys.exit(NOT_RIGHT)
    except KeyboardInterrupt:
        account.problem(_errors(), "interrupted; run it again to go on")
        sys.exit(NOT_FINAL)
    except BrokenPipeError:
        # The reader of our output is gone (`newsletter status | head`): that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)


def _version(wanted: bool) -> None:  # noqa: FBT001  typer's callback
    if wanted:
        typer.echo(f"newsletter {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[  # noqa: ARG001  its callback acts
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options of the program itself."""


@app.command()
def demo(*, as_json: AsJson = False) -> None:
    """Play the whole path on an invented day, on this machine only.

    Five invented feeds over HTTP, six subscribers, a real SMTP server on loopback; the emails are
    in outbox/2026-03-17/ afterwards. Run it again: nothing is sent twice.

    Example: `newsletter demo`
    """

    async def play() -> tuple[steps.Ran, Path, int, tuple[Topic, ...]]:
        with _progress(quiet=as_json) as watch:
            async with demo_day(
                Path.cwd(), version=VERSION, on_source=watch.source, on_delivery=watch.delivery
            ) as (day, mailbox):
                watch.expect(len(day.config.sources), len(day.config.subscribers))
                ran = await steps.run(day)
                folder = day.outbox.of(day.date)
                return ran, folder, len(mailbox.messages), day.config.topics

    ran, folder, received, topics = _run(play())
    if as_json:
        account.print_json({**account.ran_json(ran), "received": received})
    else:
        reports.show_demo(_console(), ran, folder, received, topics)
    raise typer.Exit(_status(ran))


@app.command()
def init(directory: Annotated[Path, typer.Argument(metavar="DIR")] = Path()) -> None:
    """Write a working configuration, templates and an empty outbox into DIR (default: here).

    Files that exist are never overwritten.

    Example: `newsletter init my-letter && cd my-letter && newsletter run`
    """
    starter.write_starter(_console(), directory)


@app.command()
def check(*, config: ConfigDir = Path("config"), as_json: AsJson = False) -> None:
    """Validate configuration and templates, and lint the issue they give. Exit status 1: mistakes.

    Example: `newsletter check --config config`
    """
    found = checking.check(config, os.environ, world.utc_now())
    if as_json:
        account.print_json(checking.as_json(found))
    else:
        checking.show(_console(), _errors(), found)
    raise typer.Exit(DONE if found.ok else NOT_RIGHT)


@app.command()
def collect(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Visit the sources; show how each did and how many papers there are for the issue.

    Example: `newsletter collect --json`
    """

    async def work(settings: Config) -> steps.Collected:
        with _progress(quiet=as_json) as watch:
            async with world.open_day(
                settings, version=VERSION, date=_date(date), on_source=watch.source
            ) as day:
                watch.expect(len(settings.sources), 0)
                return await steps.collect(day)

    collected = _run(work(_load(config)))
    if as_json:
        account.print_json(
            {
                "sources": [account.report_json(one) for one in collected.reports],
                "new": collected.new,
                "candidates": collected.candidates,
            }
        )
    else:
        account.sources(_console(), collected.reports)
        _console().print(account.collected_line(collected))
    if collected.all_failed:
        account.problem(_errors(), "every source failed; nothing that was known before is lost")
    raise typer.Exit(NOT_RIGHT if collected.all_failed else DONE)


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
    settings = _load(config)
    topics = [one for one in settings.topics if topic is None or one.name == topic]
    if not topics:
        known = ", ".join(one.name for one in settings.topics)
        raise typer.BadParameter(f"no topic is called `{topic}`; there are {known}")
    if subscriber is not None:
        reader = _subscriber(settings, subscriber)
        topics = [one for name in reader.topics for one in topics if one.name == name]

    async def work() -> tuple[Any, ...]:
        async with world.open_day(settings, version=VERSION, date=_date(date)) as day:
            return steps.candidates(day), steps.pick(day), day.date

    papers, scored, issue = _run(work())
    if explain is not None:
        checking.explain(_console(), explain, papers, scored, topics, as_json=as_json)
        return
    chosen = choose(scored, topics)
    if as_json:
        picked = [account.pick_json(one) for one in chosen]
        account.print_json({"date": issue, "papers": len(papers), "picks": picked})
        return
    account.picks(_console(), chosen, topics)
    _console().print(f"\n{len(chosen)} picks out of {len(papers)} papers for {issue}")
    if not papers:
        _console().print("Nothing was collected for it: run [bold]newsletter collect[/] first")


@app.command()
def render(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Write the editions to outbox/<date>/ as html, txt, eml and papers.json; send nothing.

    Example: `newsletter render --date 2026-11-24`
    """

    async def work(settings: Config) -> tuple[steps.Rendered, Path]:
        async with world.open_day(settings, version=VERSION, date=_date(date)) as day:
            return steps.render(day, steps.pick(day)), day.outbox.of(day.date)

    rendered, folder = _run(work(_load(config)))
    if as_json:
        account.print_json(account.rendered_json(rendered))
        return
    for edition in rendered.editions:
        _console().print(f"[bold]{escape(edition.key)}[/]  {escape(edition.subject)}")
    if rendered.editions:
        account.where_to_look(_console(), folder)
    else:
        _console().print("No picks for anybody; [bold]newsletter collect[/] brings papers")


@app.command()
def send(  # noqa: PLR0913  each is an option of the command
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
    settings = _load(config)
    if to is not None:
        to = _subscriber(settings, to).email
    states = _states(only)

    async def work() -> steps.Ran:
        with _progress(quiet=quiet or as_json) as watch:
            async with world.open_day(
                settings, version=VERSION, date=_date(date), on_delivery=watch.delivery
            ) as day:
                planned = day.issues.get(day.date) is not None
                if planned and states and not dry_run:
                    day.ledger.reopen(day.date, states, day.clock())
                if dry_run:
                    return reports.dry_run(day, to)
                watch.expect(0, len(settings.subscribers))
                sent = await steps.send(day, email=to)
                counts = day.ledger.counts(day.date) if day.issues.get(day.date) else {}
                return steps.Ran(date=day.date, already=planned, sent=sent, counts=counts)

    ran = _run(work())
    if dry_run:
        reports.show_dry_run(_console(), ran, as_json=as_json)
        return
    _finish(ran, settings, quiet=quiet, as_json=as_json)


@app.command()
def run(
    *,
    config: ConfigDir = Path("config"),
    date: OnDate = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Collect, pick, render and send the issue that is due. Again: nothing is sent twice.

    Example, for cron: `5 6 * * * cd /srv/my-letter && newsletter run --quiet`
    """
    settings = _load(config)

    async def work() -> steps.Ran:
        with _progress(quiet=quiet or as_json) as watch:
            async with world.open_day(
                settings,
                version=VERSION,
                date=_date(date),
                on_source=watch.source,
                on_delivery=watch.delivery,
            ) as day:
                watch.expect(len(settings.sources), len(settings.subscribers))
                return await steps.run(day)

    _finish(_run(work()), settings, quiet=quiet, as_json=as_json)


@app.command()
def status(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Show the ledger of an issue (default: the newest): who got it, who did not, and why.

    Example: `newsletter status --date 2026-11-24 --json`
    """

    async def work(settings: Config) -> tuple[Any, ...]:
        async with world.open_day(settings, version=VERSION, date=_date(date)) as day:
            wanted = _date(date) or next(iter(day.issues.dates()), None)
            issue = day.issues.get(wanted) if wanted else None
            if issue is None:
                return wanted, None, {}, ()
            others = frozenset(DeliveryState) - {DeliveryState.ACCEPTED}
            listed = day.ledger.deliveries(issue.date, others)
            return wanted, issue, day.ledger.counts(issue.date), listed

    wanted, issue, counts, listed = _run(work(_load(config)))
    if as_json:
        account.print_json(
            {
                "date": wanted,
                "number": issue.number if issue else None,
                "deliveries": account.counts_json(counts),
                "not_accepted": [
                    {"email": one.email, "state": one.state.value, "reason": one.reason}
                    for one in listed
                ],
            }
        )
    elif issue is None:
        _console().print(f"No issue was planned{f' for {wanted}' if wanted else ' yet'}")
    else:
        _console().print(f"[bold]Issue {issue.number}[/], {account.explain_date(issue.date)}")
        account.deliveries(_console(), counts)
        account.troubled(_console(), listed)
    raise typer.Exit(NOT_FINAL if account.open_count(counts) else DONE)


# --- What commands share ----------------------------------------------------------------------


def _finish(ran: steps.Ran, settings: Config, *, quiet: bool, as_json: bool) -> None:
    """Print a run and leave with its exit status."""
    if as_json:
        account.print_json(account.ran_json(ran))
    elif sys.stdout.isatty() and not quiet:
        reports.show_run(_console(), ran, settings.root / "outbox" / ran.date.isoformat())
    elif not quiet:
        typer.echo(account.ran_line(ran))
    reports.show_problems(_errors(), ran, settings)
    raise typer.Exit(_status(ran))


def _status(ran: steps.Ran) -> int:
    if ran.collected and ran.collected.all_failed:
        return NOT_RIGHT
    return NOT_FINAL if ran.sent.error or account.open_count(ran.counts) else DONE


def _load(folder: Path) -> Config:
    return load_config(folder, os.environ)


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


def _date(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"`{text}` is not a date such as 2026-11-24") from None


def _subscriber(settings: Config, email: str) -> Subscriber:
    for one in settings.subscribers:
        if one.email.lower() == email.lower():
            return one
    raise typer.BadParameter(f"no subscriber (or a paused one) has the address `{email}`")


def _states(only: str | None) -> tuple[DeliveryState, ...]:
    if only is None:
        return ()
    allowed = (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.DEFERRED)
    names = [name.strip() for name in only.split(",")]
    if not set(names) <= {state.value for state in allowed}:
        raise typer.BadParameter(f"`{only}`: choose among {', '.join(allowed)}")
    return tuple(DeliveryState(name) for name in names)


def _console() -> Console:
    return Console(highlight=False)


def _errors() -> Console:
    return Console(stderr=True, highlight=False)


class _Watch:
    """Moves the progress bars; does nothing when there are none."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._sources = self._mails = None if progress is None else progress.add_task("sources")
        if progress is not None:
            self._mails = progress.add_task("deliveries", visible=False)

    def expect(self, sources: int, mails: int) -> None:
        """Say how many there will be."""
        if self._progress is not None:
            self._progress.update(self._sources, total=sources, visible=sources > 0)
            self._progress.update(self._mails, total=mails, visible=mails > 0)

    def source(self, _report: SourceReport) -> None:
        """Count one source."""
        if self._progress is not None:
            self._progress.advance(self._sources)

    def delivery(self, _delivery: Delivery, _outcome: Outcome) -> None:
        """Count one delivery."""
        if self._progress is not None:
            self._progress.advance(self._mails)


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[_Watch]:
    """Show progress bars while there is a terminal to show them on."""
    console = _errors()
    if quiet or not console.is_terminal:
        yield _Watch(None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Watch(progress)
