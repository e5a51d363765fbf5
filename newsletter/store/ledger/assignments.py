"""Shards as they are given to workers: which are ready, who is at which, which were abandoned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from newsletter.model import Fate
from newsletter.store.tables import shards

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
    connection: sa.Connection, issue: dt.date, shard: int, sender: str, rest: dt.datetime | None
) -> None:
    """Give a shard back, if it is still the sender's; nobody shall take it before `rest`."""
    mine = _this(issue, shard) & (_SHARD.sender == sender)
    values: dict[str, object] = {"sender": None}
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


def _this(issue: dt.date, shard: int) -> sa.ColumnElement[bool]:
    return (_SHARD.issue == issue) & (_SHARD.number == shard)
