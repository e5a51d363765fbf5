"""Subscribers: who gets the newsletter, since when, and what they asked for."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from newsletter.model import (
    ASKED,
    Audience,
    Cadence,
    Origin,
    SignUp,
    SubscriberState,
    Subscription,
    Synchronised,
    Wishes,
    audience_of,
)
from newsletter.store.bringing import Imported, bring
from newsletter.store.database import Database
from newsletter.store.feedback import lessons
from newsletter.store.lists import PERSONAL, chosen_columns, follow, staged
from newsletter.store.suppressions import Suppression
from newsletter.store.tables import subscribers, suppressions
from newsletter.store.wishes import read_wishes

BATCH = 500
"""Subscribers that are read at a time."""
_ACTIVE, _PAUSED = SubscriberState.ACTIVE.value, SubscriberState.PAUSED.value
_LEFT, _PENDING = SubscriberState.LEFT.value, SubscriberState.PENDING.value


class SubscriberStore:
    """Subscribers in the database."""

    def __init__(self, database: Database, new_id: Callable[[], str]) -> None:
        """Use an open `database`; `new_id` makes an id that nobody has, out of [0-9a-f]."""
        self._database = database
        self._new_id = new_id

    # --- Lists ----------------------------------------------------------------------------------

    def follow(self, sign_ups: Iterable[SignUp], now: dt.datetime) -> Synchronised:
        """Make those who came by subscribers.yaml what it says now.

        Who has left by a link, or by the command, stays away though the list names them. Who came
        by another way keeps what they chose. No address may stand twice.
        """
        with staged(self._database, sign_ups, now, self._new_id) as connection:
            return follow(connection, now)

    def bring(
        self,
        found: Iterable[SignUp | Suppression],
        origin: Origin,
        now: dt.datetime,
        *,
        keep: bool = True,
    ) -> Imported:
        """Add those who are not known yet, and suppress the addresses that are found to be barred.

        With `keep` off, only say what that would do. It is done as a whole or not at all, and a
        long list needs little memory. No address may stand twice as one of both kinds.
        """
        with staged(self._database, found, now, self._new_id, keep=keep) as connection:
            return bring(connection, origin, now)

    # --- One of them ----------------------------------------------------------------------------

    def find(self, email: str) -> Subscription | None:
        """Return who has an address, in whatever state."""
        return self._first(sa.select(subscribers).where(subscribers.c.address == email.lower()))

    def with_id(self, subscriber: str) -> Subscription | None:
        """Return who has an id, in whatever state."""
        return self._first(sa.select(subscribers).where(subscribers.c.id == subscriber))

    def choose(self, subscriber: str, name: str, wishes: Wishes, now: dt.datetime) -> bool:
        """Write what a subscriber has chosen on the site; return whether they are there.

        From then on they do not follow subscribers.yaml, which would undo it.
        """
        move = (
            subscribers.update()
            .where(
                subscribers.c.id == subscriber,
                subscribers.c.state.not_in((_PENDING, SubscriberState.ERASED.value)),
            )
            .values(
                **chosen_columns(wishes, subscriber),
                name=name,
                origin=Origin.SITE.value,
                changed_at=now,
            )
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount > 0

    def _first(self, query: sa.Select[Any]) -> Subscription | None:
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
            return _subscriptions(connection, [row])[0] if row else None

    def change(
        self,
        email: str,
        state: SubscriberState,
        by: str,
        now: dt.datetime,
        *,
        until: dt.date | None = None,
    ) -> bool:
        """Bring a subscriber into a state; return whether there is one that may be brought there.

        Nobody gets mail, now or after a pause, who has never confirmed a request from the site.

        `by` is an `Origin` or `LINK`; `until` is when a pause ends.
        """
        # Whom somebody brings back though the list has lost them does not follow the list.
        left_list = (subscribers.c.state == _LEFT) & (subscribers.c.changed_by == Origin.YAML.value)
        origin = sa.case((left_list, Origin.COMMAND.value), else_=subscribers.c.origin)
        move = (
            subscribers.update()
            .where(subscribers.c.address == email.lower(), *_may(state))
            .values(
                state=state.value,
                changed_by=by,
                paused_until=until,
                changed_at=now,
                origin=origin if state is SubscriberState.ACTIVE else subscribers.c.origin,
            )
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount > 0

    def end_pauses(self, today: dt.date, now: dt.datetime) -> int:
        """Let those have mail again whose pause is over; return how many."""
        move = (
            subscribers.update()
            .where(subscribers.c.state == _PAUSED, subscribers.c.paused_until <= today)
            .values(state=_ACTIVE, paused_until=None, changed_at=now)
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount

    # --- Many of them ---------------------------------------------------------------------------

    def counts(self) -> Mapping[SubscriberState, int]:
        """Return how many subscribers are in each state."""
        query = sa.select(subscribers.c.state, sa.func.count()).group_by(subscribers.c.state)
        with self._database.reading() as connection:
            found = {state: count for state, count in connection.execute(query)}  # noqa: C416  rows are no pairs
        return {state: found.get(state.value, 0) for state in SubscriberState}

    def count_barred(self) -> int:
        """Return how many of the active are suppressed, so that no mail reaches them."""
        both = subscribers.join(
            suppressions, suppressions.c.email == sa.func.lower(subscribers.c.email)
        )
        query = sa.select(sa.func.count()).select_from(both).where(subscribers.c.state == _ACTIVE)
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def has_listed(self, *, active: bool = False) -> bool:
        """Return whether anybody came by subscribers.yaml; with `active`, and gets mail now."""
        query = sa.select(subscribers.c.id).where(subscribers.c.origin == Origin.YAML.value)
        if active:
            query = query.where(subscribers.c.state == _ACTIVE)
        with self._database.reading() as connection:
            return connection.scalar(query.limit(1)) is not None

    def audiences(self) -> tuple[Audience, ...]:
        """Return who gets the same, those of one reader alone left out, by name."""
        query = (
            sa.select(subscribers.c.audience, sa.func.count())
            .where(subscribers.c.state == _ACTIVE, subscribers.c.audience < PERSONAL)
            .group_by(subscribers.c.audience)
            .order_by(subscribers.c.audience)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(audience_of(name, count) for name, count in rows)

    def first_of(self, audience: str) -> Subscription | None:
        """Return somebody of an audience."""
        query = (
            sa.select(subscribers)
            .where(subscribers.c.state == _ACTIVE, subscribers.c.audience == audience)
            .order_by(subscribers.c.address)
            .limit(1)
        )
        return self._first(query)

    def called(self, text: str, limit: int) -> tuple[Subscription, ...]:
        """Return some who get mail and have a text in their address or name, by address."""
        row, wanted = subscribers.c, text.lower()
        # A text, no column: few rows are wanted, so it is faster to read all as they are stored.
        address = row.address.concat("")
        query = sa.select(subscribers).where(
            row.state.concat("") == _ACTIVE,
            address.contains(wanted, autoescape=True)
            | sa.func.lower(row.name).contains(wanted, autoescape=True),
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(address).limit(limit)).all()
            return _subscriptions(connection, rows)

    def personal(self, size: int = BATCH) -> Iterator[tuple[Subscription, ...]]:
        """Yield those who get an edition of their own, `size` at a time, in the order of ids."""
        query = sa.select(subscribers).where(subscribers.c.state == _ACTIVE)
        return self._batches(query, subscribers.c.audience, PERSONAL, size)

    def count_personal(self, after: str, cadences: Collection[Cadence]) -> int:
        """Return how many get an edition of their own, of audiences behind one, by name.

        Only those who want mail as often as `cadences` say.
        """
        query = sa.select(sa.func.count()).where(
            subscribers.c.state == _ACTIVE,
            subscribers.c.audience > max(after, PERSONAL),
            subscribers.c.cadence.in_([cadence.value for cadence in cadences]),
        )
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def with_ids(self, ids: Collection[str]) -> tuple[Subscription, ...]:
        """Return those among some subscribers who get mail at this moment, in the order of ids."""
        query = sa.select(subscribers).where(
            subscribers.c.id.in_(ids), subscribers.c.state == _ACTIVE
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(subscribers.c.id)).all()
            return _subscriptions(connection, rows)

    def all(
        self,
        *,
        states: Collection[SubscriberState] = (),
        origins: Collection[Origin] = (),
        text: str = "",
    ) -> Iterator[Subscription]:
        """Yield subscribers by address: of some states and origins, with a text in it.

        Those who were erased only if that state is asked for.
        """
        query = sa.select(subscribers)
        if not states:
            query = query.where(subscribers.c.state != SubscriberState.ERASED.value)
        else:
            query = query.where(subscribers.c.state.in_(sorted(state.value for state in states)))
        if origins:
            query = query.where(
                subscribers.c.origin.in_(sorted(origin.value for origin in origins))
            )
        if text:
            query = query.where(subscribers.c.address.contains(text.lower(), autoescape=True))
        batches = self._batches(query, subscribers.c.address, "", BATCH)
        return itertools.chain.from_iterable(batches)

    def _batches(
        self, query: sa.Select[Any], key: sa.ColumnElement[str], after: str, size: int
    ) -> Iterator[tuple[Subscription, ...]]:
        """Yield what a query finds in batches, each in a transaction of its own."""
        while True:
            some = query.where(key > after).order_by(key).limit(size)
            with self._database.reading() as connection:
                rows = connection.execute(some).all()
                found = _subscriptions(connection, rows)
            if not rows:
                return
            yield found
            after = getattr(rows[-1], str(key.key))

    def absent(self, ids: Collection[str]) -> frozenset[str]:
        """Return those among some subscribers who get no mail at this moment."""
        query = sa.select(subscribers.c.id).where(
            subscribers.c.id.in_(ids), subscribers.c.state != _ACTIVE
        )
        with self._database.reading() as connection:
            return frozenset(connection.scalars(query))


def _may(state: SubscriberState) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions on who may be brought into a state."""
    if state is SubscriberState.LEFT:
        return ()
    return (subscribers.c.state != _PENDING, subscribers.c.consent != ASKED)


def _subscriptions(
    connection: sa.Connection, rows: Sequence[sa.Row[Any]]
) -> tuple[Subscription, ...]:
    """Return rows as subscriptions, with what each has said about papers."""
    learnt = lessons(connection, [row.id for row in rows])
    return tuple(_subscription(row, *learnt.get(row.id, ((), ()))) for row in rows)


def _subscription(row: sa.Row[Any], more: tuple[str, ...], less: tuple[str, ...]) -> Subscription:
    return Subscription(
        id=row.id,
        email=row.email,
        name=row.name,
        wishes=read_wishes(row.wishes),
        state=SubscriberState(row.state),
        paused_until=row.paused_until,
        origin=Origin(row.origin),
        changed_by=row.changed_by,
        consent_at=row.consent_at,
        consent=row.consent,
        changed_at=row.changed_at,
        left_because=row.left_because,
        more=more,
        less=less,
    )
