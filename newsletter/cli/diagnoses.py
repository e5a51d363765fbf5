"""How diagnoses of the doctor are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from newsletter.doctor.diagnoses import Diagnosis, Level

COLOURS = {
    Level.GOOD: "green",
    Level.NOTICE: "cyan",
    Level.WARNING: "yellow",
    Level.ERROR: "red",
    Level.NOT_CHECKED: "dim",
}


def show(console: Console, diagnoses: Sequence[Diagnosis]) -> None:
    """Show diagnoses by group, each with its mend below it."""
    group = ""
    for diagnosis in diagnoses:
        if diagnosis.group != group:
            group = diagnosis.group
            console.print(f"[bold]{escape(group)}[/]")
        label = f"{diagnosis.level.value:<11}"
        told = f"{diagnosis.name}: {diagnosis.found}"
        console.print(f"  [{COLOURS[diagnosis.level]}]{label}[/] {escape(told)}", soft_wrap=True)
        for text in _below(diagnosis):
            console.print(f"              {escape(text)}", soft_wrap=True, style="dim")


def _below(diagnosis: Diagnosis) -> list[str]:
    """Return the lines below a diagnosis: the mend, the record to publish, the place."""
    told = [f"→ {diagnosis.mend}"] if diagnosis.mend else []
    told += [f"publish: {diagnosis.publish}"] if diagnosis.publish else []
    # Where it is good, nobody needs to look.
    told += (
        [f"see {diagnosis.where}"] if diagnosis.where and diagnosis.level is not Level.GOOD else []
    )
    return told


def as_json(diagnosis: Diagnosis) -> dict[str, object]:
    """Return a diagnosis as plain data."""
    told = asdict(diagnosis)
    del told["offline"]
    return {**told, "level": diagnosis.level.value}
