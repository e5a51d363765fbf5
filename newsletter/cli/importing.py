"""Commands for lists of people: subscribers import, subscribers export."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import account
from newsletter.cli.given import load
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.values import read_line
from newsletter.day import steps
from newsletter.errors import ConfigError, ImportListError
from newsletter.model import Origin, SubscriberState
from newsletter.subscribe.exports import HEADINGS, cells_of
from newsletter.subscribe.imports import FORMULA, Refused, read_csv
from newsletter.world import days

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
State = Annotated[
    list[SubscriberState] | None,
    typer.Option("--state", help="Only those; may be given several times."),
]
From = Annotated[
    list[Origin] | None, typer.Option("--from", help="Only who came that way; the same.")
]
Text = Annotated[str, typer.Option("--text", help="Only addresses with this in them.")]
MOST_REFUSED = 20
"""How many rows that an import could not use are named one by one."""


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, or - for standard input.")],
    *,
    config: ConfigDir = Path("config"),
    consent: Annotated[
        str, typer.Option(help="How they asked for it, in a few words: kept with each.")
    ] = "imported",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add everybody in a CSV file whose first line names the columns.

    Columns: email; name, topics (with spaces between them), timezone, language, hour, cadence,
    length, consent_at. Who is known already stays as they are, who has left stays away, and a row
    that cannot be used is told of and left out: then the exit status is 1.

    Example: `newsletter subscribers import people.csv --consent "sign-up sheet, May 2026"`
    """
    settings = load(config)
    refused: list[Refused] = []
    with days.open_day(settings) as day:
        steps.follow_list(day)
        rows = read_csv(
            _lines(file),
            refused.append,
            topics=settings.choice.topic_names,
            consent=read_words(consent),
            on_note=lambda note: errors().print(f"note: {note}", markup=False, soft_wrap=True),
        )
        try:
            found = day.stores.subscribers.bring(rows, Origin.IMPORT, day.clock(), keep=not dry_run)
        except ImportListError as error:
            raise ImportListError(f"{file}: {error}") from None
    if as_json:
        rows_refused = [asdict(refusal) for refusal in refused]
        print_json({**asdict(found), "refused": rows_refused, "dry_run": dry_run})
        raise typer.Exit(NOT_RIGHT if refused else DONE)
    console().print(f"{found.new} {would(dry_run, 'added')}")
    for count, words in (
        (found.known, "were there already, and stay as they are"),
        (found.left, "have left, and stay away"),
        (found.suppressed, "of the new ones are suppressed, and get nothing"),
    ):
        if count:
            console().print(f"{count} {words}")
    for refusal in refused[:MOST_REFUSED]:
        account.problem(errors(), f"{file}:{refusal.line}: {refusal.why}")
    if len(refused) > MOST_REFUSED:
        account.problem(errors(), f"… and {len(refused) - MOST_REFUSED} more; --json has all")
    raise typer.Exit(NOT_RIGHT if refused else DONE)


def export(
    *,
    config: ConfigDir = Path("config"),
    state: State = None,
    origin: From = None,
    text: Text = "",
) -> None:
    """Print people as CSV, which `import` reads.

    Example: `newsletter subscribers export --state active > people.csv`
    """
    writer = csv.writer(sys.stdout)
    writer.writerow(HEADINGS)
    with days.open_day(load(config)) as day:
        steps.follow_list(day)
        for person in day.stores.subscribers.all(
            states=tuple(state or ()), origins=tuple(origin or ()), text=text
        ):
            # A spreadsheet would read such cells as formulas, and names are untrusted text.
            cells = cells_of(person)
            writer.writerow([f"'{cell}" if cell[:1] in FORMULA else cell for cell in cells])


def _lines(file: Path) -> Iterator[str]:
    """Yield the lines of a UTF-8 file; `-` is standard input. Raises ConfigError."""
    try:
        if str(file) == "-":
            yield from sys.stdin
            return
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from lines
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text: save it as CSV with UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{file}: {(error.strerror or str(error)).lower()}") from None


def would(dry_run: bool, told: str) -> str:  # noqa: FBT001  one word
    """Return the text `told`, or with `dry_run` that it would be so."""
    return f"would be: {told}" if dry_run else told


def read_words(text: str) -> str:
    """Return one line of text; exit with wrong usage when it has control characters."""
    try:
        return read_line(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
