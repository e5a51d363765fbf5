"""Lists as CSV, written while they are read: however long they are, they need little memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from starlette.responses import Response, StreamingResponse

from newsletter.subscribe.tables import FORMULA

BATCH: Final = 500
"""Rows that are written at a time."""
_ODD: Final = (*FORMULA, "\t", "\r", "\n")
"""How a cell begins that a spreadsheet takes for a formula, perhaps after it has cut spaces."""


def sheet(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Return rows as a CSV file to be kept as `name`."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_written(columns, rows), media_type="text/csv", headers=headers)


def _written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for number, cells in enumerate(rows, 1):
        # Names, reasons and evidence are untrusted text.
        writer.writerow([f"'{cell}" if cell.startswith(_ODD) else cell for cell in cells])
        if number % BATCH == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
