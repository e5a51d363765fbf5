"""Which issue is due, and which papers belong to it: days and an hour in the newsletter's zone."""

from __future__ import annotations

import datetime as dt

from newsletter.model import IssueWindow, Schedule


def due_date(schedule: Schedule, now: dt.datetime) -> dt.date:
    """Return the date of the newest issue that is due at `now`.

    An issue is due from `at` of its day until the next one is: a run at 02:00 with `at: 06:00`
    still belongs to yesterday's issue, and one on Saturday, without Saturday issues, to Friday's.
    An hour that the clocks skip (spring) is due when they have gone past it.
    """
    date = now.astimezone(schedule.zone).date()
    for _ in range(8):
        if date.weekday() in schedule.days and due_at(schedule, date) <= now:
            return date
        date -= dt.timedelta(days=1)
    raise ValueError("a schedule needs at least one day")


def due_at(schedule: Schedule, date: dt.date) -> dt.datetime:
    """Return the moment, in UTC, from which the issue of `date` is due."""
    # fold=0: of an hour that comes twice (autumn) the first counts.
    return dt.datetime.combine(date, schedule.at, schedule.zone).astimezone(dt.UTC)


def issue_window(schedule: Schedule, date: dt.date, max_age_days: int) -> IssueWindow:
    """Return which papers belong to the issue of `date`.

    Every paper belongs to the first issue after it was seen: one that comes late, after the hour
    but before the issue is made, is still in it, and what no issue took because the machine was
    off waits for the next one, unless it has grown too old meanwhile.
    """
    following = date + dt.timedelta(days=1)
    while following.weekday() not in schedule.days:
        following += dt.timedelta(days=1)
    return IssueWindow(
        date=date,
        until=due_at(schedule, following),
        oldest=due_at(schedule, date) - dt.timedelta(days=max_age_days),
    )
