"""Lists of other programs, once they are staged: who comes, and who must not be mailed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from newsletter.model import Origin, SubscriberState
from newsletter.store.dialects import inserting
from newsletter.store.lists import barred, insert_new, listed, was_erased
from newsletter.store.tables import subscribers, suppressions

NAMED: Final = 100
"""Most addresses that are named of one kind."""
_LEFT = SubscriberState.LEFT.value
_HERE = (SubscriberState.ACTIVE.value, SubscriberState.PAUSED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import has brought."""

    new: int = 0
    paused: int = 0
    """New ones among them who are paused: they get nothing until they go on."""
    known: int = 0
    """Addresses that were subscribers before: they stay as they are."""
    left: int = 0
    """Addresses of people who left: they stay away."""
    suppressed: int = 0
    """New ones among them that must not be mailed, for they bounced or complained."""
    both: int = 0
    """Addresses of people who come by one list and have gone by another: they are not added."""
    barred: int = 0
    """Addresses that must not be mailed from now on."""
    barred_before: int = 0
    """Addresses that the list says must not be mailed, as was known."""
    lost: int = 0
    """Subscribers among those barred now, who got mail until now."""
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The first addresses of `left`, `suppressed`, `both` and `lost`."""


def bring(connection: sa.Connection, origin: Origin, now: dt.datetime) -> Imported:
    """Add those of the staged list who are not known yet, and bar whom it says are gone."""
    both = _named(connection, _is_gone())
    withdrawn = _count(connection, _is_gone())
    connection.execute(listed.delete().where(_is_gone()))
    here = sa.exists().where(subscribers.c.address == listed.c.address)
    left = sa.or_(
        sa.exists().where(subscribers.c.address == listed.c.address, subscribers.c.state == _LEFT),
        sa.and_(~here, was_erased()),
    )
    is_barred = sa.exists().where(suppressions.c.email == listed.c.address)
    dumb = sa.and_(~here, ~was_erased(), is_barred)
    named = {"left": _named(connection, left), "suppressed": _named(connection, dumb)}
    gone, suppressed = _count(connection, left), _count(connection, dumb)
    known = _count(connection, here) + _count(connection, sa.and_(~here, was_erased())) - gone
    paused = _count(connection, ~here & ~was_erased() & listed.c.is_paused)
    new = connection.execute(insert_new(connection, origin.value, now)).rowcount
    lost = _lost(connection)
    named |= {"both": both, "lost": lost[:NAMED]}
    said = connection.scalar(sa.select(sa.func.count()).select_from(barred)) or 0
    added = bar(connection)
    return Imported(
        new=new, paused=paused, known=known, left=gone, suppressed=suppressed, both=withdrawn,
        barred=added, barred_before=said - added, lost=len(lost),
        named={kind: some for kind, some in named.items() if some},
    )  # fmt: skip


def bar(connection: sa.Connection) -> int:
    """Suppress the staged addresses; return how many were not suppressed before."""
    columns = [column.name for column in barred.columns]
    # `WHERE true`: SQLite would take ON CONFLICT for a part of a join.
    rows = sa.select(barred).where(sa.true()).order_by(barred.c.email)
    insert = inserting(connection, suppressions).from_select(columns, rows)
    return connection.execute(insert.on_conflict_do_nothing(index_elements=["email"])).rowcount


def _is_gone() -> sa.ColumnElement[bool]:
    """Return whether somebody of the list has gone by another one that is staged."""
    return sa.exists().where(barred.c.email == listed.c.address)


def _lost(connection: sa.Connection) -> tuple[str, ...]:
    """Return the subscribers whose mail ends with the staged list."""
    query = (
        sa.select(subscribers.c.email)
        .join(barred, barred.c.email == subscribers.c.address)
        .where(subscribers.c.state.in_(_HERE))
        .where(~sa.exists().where(suppressions.c.email == barred.c.email))
        .order_by(subscribers.c.address)
    )
    return tuple(connection.scalars(query))


def _count(connection: sa.Connection, where: sa.ColumnElement[bool]) -> int:
    """Return how many of the list fulfil a condition."""
    query: sa.Select[Any] = sa.select(sa.func.count()).select_from(listed).where(where)
    return connection.scalar(query) or 0


def _named(connection: sa.Connection, where: sa.ColumnElement[bool]) -> tuple[str, ...]:
    """Return the first addresses of the list that fulfil a condition."""
    query = sa.select(listed.c.email).where(where).order_by(listed.c.address).limit(NAMED)
    return tuple(connection.scalars(query))
