"""arXiv's calendar: when batches are announced, and what was submitted for each.

The rules are arXiv's (https://info.arxiv.org/help/availability.html): submissions until 14:00 are
announced at 20:00, Sunday to Thursday, all US Eastern; Friday's wait for Sunday, the weekend's for
Monday. On its holidays nothing is announced and the next batch is larger. arXiv publishes these
year by year; here are those that come back every year. It skips others too: a batch that is missing
is a reason to look, never proof of a fault.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
ANNOUNCED = dt.time(20)
DEADLINE = dt.time(14)
READY = dt.timedelta(hours=6)
"""The feed shows a batch from midnight, four hours after its announcement; two more for delays."""
_DAY = dt.timedelta(days=1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6


def announcements(since: dt.datetime, until: dt.datetime) -> tuple[dt.datetime, ...]:
    """Return the moments after `since`, up to `until`, at which a batch is announced."""
    found = []
    date = since.astimezone(EASTERN).date()
    while date <= until.astimezone(EASTERN).date():
        moment = dt.datetime.combine(date, ANNOUNCED, EASTERN)
        if is_announcement_day(date) and since < moment <= until:
            found.append(moment)
        date += _DAY
    return tuple(found)


def latest(before: dt.datetime) -> dt.datetime:
    """Return the last announcement up to a moment."""
    return announcements(before - 14 * _DAY, before)[-1]


def is_announcement_day(date: dt.date) -> bool:
    """Tell whether a batch is announced on the evening of `date`, US Eastern."""
    return date.weekday() not in (_FRIDAY, _SATURDAY) and not is_holiday(date)


def is_holiday(date: dt.date) -> bool:
    """Tell whether arXiv, at Cornell in the state of New York, keeps `date` as a holiday."""
    fixed = {(1, 1), (6, 19), (7, 4), (12, 25)}
    month, weekday, week = date.month, date.weekday(), (date.day - 1) // 7 + 1
    # Martin Luther King Day, Labor Day, Thanksgiving: the nth weekday of a month.
    moving = {(1, 0, 3), (9, 0, 1), (11, 3, 4)}
    return (month, date.day) in fixed or (month, weekday, week) in moving


def submitted(announcement: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return from when to when papers had to be submitted to be in a batch.

    A batch after a holiday holds the holiday's as well.
    """
    date = announcement.astimezone(EASTERN).date()
    before = latest(announcement - dt.timedelta(seconds=1)).astimezone(EASTERN).date()
    return _deadline(before), _deadline(date)


def _deadline(announced: dt.date) -> dt.datetime:
    """Return until when papers are taken for the batch of an evening: Sunday's closed on Friday."""
    day = announced - 2 * _DAY if announced.weekday() == _SUNDAY else announced
    return dt.datetime.combine(day, DEADLINE, EASTERN)
