"""How it is told what was deleted because it was old."""

from __future__ import annotations

from dataclasses import asdict

from newsletter.day.results import Forgotten

MEGABYTE = 1_000_000


def line(found: Forgotten) -> str:
    """Return what was deleted because it was old, in one line."""
    rows, files = found.rows, found.files
    told = [
        f"{count:,} {name}"
        for name, count in (
            ("papers", rows.papers),
            ("deliveries", rows.deliveries),
            ("rows of editions", rows.editions),
            ("other rows", rows.picks + rows.keys + rows.answers + rows.sources),
            ("files", files.files),
        )
        if count
    ]
    room = files.size + found.shrunk
    freed = f"; {room / 1e6:,.0f} MB of the disk are free again" if room >= MEGABYTE else ""
    return f"deleted what is old (`keep` in newsletter.yaml): {', '.join(told)}{freed}"


def as_json(found: Forgotten) -> dict[str, int]:
    """Return how many rows and files were deleted because they were old."""
    files = {"files": found.files.files, "bytes": found.files.size + found.shrunk}
    return {**asdict(found.rows), **files}
