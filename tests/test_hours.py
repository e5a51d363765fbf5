"""The hours of readers: when it is that hour where they live."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.hours import known_zone, next_hour

BERLIN = "Europe/Berlin"
QUARTER = dt.timedelta(minutes=15)
"""Clocks change, and hours begin, only at quarters of an hour."""
ZONES = (
    "UTC", BERLIN, "America/New_York", "America/Santiago", "Africa/Cairo", "Africa/Casablanca",
    "Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati",
)  # fmt: skip


def told(hour: int, now: str, zone: str = BERLIN) -> str:
    """Return the moment in UTC, or `now`."""
    found = next_hour(hour, ZoneInfo(zone), dt.datetime.fromisoformat(now))
    return f"{found:%m-%d %H:%M}" if found else "now"


@pytest.mark.parametrize(
    ("hour", "now", "expected"),
    [
        (9, "2026-11-24T05:00+00:00", "11-24 08:00"),  # it is 06:00 in Berlin
        (6, "2026-11-24T05:59+00:00", "now"),  # 06:59
        (6, "2026-11-24T06:00+00:00", "11-25 05:00"),  # 07:00: the hour is over
        (5, "2026-11-24T05:00+00:00", "11-25 04:00"),
        (0, "2026-11-24T22:30+00:00", "11-24 23:00"),
        (23, "2026-11-24T23:30+00:00", "11-25 22:00"),
        # In spring, 02:00 to 03:00 is skipped: that hour begins when the clocks have passed it.
        (2, "2026-03-29T00:30+00:00", "03-29 01:00"),
        (2, "2026-03-29T01:30+00:00", "now"),
        (2, "2026-03-29T02:00+00:00", "03-30 00:00"),
        (8, "2026-03-28T20:00+00:00", "03-29 06:00"),
        # In autumn it comes twice: the first one counts, and the second is that hour, too.
        (2, "2026-10-24T22:30+00:00", "10-25 00:00"),
        (2, "2026-10-25T00:30+00:00", "now"),
        (2, "2026-10-25T01:30+00:00", "now"),
        (2, "2026-10-25T02:00+00:00", "10-26 01:00"),
    ],
)
def test_an_hour_begins_where_the_reader_lives(hour: int, now: str, expected: str) -> None:
    """While it lasts, there is nothing to wait for; once it is over, the next day's counts."""
    assert told(hour, now) == expected


@given(
    st.datetimes(dt.datetime(2011, 12, 25), dt.datetime(2035, 1, 1)),
    st.integers(0, 23),
    st.sampled_from(ZONES),
)
def test_it_is_that_hour_then_and_not_before(now: dt.datetime, hour: int, zone: str) -> None:
    """Held against every quarter of an hour that follows, over all changes of the clocks."""
    assert is_right(now.replace(tzinfo=dt.UTC), hour, zone)


@given(
    st.sampled_from(
        [
            ("2026-03-29T01:00", BERLIN), ("2026-10-25T01:00", BERLIN),
            ("2026-03-08T07:00", "America/New_York"), ("2026-11-01T06:00", "America/New_York"),
            ("2026-10-03T15:30", "Australia/Lord_Howe"), ("2026-04-04T15:00", "Australia/Lord_Howe"),
            ("2026-04-23T22:00", "Africa/Cairo"), ("2026-10-29T21:00", "Africa/Cairo"),
            ("2026-09-06T04:00", "America/Santiago"), ("2026-04-05T03:00", "America/Santiago"),
            ("2011-12-30T10:00", "Pacific/Apia"),
        ]
    ),
    st.integers(-2_000, 300),
    st.integers(0, 23),
)  # fmt: skip
def test_the_same_around_changes_of_the_clocks(
    change: tuple[str, str], minutes: int, hour: int
) -> None:
    """Skipped hours, doubled hours, and the day that Samoa left out."""
    moment = dt.datetime.fromisoformat(change[0]).replace(tzinfo=dt.UTC)
    assert is_right(moment + dt.timedelta(minutes=minutes), hour, change[1])


def is_right(now: dt.datetime, hour: int, name: str) -> bool:
    """Hold `next_hour` against every quarter of an hour around a moment."""
    zone = ZoneInfo(name)

    def wall(moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(zone).replace(tzinfo=None)

    def begins(moment: dt.datetime) -> bool:
        """Whether the hour begins at a quarter, or the clocks pass the whole of it there."""
        before, here = wall(moment - QUARTER), wall(moment)
        if here.hour == hour and here.minute == 0:
            return before.hour != hour
        skipped = before + QUARTER
        return skipped < here and any(
            (skipped + number * QUARTER).hour == hour and (skipped + number * QUARTER).minute == 0
            for number in range((here - skipped) // QUARTER)
        )

    found = next_hour(hour, zone, now)

    first = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    if found is None:
        earlier = [first - number * QUARTER for number in range(8)]
        return wall(now).hour == hour or any(begins(moment) for moment in earlier)
    later = (first + number * QUARTER for number in range(1, 200))
    expected = next(moment for moment in later if begins(moment))
    # In Samoa's missing day, each hour stands for the same one of the day after.
    is_it = found == expected or (name == "Pacific/Apia" and wall(found).hour == hour)
    return is_it and dt.timedelta(0) < found - now <= dt.timedelta(hours=49)


@pytest.mark.parametrize("name", ["Mars/Crater", "", ".", "Europe", "\0"])
def test_a_zone_that_there_is_not_is_no_zone(name: str) -> None:
    """Zones are renamed at times; what is stored may name one that is gone."""
    assert known_zone(name) == ""
