"""Waiting deliveries follow the subscribers: who left gets nothing, who is back gets the issue."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from newsletter.model import LEFT, DeliveryState, IssueState, SubscriberState
from newsletter.store.ledger import halts, moves, shards
from newsletter.store.ledger.statements import move, stay
from newsletter.store.tables import deliveries, issues, subscribers
from newsletter.store.tallies import is_closed


def follow_subscribers(connection: sa.Connection, issue: dt.date, now: dt.datetime) -> None:
    """Cancel waiting deliveries of readers who get no mail now; plan again for returning ones."""
    if is_closed(connection, issue):
        return
    if halts.state_of(connection, issue) is IssueState.CANCELLED:
        moves.cancel(connection, issue, now)
        return
    shards.hold(connection, issue)
    of_issue = deliveries.c.issue == issue
    is_active = subscribers.c.state == SubscriberState.ACTIVE.value
    absent = sa.select(subscribers.c.id).where(~is_active)
    present = sa.select(subscribers.c.id).where(is_active)
    connection.execute(
        move(DeliveryState.CANCELLED, *moves.WAITING)
        .where(of_issue, deliveries.c.subscriber.in_(absent))
        .values(reason=LEFT, changed_at=now)
    )
    back = connection.execute(
        move(DeliveryState.PLANNED, DeliveryState.CANCELLED)
        .where(of_issue, deliveries.c.reason == LEFT, deliveries.c.subscriber.in_(present))
        .values(reason="", next_at=None, changed_at=now)
    )
    if back.rowcount:
        shards.look_again(connection, issue)


def forget_reader(connection: sa.Connection, subscriber: str, now: dt.datetime) -> None:
    """Cancel what waits for a reader, and take the address and name out of what is final."""
    # One look by the key for each issue: no index has deliveries by their readers.
    every = sa.select(issues.c.date)
    mine = deliveries.c.issue.in_(every) & (deliveries.c.subscriber == subscriber)
    connection.execute(
        move(DeliveryState.CANCELLED, *moves.WAITING)
        .where(mine)
        .values(reason=LEFT, next_at=None, changed_at=now)
    )
    connection.execute(_without_address().where(mine))


def forget_erased(connection: sa.Connection) -> None:
    """Take out the addresses of readers who were erased while a mail to them was leaving.

    Nothing leaves of a closed issue.
    """
    leaving = sa.select(issues.c.date).where(issues.c.closed.is_(False))
    erased = sa.select(subscribers.c.id).where(subscribers.c.state == SubscriberState.ERASED.value)
    connection.execute(
        _without_address().where(
            deliveries.c.issue.in_(leaving), deliveries.c.subscriber.in_(erased)
        )
    )


def forget_addresses(connection: sa.Connection, first: dt.date, before: dt.date) -> None:
    """Take the addresses out of final deliveries of issues from `first` to before `before`."""
    of_issues = (deliveries.c.issue >= first) & (deliveries.c.issue < before)
    connection.execute(_without_address().where(of_issues))


def _without_address() -> sa.Update:
    final = [state for state in DeliveryState if not state.is_open]
    nothing = {"email": "", "name": "", "domain": "", "reason": ""}
    return stay(*final).where(deliveries.c.email != "").values(nothing)
