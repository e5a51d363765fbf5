"""Commands for lists: subscribers import and export, suppressions import."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from newsletter.cli.given import load
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir
from newsletter.cli.refusals import Refusals, some_of
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.values import read_line
from newsletter.day import steps
from newsletter.model import Origin, SubscriberState
from newsletter.store import Imported
from newsletter.subscribe.bringing import people_in, suppressions_in
from newsletter.subscribe.exports import HEADINGS, cells_of
from newsletter.subscribe.imports import Bringing
from newsletter.subscribe.programs import PROGRAMS
from newsletter.subscribe.tables import FORMULA
from newsletter.world import days

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE", help="Lists, or - for standard input.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
State = Annotated[
    list[SubscriberState] | None,
    typer.Option("--state", help="Only those; may be given several times."),
]
From = Annotated[
    list[Origin] | None, typer.Option("--from", help="Only who came that way; the same.")
]
Text = Annotated[str, typer.Option("--text", help="Only addresses with this in them.")]
STARTER = "you@example.org"
"""The reader whom `init` writes into subscribers.yaml, to be replaced."""


def import_(
    files: Files,
    *,
    config: ConfigDir = Path("config"),
    program: Annotated[
        str, typer.Option("--from", metavar="PROGRAM", help=f"{', '.join(PROGRAMS)}.")
    ] = "",
    consent: Annotated[
        str, typer.Option(help="How they asked for it, in a few words: kept with each.")
    ] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add everybody in lists that other programs export, or in CSV of your own.

    Lists of Mailchimp (its ZIP, too), listmonk, Buttondown, Substack, Ghost and Mailman are known
    by their columns. Columns of your own: email; name, topics (with spaces between them), timezone,
    language, hour, cadence, length, state, consent, consent_at.

    Who has unsubscribed, bounced or complained there is suppressed here and never mailed. Who is
    known already stays as they are, who has left stays away, and a row that cannot be used is told
    of and left out: then the exit status is 1. All of it is done, or nothing.

    Examples: `newsletter subscribers import audience_export.zip --dry-run`,
    `newsletter subscribers import people.csv --consent "sign-up sheet, May 2026"`
    """
    settings = load(config)
    refusals = Refusals(keeps_all=as_json)
    with days.open_day(settings) as day:
        steps.follow_list(day)
        bringing = Bringing(
            topics={topic.name: topic.title for topic in settings.choice.topics},
            consent=read_words(consent),
            now=day.clock(),
            wanted=program,
            on_refused=refusals.refuse,
            on_note=refusals.note,
            on_file=refusals.note_file,
        )
        people = people_in(_paths(files), bringing)
        store = day.stores.subscribers
        found = store.bring(people, Origin.IMPORT, bringing.now, keep=not dry_run)
        starter = store.find(STARTER)
    if starter is not None and starter.state is SubscriberState.ACTIVE:
        refusals.note(
            f"{config / 'subscribers.yaml'} still names {STARTER}, who is nobody: take the entry "
            "out, and write `subscribers: []` if nobody is left in it"
        )
    _tell(found, refusals, dry_run=dry_run, as_json=as_json)


def import_suppressions(
    files: Files,
    *,
    config: ConfigDir = Path("config"),
    reason: Annotated[
        str, typer.Option(help="Why, in a few words, where the list does not say.")
    ] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Suppress every address in a list: one a line, or CSV with a column `email`.

    Exports of Amazon SES, SendGrid, Mailgun and Postmark are known by their columns, with the
    reason and the date, and so is what `newsletter suppressions export` prints.

    Examples: `newsletter suppressions import bounces.csv --dry-run`,
    `newsletter suppressions import never.txt --reason "asked by phone"`
    """
    refusals = Refusals(keeps_all=as_json)
    with days.open_day(load(config)) as day:
        bringing = Bringing(
            topics={}, consent=read_words(reason), now=day.clock(),
            on_refused=refusals.refuse, on_note=refusals.note,
            on_file=refusals.note_file,
        )  # fmt: skip
        barred = suppressions_in(_paths(files), bringing)
        store = day.stores.subscribers
        found = store.bring(barred, Origin.IMPORT, bringing.now, keep=not dry_run)
    _tell(found, refusals, dry_run=dry_run, as_json=as_json, is_barring=True)


def _tell(
    found: Imported, refusals: Refusals, *, dry_run: bool, as_json: bool, is_barring: bool = False
) -> NoReturn:
    """Show what an import has brought, and end with the exit status that it means."""
    if as_json:
        print_json({**asdict(found), **refusals.as_json(), "dry_run": dry_run})
        raise typer.Exit(NOT_RIGHT if refusals.refused else DONE)
    named = found.named
    if not is_barring:
        paused = f", {found.paused:,} of them paused" if found.paused else ""
        console().print(f"{found.new:,} {would(dry_run, 'added')}{paused}")
    for count, words, kind in (
        (found.known, "were there already, and stay as they are", ""),
        (found.left, "have left, and stay away", "left"),
        (found.suppressed, "of the new ones are suppressed, and get nothing", "suppressed"),
        (found.both, "are on one list and have gone by another: not added", "both"),
        (found.barred, would(dry_run, "suppressed: never mailed"), ""),
        (found.barred_before, "were suppressed before", ""),
        (found.lost, f"of the suppressed ones {_got(dry_run)}", "lost"),
    ):
        if count or (is_barring and words.endswith("never mailed")):
            console().print(f"{count:,} {words}{some_of(named.get(kind, ()))}", soft_wrap=True)
    refusals.show(errors())
    raise typer.Exit(NOT_RIGHT if refusals.refused else DONE)


def _got(dry_run: bool) -> str:  # noqa: FBT001  one word
    return "get mail now, and would not any more" if dry_run else "got mail until now"


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


def _paths(files: Sequence[Path]) -> list[Path]:
    return [Path("/dev/stdin") if str(file) == "-" else file for file in files]


def would(dry_run: bool, told: str) -> str:  # noqa: FBT001  one word
    """Return the text `told`, or with `dry_run` that it would be so."""
    return f"would be: {told}" if dry_run else told


def read_words(text: str) -> str:
    """Return one line of text; exit with wrong usage when it has control characters."""
    try:
        return read_line(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
