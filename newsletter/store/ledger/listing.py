"""The states of deliveries: how many are in each, and which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from newsletter.model import Delivery, DeliveryState, Later
from newsletter.store.ledger.shards import IN_RANGE
from newsletter.store.ledger.statements import is_in
from newsletter.store.tables import deliveries, issues, shards
from newsletter.store.tallies import counted


def counts(connection: sa.Connection, issue: dt.date) -> Mapping[DeliveryState, int]:
    """Return how many deliveries of an issue are in each state."""
    found = {DeliveryState(state): count for state, count in counted(connection, issue).items()}
    return {state: found.get(state, 0) for state in DeliveryState}


def later(connection: sa.Connection, issue: dt.date, now: dt.datetime) -> Later:
    """Return how many deliveries wait for the hour that their readers chose, and the next one."""
    query = (
        sa.select(sa.func.count(), sa.func.min(deliveries.c.not_before))
        .select_from(sa.join(shards, deliveries, IN_RANGE))
        .where(
            shards.c.issue == issue,
            shards.c.ready_at.is_not(None),
            is_in(DeliveryState.PLANNED),
            deliveries.c.not_before > now,
        )
    )
    count, first = connection.execute(query).one()
    return Later(count=count, first=first)


def rows(
    connection: sa.Connection, issue: dt.date, states: Collection[DeliveryState]
) -> tuple[Delivery, ...]:
    """Return the deliveries of an issue that are in `states`, sorted by address."""
    query = (
        sa.select(deliveries)
        .where(deliveries.c.issue == issue, is_in(*sorted(states)))
        .order_by(deliveries.c.email)
    )
    return tuple(map(_delivery, connection.execute(query)))


def history(connection: sa.Connection, subscriber: str) -> tuple[Delivery, ...]:
    """Return every delivery to a reader, the latest issue first."""
    query = of_reader(sa.select(deliveries), subscriber)
    return tuple(map(_delivery, connection.execute(query)))


def of_reader(
    query: sa.Select[Any], subscriber: str, *, before: dt.date | None = None
) -> sa.Select[Any]:
    """Return a query for deliveries to a reader only, the latest issue first, `before` a date."""
    dates = sa.select(issues.c.date)
    if before is not None:
        dates = dates.where(issues.c.date < before)
    # One look by the key for each issue: no index has deliveries by their readers.
    return query.where(
        deliveries.c.issue.in_(dates), deliveries.c.subscriber == subscriber
    ).order_by(deliveries.c.issue.desc())


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        issue=row.issue,
        subscriber=row.subscriber,
        email=row.email,
        name=row.name,
        timezone=row.timezone,
        edition=row.edition,
        language=row.language,
        state=DeliveryState(row.state),
        attempt=row.attempt,
        next_at=row.next_at,
        not_before=row.not_before,
        reason=row.reason,
        verdict=row.verdict,
    )
