"""The db commands: upgrade, back up, restore and copy the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli import account
from newsletter.cli.given import load
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.progress import show_bar
from newsletter.cli.tables import new_table
from newsletter.cli.terminal import console, errors, print_json
from newsletter.errors import StoreError
from newsletter.store import (
    IssueStore,
    Transferred,
    back_up,
    database_exists,
    upgrade,
)
from newsletter.store import restore as restore_backup
from newsletter.world import databases, machine

group = typer.Typer(
    help="The database: upgrade, backup, restore, copy.\n\nExample: newsletter db backup",
    no_args_is_help=True,
)
app.add_typer(group, name="db")

Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


@group.command(name="upgrade")
def upgrade_(
    *,
    config: ConfigDir = Path("config"),
    backup: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Back up to this file first. Default: beside SQLite's file, if there is anything "
            "to migrate.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Migrate the database to this version of the program, and say what was done.

    Every command does so when it opens the database; here the backup can go elsewhere.

    Example: `newsletter db upgrade`
    """
    settings = load(config)
    with databases.own(settings) as database, show_bar("backing up") as told:
        if database.is_postgresql and backup is None:
            # Told before anything is done, while there is time for it.
            said = "nothing is backed up: that is for pg_dump, or `--backup FILE`"
            errors().print(f"[dim]{said}[/]")
        done = upgrade(database, backup=backup, on_step=told)
    if as_json:
        print_json(asdict(done))
        return
    if done.backup:
        console().print(f"backed up to {escape(str(done.backup))}", soft_wrap=True)
    if done.before is None:
        console().print(f"made the tables, at schema {done.after}")
    elif done.before == done.after:
        console().print(f"nothing to do: the schema is {done.after} already")
    else:
        console().print(f"migrated from schema {done.before} to {done.after}")


@group.command()
def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="Default: newsletter-DATE.db in the folder of the newsletter."
        ),
    ] = None,
    *,
    config: ConfigDir = Path("config"),
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Copy the database into one file, also while it is in use.

    It is a file of SQLite, also when the database is PostgreSQL, and can be restored to either. It
    holds addresses, so only its owner can read it.

    Example: `newsletter db backup /var/backups/newsletter.db --force`
    """
    settings = load(config)
    path = file or settings.root / f"newsletter-{machine.utc_now():%Y-%m-%d}.db"
    if not database_exists(settings.database, settings.root):
        raise StoreError("there is no database yet, so there is nothing to back up")
    with databases.own(settings) as database, show_bar("backing up") as told:
        revision = back_up(database, path, force=force, on_step=told)
    size = path.stat().st_size
    if as_json:
        print_json({"file": str(path), "bytes": size, "schema": revision})
    else:
        console().print(f"{escape(str(path))}: {size / 1e6:,.1f} MB", soft_wrap=True)


@group.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    config: ConfigDir = Path("config"),
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the database: all of it, or nothing.

    With `--force`, what is in the database is replaced. That of SQLite is backed up beside it.
    Issues that were not finished are paused: the backup does not know what has left since. An issue
    that was planned since is not in it at all, and would be made and sent again.

    Example: `newsletter db restore newsletter-2026-11-24.db`
    """
    settings = load(config)
    with databases.own(settings) as database, show_bar("restoring") as told:
        now = machine.utc_now()
        databases.require_quiet(database)
        done = restore_backup(file, database, force=force, now=now, on_rows=told)
        today = now.astimezone(settings.zone).date()
        is_known = IssueStore(database).get(today) is not None
    if done.kept and not as_json:
        console().print(f"what was there is in {escape(str(done.kept))}", soft_wrap=True)
    if done.paused and not as_json:
        dates = ", ".join(map(str, done.paused))
        console().print(
            f"paused: {dates}. The backup does not know what left after it was made: "
            "`newsletter resume` sends what it takes for unsent, `newsletter cancel` gives it up",
            soft_wrap=True,
        )
    if not (is_known or as_json):
        console().print(
            f"The backup has no issue of today, {today}. If one left after it was made, let nothing"
            " run before tomorrow: `newsletter run` would make it again, and send it again",
            soft_wrap=True,
        )
    more: dict[str, object] = {"kept": done.kept, "paused": list(map(str, done.paused))}
    _report(done.tables, as_json=as_json, more=more)


@group.command()
def copy(
    urls: Annotated[
        list[str], typer.Argument(metavar="FROM-URL TO-URL", help="One URL: to copy to.")
    ],
    *,
    config: ConfigDir = Path("config"),
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Copy everything from one database into another, such as from SQLite to PostgreSQL.

    With one URL, it is copied from the database of newsletter.yaml. Stop whatever uses it first.
    Every table is read again afterwards, and compared; if one differs, the copy is undone.

    Examples: `newsletter db copy postgresql://papers@db.example.org/papers`,
    `newsletter db copy postgresql:///papers sqlite:///newsletter.db`
    """
    if len(urls) > 2:  # noqa: PLR2004  from and to
        raise typer.BadParameter("give two URLs at most: from where, and to where")
    settings = load(config)
    here = settings.root
    origin = urls[0] if urls[1:] else settings.database
    with show_bar("copying") as told:
        done = databases.copy((origin, here), (urls[-1], here), force=force, on_rows=told)
    _report(done, as_json=as_json, more={})


def _report(tables: Sequence[Transferred], *, as_json: bool, more: dict[str, object]) -> None:
    """Print what became of each table; exit with 1 if anything differs."""
    same = all(table.is_same for table in tables)
    if as_json:
        listed = [asdict(table) | {"same": table.is_same} for table in tables]
        print_json({"same": same, "tables": listed, **more})
    else:
        shown = new_table("Table", "Rows:right", "Arrived:right", "Checksum", "")
        for table in tables:
            word = "[green]the same[/]" if table.is_same else "[red]differs[/]"
            rows, arrived = f"{table.source.rows:,}", f"{table.target.rows:,}"
            shown.add_row(table.table, rows, arrived, table.source.checksum[:12], word)
        console().print(shown)
    if not same:
        account.problem(errors(), "what was written is not what was read: it was undone")
    raise typer.Exit(DONE if same else NOT_RIGHT)
