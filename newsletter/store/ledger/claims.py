"""The moves of each message: leased, begun, settled; each move checks who holds the delivery.

These run for every message, so they use the driver's own cursor, and statements are built and
turned into text only once. With SQLAlchemy for each row, the ledger would cost more than the mail.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.model import (
    Claim,
    Delivery,
    DeliveryState,
    IssueState,
    Settlement,
    allowed,
)
from newsletter.store.database import Database, explain
from newsletter.store.ledger.barred import bar
from newsletter.store.ledger.statements import (
    FREE,
    HELD,
    REASON,
    TOLD,
    Row,
    fixed,
    is_in,
    move,
    place,
    places,
    prepared,
)
from newsletter.store.tables import deliveries, issues

_S = DeliveryState
_DAY, _NOW, _MOST = place("day"), place("now"), place("most")


class Claims:
    """Leases of deliveries: taken, begun and settled."""

    def __init__(self, database: Database, *, lean: bool) -> None:
        """Use an open `database`; a `lean` one forces only leases to the disk."""
        self._database = database
        self._lean = lean
        self._own: sqlite3.Connection | None = None
        self._forces = True
        """Whether a commit on our own connection waits for the disk, as it does when opened."""

    def claim(
        self,
        issue: dt.date,
        *,
        owner: str,
        limit: int,
        now: dt.datetime,
        until: dt.datetime,
        email: str | None,
        without: Collection[str],
    ) -> tuple[Delivery, ...]:
        """Lease up to `limit` deliveries that are planned, or deferred and due."""
        narrowed = _narrowed(email, without)
        moment = _moment(now)
        values: Row = {
            "day": issue.isoformat(),
            "now": moment,
            "owner": owner,
            "until": _moment(until),
            "most": limit,
            **narrowed,
        }
        with self._transaction(durable=True) as cursor:
            row = cursor.execute(_issue_state(), values).fetchone()
            if row and row[0] != IssueState.PLANNED:
                return ()
            query = _claim(of_email=email is not None, domains=len(without))
            while True:
                found = _leased(cursor, query, values, issue)
                barred = bar(cursor, found, moment)
                # When nobody of a claim may be mailed, others may still wait.
                if not found or len(barred) < len(found):
                    break
        return tuple(delivery for delivery in found if delivery.subscriber not in barred)

    def waits(
        self, issue: dt.date, *, now: dt.datetime, email: str | None, domains: Collection[str]
    ) -> bool:
        """Return whether any delivery of `email` or `domains` is planned, or deferred and due."""
        values: Row = {"day": issue.isoformat(), "now": _moment(now), **_narrowed(email, domains)}
        with self._transaction() as cursor:
            query = _waits(of_email=email is not None, domains=len(domains))
            return bool(cursor.execute(query, values).fetchone()[0])

    def record(
        self, started: Sequence[Claim], settled: Sequence[Settlement], now: dt.datetime
    ) -> frozenset[str]:
        """Write which messages may start to leave, and the outcomes of others."""
        moment = _moment(now)
        work: dict[DeliveryState, list[Row]] = {}
        for settlement in settled:
            work.setdefault(settlement.outcome.state, []).append(
                {
                    **_held(settlement.claim),
                    "now": moment,
                    "answer": settlement.outcome.reason[:REASON],
                    "reply": settlement.outcome.code,
                    "meaning": settlement.outcome.verdict,
                    "due": _moment(settlement.next_at) if settlement.next_at else None,
                }
            )
        ends = [(_settle(state), state, rows) for state, rows in work.items()]
        starts: list[Row] = [{**_held(claim), "now": moment} for claim in started]
        lost: set[str] = set()
        with self._transaction() as cursor:
            for statement, state, rows in ends:
                cursor.executemany(statement, rows)
                if cursor.rowcount != len(rows):
                    lost |= _lost(cursor, [row | {"owner": None} for row in rows], state)
            if starts:
                cursor.executemany(_start(), starts)
                if cursor.rowcount != len(starts):
                    lost |= _lost(cursor, starts, _S.DATA_STARTED)
        return frozenset(lost)

    @contextlib.contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Cursor]:
        """Run a transaction on our own connection; a lean ledger forces only leases to the disk."""
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


def _leased(cursor: sqlite3.Cursor, query: str, values: Row, issue: dt.date) -> list[Delivery]:
    """Lease what `query` finds with `values`, and return it."""
    cursor.execute(query, values)
    return [
        Delivery(
            issue=issue, subscriber=row[0], email=row[1], name=row[2], timezone=row[3],
            edition=row[4], language=row[5], attempt=row[6], state=DeliveryState.LEASED,
        )
        for row in cursor.fetchall()
    ]  # fmt: skip


def _lost(cursor: sqlite3.Cursor, rows: Sequence[Row], state: DeliveryState) -> set[str]:
    """Return whose deliveries were no longer ours when they were written as `state`."""
    found = ((row["who"], cursor.execute(_ours(state), row).fetchone()) for row in rows)
    return {str(who) for who, ours in found if ours is None}


@cache
def _issue_state() -> str:
    return prepared(sa.select(issues.c.state).where(issues.c.date == _DAY))


@lru_cache(maxsize=64)
def _claim(*, of_email: bool, domains: int) -> str:
    ready = _ready(_narrowing(of_email=of_email, domains=domains, among=False))
    # `OFFSET 0` as a literal: SQLAlchemy would pass it to SQLite as a value.
    some = (sa.select(query.limit(_MOST).offset(fixed(0)).subquery()) for query in ready)
    chosen = sa.union_all(*some).limit(_MOST).offset(fixed(0))
    row = deliveries.c
    return prepared(
        move(_S.LEASED, _S.PLANNED, _S.DEFERRED)
        .where(row.issue == _DAY, row.subscriber.in_(chosen))
        .values(
            attempt=row.attempt + fixed(1),
            lease_owner=place("owner"),
            lease_until=place("until"),
            next_at=sa.null(),
            changed_at=_NOW,
        )
        .returning(
            row.subscriber,
            row.email,
            row.name,
            row.timezone,
            row.edition,
            row.language,
            row.attempt,
        )
    )


@lru_cache(maxsize=64)
def _waits(*, of_email: bool, domains: int) -> str:
    ready = _ready(_narrowing(of_email=of_email, domains=domains, among=True))
    return prepared(sa.select(sa.or_(*(some.exists() for some in ready))))


@cache
def _start() -> str:
    statement = move(_S.DATA_STARTED, _S.LEASED).where(HELD)
    return prepared(statement.values(started_at=_NOW, changed_at=_NOW))


@cache
def _settle(after: DeliveryState) -> str:
    """Return the statement for an outcome; raises LedgerError if no held delivery can have it."""
    held = (_S.LEASED, _S.DATA_STARTED)
    end = {"code": place("reply"), "next_at": place("due")}
    statement = move(after, *(allowed(after, held) or held)).where(HELD)
    return prepared(statement.values(FREE | TOLD | end))


@cache
def _ours(state: DeliveryState) -> str:
    row = deliveries.c
    return prepared(
        sa.select(fixed(1)).where(
            row.issue == _DAY,
            row.subscriber == place("who"),
            row.attempt == place("number"),
            row.lease_owner.is_not_distinct_from(place("owner")),
            is_in(state),
        )
    )


def _ready(also: sa.ColumnElement[bool]) -> tuple[sa.Select[str], ...]:
    """Return the queries for what may be sent: each uses one of the indexes of what waits.

    They are planned deliveries without an hour, those whose hour has begun, and deferred ones that
    are due.
    """
    row = deliveries.c
    some = sa.select(row.subscriber).where(row.issue == _DAY, also)
    return (
        some.where(is_in(_S.PLANNED), row.not_before.is_(None)),
        some.where(is_in(_S.PLANNED), row.not_before <= _NOW),
        some.where(is_in(_S.DEFERRED), row.next_at <= _NOW),
    )


def _narrowing(*, of_email: bool, domains: int, among: bool) -> sa.ColumnElement[bool]:
    """Return the condition for one address, or for domains that are or are not `among` some."""
    if of_email:
        return sa.func.lower(deliveries.c.email) == place("email")
    if not domains:
        return sa.true()
    listed = deliveries.c.domain.in_(places("domain", domains))
    return listed if among else ~listed


def _narrowed(email: str | None, domains: Collection[str]) -> Mapping[str, str]:
    """Return the values for `_narrowing`."""
    if email is not None:
        return {"email": email.lower()}
    return {f"domain{number}": domain for number, domain in enumerate(sorted(domains))}


def _held(claim: Claim) -> Row:
    """Return the values for `HELD`."""
    delivery = claim.delivery
    return {
        "day": delivery.issue.isoformat(),
        "who": delivery.subscriber,
        "number": delivery.attempt,
        "owner": claim.owner,
    }


def _moment(moment: dt.datetime) -> str:
    """Return a moment as SQLAlchemy writes it into SQLite."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
