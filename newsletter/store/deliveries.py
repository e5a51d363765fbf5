"""The ledger in SQL: every move checks where the delivery stood and who held it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import sqlalchemy as sa

from newsletter.errors import LedgerError
from newsletter.model import Delivery, DeliveryState, Outcome
from newsletter.store.database import Database, deliveries

_PLANNED, _LEASED = DeliveryState.PLANNED, DeliveryState.LEASED
_DATA_STARTED, _DEFERRED = DeliveryState.DATA_STARTED, DeliveryState.DEFERRED
REASON = 500
"""Characters kept of a server's answer."""


class Held(Protocol):
    """A lease: the delivery as it was claimed, and by whom."""

    @property
    def delivery(self) -> Delivery: ...  # noqa: D102
    @property
    def owner(self) -> str: ...  # noqa: D102


class SqlLedger:
    """Satisfies `newsletter.send.ledger.Ledger` on an SQL database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def claim(
        self,
        issue: dt.date,
        *,
        owner: str,
        limit: int,
        now: dt.datetime,
        until: dt.datetime,
        email: str | None = None,
    ) -> tuple[Delivery, ...]:
        """Lease up to `limit` deliveries that are planned, or deferred and due; of `email` only."""
        waiting = sa.select(deliveries.c.subscriber).where(deliveries.c.issue == issue).limit(limit)
        if email is not None:
            waiting = waiting.where(sa.func.lower(deliveries.c.email) == email.lower())
        # Two halves, so that each is found by the index: an OR would read the whole issue.
        planned = waiting.where(deliveries.c.state == _PLANNED).subquery()
        again = waiting.where(
            deliveries.c.state == _DEFERRED, deliveries.c.next_at <= now
        ).subquery()
        due = sa.union_all(sa.select(planned), sa.select(again)).limit(limit)
        lease = (
            deliveries.update()
            .where(deliveries.c.issue == issue, deliveries.c.subscriber.in_(due))
            .values(
                state=_LEASED,
                attempt=deliveries.c.attempt + 1,
                lease_owner=owner,
                lease_until=until,
                next_at=None,
                changed_at=now,
            )
            .returning(*deliveries.c)
        )
        with self._database.transaction() as connection:
            return tuple(map(_delivery, connection.execute(lease)))

    def data_started(self, claim: Held, now: dt.datetime) -> None:
        """Write, durably, that the message may leave; raises LedgerError if the lease is lost."""
        self._move(claim, {_LEASED}, now, state=_DATA_STARTED)

    def settle(
        self, claim: Held, outcome: Outcome, now: dt.datetime, next_at: dt.datetime | None
    ) -> None:
        """Write what became of it; raises LedgerError if the lease is lost."""
        self._move(
            claim,
            {_LEASED, _DATA_STARTED},
            now,
            state=outcome.state,
            reason=outcome.reason[:REASON],
            code=outcome.code,
            next_at=next_at,
            lease_owner=None,
            lease_until=None,
        )

    def release(self, claim: Held, now: dt.datetime) -> None:
        """Give back a lease of which nothing was sent; the attempt does not count."""
        self._move(
            claim, {_LEASED}, now, state=_PLANNED, lease_owner=None, lease_until=None,
            attempt=deliveries.c.attempt - 1,
        )  # fmt: skip

    def _move(
        self, claim: Held, before: Collection[DeliveryState], now: dt.datetime, **values: Any
    ) -> None:
        one = claim.delivery
        move = (
            deliveries.update()
            .where(deliveries.c.issue == one.issue, deliveries.c.subscriber == one.subscriber)
            .where(deliveries.c.attempt == one.attempt, deliveries.c.lease_owner == claim.owner)
            .where(deliveries.c.state.in_(sorted(before)))
            .values(changed_at=now, **values)
        )
        with self._database.transaction() as connection:
            if connection.execute(move).rowcount != 1:
                raise LedgerError(
                    f"{one.email}: another sender took this delivery over; it is theirs now"
                )

    def recover(
        self, issue: dt.date, *, now: dt.datetime, is_alive: Callable[[str], bool]
    ) -> tuple[int, int]:
        """Free what dead senders held; return how many became planned and how many unknown.

        A sender is dead when its lease has run out, or when `is_alive` says so of its name.
        """
        held = (
            sa.select(deliveries.c.lease_owner)
            .distinct()
            .where(deliveries.c.issue == issue)
            .where(deliveries.c.state.in_((_LEASED, _DATA_STARTED)))
        )
        freed = {_LEASED: 0, _DATA_STARTED: 0}
        after = {_LEASED: _PLANNED, _DATA_STARTED: DeliveryState.UNKNOWN}
        reason = "the sender stopped after the message had begun to leave"
        with self._database.transaction() as connection:
            for owner in connection.scalars(held).all():
                gone = not is_alive(owner)
                for state in freed:
                    move = (
                        deliveries.update()
                        .where(deliveries.c.issue == issue, deliveries.c.state == state)
                        .where(deliveries.c.lease_owner == owner)
                        .where(sa.or_(sa.literal(gone), deliveries.c.lease_until <= now))
                        .values(
                            state=after[state],
                            reason=reason if state is _DATA_STARTED else deliveries.c.reason,
                            lease_owner=None,
                            lease_until=None,
                            changed_at=now,
                        )
                    )
                    freed[state] += connection.execute(move).rowcount
        return freed[_LEASED], freed[_DATA_STARTED]

    def expire(self, issue: dt.date, *, now: dt.datetime, deadline: dt.datetime) -> int:
        """Give up on what is planned or deferred past the issue's `deadline`."""
        if now < deadline:
            return 0
        return self._all(
            issue,
            {_PLANNED, _DEFERRED},
            now,
            state=DeliveryState.EXPIRED,
            next_at=None,
        )

    def cancel_missing(self, issue: dt.date, staying: Collection[str], now: dt.datetime) -> int:
        """Cancel what waits for subscribers who are not among `staying` any more."""
        waiting = sa.select(deliveries.c.subscriber).where(
            deliveries.c.issue == issue, deliveries.c.state.in_((_PLANNED, _DEFERRED))
        )
        cancelled = 0
        with self._database.transaction() as connection:
            for subscriber in connection.scalars(waiting).all():
                if subscriber not in staying:
                    move = (
                        deliveries.update()
                        .where(deliveries.c.issue == issue, deliveries.c.subscriber == subscriber)
                        .where(deliveries.c.state.in_((_PLANNED, _DEFERRED)))
                        .values(
                            state=DeliveryState.CANCELLED,
                            reason="no longer on the list",
                            changed_at=now,
                        )
                    )
                    cancelled += connection.execute(move).rowcount
        return cancelled

    def reopen(self, issue: dt.date, states: Collection[DeliveryState], now: dt.datetime) -> int:
        """Plan again what failed, is unknown or waits, because the operator asked for it."""
        allowed = {DeliveryState.FAILED, DeliveryState.UNKNOWN, _DEFERRED}
        if not set(states) <= allowed:
            raise LedgerError("only failed, unknown and deferred deliveries can be sent again")
        return self._all(issue, states, now, state=_PLANNED, next_at=None)

    def _all(
        self, issue: dt.date, before: Collection[DeliveryState], now: dt.datetime, **values: Any
    ) -> int:
        move = (
            deliveries.update()
            .where(deliveries.c.issue == issue, deliveries.c.state.in_(sorted(before)))
            .values(changed_at=now, **values)
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount

    def counts(self, issue: dt.date) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are in each state; they add up to the audience."""
        query = (
            sa.select(deliveries.c.state, sa.func.count())
            .where(deliveries.c.issue == issue)
            .group_by(deliveries.c.state)
        )
        with self._database.transaction() as connection:
            found = {DeliveryState(state): count for state, count in connection.execute(query)}
        return {state: found.get(state, 0) for state in DeliveryState}

    def deliveries(
        self, issue: dt.date, states: Collection[DeliveryState] = tuple(DeliveryState)
    ) -> tuple[Delivery, ...]:
        """Return the deliveries of an issue that are in `states`, by address."""
        query = (
            sa.select(deliveries)
            .where(deliveries.c.issue == issue, deliveries.c.state.in_(sorted(states)))
            .order_by(deliveries.c.email)
        )
        with self._database.transaction() as connection:
            return tuple(map(_delivery, connection.execute(query)))


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
        reason=row.reason,
    )
