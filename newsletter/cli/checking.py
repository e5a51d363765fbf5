"""How `check` and `pick --explain` show what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape

from newsletter.cli import account
from newsletter.day.explaining import Explained
from newsletter.doctor.checks import Checked
from newsletter.model import Paper


def show(console: Console, errors: Console, found: Checked) -> None:
    """Show what was found."""
    for text in found.problems:
        account.problem(errors, text)
    for text in found.warnings:
        errors.print(f"[yellow]warning:[/] {escape(text)}", soft_wrap=True)
    account.findings(errors, found.findings)
    if found.config and found.ok:
        config = found.config
        console.print(
            f"[green]all right:[/] sources: {len(config.collecting.sources)}, "
            f"topics: {len(config.choice.topics)}, subscribers: {found.listed}; templates compile "
            "and the issue passes",
            soft_wrap=True,
        )


def as_json(found: Checked) -> dict[str, Any]:
    """Return what was found as plain data."""
    return {
        "ok": found.ok,
        "problems": list(found.problems),
        "warnings": list(found.warnings),
        "findings": [asdict(one) for one in found.findings],
    }


def show_explained(console: Console, paper: Paper, found: Sequence[Explained]) -> None:
    """Show all parts of a paper's score under each topic, also where it was not picked."""
    console.print(f"[bold]{escape(paper.title)}[/]\n[dim]{escape(' · '.join(paper.keys))}[/]")
    for one in found:
        total = f"{one.pick.score.total:.3f}" if one.pick else "  –  "
        console.print(f"\n[bold]{escape(one.topic.title)}[/]  {total}  {escape(one.verdict)}")
        for part in one.pick.score.parts if one.pick else ():
            value = f"{part.points:+.3f}  {part.signal} {part.value:.2f}"
            console.print(f"  {value}  [dim]{escape(part.reason)}[/]")


def explained_json(paper: Paper, found: Sequence[Explained]) -> dict[str, Any]:
    """Return the same as plain data."""
    return {
        "paper": paper.id,
        "title": paper.title,
        "topics": [
            {
                "topic": one.topic.name,
                "verdict": one.verdict,
                "score": one.pick.score.total if one.pick else None,
                "parts": [asdict(part) for part in one.pick.score.parts] if one.pick else [],
            }
            for one in found
        ],
    }
