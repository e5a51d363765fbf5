"""The moves of many: what senders give back or held when they died, and what is given up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Final

import sqlalchemy as sa

from newsletter.errors import LedgerError
from newsletter.model import Claim, DeliveryState, Fate, IssueState
from newsletter.store.ledger import halts, shards
from newsletter.store.ledger.statements import held, is_in, move, place, stay
from newsletter.store.tables import deliveries, issues
from newsletter.store.tables import shards as table
from newsletter.store.tallies import is_closed

_S = DeliveryState
WAITING: Final = (_S.PLANNED, _S.DEFERRED)
"""States in which a sender may claim a delivery."""
_AGAIN: Final = (_S.FAILED, _S.UNKNOWN)
"""States that only the operator can reopen."""


def release(connection: sa.Connection, claims: Sequence[Claim], now: dt.datetime) -> None:
    """Give back leases whose messages were not sent; the attempt does not count."""
    if not claims:
        return
    statement = (
        move(_S.PLANNED, _S.LEASED)
        .where(held(place))
        .values(
            lease_owner=None,
            lease_until=None,
            attempt=deliveries.c.attempt - 1,
            changed_at=now,
        )
    )
    rows = [
        {
            "day": claim.delivery.issue,
            "who": claim.delivery.subscriber,
            "number": claim.delivery.attempt,
            "owner": claim.owner,
        }
        for claim in sorted(claims, key=lambda claim: claim.delivery.subscriber)
    ]
    connection.execute(statement, rows)
    for issue in sorted({claim.delivery.issue for claim in claims}):
        mine = [claim.delivery for claim in claims if claim.delivery.issue == issue]
        shards.wake(connection, issue, [delivery.subscriber for delivery in mine])


def recover(
    connection: sa.Connection,
    issue: dt.date,
    now: dt.datetime,
    fate_of: Callable[[str], Fate],
    shard: int | None = None,
) -> tuple[int, int]:
    """Free what dead senders held; return how many became planned, and how many unknown."""
    # Only shards of which not all is final: of an issue that is sent, that is none.
    open_ = (table.c.issue == issue) & table.c.ready_at.is_not(None)
    if shard is not None:
        open_ &= table.c.number == shard
    owners = (
        sa.select(deliveries.c.lease_owner)
        .distinct()
        .select_from(sa.join(table, deliveries, shards.IN_RANGE))
        .where(open_, is_in(_S.LEASED, _S.DATA_STARTED))
    )
    freed = {_S.PLANNED: 0, _S.UNKNOWN: 0}
    reason = "the sender stopped after the message had begun to leave"
    waiting: list[str] = []
    for owner in sorted(connection.scalars(owners).all()):
        fate = fate_of(owner)
        doubtful = fate in (Fate.LOST, Fate.AWAY)
        for state in (_S.LEASED, _S.DATA_STARTED):
            after = _S.PLANNED if state is _S.LEASED and not doubtful else _S.UNKNOWN
            statement = (
                move(after, state)
                .where(deliveries.c.issue == issue, deliveries.c.lease_owner == owner)
                .values(lease_owner=None, lease_until=None, changed_at=now)
            )
            if fate not in (Fate.DEAD, Fate.LOST):
                statement = statement.where(deliveries.c.lease_until <= now)
            if after is _S.UNKNOWN:
                statement = statement.values(reason=reason)
            found = connection.scalars(statement.returning(deliveries.c.subscriber)).all()
            freed[after] += len(found)
            waiting += found if after is _S.PLANNED else ()
    if waiting:
        shards.wake(connection, issue, waiting)
    return freed[_S.PLANNED], freed[_S.UNKNOWN]


def expire(
    connection: sa.Connection, issue: dt.date, now: dt.datetime, deadline: dt.datetime
) -> int:
    """Expire planned and deferred deliveries after the issue's `deadline`; return how many.

    Those with an hour have as much time after it as the others have after the plan.
    """
    row = deliveries.c
    planned_at = connection.scalar(sa.select(issues.c.planned_at).where(issues.c.date == issue))
    if planned_at is None or now < deadline:
        return 0
    # An hour is never before the plan: before the deadline, none of them is over.
    over = row.not_before.is_(None) | (row.not_before <= now - (deadline - planned_at))
    shards.hold(connection, issue)
    statement = move(_S.EXPIRED, *WAITING).where(row.issue == issue, over)
    count = connection.execute(statement.values(next_at=None, changed_at=now)).rowcount
    if count:
        shards.look_again(connection, issue)
    return count


def cancel(connection: sa.Connection, issue: dt.date, now: dt.datetime) -> int:
    """Give up an issue and its waiting deliveries; return how many deliveries that is."""
    halts.set_state(connection, issue, IssueState.CANCELLED, "cancelled")
    shards.hold(connection, issue)
    statement = move(_S.CANCELLED, *WAITING).where(deliveries.c.issue == issue)
    values = {"reason": "the issue was cancelled", "changed_at": now}
    count = connection.execute(statement.values(values)).rowcount
    if count:
        shards.look_again(connection, issue)
    return count


def reopen(
    connection: sa.Connection,
    issue: dt.date,
    states: Collection[DeliveryState],
    now: dt.datetime,
    email: str | None,
) -> int:
    """Send failed, unknown or deferred deliveries again; return how many there are."""
    if not set(states) <= {*_AGAIN, _S.DEFERRED}:
        raise LedgerError("only failed, unknown and deferred deliveries can be sent again")
    if halts.state_of(connection, issue) is IssueState.CANCELLED:
        raise LedgerError(f"the issue of {issue} was cancelled, for good: none of it is sent")
    if is_closed(connection, issue):
        raise LedgerError(f"the issue of {issue} is closed: its mails are too old to be sent")
    meant = deliveries.c.issue == issue
    if email is not None:
        meant &= sa.func.lower(deliveries.c.email) == email.lower()
    shards.hold(connection, issue)
    count = 0
    if some := [state for state in _AGAIN if state in states]:
        statement = move(_S.PLANNED, *some).where(meant)
        count += connection.execute(statement.values(next_at=None, changed_at=now)).rowcount
    if _S.DEFERRED in states:
        statement = stay(_S.DEFERRED).where(meant)
        count += connection.execute(statement.values(next_at=now, changed_at=now)).rowcount
    if count:
        shards.look_again(connection, issue)
    return count
