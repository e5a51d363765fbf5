"""The ledger in SQL: what may become of the deliveries of an issue, and where they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from newsletter.errors import LedgerError
from newsletter.model import LEFT, Claim, Delivery, DeliveryState, Fate, SubscriberState, before
from newsletter.store.claims import REASON, Claims
from newsletter.store.database import deliveries, issues, subscribers

_PLANNED, _LEASED = DeliveryState.PLANNED, DeliveryState.LEASED
_DATA_STARTED, _DEFERRED = DeliveryState.DATA_STARTED, DeliveryState.DEFERRED
_CANCELLED, _UNKNOWN = DeliveryState.CANCELLED, DeliveryState.UNKNOWN
_WAITING = (_PLANNED, _DEFERRED)
_EVERYBODY = sa.true()
CANCELLED: Final = "cancelled"
"""What `halted` says of an issue that was given up."""


class SqlLedger(Claims):
    """Satisfies `newsletter.send.ledger.Ledger` on an SQL database."""

    def release(self, claims: Sequence[Claim], now: dt.datetime) -> None:
        """Give back leases of which nothing was sent; the attempt does not count."""
        if not claims:
            return
        with self._database.transaction() as connection:
            for claim in claims:
                one = claim.delivery
                connection.execute(
                    deliveries.update()
                    .where(
                        deliveries.c.issue == one.issue, deliveries.c.subscriber == one.subscriber
                    )
                    .where(deliveries.c.attempt == one.attempt)
                    .where(deliveries.c.lease_owner == claim.owner)
                    .where(deliveries.c.state.in_(before(_PLANNED, _LEASED)))
                    .values(
                        state=_PLANNED,
                        lease_owner=None,
                        lease_until=None,
                        attempt=deliveries.c.attempt - 1,
                        changed_at=now,
                    )
                )

    def recover(
        self, issue: dt.date, *, now: dt.datetime, fate_of: Callable[[str], Fate]
    ) -> tuple[int, int]:
        """Free what dead senders held; return how many became planned and how many unknown."""
        held = (
            sa.select(deliveries.c.lease_owner)
            .distinct()
            .where(deliveries.c.issue == issue)
            .where(deliveries.c.state.in_((_LEASED, _DATA_STARTED)))
        )
        freed = {_PLANNED: 0, _UNKNOWN: 0}
        reason = "the sender stopped after the message had begun to leave"
        with self._database.transaction() as connection:
            for owner in connection.scalars(held).all():
                fate = fate_of(owner)
                gone = fate in (Fate.DEAD, Fate.LOST)
                doubtful = fate in (Fate.LOST, Fate.AWAY)
                for state in (_LEASED, _DATA_STARTED):
                    is_free = state is _LEASED and not doubtful
                    after = _PLANNED if is_free else _UNKNOWN
                    move = (
                        deliveries.update()
                        .where(deliveries.c.issue == issue)
                        .where(deliveries.c.state.in_(before(after, state)))
                        .where(deliveries.c.lease_owner == owner)
                        .where(sa.or_(sa.literal(gone), deliveries.c.lease_until <= now))
                        .values(
                            state=after,
                            reason=deliveries.c.reason if is_free else reason,
                            lease_owner=None,
                            lease_until=None,
                            changed_at=now,
                        )
                    )
                    freed[after] += connection.execute(move).rowcount
        return freed[_PLANNED], freed[_UNKNOWN]

    def used(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, int]:
        """Return how many messages left since then, or are about to, by domain of the address.

        What a clock that was ahead wrote as later than `now` does not count.
        """
        left = deliveries.c.started_at.between(since, now) & (deliveries.c.started_at > since)
        query = (
            sa.select(deliveries.c.domain, sa.func.count())
            .where(deliveries.c.issue >= _oldest(since))
            .where(sa.or_(left, deliveries.c.state == _LEASED))
            .group_by(deliveries.c.domain)
        )
        with self._database.transaction() as connection:
            return {domain: count for domain, count in connection.execute(query)}  # noqa: C416

    def departure(
        self, since: dt.datetime, now: dt.datetime, place: int, domain: str = ""
    ) -> dt.datetime | None:
        """Return when the message at `place` (from 0, oldest first) of those since then left.

        Of `domain` only, if there is one. None when that one is only about to leave.
        """
        query = (
            sa.select(deliveries.c.started_at)
            .where(deliveries.c.issue >= _oldest(since))
            .where(deliveries.c.started_at > since, deliveries.c.started_at <= now)
            .order_by(deliveries.c.started_at)
            .offset(place)
            .limit(1)
        )
        if domain:
            query = query.where(deliveries.c.domain == domain)
        with self._database.transaction() as connection:
            found: dt.datetime | None = connection.scalar(query)
        return found

    def halted(self, issue: dt.date) -> str:
        """Return why an issue is paused or cancelled; nothing when it is neither."""
        query = sa.select(issues.c.halted).where(issues.c.date == issue)
        with self._database.transaction() as connection:
            return connection.scalar(query) or ""

    def pause(self, issue: dt.date, why: str, now: dt.datetime) -> None:  # noqa: ARG002
        """Send nothing more of an issue until it is resumed; one that was cancelled stays so."""
        self._halt(issue, why[:REASON])

    def resume(self, issue: dt.date) -> None:
        """Go on with an issue that was paused; one that was cancelled stays cancelled."""
        self._halt(issue, "")

    def _halt(self, issue: dt.date, why: str) -> None:
        move = issues.update().where(issues.c.date == issue, issues.c.halted != CANCELLED)
        with self._database.transaction() as connection:
            connection.execute(move.values(halted=why))

    def cancel(self, issue: dt.date, now: dt.datetime) -> int:
        """Give up what waits of an issue, for good; what is leaving is left to its sender."""
        self._halt(issue, CANCELLED)
        reason = "the issue was cancelled"
        return self._all(issue, _WAITING, now, state=_CANCELLED, reason=reason)

    def expire(self, issue: dt.date, *, now: dt.datetime, deadline: dt.datetime) -> int:
        """Give up on what is planned or deferred past the issue's `deadline`."""
        if now < deadline:
            return 0
        return self._all(issue, _WAITING, now, state=DeliveryState.EXPIRED, next_at=None)

    def follow_subscribers(self, issue: dt.date, now: dt.datetime) -> None:
        """Cancel what waits for those who get no mail now, and plan again for who is back.

        Of an issue that was cancelled, what its sender has given back since is given up as well.
        """
        if self.halted(issue) == CANCELLED:
            self.cancel(issue, now)
            return
        absent = sa.select(subscribers.c.id).where(
            subscribers.c.state != SubscriberState.ACTIVE.value
        )
        self._all(
            issue, _WAITING, now, deliveries.c.subscriber.in_(absent),
            state=_CANCELLED, reason=LEFT,
        )  # fmt: skip
        present = sa.select(subscribers.c.id).where(
            subscribers.c.state == SubscriberState.ACTIVE.value
        )
        back = sa.and_(deliveries.c.reason == LEFT, deliveries.c.subscriber.in_(present))
        self._all(issue, (_CANCELLED,), now, back, state=_PLANNED, reason="", next_at=None)

    def reopen(
        self,
        issue: dt.date,
        states: Collection[DeliveryState],
        now: dt.datetime,
        email: str | None = None,
    ) -> int:
        """Have sent again what failed, is unknown or waits, because the operator asked for it.

        What failed or is unknown is planned again; what was refused for now is due at once. Of
        `email` alone, if there is one: nobody else gets a second mail then. Raises LedgerError for
        other states, and for an issue that was cancelled.
        """
        again = {DeliveryState.FAILED, _UNKNOWN}
        if not set(states) <= again | {_DEFERRED}:
            raise LedgerError("only failed, unknown and deferred deliveries can be sent again")
        if self.halted(issue) == CANCELLED:
            raise LedgerError(f"the issue of {issue} was cancelled, for good: none of it is sent")
        whose = _EVERYBODY if email is None else sa.func.lower(deliveries.c.email) == email.lower()
        count = 0
        if some := again & set(states):
            count += self._all(issue, some, now, whose, state=_PLANNED, next_at=None)
        if _DEFERRED in states:
            due = (
                deliveries.update()
                .where(deliveries.c.issue == issue, deliveries.c.state == _DEFERRED, whose)
                .values(next_at=now, changed_at=now)
            )
            with self._database.transaction() as connection:
                count += connection.execute(due).rowcount
        return count

    def _all(
        self,
        issue: dt.date,
        some: Collection[DeliveryState],
        now: dt.datetime,
        whose: sa.ColumnElement[bool] = _EVERYBODY,
        **values: Any,
    ) -> int:
        states = before(values["state"], *sorted(some))
        move = (
            deliveries.update()
            .where(deliveries.c.issue == issue, deliveries.c.state.in_(states), whose)
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


def _oldest(since: dt.datetime) -> dt.date:
    """Return the oldest issue of which something may have left since then.

    An issue is given up within a day: what left lately is of the last ones.
    """
    return since.date() - dt.timedelta(days=2)


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
        verdict=row.verdict,
    )
