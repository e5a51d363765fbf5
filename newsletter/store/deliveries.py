"""The ledger in SQL: what may become of the deliveries of an issue, and where they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from newsletter.errors import LedgerError
from newsletter.model import Claim, Delivery, DeliveryState, Fate
from newsletter.store.claims import REASON, Claims
from newsletter.store.database import deliveries, issues

_PLANNED, _LEASED = DeliveryState.PLANNED, DeliveryState.LEASED
_DATA_STARTED, _DEFERRED = DeliveryState.DATA_STARTED, DeliveryState.DEFERRED
CANCELLED: Final = "cancelled"
"""What `halted` says of an issue that was given up."""


class SqlLedger(Claims):
    """Satisfies `newsletter.send.ledger.Ledger` on an SQL database."""

    def release(self, claims: Sequence[Claim], now: dt.datetime) -> None:
        """Give back leases of which nothing was sent; the attempt does not count."""
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
                    .where(deliveries.c.state == _LEASED)
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
        freed = {_PLANNED: 0, DeliveryState.UNKNOWN: 0}
        reason = "the sender stopped after the message had begun to leave"
        with self._database.transaction() as connection:
            for owner in connection.scalars(held).all():
                fate = fate_of(owner)
                gone = fate in (Fate.DEAD, Fate.LOST)
                doubtful = fate in (Fate.LOST, Fate.AWAY)
                for state in (_LEASED, _DATA_STARTED):
                    is_free = state is _LEASED and not doubtful
                    after = _PLANNED if is_free else DeliveryState.UNKNOWN
                    move = (
                        deliveries.update()
                        .where(deliveries.c.issue == issue, deliveries.c.state == state)
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
        return freed[_PLANNED], freed[DeliveryState.UNKNOWN]

    def used(self, since: dt.datetime) -> Mapping[str, int]:
        """Return how many messages left since then, or are about to, by domain of the address."""
        # An issue is given up within a day: what left lately is of the last ones.
        recent = since.date() - dt.timedelta(days=2)
        query = (
            sa.select(deliveries.c.domain, sa.func.count())
            .where(deliveries.c.issue >= recent)
            .where(sa.or_(deliveries.c.started_at > since, deliveries.c.state == _LEASED))
            .group_by(deliveries.c.domain)
        )
        with self._database.transaction() as connection:
            return {domain: count for domain, count in connection.execute(query)}  # noqa: C416

    def halted(self, issue: dt.date) -> str:
        """Return why an issue is paused or cancelled; nothing when it is neither."""
        query = sa.select(issues.c.halted).where(issues.c.date == issue)
        with self._database.transaction() as connection:
            return connection.scalar(query) or ""

    def pause(self, issue: dt.date, why: str, now: dt.datetime) -> None:  # noqa: ARG002
        """Send nothing more of an issue until it is resumed."""
        with self._database.transaction() as connection:
            connection.execute(
                issues.update().where(issues.c.date == issue).values(halted=why[:REASON])
            )

    def resume(self, issue: dt.date) -> None:
        """Go on with an issue that was paused; one that was cancelled stays cancelled."""
        with self._database.transaction() as connection:
            connection.execute(
                issues.update()
                .where(issues.c.date == issue, issues.c.halted != CANCELLED)
                .values(halted="")
            )

    def cancel(self, issue: dt.date, now: dt.datetime) -> int:
        """Give up what waits of an issue, for good; what is leaving is left to its sender."""
        self.pause(issue, CANCELLED, now)
        reason = "the issue was cancelled"
        return self._all(
            issue, {_PLANNED, _DEFERRED}, now, state=DeliveryState.CANCELLED, reason=reason
        )

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
        verdict=row.verdict,
    )
