"""Numbers of days: who came and left, and what readers said about papers. Days are UTC's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from newsletter.model import SubscriberState
from newsletter.store.dialects import day_of
from newsletter.store.tables import feedback, subscribers


def growth(connection: sa.Connection, since: dt.datetime) -> Mapping[dt.date, tuple[int, int]]:
    """Return for each day how many readers came, and how many left, as the list knows it now.

    Who asked for it and has not confirmed did not come; who left and came back counts as there.
    """
    row = subscribers.c
    gone = (SubscriberState.LEFT.value, SubscriberState.ERASED.value)
    came = _by_day(connection, row.consent_at, since, row.state != SubscriberState.PENDING.value)
    left = _by_day(connection, row.changed_at, since, row.state.in_(gone))
    return {day: (came.get(day, 0), left.get(day, 0)) for day in sorted({*came, *left})}


def feedback_days(
    connection: sa.Connection, since: dt.datetime
) -> Mapping[dt.date, Mapping[str, int]]:
    """Return for each day how often each kind of feedback was given."""
    day = day_of(feedback.c.given_at)
    query = (
        sa.select(day, feedback.c.kind, sa.func.count())
        .where(feedback.c.given_at >= since)
        .group_by(day, feedback.c.kind)
        .order_by(day)
    )
    found: dict[dt.date, dict[str, int]] = {}
    for when, kind, count in connection.execute(query):
        found.setdefault(when, {})[kind] = count
    return found


def _by_day(
    connection: sa.Connection,
    moment: sa.ColumnElement[dt.datetime],
    since: dt.datetime,
    also: sa.ColumnElement[bool],
) -> dict[dt.date, int]:
    day = day_of(moment)
    query = sa.select(day, sa.func.count()).where(moment >= since, also).group_by(day)
    return {when: count for when, count in connection.execute(query)}  # noqa: C416  rows are no pairs
