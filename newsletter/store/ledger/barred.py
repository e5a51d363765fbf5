"""Claimed deliveries that must not be sent: settled in the transaction of the claim."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import sqlalchemy as sa

from newsletter.model import LEFT, Delivery, DeliveryState, SubscriberState
from newsletter.store.ledger.connections import Cursor
from newsletter.store.ledger.statements import (
    FREE,
    REASON,
    Row,
    among,
    fixed,
    listed,
    move,
    place,
    prepared,
    told,
)
from newsletter.store.tables import deliveries, subscribers, suppressions

_S = DeliveryState
_DAY = place("day")


def bar(cursor: Cursor, found: Sequence[Delivery], moment: str, dialect: str) -> frozenset[str]:
    """Settle those whose address is suppressed or whose reader has left; return the readers."""
    suppressed = _bar_suppressed(cursor, found, moment, dialect)
    others = [delivery for delivery in found if delivery.subscriber not in suppressed]
    return suppressed | _bar_absent(cursor, others, moment, dialect)


def _bar_suppressed(
    cursor: Cursor, found: Sequence[Delivery], moment: str, dialect: str
) -> frozenset[str]:
    """Settle deliveries whose address must not be mailed; return their readers."""
    if not found:
        return frozenset()
    emails = sorted({delivery.email.lower() for delivery in found})
    cursor.execute(_suppression(len(emails), dialect), listed("emails", emails, dialect))
    said = {email: (verdict, evidence) for email, verdict, evidence in cursor.fetchall()}
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
    if rows:
        cursor.executemany(_settle(_S.SUPPRESSED, dialect), rows)
    return frozenset(delivery.subscriber for delivery in barred)


def _bar_absent(
    cursor: Cursor, found: Sequence[Delivery], moment: str, dialect: str
) -> frozenset[str]:
    """Cancel claimed deliveries whose readers get no mail any more; return the readers."""
    if not found:
        return frozenset()
    days = {delivery.subscriber: delivery.issue.isoformat() for delivery in found}
    cursor.execute(_absence(len(days), dialect), listed("ids", days, dialect))
    absent = [str(row[0]) for row in cursor.fetchall()]
    rows: list[Row] = [
        {"day": days[who], "who": who, "meaning": "", "answer": LEFT, "now": moment}
        for who in absent
    ]
    if rows:
        cursor.executemany(_settle(_S.CANCELLED, dialect), rows)
    return frozenset(absent)


@lru_cache(maxsize=64)
def _suppression(count: int, dialect: str) -> str:
    row = suppressions.c
    query = sa.select(row.email, row.verdict, row.evidence)
    return prepared(query.where(among(row.email, "emails", count, dialect)), dialect)


@lru_cache(maxsize=64)
def _absence(count: int, dialect: str) -> str:
    row = subscribers.c
    query = sa.select(row.id).where(among(row.id, "ids", count, dialect))
    return prepared(query.where(row.state != fixed(SubscriberState.ACTIVE)), dialect)


@cache
def _settle(after: DeliveryState, dialect: str) -> str:
    meant = (deliveries.c.issue == _DAY) & (deliveries.c.subscriber == place("who"))
    return prepared(move(after, _S.LEASED).where(meant).values(FREE | told(place)), dialect)
