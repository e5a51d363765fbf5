"""upgrade-check: what a new version of the program means for this newsletter."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from newsletter.cli import account
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.terminal import console, errors, print_json
from newsletter.render.upstream import Change, CopiedPart
from newsletter.store import Foreseen
from newsletter.world import machine
from newsletter.world.notes import VersionNotes
from newsletter.world.upgrading import Outlook, look_ahead

BYTES_A_SECOND: Final = 100_000_000
"""About what a backup takes on a slow disk, with the look whether it is sound."""
TELLING: Final = ("Changed", "Deprecated", "Removed", "Security")
"""The kinds of changes that may ask something of the user: these are told in full."""


@app.command(name="upgrade-check")
def upgrade_check(
    *,
    config: ConfigDir = Path("config"),
    notes: Annotated[
        bool, typer.Option("--notes", help="Tell all that is new, also what was added and fixed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what this version of the program means for the newsletter. Nothing is changed.

    The database and its backup, settings that this version does not take, templates that you copied
    and that have changed since, what is new, and Python. Exit status 1: something must be mended
    before the next run.

    Examples: `newsletter upgrade-check`, `newsletter upgrade-check --notes`
    """
    today, python = machine.utc_now().date(), sys.version_info[:2]
    found = look_ahead(config, os.environ, today, python)
    if as_json:
        print_json({"ok": not found.problems, **asdict(found)})
    else:
        _show(console(), found, every=notes)
        for problem in found.problems:
            account.problem(errors(), problem)
    raise typer.Exit(NOT_RIGHT if found.problems else DONE)


def _show(out: Console, found: Outlook, *, every: bool) -> None:
    out.print(f"newsletter {found.version}")
    if found.database:
        out.print(f"database: {_database(found.database)}", soft_wrap=True)
    elif not found.problems:
        out.print("database: there is none yet")
    out.print(f"python: {_python(found)}", soft_wrap=True)
    _show_copies(out, found.copies)
    if found.notes:
        since = found.database.program if found.database else ""
        out.print(f"\n[bold]New since {since or 'versions that did not note theirs'}[/]")
        for version in found.notes:
            _show_notes(out, version, every=every)


def _database(found: Foreseen) -> str:
    used = f", used last by version {found.program}" if found.program else ""
    if not found.is_due:
        return f"schema {found.before or found.after}{used}; nothing to migrate"
    will = f"schema {found.before}{used}; the next command migrates it to {found.after}"
    if found.backup is None:
        return f"{will}, without a backup: that is for pg_dump, or `db upgrade --backup FILE`"
    seconds = 1 + found.bytes // BYTES_A_SECOND
    return (
        f"{will}, and first backs it up to {escape(str(found.backup))} "
        f"({found.bytes / 1e6:,.1f} MB, about {seconds:,} s)"
    )


def _python(found: Outlook) -> str:
    if found.python_ends is None:
        return found.python
    ends = f"{found.python} has security fixes until {found.python_ends:%Y-%m}"
    return f"[yellow]{ends}: plan for a newer one[/]" if found.is_python_old else ends


def _show_copies(out: Console, copies: tuple[CopiedPart, ...]) -> None:
    if not copies:
        return
    same = sum(part.change is Change.NONE for part in copies)
    out.print(f"templates: {len(copies)} copied, {same} of them unchanged in the program since")
    for part in copies:
        if part.change is not Change.NONE:
            out.print(f"\n[bold]templates/{escape(part.name)}[/]: {_advice(part)}", soft_wrap=True)
            out.print(escape(part.diff), soft_wrap=True, end="\n" if part.diff else "")


def _advice(part: CopiedPart) -> str:
    """Return what became of a copy's original, and what to do."""
    made = f"copied from version {part.version or '?'}; "
    if part.change is Change.GONE:
        return f"{made}the program no longer has it, so nothing may include it any more"
    if part.change is Change.UNKNOWN:
        return (
            f"{made}the packaged one is another, but what was copied is not known: "
            "`newsletter init --templates NEW` writes the present ones, to compare it with"
        )
    if part.is_edited:
        return f"{made}make these changes in yours, too:"
    return f"{made}you have not edited it: delete it, and the packaged one is used, with:"


def _show_notes(out: Console, notes: VersionNotes, *, every: bool) -> None:
    out.print(f"\n[bold]{escape(notes.version)}[/] {escape(notes.date)}".rstrip())
    for kind, changes in notes.changes.items():
        if every or kind in TELLING:
            out.print(f"{escape(kind)}:")
            for change in changes:
                out.print(f"  - {escape(change)}", soft_wrap=True)
        else:
            out.print(f"{escape(kind)}: {len(changes)} (`--notes` tells them)")
