"""Commands that hold an issue back: pause, resume, cancel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.completing import complete_dates
from newsletter.cli.given import load, parse_date
from newsletter.cli.program import ConfigDir, app
from newsletter.cli.terminal import console
from newsletter.model import OPEN, IssueState
from newsletter.store import IssueStore, SqlLedger
from newsletter.store.backups import RESTORED
from newsletter.world import machine

Date = Annotated[
    str,
    typer.Argument(
        metavar="DATE", help="The issue's date, YYYY-MM-DD.", autocompletion=complete_dates
    ),
]
LastDate = Annotated[
    str | None,
    typer.Argument(
        metavar="DATE",
        help="The issue's date, YYYY-MM-DD. Default: the last that was planned.",
        show_default=False,
        autocompletion=complete_dates,
    ),
]


@app.command()
def pause(date: LastDate = None, *, config: ConfigDir = Path("config")) -> None:
    """Send nothing more of an issue for now; what is leaving this moment still does.

    Examples: `newsletter pause`, `newsletter pause 2026-11-24`
    """

    def hold(ledger: SqlLedger, day: dt.date) -> str:
        ledger.pause(day, "paused by the operator", machine.utc_now())
        _stays(ledger, day)
        return f"{day}: paused; `newsletter resume {day}` goes on"

    _do(config, date, hold)


@app.command()
def resume(date: LastDate = None, *, config: ConfigDir = Path("config")) -> None:
    """Go on with an issue that was paused; the next `run` or `send` sends what waits.

    Examples: `newsletter resume`, `newsletter resume 2026-11-24`
    """

    def go_on(ledger: SqlLedger, day: dt.date) -> str:
        counts, is_restored = ledger.counts(day), ledger.halted(day) == RESTORED
        ledger.resume(day)
        _stays(ledger, day)
        waiting = sum(counts[state] for state in OPEN)
        told = (
            f"{day}: {waiting:,} mails go on with the next `newsletter run` or "
            f"`newsletter send --date {day}`; workers go on within seconds"
        )
        if is_restored and waiting:
            told += (
                f". Of these, those that left after the backup was made come a second time: all "
                f"{waiting:,} at most. `newsletter pause {day}` holds them again"
            )
        return told

    _do(config, date, go_on)


@app.command()
def cancel(date: Date, *, config: ConfigDir = Path("config")) -> None:
    """Give up what was not sent of an issue, for good.

    Example: `newsletter cancel 2026-11-24`
    """

    def give_up(ledger: SqlLedger, day: dt.date) -> str:
        if ledger.state(day) is IssueState.CANCELLED:
            return f"{day}: was cancelled before; nothing changed"
        if not sum(ledger.counts(day)[state] for state in OPEN):
            return f"{day}: everything of it is done already: there is nothing to cancel"
        count = ledger.cancel(day, machine.utc_now())
        return f"{day}: cancelled; {count} deliveries will not be sent"

    _do(config, date, give_up)


def _stays(ledger: SqlLedger, day: dt.date) -> None:
    """Exit with wrong usage when an issue was cancelled: pausing or resuming cannot change that."""
    if ledger.state(day) is IssueState.CANCELLED:
        raise typer.BadParameter(f"{day} was cancelled, and stays so")


def _do(config: Path, date: str | None, what: Callable[[SqlLedger, dt.date], str]) -> None:
    settings = load(config)
    day = parse_date(date)
    with machine.open_ledger(settings) as database:
        issues = IssueStore(database)
        if date is None:
            day = next(iter(issues.dates()), None)
        if day is None or issues.get(day) is None:
            of_day = f"no issue of {date}" if date else "no issue"
            raise typer.BadParameter(f"{of_day} was planned; see `newsletter status`")
        console().print(what(SqlLedger(database), day))
