"""Tables without border lines, in the style of all commands."""

from __future__ import annotations

from rich.table import Table


def new_table(*columns: str) -> Table:
    """Return an empty table with a column for each name; `name:right` aligns a column right."""
    table = Table(
        box=None, pad_edge=False, show_header=True, header_style="bold dim", padding=(0, 2, 0, 0)
    )
    for column in columns:
        name, _, side = column.partition(":")
        table.add_column(name, justify="right" if side else "left", overflow="fold")
    return table
