"""The moves of each message: leased, begun, settled; each move checks who holds the delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from newsletter.model import Claim, Delivery, DeliveryState, IssueState, Settlement
from newsletter.store.database import Database
from newsletter.store.ledger import shards, texts
from newsletter.store.ledger.barred import bar
from newsletter.store.ledger.connections import Cursor, own_connection
from newsletter.store.ledger.statements import (
    CLAIM,
    OUTCOME,
    REASON,
    Row,
    arrays,
    listed,
    place,
)
from newsletter.store.urls import POSTGRESQL

_S = DeliveryState
_DAY = place("day")
_LAST = 2**31 - 1
"""No shard has a greater number."""


class Claims:
    """Leases of deliveries: taken, begun and settled."""

    def __init__(self, database: Database, *, lean: bool) -> None:
        """Use an open `database`; a `lean` one forces only leases to the disk."""
        self._own = own_connection(database, lean=lean)
        self._dialect = self._own.dialect
        self._firsts: tuple[dt.date, list[str]] = (dt.date.min, [])
        """The first subscribers of the shards of the issue that is sent."""
        self._place: tuple[dt.date, int] = (dt.date.min, 0)
        """The shard in which the last claim ended: the next one goes on there."""

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
        shard: int | None,
    ) -> tuple[Delivery, ...]:
        """Lease up to `limit` deliveries that are planned, or deferred and due."""
        values: Row = {
            "day": issue.isoformat(),
            "now": _moment(now),
            "owner": owner,
            "until": _moment(until),
            **self._narrowed(email, without),
        }
        text = texts.claiming(self._dialect, of_email=email is not None, domains=len(without))

        def lease(cursor: Cursor, *, waits: bool) -> list[Delivery]:
            """Lease some; when nobody of them may be mailed, others may still wait."""
            cursor.execute(texts.issue_state(self._dialect), values)
            row = cursor.fetchone()
            if row and row[0] != IssueState.PLANNED:
                return []
            while True:
                if email is not None:
                    found = _leased(cursor, text, values | _EVERYBODY | {"most": limit}, issue)
                    self._occupy(cursor, found, values["until"])
                else:
                    found = self._from_shards(cursor, text, values, limit, shard, waits=waits)
                barred = bar(cursor, found, values["now"], self._dialect)
                if not found or len(barred) < len(found):
                    return [one for one in found if one.subscriber not in barred]

        found = self._own.run(partial(lease, waits=False))
        if not found and self._dialect == POSTGRESQL:
            # Perhaps another sender had locked the only shard that was ready.
            found = self._own.run(partial(lease, waits=True))
        return tuple(found)

    def _from_shards(
        self, cursor: Cursor, text: str, values: Row, limit: int, shard: int | None, *, waits: bool
    ) -> list[Delivery]:
        """Lease deliveries of the shards that are ready, one after the other."""
        issue = dt.date.fromisoformat(values["day"])
        found: list[Delivery] = []
        for number, first, last in self._ready(cursor, values, issue, shard, waits=waits):
            some = {"first": first, "last": last, "most": limit - len(found)}
            leased = _leased(cursor, text, values | some, issue)
            if leased:
                row = shards.occupied(issue, number, values["until"])
                cursor.execute(shards.occupy(self._dialect), row)
            found += leased
            self._place = (issue, number)
            if len(found) >= limit:
                break
            cursor.execute(shards.exhaust(self._dialect), shards.exhausted(issue, number))
        return found

    def _occupy(self, cursor: Cursor, found: Sequence[Delivery], until: str) -> None:
        """Note until when messages of the shards of some deliveries may leave."""
        for one in found:
            firsts = self._firsts_of(cursor, one.issue)
            for number in shards.numbers_of(firsts, {one.subscriber: shards.AT_ONCE}):
                row = shards.occupied(one.issue, number, until)
                cursor.execute(shards.occupy(self._dialect), row)

    def _ready(
        self, cursor: Cursor, values: Row, issue: dt.date, shard: int | None, *, waits: bool
    ) -> Iterator[tuple[int, str, str]]:
        """Yield number, first and last subscriber of the ready shards, from the last one on."""
        place, start = self._place
        start = start if place == issue else 0
        # Who waits for locks takes them in the order of numbers, as all others do.
        ranges = [(0, _LAST)] if waits else [(start, _LAST), (0, start - 1)]
        text = shards.next_ready(self._dialect, waits=waits)
        for low, high in ranges if shard is None else [(shard, shard)]:
            number = low - 1
            while number < high:
                cursor.execute(text, values | {"low": number + 1, "high": high})
                row = cursor.fetchone()
                if row is None:
                    break
                number = row[0]
                yield number, row[1], row[2]

    def waits(
        self,
        issue: dt.date,
        *,
        now: dt.datetime,
        email: str | None,
        domains: Collection[str],
        shard: int | None,
    ) -> bool:
        """Return whether any delivery of `email` or `domains` is planned, or deferred and due."""
        narrowed = self._narrowed(email, domains)
        values: Row = {"day": issue.isoformat(), "now": _moment(now), "shard": shard, **narrowed}
        text = texts.waiting(
            self._dialect,
            of_email=email is not None,
            domains=len(domains),
            of_shard=shard is not None,
        )

        def look(cursor: Cursor) -> bool:
            cursor.execute(text, values)
            return bool(cursor.fetchone()[0])

        return self._own.run(look, durable=False)

    def record(
        self, started: Sequence[Claim], settled: Sequence[Settlement], now: dt.datetime
    ) -> frozenset[str]:
        """Write which messages may start to leave, and the outcomes of others."""
        moment = _moment(now)
        rows: dict[tuple[DeliveryState, dt.date, str], list[Row]] = {}
        due: dict[dt.date, dict[str, dt.datetime]] = {}
        # In one order, so that two senders do not wait for each other.
        for settlement in sorted(settled, key=lambda one: one.claim.delivery.subscriber):
            claim, outcome = settlement.claim, settlement.outcome
            rows.setdefault((outcome.state, claim.delivery.issue, claim.owner), []).append(
                {
                    **_held(claim, moment),
                    # PostgreSQL keeps no NUL in a text, and servers answer whatever they like.
                    "answer": outcome.reason[:REASON].replace("\0", ""),
                    "reply": outcome.code,
                    "meaning": outcome.verdict,
                    "due": _moment(settlement.next_at) if settlement.next_at else None,
                }
            )
            if outcome.state is _S.DEFERRED:
                waking = due.setdefault(claim.delivery.issue, {})
                waking[claim.delivery.subscriber] = settlement.next_at or shards.AT_ONCE
        for claim in sorted(started, key=lambda claim: claim.delivery.subscriber):
            group = (_S.DATA_STARTED, claim.delivery.issue, claim.owner)
            rows.setdefault(group, []).append(_held(claim, moment))

        def write(cursor: Cursor) -> frozenset[str]:
            lost: set[str] = set()
            for (state, _, _), some in rows.items():
                if state is _S.DATA_STARTED:
                    text = texts.starting(self._dialect)
                    lost |= self._lost(cursor, self._missed(cursor, text, CLAIM, some), state)
                    continue
                missed = self._missed(cursor, texts.settling(self._dialect, state), OUTCOME, some)
                lost |= self._lost(cursor, [row | {"owner": None} for row in missed], state)
            for issue, waking in sorted(due.items()):
                firsts = self._firsts_of(cursor, issue)
                for number, moment in shards.numbers_of(firsts, waking).items():
                    row = shards.at(issue, number, _moment(moment))
                    cursor.execute(shards.lower(self._dialect), row)
            return frozenset(lost)

        return self._own.run(write, durable=False)

    def _missed(
        self, cursor: Cursor, text: str, names: Sequence[str], rows: list[Row]
    ) -> list[Row]:
        """Write rows of one issue and owner; return those that may not have been written."""
        if self._dialect != POSTGRESQL:
            cursor.executemany(text, rows)
            return [] if cursor.rowcount == len(rows) else rows
        cursor.execute(text, arrays(rows, names))
        written = {row[0] for row in cursor.fetchall()}
        return [row for row in rows if row["who"] not in written]

    def _lost(self, cursor: Cursor, rows: Sequence[Row], state: DeliveryState) -> set[str]:
        """Return whose deliveries were no longer ours when they were written as `state`."""
        lost: set[str] = set()
        for row in rows:
            cursor.execute(texts.ours(self._dialect, state), row)
            if cursor.fetchone() is None:
                lost.add(row["who"])
        return lost

    def _firsts_of(self, cursor: Cursor, issue: dt.date) -> list[str]:
        """Return the first subscribers of an issue's shards: they stay as they were planned."""
        known, firsts = self._firsts
        if known != issue or not firsts:
            firsts = shards.first_subscribers(cursor, issue, self._dialect)
            self._firsts = (issue, firsts)
        return firsts

    def _narrowed(self, email: str | None, domains: Collection[str]) -> Mapping[str, object]:
        """Return the values for `_narrowing`."""
        if email is not None:
            return {"email": email.lower()}
        return listed("domains", sorted(domains), self._dialect)


_EVERYBODY: Row = {"first": "", "last": "\U0010ffff"}
"""A range with all subscribers."""


def _leased(cursor: Cursor, query: str, values: Row, issue: dt.date) -> list[Delivery]:
    """Lease what `query` finds with `values`, and return it."""
    cursor.execute(query, values)
    return [
        Delivery(
            issue=issue, subscriber=row[0], email=row[1], name=row[2], timezone=row[3],
            edition=row[4], language=row[5], attempt=row[6], state=DeliveryState.LEASED,
        )
        for row in cursor.fetchall()
    ]  # fmt: skip


def _held(claim: Claim, moment: str) -> Row:
    """Return the values for `held`, and the moment at which it is asked."""
    delivery = claim.delivery
    return {
        "day": delivery.issue.isoformat(),
        "who": delivery.subscriber,
        "number": delivery.attempt,
        "owner": claim.owner,
        "now": moment,
    }


def _moment(moment: dt.datetime) -> str:
    """Return a moment as SQLAlchemy writes it into SQLite; PostgreSQL reads that as well."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
