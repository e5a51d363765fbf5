"""The ledger in SQL: every move checks where the delivery stood and who held it."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

from newsletter.errors import LedgerError, StoreError
from newsletter.model import Claim, Delivery, DeliveryState, Fate, Settlement
from newsletter.store.database import Database, deliveries, explain, issues

_PLANNED, _LEASED = DeliveryState.PLANNED, DeliveryState.LEASED
_DATA_STARTED, _DEFERRED = DeliveryState.DATA_STARTED, DeliveryState.DEFERRED
CANCELLED: Final = "cancelled"
"""What `halted` says of an issue that was given up."""
REASON = 500
"""Characters kept of a server's answer."""


_CLAIM = """UPDATE delivery SET state = 'leased', attempt = attempt + 1, lease_owner = ?,
 lease_until = ?, next_at = NULL, changed_at = ? WHERE rowid IN (
 SELECT rowid FROM (SELECT rowid FROM delivery WHERE issue = ? AND state = 'planned'{also} LIMIT ?)
 UNION ALL SELECT rowid FROM (SELECT rowid FROM delivery
 WHERE issue = ? AND state = 'deferred' AND next_at <= ?{also} LIMIT ?) LIMIT ?)
 RETURNING subscriber, email, name, timezone, edition, language, attempt"""
_SUPPRESS = """UPDATE delivery SET state = 'suppressed', verdict = ?, reason = ?, changed_at = ?,
 lease_owner = NULL, lease_until = NULL WHERE issue = ? AND subscriber = ?"""
_START = """UPDATE delivery SET state = 'data_started', started_at = ?, changed_at = ?
 WHERE issue = ? AND subscriber = ? AND attempt = ? AND lease_owner = ? AND state = 'leased'"""
_SETTLE = """UPDATE delivery SET state = ?, reason = ?, code = ?, verdict = ?, next_at = ?,
 changed_at = ?, lease_owner = NULL, lease_until = NULL
 WHERE issue = ? AND subscriber = ? AND attempt = ? AND lease_owner = ?
 AND state IN ('leased', 'data_started')"""
_MINE = """SELECT 1 FROM delivery WHERE issue = ? AND subscriber = ? AND attempt = ?
 AND lease_owner IS ? AND state = ?"""


class SqlLedger:
    """Satisfies `newsletter.send.ledger.Ledger` on an SQL database."""

    def __init__(self, database: Database, *, lean: bool = False) -> None:
        """Use an open `database`.

        A lean ledger forces leases to the disk, but not each message that begins to leave. When
        the machine goes down, the last of those may be missing; whoever recovers has to know that
        it did (`Fate.LOST`), and then holds back everything that was leased.
        """
        self._database = database
        self._lean = lean
        self._own: DBAPIConnection | None = None

    def claim(
        self,
        issue: dt.date,
        *,
        owner: str,
        limit: int,
        now: dt.datetime,
        until: dt.datetime,
        email: str | None = None,
        without: Collection[str] = (),
    ) -> tuple[Delivery, ...]:
        """Lease up to `limit` deliveries that are planned, or deferred and due.

        Of `email` only, or of no domain that is in `without`. None of an issue that is paused or
        cancelled; an address that is suppressed by now is settled as that, and not returned.
        """
        also, values = "", []
        if email is not None:
            also, values = " AND lower(email) = ?", [email.lower()]
        elif without:
            also = f" AND domain NOT IN ({', '.join('?' * len(without))})"
            values = sorted(without)
        day, moment = issue.isoformat(), _moment(now)
        with self._transaction(durable=True) as cursor:
            cursor.execute("SELECT halted FROM issue WHERE date = ?", (day,))
            if (row := cursor.fetchone()) and row[0]:
                return ()
            cursor.execute(
                _CLAIM.format(also=also),
                (
                    owner, _moment(until), moment,
                    day, *values, limit, day, moment, *values, limit, limit,
                ),
            )  # fmt: skip
            found = [
                Delivery(
                    issue=issue, subscriber=row[0], email=row[1], name=row[2], timezone=row[3],
                    edition=row[4], language=row[5], attempt=row[6], state=_LEASED,
                )
                for row in cursor.fetchall()
            ]  # fmt: skip
            barred = self._suppressed(cursor, found, moment)
        return tuple(one for one in found if one.subscriber not in barred)

    @staticmethod
    def _suppressed(cursor: Any, found: Sequence[Delivery], moment: str) -> frozenset[str]:
        """Settle those of the claimed whose address must not be mailed; return who they are."""
        by_email = {one.email.lower(): one for one in found}
        marks = ", ".join("?" * len(by_email))
        query = f"SELECT email, verdict, evidence FROM suppression WHERE email IN ({marks})"  # noqa: S608  marks only
        cursor.execute(query, tuple(by_email))
        rows = cursor.fetchall()
        for email, verdict, evidence in rows:
            one = by_email[email]
            values = (verdict, f"suppressed: {evidence}"[:REASON], moment)
            cursor.execute(_SUPPRESS, (*values, one.issue.isoformat(), one.subscriber))
        return frozenset(by_email[row[0]].subscriber for row in rows)

    def record(
        self, started: Sequence[Claim], settled: Sequence[Settlement], now: dt.datetime
    ) -> frozenset[str]:
        """Write which messages may leave from now on, and what became of others.

        Returns the subscribers whose deliveries are another sender's by now. Raises StoreError when
        the database cannot be written.
        """
        moment = _moment(now)
        starts = [(moment, moment, *_held(one)) for one in started]
        ends = [
            (
                one.outcome.state.value,
                one.outcome.reason[:REASON],
                one.outcome.code,
                one.outcome.verdict,
                _moment(one.next_at) if one.next_at else None,
                moment,
                *_held(one.claim),
            )
            for one in settled
        ]
        lost: set[str] = set()
        with self._transaction() as cursor:
            for statement, rows in ((_SETTLE, ends), (_START, starts)):
                if not rows:
                    continue
                cursor.executemany(statement, rows)
                if cursor.rowcount != len(rows):
                    lost |= self._lost(cursor, statement, rows)
        return frozenset(lost)

    @contextlib.contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[Any]:
        """Run a transaction on a connection of our own; a lean ledger forces only leases."""
        if self._own is None:
            self._own = self._database.keep()
        cursor = self._own.cursor()
        try:
            if self._lean:
                cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(explain(self._database.engine.url, str(error))) from None
        finally:
            cursor.close()

    @staticmethod
    def _lost(cursor: Any, statement: str, rows: Sequence[tuple[Any, ...]]) -> set[str]:
        """Return who of some deliveries was not ours any more when they were written."""
        lost = set()
        for row in rows:
            issue, subscriber, attempt, owner = row[-4:]
            wanted = (None, row[0]) if statement is _SETTLE else (owner, "data_started")
            cursor.execute(_MINE, (issue, subscriber, attempt, *wanted))
            if cursor.fetchone() is None:
                lost.add(str(subscriber))
        return lost

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


def _held(claim: Claim) -> tuple[str, str, int, str]:
    """Return what a row must still say for a claim to hold."""
    one = claim.delivery
    return (one.issue.isoformat(), one.subscriber, one.attempt, claim.owner)


def _moment(moment: dt.datetime) -> str:
    """Return a moment as SQLAlchemy writes it into SQLite."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
