"""The program: its options, its exit statuses, and what all commands share."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import importlib.metadata
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from newsletter.cli import account, reports
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config import Config, load_config, read_address
from newsletter.day import Day
from newsletter.day.results import Ran
from newsletter.errors import NewsletterError
from newsletter.model import DeliveryState, SubscriberState, Subscription

Result = TypeVar("Result")
VERSION = importlib.metadata.version("newsletter")

DONE, NOT_RIGHT, WRONG_USAGE, NOT_FINAL = 0, 1, 2, 3
"""Exit status: done; the thing checked is not right; wrong usage; run again, some are open."""


TRACEBACK = "NEWSLETTER_TRACEBACK"
"""A variable with which a fault of ours shows where it happened."""


class _InOrder(TyperGroup):
    """Lists the commands in the order in which one meets them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, the first steps first."""
        order = (
            "demo init check collect pick render preview send-test send run status pause resume "
            "cancel subscribers bounces suppressions doctor secret dkim-key"
        ).split()
        return sorted(super().list_commands(ctx), key=order.index)


app = typer.Typer(
    name="newsletter",
    cls=_InOrder,
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
    # What libraries log is for those who write programs: a person is told in our words.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        app(standalone_mode=True)
    except NewsletterError as error:
        account.problem(errors(), str(error))
        sys.exit(NOT_RIGHT)
    except BrokenPipeError:
        # The reader of our output is gone (`newsletter status | head`): that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except KeyboardInterrupt:
        account.problem(errors(), "interrupted; run it again to go on")
        sys.exit(NOT_FINAL)
    except Exception as error:
        if TRACEBACK in os.environ:
            raise
        # Its kind alone: the words of a library may hold what it was given.
        account.problem(
            errors(),
            f"a fault of this program ({type(error).__name__}); please report it with what "
            f"{TRACEBACK}=1 in the environment shows",
        )
        sys.exit(NOT_RIGHT)


def _version(wanted: bool) -> None:  # noqa: FBT001  typer's callback
    if wanted:
        typer.echo(f"newsletter {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options of the program itself."""


def finish(ran: Ran, settings: Config, *, nobody: bool, quiet: bool, as_json: bool) -> None:
    """Print a run and leave with its exit status; `nobody`: no subscriber gets mail."""
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
    reports.show_problems(errors(), ran, settings, shown=told, nobody=nobody)
    raise typer.Exit(exit_status(ran))


def exit_status(ran: Ran) -> int:
    """Return the exit status of a run."""
    if ran.faults or (ran.collected and ran.collected.all_failed):
        return NOT_RIGHT
    waiting = ran.sent.error or ran.unfinished or account.open_count(ran.counts)
    return NOT_FINAL if waiting else DONE


def load(folder: Path) -> Config:
    """Read the configuration in `folder`."""
    return load_config(folder, os.environ)


def wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's work to its end."""
    return asyncio.run(work)


def parse_date(text: str | None) -> dt.date | None:
    """Return the date that was given, if any; leaves with wrong usage when it is none."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"`{text}` is not a date such as 2026-11-24") from None


def find_subscriber(day: Day, email: str) -> Subscription:
    """Return the active subscriber with an address; leaves with wrong usage when there is none."""
    with contextlib.suppress(ValueError):  # what is no address is nobody's
        kept = day.stores.subscribers.find(read_address(email))
        if kept is not None and kept.state is SubscriberState.ACTIVE:
            return kept
    raise typer.BadParameter(f"no subscriber (or a paused one) has the address `{email}`")


def parse_states(only: str | None) -> tuple[DeliveryState, ...]:
    """Return the states that `--only` names."""
    if only is None:
        return ()
    allowed = (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.DEFERRED)
    names = [name.strip() for name in only.split(",")]
    if not set(names) <= {state.value for state in allowed}:
        raise typer.BadParameter(f"`{only}`: choose among {', '.join(allowed)}")
    return tuple(DeliveryState(name) for name in names)
