"""How `check` shows what it found."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from newsletter.cli import account
from newsletter.doctor.checks import Checked


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


def as_json(found: Checked) -> dict[str, object]:
    """Return what was found as plain data."""
    return {
        "ok": found.ok,
        "problems": list(found.problems),
        "warnings": list(found.warnings),
        "findings": [asdict(finding) for finding in found.findings],
    }
