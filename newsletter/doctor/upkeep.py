"""The machine: room on the disk, backups, private files, and whether the newsletter is run."""

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from newsletter.doctor.diagnoses import Diagnosis, Group
from newsletter.model import Schedule
from newsletter.schedule import due_at, due_date, next_date

MACHINE: Final = Group("machine")
FULL: Final = 100_000_000
"""Free bytes below which databases begin to fail."""
LITTLE: Final = 1_000_000_000
"""Free bytes below which somebody should look, or twice the database: an upgrade copies it."""
OLD_BACKUP: Final = dt.timedelta(days=8)
LATE: Final = dt.timedelta(hours=3)
"""After the hour of an issue: cron may run once an hour, and a day takes its time."""


class Usage(NamedTuple):
    """Bytes of a disk, as `shutil.disk_usage` tells them."""

    total: int
    used: int
    free: int


def check_disk(
    usage: Callable[[Path], tuple[int, int, int]], folder: Path, database: int
) -> Diagnosis:
    """Return whether there is room for `folder` to grow; `database` is its size in bytes."""
    try:
        free = Usage(*usage(folder)).free
    except OSError as error:
        return MACHINE.error("disk", f"{folder}: {error.strerror or error}")
    told = f"{free / 1e9:,.1f} GB free below {folder}"
    mend = "make room: delete old issues in outbox/, or keep less (`keep:` in newsletter.yaml)"
    if free < FULL:
        return MACHINE.error("disk", f"{told}: the database cannot be written any more soon", mend)
    if free < max(LITTLE, 2 * database):
        return MACHINE.warning("disk", told, mend)
    return MACHINE.good("disk", told)


def check_backups(
    files: Iterable[tuple[Path, dt.datetime]], now: dt.datetime, *, has_file: bool
) -> Diagnosis:
    """Return how old the newest backup is: `files` are those that were found, with their times.

    `has_file` tells whether the database is a file, which nothing but we back up.
    """
    newest = max(files, key=lambda found: found[1], default=None)
    mend = "from cron, each night: `newsletter db backup FILE --force`"
    if newest is None:
        if not has_file:
            return MACHINE.not_checked("backups", "PostgreSQL has backups of its own")
        return MACHINE.notice(
            "backups", "none found beside config/", f"{mend}; `--backups` names where they are"
        )
    path, moment = newest
    told = f"the newest is of {moment:%Y-%m-%d}: {path}"
    if now - moment > OLD_BACKUP:
        return MACHINE.warning("backups", told, mend)
    return MACHINE.good("backups", told)


def check_schedule(schedule: Schedule, last: dt.datetime | None, now: dt.datetime) -> Diagnosis:
    """Return whether somebody runs the newsletter: `last` is when sources were last visited.

    A day without papers sends nothing, so whether there is an issue does not tell.
    """
    due = due_date(schedule, now)
    next_ = next_date(schedule, now)
    told = f"the next issue is due on {next_:%a %Y-%m-%d} at {schedule.at:%H:%M}"
    if last is None:
        return MACHINE.notice(
            "schedule",
            f"nothing was run yet; {told}",
            "cron, `newsletter worker` or `newsletter "
            "serve` runs it each day: docs/how-to/deploy.md",
        )
    begin = due_at(schedule, due)
    if last < begin and now - begin > LATE:
        return MACHINE.error(
            "schedule",
            f"the issue of {due} was due, and sources were last visited "
            f"{last.astimezone(schedule.zone):%Y-%m-%d %H:%M}: nobody runs it",
            "look at cron and its mail, or at the service of `newsletter worker` or `serve`",
        )
    when = f"{last.astimezone(schedule.zone):%Y-%m-%d %H:%M}"
    return MACHINE.good("schedule", f"last run {when}; {told}")


def check_private(paths: Iterable[Path]) -> Iterator[Diagnosis]:
    """Yield which files with addresses of readers others on this machine can read."""
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWOTH):
            yield MACHINE.warning(
                "private files",
                f"{path} can be read by others on this machine",
                f"chmod 600 {path}",
            )
