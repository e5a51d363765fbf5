"""Claims in SQL: every move checks who held a delivery, and where it stood.

This runs for every message, in SQLite's own words: SQLAlchemy would take longer than the mail.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy.engine.interfaces import DBAPIConnection

from newsletter.errors import StoreError
from newsletter.model import LEFT, Claim, Delivery, DeliveryState, Settlement, allowed, before
from newsletter.store.database import Database, explain

REASON = 500
"""Characters kept of a server's answer."""

_S = DeliveryState


def listed(*states: DeliveryState) -> str:
    """Return states as SQL compares a column with them."""
    return f"({', '.join(repr(state.value) for state in states)})"


before(_S.LEASED, _S.PLANNED, _S.DEFERRED)
_CLAIM = """UPDATE delivery SET state = 'leased', attempt = attempt + 1, lease_owner = ?,
 lease_until = ?, next_at = NULL, changed_at = ? WHERE rowid IN (
 SELECT rowid FROM (SELECT rowid FROM delivery WHERE issue = ? AND state = 'planned'{also} LIMIT ?)
 UNION ALL SELECT rowid FROM (SELECT rowid FROM delivery
 WHERE issue = ? AND state = 'deferred' AND next_at <= ?{also} LIMIT ?) LIMIT ?)
 RETURNING subscriber, email, name, timezone, edition, language, attempt"""
_WAITS = """SELECT EXISTS(SELECT 1 FROM delivery WHERE issue = ? AND state = 'planned'{also})
 OR EXISTS(SELECT 1 FROM delivery
 WHERE issue = ? AND state = 'deferred' AND next_at <= ?{also})"""
_SUPPRESS = f"""UPDATE delivery SET state = 'suppressed', verdict = ?, reason = ?, changed_at = ?,
 lease_owner = NULL, lease_until = NULL WHERE issue = ? AND subscriber = ?
 AND state IN {listed(*before(_S.SUPPRESSED, _S.LEASED))}"""  # noqa: S608  names of states only
_CANCEL = f"""UPDATE delivery SET state = 'cancelled', reason = ?, changed_at = ?,
 lease_owner = NULL, lease_until = NULL WHERE issue = ? AND subscriber = ?
 AND state IN {listed(*before(_S.CANCELLED, _S.LEASED))}"""  # noqa: S608
_START = f"""UPDATE delivery SET state = 'data_started', started_at = ?, changed_at = ?
 WHERE issue = ? AND subscriber = ? AND attempt = ? AND lease_owner = ?
 AND state IN {listed(*before(_S.DATA_STARTED, _S.LEASED))}"""  # noqa: S608
_SETTLE = """UPDATE delivery SET state = ?, reason = ?, code = ?, verdict = ?, next_at = ?,
 changed_at = ?, lease_owner = NULL, lease_until = NULL
 WHERE state IN (?, ?) AND issue = ? AND subscriber = ? AND attempt = ? AND lease_owner = ?"""
_HELD = (_S.LEASED, _S.DATA_STARTED)
_FROM = {
    state: tuple(one.value if one in allowed(state, _HELD) else None for one in _HELD)
    for state in DeliveryState
}
"""Where what is settled may have stood, by what becomes of it; nothing in place of the others."""
_MINE = """SELECT 1 FROM delivery WHERE issue = ? AND subscriber = ? AND attempt = ?
 AND lease_owner IS ? AND state = ?"""


class Claims:
    """Leases of deliveries: taken, begun and settled."""

    def __init__(self, database: Database, *, lean: bool = False) -> None:
        """Use an open `database`.

        A lean ledger forces leases to the disk, but not each message that begins to leave. When
        the machine goes down, the last of those may be missing; whoever recovers has to know that
        it did (`Fate.LOST`), and then holds back everything that was leased.
        """
        self._database = database
        self._lean = lean
        self._own: DBAPIConnection | None = None
        self._forces = True
        """Whether a commit on our own connection waits for the disk: so it is opened."""

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
        cancelled; an address that is suppressed by now is settled as that, and not returned, and
        nor is that of a reader who has left.
        """
        also, values = _narrowed(email, without, "NOT IN")
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
                    edition=row[4], language=row[5], attempt=row[6], state=DeliveryState.LEASED,
                )
                for row in cursor.fetchall()
            ]  # fmt: skip
            barred = self._suppressed(cursor, found, moment)
            barred |= self._absent(cursor, found, moment)
        return tuple(one for one in found if one.subscriber not in barred)

    def waits(
        self,
        issue: dt.date,
        *,
        now: dt.datetime,
        email: str | None = None,
        domains: Collection[str] = (),
    ) -> bool:
        """Tell whether anything is planned, or deferred and due: of `email`, or of `domains`."""
        also, values = _narrowed(email, domains, "IN")
        day = issue.isoformat()
        with self._transaction() as cursor:
            cursor.execute(_WAITS.format(also=also), (day, *values, day, _moment(now), *values))
            return bool(cursor.fetchone()[0])

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

    @staticmethod
    def _absent(cursor: Any, found: Sequence[Delivery], moment: str) -> frozenset[str]:
        """Cancel those of the claimed whose readers get no mail by now; return who they are."""
        by_id = {one.subscriber: one for one in found}
        marks = ", ".join("?" * len(by_id))
        query = f"SELECT id FROM subscriber WHERE id IN ({marks}) AND state <> 'active'"  # noqa: S608  marks only
        cursor.execute(query, tuple(by_id))
        absent = frozenset(str(row[0]) for row in cursor.fetchall())
        for one in map(by_id.__getitem__, absent):
            cursor.execute(_CANCEL, (LEFT, moment, one.issue.isoformat(), one.subscriber))
        return absent

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
                *_FROM[one.outcome.state],
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
            if self._lean and durable is not self._forces:
                cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._forces = durable
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


def _narrowed(email: str | None, domains: Collection[str], among: str) -> tuple[str, Sequence[str]]:
    """Return what narrows a choice of deliveries to an address, or by domains, and its values."""
    if email is not None:
        return " AND lower(email) = ?", [email.lower()]
    if domains:
        return f" AND domain {among} ({', '.join('?' * len(domains))})", sorted(domains)
    return "", []


def _held(claim: Claim) -> tuple[str, str, int, str]:
    """Return what a row must still say for a claim to hold."""
    one = claim.delivery
    return (one.issue.isoformat(), one.subscriber, one.attempt, claim.owner)


def _moment(moment: dt.datetime) -> str:
    """Return a moment as SQLAlchemy writes it into SQLite."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
