"""Which issue is due: days of the week and an hour, in the newsletter's time zone."""

from __future__ import annotations

import datetime as dt

from newsletter.model import Schedule


def due_date(schedule: Schedule, now: dt.datetime) -> dt.date:
    """Return the date of the newest issue that is due at `now`.

    An issue is due from `at` of its day until the next one is: a run at 02:00 with `at: 06:00`
    still belongs to yesterday's issue, and one on Saturday, without Saturday issues, to Friday's.
    An hour that the clocks skip (spring) is due when they have gone past it.
    """
    date = now.astimezone(schedule.zone).date()
    for _ in range(8):
        # fold=0: of an hour that comes twice (autumn) the first counts.
        due = dt.datetime.combine(date, schedule.at, schedule.zone)
        if date.weekday() in schedule.days and due.astimezone(dt.UTC) <= now:
            return date
        date -= dt.timedelta(days=1)
    raise ValueError("a schedule needs at least one day")
