"""How verdicts of the doctor are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from newsletter.doctor.verdicts import Level, Verdict

COLOURS = {
    Level.GOOD: "green",
    Level.NOTICE: "cyan",
    Level.WARNING: "yellow",
    Level.ERROR: "red",
    Level.NOT_CHECKED: "dim",
}


def show(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Show verdicts by group, each with its mend below it."""
    group = ""
    for verdict in verdicts:
        if verdict.group != group:
            group = verdict.group
            console.print(f"[bold]{escape(group)}[/]")
        label = f"{verdict.level.value:<11}"
        console.print(
            f"  [{COLOURS[verdict.level]}]{label}[/] {escape(f'{verdict.name}: {verdict.found}')}",
            soft_wrap=True,
        )
        for text in _below(verdict):
            console.print(f"              {escape(text)}", soft_wrap=True, style="dim")


def _below(verdict: Verdict) -> list[str]:
    """Return the lines below a verdict: the mend, the record to publish, the place."""
    told = [f"→ {verdict.mend}"] if verdict.mend else []
    told += [f"publish: {verdict.publish}"] if verdict.publish else []
    # Where it is good, nobody needs to look.
    told += [f"see {verdict.where}"] if verdict.where and verdict.level is not Level.GOOD else []
    return told


def as_json(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as plain data."""
    told = asdict(verdict)
    del told["offline"]
    return {**told, "level": verdict.level.value}
