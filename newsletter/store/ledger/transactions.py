"""The ledger on an SQL database: each call is one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

from newsletter.model import Claim, Delivery, DeliveryState, Fate, IssueState, Settlement
from newsletter.store.database import Database
from newsletter.store.ledger import halts, listing, lists, moves, rates
from newsletter.store.ledger.claims import Claims


class SqlLedger:
    """Satisfies `newsletter.send.ledger.Ledger`.

    Every call raises StoreError when the database cannot be used.
    """

    def __init__(self, database: Database, *, lean: bool = False) -> None:
        """Use an open `database`.

        A lean ledger forces leases to the disk, but not each message that begins to leave. When
        the machine goes down, the last of those may be missing; whoever recovers has to know that
        it did (`Fate.LOST`), and then holds back everything that was leased.
        """
        self._database = database
        self._claims = Claims(database, lean=lean)

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
        cancelled; an address that is suppressed by now is settled as that, and a reader who has
        left or paused as cancelled: neither is returned.
        """
        return self._claims.claim(
            issue, owner=owner, limit=limit, now=now, until=until, email=email, without=without
        )

    def waits(
        self,
        issue: dt.date,
        *,
        now: dt.datetime,
        email: str | None = None,
        domains: Collection[str] = (),
    ) -> bool:
        """Tell whether anything is planned, or deferred and due: of `email`, or of `domains`."""
        return self._claims.waits(issue, now=now, email=email, domains=domains)

    def record(
        self, started: Sequence[Claim], settled: Sequence[Settlement], now: dt.datetime
    ) -> frozenset[str]:
        """Write which messages may leave from now on, and what became of others.

        Returns the subscribers whose deliveries are another sender's by now. Raises LedgerError for
        an outcome that no delivery of a sender comes to; nothing is written then.
        """
        return self._claims.record(started, settled, now)

    def release(self, claims: Sequence[Claim], now: dt.datetime) -> None:
        """Give back leases of which nothing was sent; the attempt does not count."""
        with self._database.transaction() as connection:
            moves.release(connection, claims, now)

    def recover(
        self, issue: dt.date, *, now: dt.datetime, fate_of: Callable[[str], Fate]
    ) -> tuple[int, int]:
        """Free what dead senders held; return how many became planned and how many unknown."""
        with self._database.transaction() as connection:
            return moves.recover(connection, issue, now, fate_of)

    def expire(self, issue: dt.date, *, now: dt.datetime, deadline: dt.datetime) -> int:
        """Give up on what is planned or deferred past the issue's `deadline`."""
        with self._database.transaction() as connection:
            return moves.expire(connection, issue, now, deadline)

    def reopen(
        self,
        issue: dt.date,
        states: Collection[DeliveryState],
        now: dt.datetime,
        email: str | None = None,
    ) -> int:
        """Have sent again what failed, is unknown or waits, because the operator asked for it.

        What failed or is unknown is planned again; what was refused for now is due at once. Of
        `email` alone, if there is one: nobody else gets a second mail then. Raises LedgerError for
        other states, and for an issue that was cancelled.
        """
        with self._database.transaction() as connection:
            return moves.reopen(connection, issue, states, now, email)

    def state(self, issue: dt.date) -> IssueState:
        """Return whether an issue goes on, is paused or was cancelled."""
        with self._database.transaction() as connection:
            return halts.state_of(connection, issue)

    def halted(self, issue: dt.date) -> str:
        """Return why an issue is paused or cancelled, for people; nothing when it is neither."""
        with self._database.transaction() as connection:
            return halts.why_halted(connection, issue)

    def pause(self, issue: dt.date, why: str, now: dt.datetime) -> None:  # noqa: ARG002
        """Send nothing more of an issue until it is resumed; one that was cancelled stays so."""
        with self._database.transaction() as connection:
            halts.set_state(connection, issue, IssueState.PAUSED, why)

    def resume(self, issue: dt.date) -> None:
        """Go on with an issue that was paused; one that was cancelled stays cancelled."""
        with self._database.transaction() as connection:
            halts.set_state(connection, issue, IssueState.PLANNED)

    def cancel(self, issue: dt.date, now: dt.datetime) -> int:
        """Give up what waits of an issue, for good; what is leaving is left to its sender."""
        with self._database.transaction() as connection:
            return moves.cancel(connection, issue, now)

    def follow_subscribers(self, issue: dt.date, now: dt.datetime) -> None:
        """Cancel what waits for those who get no mail now, and plan again for who is back.

        Of an issue that was cancelled, what its sender has given back since is given up as well.
        """
        with self._database.transaction() as connection:
            lists.follow_subscribers(connection, issue, now)

    def used(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, int]:
        """Return how many messages left since then, or are about to, by domain of the address.

        What a clock that was ahead wrote as later than `now` does not count.
        """
        with self._database.transaction() as connection:
            return rates.used(connection, since, now)

    def departure(
        self, since: dt.datetime, now: dt.datetime, place: int, domain: str = ""
    ) -> dt.datetime | None:
        """Return when the message at `place` (from 0, oldest first) of those since then left.

        Of `domain` only, if there is one. None when that one is only about to leave.
        """
        with self._database.transaction() as connection:
            return rates.departure(connection, since, now, place, domain)

    def counts(self, issue: dt.date) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are in each state; they add up to the audience."""
        with self._database.transaction() as connection:
            return listing.counts(connection, issue)

    def deliveries(
        self, issue: dt.date, states: Collection[DeliveryState] = tuple(DeliveryState)
    ) -> tuple[Delivery, ...]:
        """Return the deliveries of an issue that are in `states`, by address."""
        with self._database.transaction() as connection:
            return listing.rows(connection, issue, states)
