"""Which issue is due."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Schedule
from newsletter.schedule import due_at, due_date, issue_window, next_date

EVERY_DAY = frozenset(range(7))


def due(
    now: str, at: str = "06:00", zone: str = "Europe/Berlin", days: frozenset[int] = EVERY_DAY
) -> str:
    schedule = Schedule(at=dt.time.fromisoformat(at), days=days, zone=ZoneInfo(zone))
    return due_date(schedule, dt.datetime.fromisoformat(now)).isoformat()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24T05:00+00:00", "2026-11-24"),  # 06:00 in Berlin
        ("2026-11-24T04:59+00:00", "2026-11-23"),
        ("2026-12-01T00:30+01:00", "2026-11-30"),  # over the end of a month
        ("2027-01-01T05:59+01:00", "2026-12-31"),
        ("2026-07-01T04:00+00:00", "2026-07-01"),  # summer time
    ],
)
def test_an_issue_is_due_from_its_hour(now: str, expected: str) -> None:
    """Before that hour a run still belongs to the day before."""
    assert due(now) == expected


def test_days_without_an_issue_belong_to_the_last_one() -> None:
    """On Saturday and Sunday, Friday's issue is the one to finish."""
    weekdays = frozenset(range(5))

    assert due("2026-11-28T12:00+01:00", days=weekdays) == "2026-11-27"
    assert due("2026-11-30T05:00+01:00", days=weekdays) == "2026-11-27"
    assert due("2026-11-30T07:00+01:00", days=weekdays) == "2026-11-30"


def test_the_hour_that_clocks_skip_and_the_one_that_comes_twice() -> None:
    """In spring 02:30 is due once the clocks are past it; in autumn the first 02:30 counts."""
    assert due("2026-03-29T00:59+00:00", at="02:30") == "2026-03-28"
    assert due("2026-03-29T01:30+00:00", at="02:30") == "2026-03-29"
    assert due("2026-10-25T00:30+00:00", at="02:30") == "2026-10-25"


@given(
    st.datetimes(dt.datetime(2000, 1, 8), dt.datetime(2100, 1, 1)),
    st.sets(st.integers(0, 6), min_size=1),
)
def test_the_due_issue_is_never_ahead_and_at_most_a_week_old(
    now: dt.datetime, days: set[int]
) -> None:
    """At any moment, for any days of the week."""
    moment = now.replace(tzinfo=dt.UTC)
    schedule = Schedule(at=dt.time(6), days=frozenset(days), zone=ZoneInfo("America/New_York"))

    date = due_date(schedule, moment)

    assert date.weekday() in days
    assert dt.timedelta(0) <= moment.astimezone(schedule.zone).date() - date <= dt.timedelta(7)


ZONES = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(
    st.datetimes(dt.datetime(2000, 1, 8), dt.datetime(2090, 1, 1)),
    st.sets(st.integers(0, 6), min_size=1),
    st.times(),
    ZONES,
)
def test_every_moment_belongs_to_exactly_one_issue(
    now: dt.datetime, days: set[int], at: dt.time, zone: str
) -> None:
    """Windows follow each other without gap or overlap: weekends, months, clock changes."""
    moment = now.replace(tzinfo=dt.UTC)
    schedule = Schedule(at=at.replace(second=0), days=frozenset(days), zone=ZoneInfo(zone))

    date = due_date(schedule, moment)
    window = issue_window(schedule, date, 7)

    # What is seen while an issue is the due one is in time for it …
    assert due_at(schedule, date) <= moment < window.until
    # … and the next issue begins where it ends.
    assert due_date(schedule, window.until) > date
    assert due_date(schedule, window.until - dt.timedelta(seconds=1)) == date
    for any_moment in (moment, due_at(schedule, date)):
        assert next_date(schedule, any_moment) == due_date(schedule, window.until)


def test_what_is_too_old_goes_by_the_hour_the_issue_is_due() -> None:
    """In the newsletter's own time zone, over the change of the clocks."""
    schedule = Schedule(at=dt.time(6), days=EVERY_DAY, zone=ZoneInfo("Europe/Berlin"))

    window = issue_window(schedule, dt.date(2026, 3, 30), 2)

    assert window.oldest == dt.datetime(2026, 3, 28, 4, tzinfo=dt.UTC)
    assert window.until == dt.datetime(2026, 3, 31, 4, tzinfo=dt.UTC)
