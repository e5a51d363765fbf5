"""The suppressions commands: addresses that must not be mailed."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli.given import load
from newsletter.cli.importing import import_suppressions
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.tables import new_table
from newsletter.cli.terminal import console, print_json
from newsletter.store import Suppression, SuppressionStore
from newsletter.world import machine

listing = typer.Typer(
    help="Addresses that must not be mailed: list, export, import, remove.\n\n"
    "Example: newsletter suppressions list",
    no_args_is_help=True,
)
app.add_typer(listing, name="suppressions")


@listing.command(name="list")
def list_(*, config: ConfigDir = Path("config"), as_json: AsJson = False) -> None:
    """Show every suppressed address, since when, and why.

    Example: `newsletter suppressions list --json`
    """
    found = _all(config)
    if as_json:
        print_json({"suppressions": [asdict(barred) for barred in found]})
        return
    shown = new_table("Address", "Since", "Why", "What was said")
    for barred in found:
        why = f"{barred.verdict} ({barred.source})"
        said = escape(barred.evidence[:80])
        shown.add_row(escape(barred.email), f"{barred.since:%Y-%m-%d}", why, said)
    console().print(shown if found else "Nobody is suppressed.")


@listing.command()
def export(*, config: ConfigDir = Path("config")) -> None:
    """Print every suppressed address as CSV.

    Example: `newsletter suppressions export > suppressed.csv`
    """
    writer = csv.writer(sys.stdout)
    writer.writerow(("email", "since", "verdict", "source", "evidence"))
    for barred in _all(config):
        cells = (
            barred.email,
            barred.since.isoformat(),
            barred.verdict,
            barred.source,
            barred.evidence,
        )
        # A spreadsheet would read such cells as formulas, and the evidence is untrusted text.
        writer.writerow([f"'{cell}" if cell[:1] in "=+-@" else cell for cell in cells])


@listing.command()
def remove(
    email: Annotated[str, typer.Argument(metavar="EMAIL")], *, config: ConfigDir = Path("config")
) -> None:
    """Mail an address again.

    Example: `newsletter suppressions remove ada@example.org`
    """
    settings = load(config)
    with machine.open_ledger(settings) as database:
        gone = SuppressionStore(database).remove(email)
    console().print(f"{email}: mailed again" if gone else f"{email}: was not suppressed")
    raise typer.Exit(DONE if gone else NOT_RIGHT)


listing.command(name="import")(import_suppressions)


def _all(config: Path) -> tuple[Suppression, ...]:
    settings = load(config)
    with machine.open_ledger(settings) as database:
        return tuple(SuppressionStore(database).all())
