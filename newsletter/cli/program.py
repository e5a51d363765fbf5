"""The program: its options, its exit statuses, and what all commands share."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from newsletter import __version__
from newsletter.cli.loading import loading
from newsletter.errors import NewsletterError

DONE, NOT_RIGHT, WRONG_USAGE, NOT_FINAL, ENDED = 0, 1, 2, 3, 130
"""Exit status: done; the thing checked is not right; wrong usage; run again, some are open."""


TRACEBACK = "NEWSLETTER_TRACEBACK"
"""A variable with which a fault of ours shows where it happened."""


MODULES = {
    "demo": "starting",
    "init": "starting",
    "check": "starting",
    "collect": "stages",
    "pick": "stages",
    "render": "stages",
    "preview": "previewing",
    "send-test": "sending",
    "send": "sending",
    "run": "sending",
    "status": "standing",
    "pause": "holding",
    "resume": "holding",
    "cancel": "holding",
    "subscribers": "subscribing",
    "bounces": "returning",
    "suppressions": "suppressing",
    "doctor": "doctoring",
    "secret": "keys",
    "dkim-key": "keys",
}
"""Where each command is, in the order in which one meets them."""


class Commands(TyperGroup):
    """Commands whose modules are loaded when they are asked for: all of them take a second."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, the first steps first."""
        del ctx
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; when there is none, all are loaded, for one of them may be meant."""
        if cmd_name not in self.commands:
            wanted = [MODULES[cmd_name]] if cmd_name in MODULES else MODULES.values()
            with loading():
                for module in wanted:
                    importlib.import_module(f"newsletter.cli.{module}")
            self.commands.update(get_group(app).commands)
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    name="newsletter",
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
    typer.Option("--date", metavar="YYYY-MM-DD", help="The issue's date. Default: the one due."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only (for cron).")]


def main() -> None:
    """Run the command line; a mistake of the user's is one clear line, never a traceback."""
    # What libraries log is for those who write programs: a person is told in our words.
    logging.getLogger().addHandler(logging.NullHandler())
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal of few letters
    try:
        app(standalone_mode=True)
    except NewsletterError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output is gone (`newsletter status | head`): that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except KeyboardInterrupt:
        sys.exit(ENDED)
    except Exception as error:
        if TRACEBACK in os.environ:
            raise
        # Its kind alone: the words of a library may hold what it was given.
        _fail(
            f"a fault of this program ({type(error).__name__}); please report it with what "
            f"{TRACEBACK}=1 in the environment shows"
        )


def _fail(text: str) -> None:
    # Loaded here, since most runs have nothing of the kind to say.
    from newsletter.cli import account  # noqa: PLC0415
    from newsletter.cli.terminal import errors  # noqa: PLC0415

    account.problem(errors(), text)
    sys.exit(NOT_RIGHT)


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
