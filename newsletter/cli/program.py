"""The program: its options, its exit statuses, and what all commands share."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from newsletter import __version__
from newsletter.cli.completing import complete_dates
from newsletter.cli.loading import loading
from newsletter.errors import NewsletterError

DONE, NOT_RIGHT, WRONG_USAGE, NOT_FINAL, ENDED = 0, 1, 2, 3, 130
"""Exit status: done; something is wrong; wrong usage; run again, as some deliveries are open;
ended by Ctrl-C."""
STATUSES = (
    "Exit status: 0 done, or all that is left waits for the hour that its reader chose · 1 the "
    "thing checked is not right · 2 wrong usage · 3 some deliveries are not final yet, run it "
    "again · 130 ended by Ctrl-C."
)
"""The exit statuses, as the help of each command tells them."""


TRACEBACK = "NEWSLETTER_TRACEBACK"
"""An environment variable: when it is set, a bug in this program shows its traceback."""


MODULES = {
    "demo": "starting",
    "init": "starting",
    "check": "starting",
    "sources": "sourcing",
    "topics": "topicking",
    "collect": "stages",
    "pick": "stages",
    "teach": "teaching",
    "render": "stages",
    "preview": "previewing",
    "serve": "serving",
    "worker": "working",
    "publish": "serving",
    "send-test": "sending",
    "send": "sending",
    "run": "sending",
    "schedule": "scheduling",
    "status": "standing",
    "pause": "holding",
    "resume": "holding",
    "cancel": "holding",
    "subscribers": "subscribing",
    "bounces": "returning",
    "suppressions": "suppressing",
    "doctor": "doctoring",
    "db": "databases",
    "upgrade-check": "upgrading",
    "secret": "keys",
    "admin-password": "keys",
    "dkim-key": "keys",
}
"""The module of each command, in the order in which users meet the commands."""


class Commands(TyperGroup):
    """Commands whose modules are loaded only when needed: to load all of them takes a second."""

    def list_commands(self, ctx: object) -> list[str]:
        """Return the names of all commands, the first steps first."""
        del ctx
        return list(MODULES)

    # Any: Typer keeps the classes of click, which these are, to itself.
    def invoke(self, ctx: Any) -> Any:
        """Run a command; what is wrong with a choice is told without Python's name for it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; if the name is unknown, load all, so that a similar name is found."""
        if cmd_name not in self.commands:
            wanted = [MODULES[cmd_name]] if cmd_name in MODULES else MODULES.values()
            with loading():
                for module in wanted:
                    importlib.import_module(f"newsletter.cli.{module}")
            self.commands.update(get_group(app).commands)
        found = super().get_command(ctx, cmd_name)
        _tell_statuses([found] if found else [])
        return found


def _tell_statuses(commands: Iterable[Any]) -> None:
    """Have the help of commands, and of those below them, end with the exit statuses."""
    for command in commands:
        command.epilog = STATUSES
        _tell_statuses(getattr(command, "commands", {}).values())


app = typer.Typer(
    name="newsletter",
    epilog=STATUSES,
    cls=Commands,
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
    typer.Option(
        "--date",
        metavar="YYYY-MM-DD",
        help="The issue's date. Default: the one due.",
        autocompletion=complete_dates,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only (for cron).")]


def main() -> None:
    """Run the command line; a mistake of the user gives one clear line, never a traceback."""
    # The logs of libraries are for programmers: users see our own messages instead.
    logging.getLogger().addHandler(logging.NullHandler())
    if sys.stdout is None:  # closed by the process that started us
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not all encodings have all letters
    try:
        app(standalone_mode=True)
    except NewsletterError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output is gone (`newsletter status | head`). That is not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except SystemExit as end:
        if end.code == ENDED:  # how the library ends when Ctrl-C was pressed
            _say_ended()
        raise
    except KeyboardInterrupt:
        _say_ended()
        sys.exit(ENDED)
    except Exception as error:
        if TRACEBACK in os.environ:
            raise
        # Show only the type: the message of a library may contain its input, such as a secret.
        _fail(
            f"a fault of this program ({type(error).__name__}); please report it with what "
            f"{TRACEBACK}=1 in the environment shows"
        )


def _fail(text: str) -> None:
    from newsletter.cli import account  # noqa: PLC0415  most runs have no problem to report
    from newsletter.cli.terminal import errors  # noqa: PLC0415  the same

    account.problem(errors(), text)
    sys.exit(NOT_RIGHT)


def _say_ended() -> None:
    """Say what Ctrl-C did: every step is a transaction, so there is nothing to repair."""
    sys.stderr.write(
        "ended by Ctrl-C: what was finished is kept, and the same command goes on from there\n"
    )


def _version(wanted: bool) -> None:  # noqa: FBT001  typer's callback
    if wanted:
        typer.echo(f"newsletter {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options of the program itself."""
