"""When arXiv announces what."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.collect.kinds.calendar import (
    ANNOUNCED,
    EASTERN,
    announcements,
    is_announcement_day,
    latest,
    submitted,
)


def eastern(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=EASTERN)


def test_batches_come_sunday_to_thursday_evening() -> None:
    """Five a week, at 20:00 in the east of the US, in summer and winter time."""
    week = announcements(eastern("2026-03-07T00:00"), eastern("2026-03-14T00:00"))

    assert [f"{moment:%a %H:%M}" for moment in week] == [
        f"{day} 20:00" for day in ("Sun", "Mon", "Tue", "Wed", "Thu")
    ]
    # The clocks changed on that Sunday: 20:00 was an hour earlier in UTC from then on.
    assert week[0].astimezone(dt.UTC).hour == 0
    assert latest(eastern("2026-03-06T12:00")).astimezone(dt.UTC).hour == 1


@pytest.mark.parametrize(
    "date", ["2026-01-01", "2026-01-19", "2026-09-07", "2026-11-26", "2025-12-25"]
)
def test_holidays_have_no_announcement(date: str) -> None:
    """New Year, Martin Luther King Day, Labor Day, Thanksgiving, Christmas."""
    assert not is_announcement_day(dt.date.fromisoformat(date))


@pytest.mark.parametrize(
    ("batch", "since", "until"),
    [
        ("2026-03-17T20:00", "2026-03-16T14:00", "2026-03-17T14:00"),  # Tuesday
        ("2026-03-16T20:00", "2026-03-13T14:00", "2026-03-16T14:00"),  # Monday: the weekend's
        ("2026-03-15T20:00", "2026-03-12T14:00", "2026-03-13T14:00"),  # Sunday: Friday's
        ("2026-01-20T20:00", "2026-01-16T14:00", "2026-01-20T14:00"),  # after a holiday Monday
    ],
)
def test_what_was_submitted_for_a_batch(batch: str, since: str, until: str) -> None:
    """Papers until 14:00 are in that evening's; a holiday's wait for the next."""
    assert submitted(eastern(batch)) == (eastern(since), eastern(until))


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2090, 1, 1)), st.integers(0, 40))
def test_every_submission_is_in_exactly_one_batch(start: dt.datetime, days: int) -> None:
    """Batches follow each other without a gap, over weekends, holidays and clock changes."""
    since = start.replace(tzinfo=dt.UTC)

    batches = announcements(since, since + dt.timedelta(days=days))

    spans = [submitted(batch) for batch in batches]
    assert all(earlier[1] == later[0] for earlier, later in pairwise(spans))
    assert all(batch.time() == ANNOUNCED for batch in batches)
    assert all(span[0] < span[1] < batch for span, batch in zip(spans, batches, strict=True))
