"""What left recently, of every issue and every sender: this is what a mail server counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from newsletter.model import DeliveryState
from newsletter.store.ledger.shards import IN_RANGE
from newsletter.store.ledger.statements import is_in
from newsletter.store.tables import deliveries, issues, shards

_LONGEST: Final = dt.timedelta(days=3)
"""No message leaves so long after its issue was planned: it waits a day at most for its reader's
hour, and another one until it expires."""


def used(connection: sa.Connection, since: dt.datetime, now: dt.datetime) -> Mapping[str, int]:
    """Return how many messages have left since then or are about to, by the address's domain."""
    left = deliveries.c.started_at.between(since, now) & (deliveries.c.started_at > since)
    query = (
        sa.select(deliveries.c.domain, sa.func.count())
        .select_from(active(since))
        .where(left | is_in(DeliveryState.LEASED))
        .group_by(deliveries.c.domain)
    )
    return {domain: count for domain, count in connection.execute(query)}  # noqa: C416  rows are no pairs


def departure(
    connection: sa.Connection, since: dt.datetime, now: dt.datetime, place: int, domain: str
) -> dt.datetime | None:
    """Return when the message at `place` left; 0 is the oldest one since then."""
    query = (
        sa.select(deliveries.c.started_at)
        .select_from(active(since))
        .where(deliveries.c.started_at > since, deliveries.c.started_at <= now)
        .order_by(deliveries.c.started_at)
        .offset(place)
        .limit(1)
    )
    if domain:
        query = query.where(deliveries.c.domain == domain)
    return connection.scalar(query)


def active(since: dt.datetime) -> sa.Join:
    """Return the deliveries of the shards of which something may have left since then.

    So only as many are read as leave in the time of a rate, however long the list is. Only issues
    count that were planned lately, whatever their dates: all of them expire.
    """
    lately = sa.select(issues.c.date).where(issues.c.planned_at > since - _LONGEST)
    is_active = shards.c.issue.in_(lately) & (shards.c.active_until > since)
    return sa.join(shards, deliveries, IN_RANGE & is_active)
