"""Addresses that must not be mailed, and the bounces that say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from newsletter.model import Verdict
from newsletter.store.database import Database
from newsletter.store.tables import bounces, deliveries, suppressions

HARD: Final = tuple(one.value for one in Verdict if one.is_hard)
"""Verdicts after which nothing will arrive any more."""
SOFT: Final = (Verdict.FULL.value, Verdict.DISABLED.value, Verdict.SAID_GONE.value)
"""Verdicts that may pass, or may be wrong: they count when they last."""
COMPLAINT: Final = "complaint"
ISSUES = 3
LASTING = dt.timedelta(days=7)
"""What counts when it lasts is believed after so many issues over so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What one report says of one address."""

    digest: str
    """Of the report and the address: the same report is noted once."""
    email: str
    verdict: str
    """A `Verdict`, or `complaint`."""
    verified: bool
    """Whether it came to an address, or with a link, that only mail of ours to `email` has."""
    evidence: str
    is_final: bool = True
    """Whether a hard verdict is proved; one in words alone counts when it lasts."""
    issue: dt.date | None = None
    subscriber: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that gets nothing any more."""

    email: str
    verdict: str
    source: str
    """`reply` (the mail server's own), `bounce` or `complaint`."""
    evidence: str
    since: dt.datetime


class SuppressionStore:
    """Bounces and suppressions in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def note(self, found: Sequence[Bounce], now: dt.datetime) -> tuple[int, tuple[str, ...]]:
        """Note bounces; return how many were new, and whose addresses are suppressed from now on.

        A report is unauthenticated: without proof that it is about our mail it suppresses nobody.
        """
        new = 0
        barred: list[str] = []
        with self._database.transaction() as connection:
            for one in found:
                known = sa.select(bounces.c.digest).where(bounces.c.digest == one.digest)
                if connection.scalar(known):
                    continue
                new += 1
                address = one.email.lower()
                connection.execute(
                    bounces.insert().values(
                        digest=one.digest, issue=one.issue, subscriber=one.subscriber or None,
                        email=address, verdict=one.verdict, verified=one.verified,
                        evidence=one.evidence, seen_at=now,
                    )
                )  # fmt: skip
                if one.verified and address and self._is_enough(connection, address, one):
                    source = COMPLAINT if one.verdict == COMPLAINT else "bounce"
                    if _suppress(connection, address, one.verdict, source, one.evidence, now):
                        barred.append(address)
        return new, tuple(barred)

    def address_of(self, issue: dt.date | None, subscriber: str) -> str | None:
        """Return where a delivery went, or a subscriber's latest one; None for what never was."""
        query = (
            sa.select(deliveries.c.email)
            .where(deliveries.c.subscriber == subscriber)
            .order_by(deliveries.c.issue.desc())
            .limit(1)
        )
        if issue is not None:
            query = query.where(deliveries.c.issue == issue)
        with self._database.transaction() as connection:
            email = connection.scalar(query)
        return None if email is None else str(email).lower()

    @staticmethod
    def _is_enough(connection: sa.Connection, address: str, one: Bounce) -> bool:
        if one.verdict == COMPLAINT or (one.verdict in HARD and one.is_final):
            return True
        if one.verdict not in SOFT + HARD:
            return False
        issue = bounces.c.issue
        query = sa.select(
            sa.func.count(sa.distinct(issue)), sa.func.min(issue), sa.func.max(issue)
        ).where(
            bounces.c.email == address,
            bounces.c.verdict.in_(SOFT + HARD),
            bounces.c.verified,
        )
        count, first, last = connection.execute(query).one()
        # The days of the issues, not of the reading: a mailbox may be read once a month.
        return bool(count >= ISSUES and last - first >= LASTING)

    def learn(self, issue: dt.date, now: dt.datetime) -> int:
        """Suppress the addresses that mail servers refused for good while `issue` was sent."""
        query = sa.select(deliveries.c.email, deliveries.c.verdict, deliveries.c.reason).where(
            deliveries.c.issue == issue,
            deliveries.c.state == "failed",
            deliveries.c.verdict.in_(HARD),
        )
        with self._database.transaction() as connection:
            return sum(
                _suppress(connection, row.email.lower(), row.verdict, "reply", row.reason, now)
                for row in connection.execute(query).all()
            )

    def all(self) -> Iterator[Suppression]:
        """Yield every suppression, by address."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(suppressions).order_by(suppressions.c.email)).all()
        for row in rows:
            yield Suppression(
                email=row.email, verdict=row.verdict, source=row.source, evidence=row.evidence,
                since=row.since,
            )  # fmt: skip

    def remove(self, email: str) -> bool:
        """Mail an address again; return whether it was suppressed.

        Its bounces count no more; they are kept, so that the same mail read again counts neither.
        """
        address = email.lower()
        with self._database.transaction() as connection:
            connection.execute(
                bounces.update().where(bounces.c.email == address).values(verified=False)
            )
            gone = connection.execute(suppressions.delete().where(suppressions.c.email == address))
            return gone.rowcount > 0


def _suppress(
    connection: sa.Connection,
    email: str,
    verdict: str,
    source: str,
    evidence: str,
    now: dt.datetime,
) -> bool:
    """Suppress an address; return whether it was not yet."""
    known = sa.select(suppressions.c.email).where(suppressions.c.email == email)
    if connection.scalar(known):
        return False
    connection.execute(
        suppressions.insert().values(
            email=email, verdict=verdict, source=source, evidence=evidence[:300], since=now
        )
    )
    return True
