"""Claimed deliveries that must not be sent: settled in the transaction of the claim."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache, lru_cache

import sqlalchemy as sa

from newsletter.model import LEFT, Delivery, DeliveryState, SubscriberState
from newsletter.store.ledger.statements import (
    FREE,
    REASON,
    TOLD,
    Row,
    fixed,
    move,
    place,
    places,
    prepared,
)
from newsletter.store.tables import deliveries, subscribers, suppressions

_S = DeliveryState
_DAY = place("day")


def bar(cursor: sqlite3.Cursor, found: Sequence[Delivery], moment: str) -> frozenset[str]:
    """Settle those whose address is suppressed or whose reader has left; return the readers."""
    suppressed = _bar_suppressed(cursor, found, moment)
    others = [delivery for delivery in found if delivery.subscriber not in suppressed]
    return suppressed | _bar_absent(cursor, others, moment)


def _bar_suppressed(
    cursor: sqlite3.Cursor, found: Sequence[Delivery], moment: str
) -> frozenset[str]:
    """Settle deliveries whose address must not be mailed; return their readers."""
    if not found:
        return frozenset()
    emails = sorted({delivery.email.lower() for delivery in found})
    addresses = {f"email{number}": email for number, email in enumerate(emails)}
    known = cursor.execute(_suppression(len(emails)), addresses).fetchall()
    said = {email: (verdict, evidence) for email, verdict, evidence in known}
    barred = [delivery for delivery in found if delivery.email.lower() in said]
    rows: list[Row] = [
        {
            "day": delivery.issue.isoformat(),
            "who": delivery.subscriber,
            "meaning": said[delivery.email.lower()][0],
            "answer": f"suppressed: {said[delivery.email.lower()][1]}"[:REASON],
            "now": moment,
        }
        for delivery in barred
    ]
    cursor.executemany(_settle(_S.SUPPRESSED), rows)
    return frozenset(delivery.subscriber for delivery in barred)


def _bar_absent(cursor: sqlite3.Cursor, found: Sequence[Delivery], moment: str) -> frozenset[str]:
    """Cancel claimed deliveries whose readers get no mail any more; return the readers."""
    if not found:
        return frozenset()
    days = {delivery.subscriber: delivery.issue.isoformat() for delivery in found}
    ids = {f"id{number}": who for number, who in enumerate(days)}
    absent = [str(row[0]) for row in cursor.execute(_absence(len(ids)), ids).fetchall()]
    rows: list[Row] = [
        {"day": days[who], "who": who, "meaning": "", "answer": LEFT, "now": moment}
        for who in absent
    ]
    cursor.executemany(_settle(_S.CANCELLED), rows)
    return frozenset(absent)


@lru_cache(maxsize=64)
def _suppression(count: int) -> str:
    row = suppressions.c
    query = sa.select(row.email, row.verdict, row.evidence)
    return prepared(query.where(row.email.in_(places("email", count))))


@lru_cache(maxsize=64)
def _absence(count: int) -> str:
    row = subscribers.c
    query = sa.select(row.id).where(row.id.in_(places("id", count)))
    return prepared(query.where(row.state != fixed(SubscriberState.ACTIVE)))


@cache
def _settle(after: DeliveryState) -> str:
    meant = (deliveries.c.issue == _DAY) & (deliveries.c.subscriber == place("who"))
    return prepared(move(after, _S.LEASED).where(meant).values(FREE | TOLD))
