"""The doctor command: tells whether all sources of the newsletter are in good health."""

from __future__ import annotations

from pathlib import Path

import typer

from newsletter.cli import account, health
from newsletter.cli.given import load
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.terminal import console, errors, print_json
from newsletter.store import SourceStore
from newsletter.world import machine


@app.command()
def doctor(*, config: ConfigDir = Path("config"), as_json: AsJson = False) -> None:
    """Show the health of every source: last good day, papers per day, failures, silence.

    It asks nobody: it tells what earlier visits found. Exit status 1: a source fails or is retired.

    Example: `newsletter doctor --json`
    """
    settings = load(config)
    now = machine.utc_now()
    with machine.open_ledger(settings) as database:
        known = SourceStore(database).known(settings.collecting.sources, now)
    sick = [name for name, condition in known if condition.failures or condition.retired]
    if as_json:
        print_json({"sources": [health.as_json(name, condition, now) for name, condition in known]})
    else:
        health.show(console(), known, now)
    if sick:
        account.problem(errors(), f"{len(sick)} of {len(known)} sources need a look")
    raise typer.Exit(NOT_RIGHT if sick else DONE)
