"""What editors look up, a page at a time: issues, deliveries, readers. It holds up no writer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final

import sqlalchemy as sa

from newsletter.model import DeliveryState, IssueState, NoticeState, Origin, SubscriberState
from newsletter.store import trends
from newsletter.store.database import Database
from newsletter.store.dialects import replacing
from newsletter.store.ledger.listing import of_reader
from newsletter.store.lines import BounceLine, DeliveryLine, IssueLine, ReaderLine, Tally
from newsletter.store.suppressions import Suppression
from newsletter.store.tables import (
    bounces,
    deliveries,
    editions,
    facts,
    issues,
    notices,
    subscribers,
    suppressions,
)
from newsletter.store.tallies import counted

_ENDED: Final = "session that ended"
"""The service under which the table of facts keeps sessions that somebody has ended."""


class AccountStore:
    """Lists of what is in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    # --- Issues ---------------------------------------------------------------------------------

    def issue(self, date: dt.date) -> IssueLine | None:
        """Return the planned issue of `date`, if there is one."""
        return next(iter(self._issues(sa.select(issues).where(issues.c.date == date))), None)

    def issues(
        self, limit: int, *, before: dt.date | None = None, since: dt.date | None = None
    ) -> tuple[IssueLine, ...]:
        """Return the latest issues, also of those before or since a date, the newest first."""
        query = sa.select(issues).order_by(issues.c.date.desc()).limit(limit)
        if before is not None:
            query = query.where(issues.c.date < before)
        if since is not None:
            query = query.where(issues.c.date >= since)
        return self._issues(query)

    def _issues(self, query: sa.Select[Any]) -> tuple[IssueLine, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            IssueLine(
                date=row.date,
                number=row.number,
                papers=row.papers,
                planned_at=row.planned_at,
                state=IssueState(row.state),
                halted=row.halted,
            )
            for row in rows
        )

    def tally(self, issue: dt.date) -> Tally:
        """Return how the deliveries of an issue stand."""
        with self._database.reading() as connection:
            found = counted(connection, issue)
        states = {state: found.get(state.value, 0) for state in DeliveryState}
        return Tally(total=sum(found.values()), states=states)

    def editions(self, issue: dt.date, limit: int) -> tuple[tuple[str, str], ...]:
        """Return key and subject of the first editions of an issue; single readers' come last."""
        query = (
            sa.select(editions.c.key, editions.c.subject)
            .where(editions.c.issue == issue)
            .order_by(editions.c.key)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return tuple((row.key, row.subject) for row in connection.execute(query))

    # --- Deliveries -----------------------------------------------------------------------------

    def deliveries(
        self,
        issue: dt.date,
        limit: int,
        *,
        after: str = "",
        text: str = "",
        state: DeliveryState | None = None,
    ) -> tuple[DeliveryLine, ...]:
        """Return deliveries of an issue in the order of readers' ids, those `after` an id.

        Only those with `text` in their address, and in a state, if given.
        """
        query = (
            _with_subject()
            .where(deliveries.c.issue == issue, deliveries.c.subscriber > after)
            .order_by(deliveries.c.subscriber)
            .limit(limit)
        )
        if text:
            query = query.where(deliveries.c.email.icontains(text, autoescape=True))
        if state is not None:
            # As an expression, so that SQLite uses the key and no index of states.
            query = query.where(deliveries.c.state.concat("") == state.value)
        return self._deliveries(query)

    def history(
        self, subscriber: str, limit: int, *, before: dt.date | None = None
    ) -> tuple[DeliveryLine, ...]:
        """Return deliveries to a reader, the latest issue first, those `before` a date."""
        query = of_reader(_with_subject(), subscriber, before=before)
        return self._deliveries(query.limit(limit))

    def _deliveries(self, query: sa.Select[Any]) -> tuple[DeliveryLine, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            DeliveryLine(
                issue=row.issue,
                subscriber=row.subscriber,
                email=row.email,
                edition=row.edition,
                subject=row.subject or "",
                state=DeliveryState(row.state),
                attempt=row.attempt,
                code=row.code,
                reason=row.reason,
                verdict=row.verdict,
                changed_at=row.changed_at,
                next_at=row.next_at or (row.not_before if row.state == "planned" else None),
            )
            for row in rows
        )

    # --- Readers --------------------------------------------------------------------------------

    def readers(
        self,
        limit: int,
        *,
        after: str = "",
        text: str = "",
        states: Collection[SubscriberState] = (),
        origins: Collection[Origin] = (),
    ) -> tuple[ReaderLine, ...]:
        """Return readers by address, those `after` one; who was erased only if asked for.

        Only those with `text` in their address, of some states and origins, if given.
        """
        row = subscribers.c
        wanted = states or [known for known in SubscriberState if known is not _ERASED]
        # SQLite goes along the addresses, which is fast when most rows are wanted. When few are, it
        # is faster to read all rows as they are stored: so the address is no column but a text.
        address = row.address.concat("") if states or origins or text else row.address
        query = (
            sa.select(subscribers)
            .where(address > after)
            .where(row.state.concat("").in_(sorted(known.value for known in wanted)))
            .order_by(address)
            .limit(limit)
        )
        if origins:
            query = query.where(row.origin.in_(sorted(known.value for known in origins)))
        if text:
            query = query.where(row.address.contains(text.lower(), autoescape=True))
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            ReaderLine(
                id=found.id,
                address=found.address,
                email=found.email,
                name=found.name,
                state=SubscriberState(found.state),
                origin=Origin(found.origin),
                paused_until=found.paused_until,
                consent_at=found.consent_at,
            )
            for found in rows
        )

    def growth(self, since: dt.datetime) -> Mapping[dt.date, tuple[int, int]]:
        """Return for each day how many came, and how many left, as the list knows it now."""
        with self._database.reading() as connection:
            return trends.growth(connection, since)

    def feedback(self, since: dt.datetime) -> Mapping[dt.date, Mapping[str, int]]:
        """Return for each day how often each kind of feedback was given."""
        with self._database.reading() as connection:
            return trends.feedback_days(connection, since)

    def notices(self) -> Mapping[NoticeState, int]:
        """Return how many mails that people asked for on the site are in each state."""
        query = sa.select(notices.c.state, sa.func.count()).group_by(notices.c.state)
        with self._database.reading() as connection:
            found: dict[str, int] = dict(connection.execute(query).all())
        return {state: found.get(state.value, 0) for state in NoticeState}

    # --- What came back -------------------------------------------------------------------------

    def bounces(self, limit: int, *, email: str = "", text: str = "") -> tuple[BounceLine, ...]:
        """Return the latest bounces: of one address only, or with `text` in it, if given."""
        query = sa.select(bounces).order_by(bounces.c.seen_at.desc(), bounces.c.digest).limit(limit)
        if email:
            query = query.where(bounces.c.email == email.lower())
        if text:
            query = query.where(bounces.c.email.contains(text.lower(), autoescape=True))
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            BounceLine(
                issue=row.issue,
                subscriber=row.subscriber,
                email=row.email,
                verdict=row.verdict,
                verified=row.verified,
                evidence=row.evidence,
                seen_at=row.seen_at,
            )
            for row in rows
        )

    def suppressions(
        self, limit: int, *, after: str = "", text: str = ""
    ) -> tuple[Suppression, ...]:
        """Return suppressions by address, those `after` one, with `text` in it."""
        row = suppressions.c
        query = sa.select(suppressions).where(row.email > after).order_by(row.email).limit(limit)
        if text:
            query = query.where(row.email.contains(text.lower(), autoescape=True))
        with self._database.reading() as connection:
            found = connection.execute(query).mappings().all()
        return tuple(Suppression(**values) for values in found)

    # --- Sessions of editors --------------------------------------------------------------------

    def end_session(self, session: str, now: dt.datetime, forget: dt.datetime) -> None:
        """Note that a session has ended; those that ended before `forget` are forgotten."""
        old = (facts.c.service == _ENDED) & (facts.c.asked_at < forget)
        row = {"service": _ENDED, "subject": session, "data": {}, "asked_at": now}
        with self._database.transaction() as connection:
            connection.execute(facts.delete().where(old))
            connection.execute(replacing(connection, facts).values(row))

    def has_ended(self, session: str) -> bool:
        """Return whether somebody has ended a session."""
        query = sa.select(facts.c.subject).where(
            facts.c.service == _ENDED, facts.c.subject == session
        )
        with self._database.reading() as connection:
            return connection.scalar(query) is not None


_ERASED: Final = SubscriberState.ERASED


def _with_subject() -> sa.Select[Any]:
    """Return the query for deliveries with the subjects of their editions."""
    edition = (editions.c.issue == deliveries.c.issue) & (editions.c.key == deliveries.c.edition)
    return sa.select(deliveries, editions.c.subject).select_from(
        deliveries.outerjoin(editions, edition)
    )
