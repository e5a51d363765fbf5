"""When the hours that readers chose begin, put beside the table of subscribers for a plan."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from newsletter.model import ANY_HOUR, SubscriberState
from newsletter.model.hours import known_zone, next_hour
from newsletter.store.columns import Moment, Text
from newsletter.store.tables import subscribers

reader_hours = sa.Table(
    "reader_hour",
    sa.MetaData(),
    sa.Column("timezone", Text, primary_key=True),
    sa.Column("hour", sa.Integer, primary_key=True),
    sa.Column("not_before", Moment, nullable=False),
    prefixes=["TEMPORARY"],
)
"""When each hour begins, by the time zone; only those that do not go on now."""

THEIRS = (reader_hours.c.timezone == subscribers.c.timezone) & (
    reader_hours.c.hour == subscribers.c.hour
)
"""True of a subscriber and the hour that they chose."""


@contextlib.contextmanager
def staged_hours(connection: sa.Connection, now: dt.datetime, timezone: str) -> Iterator[None]:
    """Have the table of hours for a while; `timezone` is that of readers who chose none."""
    reader_hours.create(connection)
    begins = hours_to_come(connection, now, timezone)
    if begins:
        connection.execute(
            reader_hours.insert(),
            [
                {"timezone": zone, "hour": hour, "not_before": moment}
                for (zone, hour), moment in begins.items()
            ],
        )
    yield
    reader_hours.drop(connection)


def hours_to_come(
    connection: sa.Connection, now: dt.datetime, timezone: str
) -> Mapping[tuple[str, int], dt.datetime]:
    """Return when each chosen hour begins, by time zone and hour; without those that go on now."""
    query = (
        sa.select(subscribers.c.timezone, subscribers.c.hour)
        .distinct()
        .where(subscribers.c.state == SubscriberState.ACTIVE.value, subscribers.c.hour != ANY_HOUR)
    )
    found = {
        (zone, hour): next_hour(hour, ZoneInfo(known_zone(zone) or timezone), now)
        for zone, hour in connection.execute(query)
    }
    return {chosen: moment for chosen, moment in found.items() if moment}
