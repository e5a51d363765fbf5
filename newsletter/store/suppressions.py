"""Addresses that must not be mailed, and the bounces that prove it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from newsletter.model import Verdict
from newsletter.store.database import Database
from newsletter.store.dialects import alone, inserting
from newsletter.store.once import Once, forget_requests, has_come, is_first
from newsletter.store.tables import bounces, deliveries, issues, suppressions

HARD: Final = tuple(verdict.value for verdict in Verdict if verdict.is_hard)
"""Verdicts that mean that no mail will arrive any more."""
SOFT: Final = (Verdict.FULL.value, Verdict.DISABLED.value, Verdict.SAID_GONE.value)
"""Verdicts that may pass or may be wrong: they count only when they last."""
COMPLAINT: Final = "complaint"
UNSUBSCRIBED: Final = "unsubscribed"
BOUNCED: Final = "bounced"
BLOCKED: Final = "blocked"
"""What lists of other programs say of an address, beside COMPLAINT."""
IMPORTED: Final = "import"
"""The source of a suppression that came with a list."""
ISSUES = 3
LASTING = dt.timedelta(days=7)
"""Such a verdict is believed after ISSUES issues over at least this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What one report says about one address."""

    digest: str
    """Digest of the report and the address, so that the same report is noted once."""
    email: str
    verdict: str
    """A `Verdict`, or `complaint`."""
    verified: bool
    """Whether it came with a tag or a link that only our mail to `email` has."""
    evidence: str
    is_final: bool = True
    """Whether a hard verdict is proved; one in words alone counts only when it lasts."""
    issue: dt.date | None = None
    subscriber: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that gets no more mail."""

    email: str
    verdict: str
    source: str
    """`reply` (of the mail server while sending), `bounce`, `complaint` or `import`."""
    evidence: str
    since: dt.datetime


class SuppressionStore:
    """Bounces and suppressions in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def note(
        self, found: Sequence[Bounce], now: dt.datetime, once: Once | None = None
    ) -> tuple[int, tuple[str, ...]]:
        """Note bounces; return how many were new, and which addresses are now suppressed.

        Anybody can write a report: without proof that it is about our mail it suppresses nobody. Of
        a request that came before (`once`) nothing is noted; that it came is, together with what it
        says, or not at all.
        """
        new = 0
        barred: list[str] = []
        with self._database.transaction() as connection:
            # Else two who read at once would each find one bounce too few.
            alone(connection, "bounces")
            if once is not None and not is_first(connection, once, now):
                return 0, ()
            for bounce in found:
                address = bounce.email.lower()
                noted = connection.execute(
                    inserting(connection, bounces)
                    .values(
                        digest=bounce.digest,
                        issue=bounce.issue,
                        subscriber=bounce.subscriber or None,
                        email=address,
                        verdict=bounce.verdict,
                        verified=bounce.verified,
                        evidence=bounce.evidence,
                        seen_at=now,
                    )
                    .on_conflict_do_nothing(index_elements=["digest"])
                )
                if not noted.rowcount:
                    continue
                new += 1
                if bounce.verified and address and self._is_enough(connection, address, bounce):
                    source = COMPLAINT if bounce.verdict == COMPLAINT else "bounce"
                    if _suppress(connection, address, bounce.verdict, source, bounce.evidence, now):
                        barred.append(address)
        return new, tuple(barred)

    def knows(self, digests: Sequence[str]) -> frozenset[str]:
        """Return those of `digests` whose bounces are noted."""
        query = sa.select(bounces.c.digest).where(bounces.c.digest.in_(digests))
        with self._database.reading() as connection:
            return frozenset(connection.scalars(query))

    def has_come(self, once: Once) -> bool:
        """Return whether a request came before."""
        return has_come(self._database, once)

    def forget_requests(self, services: Collection[str], before: dt.datetime) -> int:
        """Forget the requests of `services` that came before a moment; return how many."""
        return forget_requests(self._database, services, before)

    def latest_issue(self, subscriber: str) -> dt.date | None:
        """Return the latest issue that a subscriber has a delivery of; None if there is none."""
        # From the newest issue on: the ledger has no index by subscriber.
        has_it = sa.exists().where(
            deliveries.c.issue == issues.c.date, deliveries.c.subscriber == subscriber
        )
        query = sa.select(issues.c.date).where(has_it).order_by(issues.c.date.desc()).limit(1)
        with self._database.reading() as connection:
            return connection.scalar(query)

    def address_of(self, issue: dt.date | None, subscriber: str) -> str | None:
        """Return where a delivery, or the subscriber's latest one, went; None if there is none."""
        query = (
            sa.select(deliveries.c.email)
            .where(deliveries.c.subscriber == subscriber)
            .order_by(deliveries.c.issue.desc())
            .limit(1)
        )
        if issue is not None:
            query = query.where(deliveries.c.issue == issue)
        with self._database.reading() as connection:
            email = connection.scalar(query)
        return None if email is None else str(email).lower()

    @staticmethod
    def _is_enough(connection: sa.Connection, address: str, bounce: Bounce) -> bool:
        if bounce.verdict == COMPLAINT or (bounce.verdict in HARD and bounce.is_final):
            return True
        if bounce.verdict not in SOFT + HARD:
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
        # Count days between issues, not between readings: a mailbox may be read once a month.
        return bool(count >= ISSUES and last - first >= LASTING)

    def learn(self, issue: dt.date, now: dt.datetime) -> int:
        """Suppress the addresses that mail servers refused for good while `issue` was sent."""
        query = sa.select(deliveries.c.email, deliveries.c.verdict, deliveries.c.reason).where(
            deliveries.c.issue == issue,
            deliveries.c.state == "failed",
            deliveries.c.verdict.in_(HARD),
        )
        with self._database.transaction() as connection:
            alone(connection, "bounces")
            return sum(
                _suppress(connection, row.email.lower(), row.verdict, "reply", row.reason, now)
                for row in connection.execute(query).all()
            )

    def all(self) -> Iterator[Suppression]:
        """Yield every suppression, sorted by address."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(suppressions).order_by(suppressions.c.email)).all()
        yield from map(_suppression, rows)

    def get(self, email: str) -> Suppression | None:
        """Return why an address must not be mailed; None when it may."""
        query = sa.select(suppressions).where(suppressions.c.email == email.lower())
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _suppression(row) if row else None

    def remove(self, email: str) -> bool:
        """Allow mail to an address again; return whether it was suppressed.

        Its bounces no longer count. They are kept, so that reading the same mail again does not
        count them either.
        """
        address = email.lower()
        with self._database.transaction() as connection:
            connection.execute(
                bounces.update().where(bounces.c.email == address).values(verified=False)
            )
            gone = connection.execute(suppressions.delete().where(suppressions.c.email == address))
            return gone.rowcount > 0


def _suppression(row: sa.Row[Any]) -> Suppression:
    return Suppression(
        email=row.email,
        verdict=row.verdict,
        source=row.source,
        evidence=row.evidence,
        since=row.since,
    )


def _suppress(
    connection: sa.Connection,
    email: str,
    verdict: str,
    source: str,
    evidence: str,
    now: dt.datetime,
) -> bool:
    """Suppress an address; return whether it was not suppressed before."""
    row = inserting(connection, suppressions).values(
        email=email, verdict=verdict, source=source, evidence=evidence[:300], since=now
    )
    added = connection.execute(row.on_conflict_do_nothing(index_elements=["email"]))
    return added.rowcount > 0
