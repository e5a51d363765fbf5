"""What waits follows the list of subscribers: who left gets nothing, who is back gets the issue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection

import sqlalchemy as sa

from newsletter.model import LEFT, DeliveryState, IssueState
from newsletter.store.database import deliveries
from newsletter.store.ledger import halts, moves
from newsletter.store.ledger.statements import is_in, move


def follow_list(
    connection: sa.Connection, issue: dt.date, staying: Collection[str], now: dt.datetime
) -> None:
    """Cancel what waits for those who left the list, and plan again for who is back on it."""
    if halts.state_of(connection, issue) is IssueState.CANCELLED:
        moves.cancel(connection, issue, now)
    cancel_missing(connection, issue, staying, now)
    plan_returned(connection, issue, staying, now)


def cancel_missing(
    connection: sa.Connection, issue: dt.date, staying: Collection[str], now: dt.datetime
) -> int:
    """Cancel what waits for subscribers who are not among `staying` any more; return how many."""
    if not staying:
        return 0
    return _each(
        connection,
        issue,
        lambda subscriber: subscriber not in staying,
        is_in(*moves.WAITING),
        move(DeliveryState.CANCELLED, *moves.WAITING).values(reason=LEFT, changed_at=now),
    )


def plan_returned(
    connection: sa.Connection, issue: dt.date, staying: Collection[str], now: dt.datetime
) -> int:
    """Plan again for those who had left the list, and are among `staying` again."""
    if halts.state_of(connection, issue) is IssueState.CANCELLED:
        return 0
    return _each(
        connection,
        issue,
        lambda subscriber: subscriber in staying,
        is_in(DeliveryState.CANCELLED) & (deliveries.c.reason == LEFT),
        move(DeliveryState.PLANNED, DeliveryState.CANCELLED).values(
            reason="", next_at=None, changed_at=now
        ),
    )


def _each(
    connection: sa.Connection,
    issue: dt.date,
    is_meant: Callable[[str], bool],
    where: sa.ColumnElement[bool],
    statement: sa.Update,
) -> int:
    """Move those deliveries of an issue whose subscribers are meant; return how many."""
    found = sa.select(deliveries.c.subscriber).where(deliveries.c.issue == issue, where)
    count = 0
    for subscriber in filter(is_meant, connection.scalars(found).all()):
        own = (deliveries.c.issue == issue) & (deliveries.c.subscriber == subscriber)
        count += connection.execute(statement.where(own, where)).rowcount
    return count
