"""Which issue is due, and which papers belong to it, by day and hour in the newsletter's zone."""

from __future__ import annotations

import datetime as dt

from newsletter.model import IssueWindow, Schedule


def due_date(schedule: Schedule, now: dt.datetime) -> dt.date:
    """Return the date of the newest issue that is due at `now`.

    An issue is due from `at` on its day until the next one is due. With `at: 06:00`, a run at 02:00
    still belongs to yesterday's issue; without Saturday issues, a run on Saturday to Friday's. An
    hour that the clocks skip in spring is due when they have passed it.
    """
    date = now.astimezone(schedule.zone).date()
    for _ in range(8):
        if date.weekday() in schedule.days and due_at(schedule, date) <= now:
            return date
        date -= dt.timedelta(days=1)
    raise ValueError("a schedule needs at least one day")


def next_date(schedule: Schedule, now: dt.datetime) -> dt.date:
    """Return the date of the first issue that is due after `now`."""
    date = now.astimezone(schedule.zone).date()
    while date.weekday() not in schedule.days or due_at(schedule, date) <= now:
        date += dt.timedelta(days=1)
    return date


def due_at(schedule: Schedule, date: dt.date) -> dt.datetime:
    """Return the moment, in UTC, from which the issue of `date` is due."""
    # fold=0: of an hour that comes twice, in autumn, the first one counts.
    return dt.datetime.combine(date, schedule.at, schedule.zone).astimezone(dt.UTC)


def issue_window(schedule: Schedule, date: dt.date, max_age_days: int) -> IssueWindow:
    """Return which papers belong to the issue of `date`.

    Every paper belongs to the first issue after it was seen. A paper that comes after the hour but
    before the issue is made is still in it. If no issue was made because the machine was off, the
    paper waits for the next one, unless it is too old by then.
    """
    following = date + dt.timedelta(days=1)
    while following.weekday() not in schedule.days:
        following += dt.timedelta(days=1)
    return IssueWindow(
        date=date,
        until=due_at(schedule, following),
        oldest=due_at(schedule, date) - dt.timedelta(days=max_age_days),
    )
