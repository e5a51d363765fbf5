"""The ledger on an SQL database: each call is one transaction."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

import sqlalchemy as sa

from newsletter.model import Claim, Delivery, DeliveryState, Fate, IssueState, Later, Settlement
from newsletter.store.database import Database
from newsletter.store.ledger import (
    assignments,
    halts,
    listing,
    lists,
    moves,
    rates,
    senders,
)
from newsletter.store.ledger.claims import Claims


class SqlLedger:
    """Satisfies `newsletter.send.ledger.Ledger`.

    Every call raises StoreError when the database cannot be used.
    """

    def __init__(self, database: Database, *, lean: bool = False) -> None:
        """Use an open `database`.

        A lean ledger forces leases to the disk, but not each message that begins to leave. When the
        machine goes down, the last of those may be missing from the ledger. Whoever recovers must
        be told that the machine went down (`Fate.LOST`), and then holds back all that was leased.
        Only SQLite's is ever lean: PostgreSQL forces what many share to its disk at once anyhow.
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
        shard: int | None = None,
    ) -> tuple[Delivery, ...]:
        """Lease up to `limit` deliveries that are planned or deferred, and due.

        Only for `email`, or of one `shard`, if given, and for no domain in `without`. Takes nothing
        of an issue that is paused or cancelled. If the address is suppressed by now, the delivery
        becomes suppressed; if the reader has left or paused, cancelled. Those are not returned.
        """
        return self._claims.claim(
            issue,
            owner=owner,
            limit=limit,
            now=now,
            until=until,
            email=email,
            without=without,
            shard=shard,
        )

    def waits(
        self,
        issue: dt.date,
        *,
        now: dt.datetime,
        email: str | None = None,
        domains: Collection[str] = (),
        shard: int | None = None,
    ) -> bool:
        """Return whether any delivery is planned or deferred, and due.

        Only those of `email`, of `domains` or of a `shard`, if given.
        """
        return self._claims.waits(issue, now=now, email=email, domains=domains, shard=shard)

    def record(
        self, started: Sequence[Claim], settled: Sequence[Settlement], now: dt.datetime
    ) -> frozenset[str]:
        """Write which messages may start to leave, and the outcomes of others.

        Returns the subscribers whose deliveries another sender holds by now. Raises LedgerError,
        and writes nothing, for an outcome that no delivery held by a sender can have.
        """
        return self._claims.record(started, settled, now)

    def release(self, claims: Sequence[Claim], now: dt.datetime) -> None:
        """Give back leases whose messages were not sent; the attempt does not count."""
        with self._database.transaction() as connection:
            moves.release(connection, claims, now)

    def pulse(self, owner: str) -> contextlib.AbstractContextManager[None]:
        """Say, during a block, that a sender is at work, for those on other machines."""
        return senders.pulse(self._database, owner)

    # --- Shards and workers ---------------------------------------------------------------------

    def ready_shards(self, issue: dt.date, now: dt.datetime) -> tuple[int, ...]:
        """Return the shards in which something is due, and at which no worker is."""
        with self._database.reading() as connection:
            return assignments.ready(connection, issue, now)

    def take_shard(self, issue: dt.date, shard: int, owner: str) -> bool:
        """Write that a worker is at a shard; return whether it was free."""
        with self._database.transaction() as connection:
            return assignments.take(connection, issue, shard, owner)

    def leave_shard(
        self, issue: dt.date, shard: int, owner: str, rest: dt.datetime | None = None
    ) -> None:
        """Give back a shard, if it is still the worker's; nobody shall take it before `rest`."""
        with self._database.transaction() as connection:
            assignments.leave(connection, issue, shard, owner, rest)

    def free_shards(
        self, issue: dt.date, now: dt.datetime, fate_of: Callable[[str], Fate]
    ) -> tuple[int, ...]:
        """Free the shards of dead workers, and what they held of them; return which.

        A worker says that it is at work before it takes a shard. So whoever is unknown was dead,
        and is forgotten by now, even if another program has got its process id since.
        """
        with self._database.transaction() as connection:
            said = self._said(connection)
            unknown = Fate.DEAD if self._database.is_postgresql else None
            found = assignments.abandoned(connection, issue, senders.known(said, fate_of, unknown))
            for shard, owner in found:
                moves.recover(connection, issue, now, senders.known(said, fate_of), shard)
                assignments.leave(connection, issue, shard, owner)
        return tuple(shard for shard, _ in found)

    def bury_dead(self, unfinished: Collection[dt.date], now: dt.datetime) -> tuple[str, ...]:
        """Free what senders that died held of issues, and forget those senders; return their names.

        It is for those who took no shard, such as `newsletter run`: their leases would last long.
        """
        if not self._database.is_postgresql:
            return ()
        with self._database.reading() as connection:
            known = senders.fates(connection)
        dead = tuple(sorted(name for name, fate in known.items() if fate is Fate.DEAD))
        if dead:
            with self._database.transaction() as connection:
                for issue in sorted(unfinished):
                    moves.recover(
                        connection, issue, now, lambda owner: known.get(owner, Fate.ALIVE), None
                    )
                senders.forget(connection, dead)
        return dead

    def let_go(self, owner: str, now: dt.datetime) -> None:
        """Free the shards of a worker that has stopped sending, and what it held of them."""

        def fate_of(other: str) -> Fate:
            return Fate.DEAD if other == owner else Fate.ALIVE

        with self._database.transaction() as connection:
            for issue, shard in assignments.held(connection, owner):
                moves.recover(connection, issue, now, fate_of, shard)
                assignments.leave(connection, issue, shard, owner)

    def at_work(self, now: dt.datetime, fate_of: Callable[[str], Fate]) -> frozenset[str]:
        """Return the senders that hold deliveries or shards and may be at work, on any issue."""
        with self._database.transaction() as connection:
            known = self._fates(connection, fate_of)
            return frozenset(
                owner
                for owner, until in assignments.holders(connection)
                if known(owner) is Fate.ALIVE
                or (known(owner) is Fate.AWAY and until is not None and until > now)
            )

    def _fates(
        self, connection: sa.Connection, fate_of: Callable[[str], Fate]
    ) -> Callable[[str], Fate]:
        """Return what tells the fate of senders: what they say themselves comes first."""
        return senders.known(self._said(connection), fate_of)

    def _said(self, connection: sa.Connection) -> Mapping[str, Fate]:
        """Return what is known of senders by their own word; they give it on PostgreSQL alone."""
        return senders.fates(connection) if self._database.is_postgresql else {}

    def recover(
        self,
        issue: dt.date,
        *,
        now: dt.datetime,
        fate_of: Callable[[str], Fate],
        shard: int | None = None,
    ) -> tuple[int, int]:
        """Free what dead senders held; return how many became planned, and how many unknown.

        Senders that said that they are at work (`pulse`) are dead when they fall silent; of others
        `fate_of` tells. With `shard`, only senders that hold something of it are looked at.
        """
        with self._database.transaction() as connection:
            known = self._fates(connection, fate_of)
            return moves.recover(connection, issue, now, known, shard)

    def expire(self, issue: dt.date, *, now: dt.datetime, deadline: dt.datetime) -> int:
        """Expire the planned and deferred deliveries after the issue's `deadline`.

        Those with an hour have as much time after it as the others have after the plan.
        """
        with self._database.transaction() as connection:
            return moves.expire(connection, issue, now, deadline)

    def reopen(
        self,
        issue: dt.date,
        states: Collection[DeliveryState],
        now: dt.datetime,
        email: str | None = None,
    ) -> int:
        """Send failed, unknown or deferred deliveries again, because the operator asked for it.

        Failed and unknown ones are planned again; deferred ones become due at once. With `email`,
        only its delivery: nobody else gets a second mail then. Raises LedgerError for other states,
        and for an issue that was cancelled.
        """
        with self._database.transaction() as connection:
            return moves.reopen(connection, issue, states, now, email)

    def state(self, issue: dt.date) -> IssueState:
        """Return whether an issue is planned, paused or cancelled."""
        with self._database.reading() as connection:
            return halts.state_of(connection, issue)

    def halted(self, issue: dt.date) -> str:
        """Return why an issue is paused or cancelled, for people; empty when it is neither."""
        with self._database.reading() as connection:
            return halts.why_halted(connection, issue)

    def pause(self, issue: dt.date, why: str, now: dt.datetime) -> None:  # noqa: ARG002  the protocol has it
        """Send nothing more of an issue until it is resumed; a cancelled issue stays cancelled."""
        with self._database.transaction() as connection:
            halts.set_state(connection, issue, IssueState.PAUSED, why)

    def resume(self, issue: dt.date) -> None:
        """Go on with a paused issue; a cancelled issue stays cancelled."""
        with self._database.transaction() as connection:
            halts.set_state(connection, issue, IssueState.PLANNED)

    def cancel(self, issue: dt.date, now: dt.datetime) -> int:
        """Give up an issue's waiting deliveries for good; what is leaving now is not stopped."""
        with self._database.transaction() as connection:
            return moves.cancel(connection, issue, now)

    def follow_subscribers(self, issue: dt.date, now: dt.datetime) -> None:
        """Cancel waiting deliveries of readers who get no mail now; plan again for returning ones.

        In a cancelled issue, deliveries that a sender has given back since are cancelled, too.
        """
        with self._database.transaction() as connection:
            lists.follow_subscribers(connection, issue, now)

    def forget_erased(self) -> None:
        """Take out the addresses of readers who were erased while a mail to them was leaving."""
        with self._database.transaction() as connection:
            lists.forget_erased(connection)

    def forget_addresses(self, first: dt.date, before: dt.date) -> None:
        """Take addresses and names out of final deliveries of issues from `first` to `before`."""
        with self._database.transaction() as connection:
            lists.forget_addresses(connection, first, before)

    def used(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, int]:
        """Return how many messages have left since then or are about to, by the address's domain.

        Times later than `now`, written by a clock that was ahead, do not count.
        """
        with self._database.reading() as connection:
            return rates.used(connection, since, now)

    def departure(
        self, since: dt.datetime, now: dt.datetime, place: int, domain: str = ""
    ) -> dt.datetime | None:
        """Return when the message at `place` left; 0 is the oldest one since then.

        With `domain`, only that domain's messages count. None when the message has not left yet.
        """
        with self._database.reading() as connection:
            return rates.departure(connection, since, now, place, domain)

    def counts(self, issue: dt.date) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are in each state; they add up to the audience."""
        with self._database.reading() as connection:
            return listing.counts(connection, issue)

    def later(self, issue: dt.date, now: dt.datetime) -> Later:
        """Return how many deliveries wait for the hour that their readers chose."""
        with self._database.transaction() as connection:
            return listing.later(connection, issue, now)

    def deliveries(
        self, issue: dt.date, states: Collection[DeliveryState] = tuple(DeliveryState)
    ) -> tuple[Delivery, ...]:
        """Return the deliveries of an issue that are in `states`, sorted by address."""
        with self._database.reading() as connection:
            return listing.rows(connection, issue, states)

    def history(self, subscriber: str) -> tuple[Delivery, ...]:
        """Return every delivery to a reader, the latest issue first."""
        with self._database.reading() as connection:
            return listing.history(connection, subscriber)
