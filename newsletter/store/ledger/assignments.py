"""Shards as they are given to workers: which are ready, who is at which, which were abandoned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from newsletter.model import DeliveryState, Fate
from newsletter.store.columns import Moment
from newsletter.store.ledger.shards import IN_RANGE
from newsletter.store.ledger.statements import is_in
from newsletter.store.tables import deliveries, shards

_S = DeliveryState
_SHARD = shards.c


def ready(connection: sa.Connection, issue: dt.date, now: dt.datetime) -> tuple[int, ...]:
    """Return the shards of an issue in which something is due, and at which nobody is."""
    query = (
        sa.select(_SHARD.number)
        .where(_SHARD.issue == issue, _SHARD.ready_at <= now, _SHARD.sender.is_(None))
        .order_by(_SHARD.number)
    )
    return tuple(connection.scalars(query))


def take(connection: sa.Connection, issue: dt.date, shard: int, sender: str) -> bool:
    """Write who is at a shard; return whether it was free."""
    mine = _this(issue, shard) & (_SHARD.sender.is_(None) | (_SHARD.sender == sender))
    return bool(connection.execute(shards.update().where(mine).values(sender=sender)).rowcount)


def leave(
    connection: sa.Connection,
    issue: dt.date,
    shard: int,
    sender: str,
    rest: dt.datetime | None = None,
) -> None:
    """Give a shard back, if it is still the sender's; nobody shall take it before `rest`."""
    mine = _this(issue, shard) & (_SHARD.sender == sender)
    # Locked before it is looked at what is leased: somebody else may be about to claim of it.
    connection.execute(sa.select(_SHARD.number).where(mine).with_for_update()).all()
    values: dict[str, object] = {"sender": None, "active_until": _last_start()}
    if rest is not None:
        values["ready_at"] = sa.case((_SHARD.ready_at < rest, rest), else_=_SHARD.ready_at)
    connection.execute(shards.update().where(mine).values(values))


def abandoned(
    connection: sa.Connection, issue: dt.date, fate_of: Callable[[str], Fate]
) -> tuple[tuple[int, str], ...]:
    """Return the shards whose senders are dead, each with the sender's name."""
    query = (
        sa.select(_SHARD.number, _SHARD.sender)
        .where(_SHARD.issue == issue, _SHARD.sender.is_not(None))
        .order_by(_SHARD.number)
    )
    return tuple(
        (number, sender)
        for number, sender in connection.execute(query)
        if sender is not None and fate_of(sender) is not Fate.ALIVE
    )


def held(connection: sa.Connection, sender: str) -> tuple[tuple[dt.date, int], ...]:
    """Return the issues and numbers of the shards that a sender has taken."""
    query = sa.select(_SHARD.issue, _SHARD.number).where(_SHARD.sender == sender)
    found = connection.execute(query.order_by(_SHARD.issue, _SHARD.number))
    return tuple((issue, number) for issue, number in found)


def holders(connection: sa.Connection) -> tuple[tuple[str, dt.datetime | None], ...]:
    """Return who holds deliveries, and until when; and who is at a shard.

    It looks only into shards of which not all is final.
    """
    until = sa.func.max(deliveries.c.lease_until, type_=Moment)
    leases = (
        sa.select(deliveries.c.lease_owner, until)
        .select_from(sa.join(shards, deliveries, IN_RANGE))
        .where(_SHARD.ready_at.is_not(None), is_in(_S.LEASED, _S.DATA_STARTED))
        .group_by(deliveries.c.lease_owner)
    )
    taken = sa.select(_SHARD.sender, sa.null()).where(_SHARD.sender.is_not(None)).distinct()
    found = [*connection.execute(leases), *connection.execute(taken)]
    return tuple((owner, until) for owner, until in found if owner)


def _last_start() -> sa.ColumnElement[dt.datetime | None]:
    """Return when the last message of a shard began to leave, unless some may still do."""
    mine = sa.select(deliveries.c.subscriber).where(IN_RANGE, is_in(_S.LEASED)).correlate(shards)
    last = sa.select(sa.func.max(deliveries.c.started_at)).where(IN_RANGE).correlate(shards)
    return sa.case((mine.exists(), _SHARD.active_until), else_=last.scalar_subquery())


def _this(issue: dt.date, shard: int) -> sa.ColumnElement[bool]:
    return (_SHARD.issue == issue) & (_SHARD.number == shard)
