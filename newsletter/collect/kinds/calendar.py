"""arXiv's calendar: when batches are announced, and what was submitted for each.

The rules are arXiv's (https://info.arxiv.org/help/availability.html), all in US Eastern time.
Papers submitted by 14:00 are announced at 20:00, Sunday to Thursday; Friday's are announced on
Sunday, the weekend's on Monday. On its holidays arXiv announces nothing, and the next batch is
larger. arXiv publishes its holidays each year; this module knows those that recur every year. arXiv
skips other days too, so a missing batch is a reason to look, never proof of a fault.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
ANNOUNCED = dt.time(20)
DEADLINE = dt.time(14)
READY = dt.timedelta(hours=6)
"""After an announcement, the feed shows the batch in 4 hours, at midnight; 2 more for delays."""
_DAY = dt.timedelta(days=1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6


def announcements(since: dt.datetime, until: dt.datetime) -> tuple[dt.datetime, ...]:
    """Return when batches are announced after `since`, up to and including `until`."""
    found = []
    date = since.astimezone(EASTERN).date()
    while date <= until.astimezone(EASTERN).date():
        moment = dt.datetime.combine(date, ANNOUNCED, EASTERN)
        if is_announcement_day(date) and since < moment <= until:
            found.append(moment)
        date += _DAY
    return tuple(found)


def latest(before: dt.datetime) -> dt.datetime:
    """Return the last announcement at or before a moment."""
    return announcements(before - 14 * _DAY, before)[-1]


def is_announcement_day(date: dt.date) -> bool:
    """Return whether a batch is announced on the evening of `date`, US Eastern."""
    return date.weekday() not in (_FRIDAY, _SATURDAY) and not is_holiday(date)


def is_holiday(date: dt.date) -> bool:
    """Return whether `date` is a holiday of arXiv (Cornell University, state of New York)."""
    fixed = {(1, 1), (6, 19), (7, 4), (12, 25)}
    month, weekday, week = date.month, date.weekday(), (date.day - 1) // 7 + 1
    # Martin Luther King Day, Labor Day, Thanksgiving: the nth weekday of a month.
    moving = {(1, 0, 3), (9, 0, 1), (11, 3, 4)}
    return (month, date.day) in fixed or (month, weekday, week) in moving


def submitted(announcement: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return the first and the last moment at which papers of a batch were submitted.

    A batch after a holiday also holds the papers of the holiday.
    """
    date = announcement.astimezone(EASTERN).date()
    before = latest(announcement - dt.timedelta(seconds=1)).astimezone(EASTERN).date()
    return _deadline(before), _deadline(date)


def _deadline(announced: dt.date) -> dt.datetime:
    """Return when submission closed for the batch announced on a date: for Sunday's, on Friday."""
    day = announced - 2 * _DAY if announced.weekday() == _SUNDAY else announced
    return dt.datetime.combine(day, DEADLINE, EASTERN)
