"""How a run ends: what is printed of it, and its exit status."""

from __future__ import annotations

import sys

import typer

from newsletter.cli import account, forgotten, reports
from newsletter.cli.logs import JsonLog, log_run
from newsletter.cli.program import DONE, NOT_FINAL, NOT_RIGHT
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.settings import Config
from newsletter.day.results import Ran


def finish(
    ran: Ran,
    settings: Config,
    *,
    nobody: bool,
    quiet: bool,
    as_json: bool,
    log: JsonLog | None = None,
) -> None:
    """Print the result of a run and exit with its status; `nobody`: no subscriber gets mail.

    With a `log`, all of it goes there but the JSON that was asked for.
    """
    if log is not None:
        if as_json:
            print_json(account.ran_json(ran))
        log_run(log, ran)
        raise typer.Exit(exit_status(ran))
    told = sys.stdout.isatty() and not quiet and not as_json
    if as_json:
        print_json(account.ran_json(ran))
    elif told:
        reports.show_run(console(), ran, settings.root / "outbox" / ran.date.isoformat())
    elif not quiet:
        console().print(account.ran_line(ran), markup=False, soft_wrap=True)
    is_kept = settings.delivering.transport == "outbox" and ran.sent.outcomes
    if is_kept and not quiet and not as_json:
        console().print("(written to outbox/: newsletter.yaml names no mail server yet)")
    if ran.forgotten.is_much and not quiet and not as_json:
        console().print(forgotten.line(ran.forgotten), markup=False, soft_wrap=True)
    alone = nobody and not settings.letter.site
    reports.show_problems(errors(), ran, settings, shown=told, nobody=alone)
    raise typer.Exit(exit_status(ran))


def exit_status(ran: Ran) -> int:
    """Return the exit status of a run."""
    if ran.faults or (ran.collected and ran.collected.all_failed):
        return NOT_RIGHT
    # What waits for the hour that its reader chose is as it should be.
    now = account.open_count(ran.counts) - ran.later.count
    waiting = ran.sent.error or ran.unfinished or now > 0
    return NOT_FINAL if waiting else DONE
