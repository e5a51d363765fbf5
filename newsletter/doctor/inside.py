"""What this machine knows by itself: the configuration, the sources, disk, backups, schedule."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

from newsletter.doctor.diagnoses import Diagnosis
from newsletter.doctor.examinee import Examinee, Orders, Remembered
from newsletter.doctor.upkeep import check_backups, check_disk, check_private, check_schedule

BACKUPS = "newsletter-*.db"
"""How `newsletter db backup` names a backup, beside config/."""


def look_at_machine(
    examinee: Examinee, orders: Orders, memory: Remembered | None
) -> Iterator[Diagnosis]:
    """Yield diagnoses on the machine; without `memory`, the database cannot be read."""
    config, file = examinee.config, examinee.database
    size = file.stat().st_size if file is not None and file.exists() else 0
    yield check_disk(shutil.disk_usage, config.root, size)
    backups = list(_backups(examinee, orders))
    yield check_backups(backups, examinee.now, has_file=file is not None)
    if memory is not None:
        yield check_schedule(config.schedule, memory.last, examinee.now)
    own = [file] if file is not None else []
    yield from check_private([*own, *(path for path, _ in backups)])


def _backups(examinee: Examinee, orders: Orders) -> Iterator[tuple[Path, dt.datetime]]:
    """Yield files that are backups, with their times."""
    found = [*examinee.config.root.glob(BACKUPS)]
    for path in orders.backups:
        found += path.iterdir() if path.is_dir() else [path]
    for path in found:
        try:
            if path.is_file() and path != examinee.database:
                yield path, dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        except OSError:
            continue
