"""How the health of sources is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from newsletter.cli.tables import new_table
from newsletter.model import Health


def words(health: Health, now: dt.datetime) -> str:
    """Return what in a source's health needs attention, or an empty string."""
    if health.failures:
        worked = f"last worked on {health.last_good:%Y-%m-%d}" if health.last_good else ""
        return worked or "never worked so far"
    if health.is_stale(now) and health.last_new:
        return f"silent since {health.last_new:%Y-%m-%d}: is it still kept up?"
    return ""


def show(console: Console, known: Iterable[tuple[str, Health]], now: dt.datetime) -> None:
    """Show what is remembered of each source."""
    table = new_table("Source", "Last good day", "Last new paper", "New per day:right", "")
    for name, health in known:
        good, new = (
            f"{moment:%Y-%m-%d}" if moment else "never"
            for moment in (health.last_good, health.last_new)
        )
        said = [health.last_error] if health.last_error else []
        said += ["retired: gone for good"] if health.retired else []
        said += [f"moved to {health.moved_to}"] if health.moved_to else []
        stale = "" if health.failures else words(health, now)
        said += [stale] if stale else []
        colour = "red" if health.failures or health.retired else "yellow" if stale else "dim"
        table.add_row(
            escape(name),
            good,
            new,
            f"{health.papers_per_day:.1f}",
            f"[{colour}]{escape(' · '.join(said))}[/]",
        )
    console.print(table)


def as_json(name: str, health: Health, now: dt.datetime) -> dict[str, object]:
    """Return what is remembered of a source as plain data."""
    return {
        "source": name,
        "last_good": health.last_good,
        "last_new": health.last_new,
        "papers_per_day": round(health.papers_per_day, 2),
        "stale": health.is_stale(now),
        "failures": health.failures,
        "last_error": health.last_error,
        "retired": health.retired,
        "moved_to": health.moved_to,
    }
