"""The faults kept under outbox/faults/, as an editor reads them: the first line of each."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

MOST_READ = 2_000
"""Characters of a file that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A fault that was kept."""

    at: dt.datetime
    line: str
    file: str


def latest_faults(folder: Path, limit: int) -> tuple[tuple[Incident, ...], int]:
    """Return the latest faults in a folder, and how many there are in all."""
    paths: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for path in folder.glob("*.txt"):
            with contextlib.suppress(OSError):  # deleted meanwhile, to make room
                paths.append((path.stat().st_mtime, path))
    found: list[Incident] = []
    for when, path in sorted(paths, reverse=True)[:limit]:
        with contextlib.suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
            first = file.read(MOST_READ).partition("\n")[0]
            at = dt.datetime.fromtimestamp(when, dt.UTC)
            found.append(Incident(at=at, line=first, file=path.name))
    return tuple(found), len(paths)
