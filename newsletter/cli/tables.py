"""Tables without border lines, in the style of all commands; on narrow terminals, lists."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table

NARROW = 60
"""Columns of a terminal below which a table with long cells is a list: words stay whole there."""
FEW = 2
"""Columns of a table that fits everywhere."""


class FoldingTable(Table):
    """A table; on a narrow terminal it is a list, with a line for each cell of a row."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, or the list."""
        if options.max_width >= NARROW or len(self.columns) <= FEW:
            yield from super().__rich_console__(console, options)
            return
        for row in zip(*(column.cells for column in self.columns), strict=True):
            for line in self._lines(row):
                yield from console.render(line, options)

    def _lines(self, row: tuple[RenderableType, ...]) -> Iterator[str]:
        """Yield a row's first cell, and below it the others that say something."""
        first, *others = map(str, row)
        yield f"[bold]{first}[/]"
        for column, cell in zip(self.columns[1:], others, strict=True):
            if cell.strip():
                name = f"[dim]{column.header}:[/] " if column.header else ""
                yield f"  {name}{cell}"


def new_table(*columns: str) -> Table:
    """Return an empty table with a column for each name; `name:right` aligns a column right."""
    table = FoldingTable(
        box=None, pad_edge=False, show_header=True, header_style="bold dim", padding=(0, 2, 0, 0)
    )
    for column in columns:
        name, _, side = column.partition(":")
        table.add_column(name, justify="right" if side else "left", overflow="fold")
    return table
