"""What sending needs from a ledger; delivery states and their moves are in `model.moves`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from newsletter.model import Claim, Delivery, DeliveryState, Fate, Settlement


class Ledger(Protocol):
    """What `send_editions` needs from the table of deliveries; each call is one transaction."""

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

        With `email`, only deliveries to that address; with `shard`, only those of this part of the
        issue; never to a domain in `without`. That nothing is leased does not mean that nothing is
        left: another sender may be about to give something back (`waits` knows). Nothing is
        leased when the issue is paused or cancelled. A delivery to an address that has been
        suppressed in the meantime is settled as suppressed, and not returned.
        """
        ...

    def record(
        self, started: Sequence[Claim], settled: Sequence[Settlement], now: dt.datetime
    ) -> frozenset[str]:
        """Write which messages may leave from now on, and what became of others.

        Returns the subscribers whose deliveries another sender holds by now: their messages must
        not leave, and their outcomes were not written.
        """
        ...

    def release(self, claims: Sequence[Claim], now: dt.datetime) -> None:
        """Give back leases of deliveries that were not begun; leave other senders' leases alone."""
        ...

    def recover(
        self,
        issue: dt.date,
        *,
        now: dt.datetime,
        fate_of: Callable[[str], Fate],
        shard: int | None = None,
    ) -> tuple[int, int]:
        """Free what dead senders held; return how many became planned, and how many unknown.

        `fate_of` tells of senders of which the ledger itself knows nothing.
        """
        ...

    def expire(self, issue: dt.date, *, now: dt.datetime, deadline: dt.datetime) -> int:
        """Give up what is still planned or deferred once the issue's `deadline` has passed.

        What waits for an hour that its reader chose has more time.
        """
        ...

    def waits(
        self,
        issue: dt.date,
        *,
        now: dt.datetime,
        email: str | None = None,
        domains: Collection[str] = (),
        shard: int | None = None,
    ) -> bool:
        """Tell whether a delivery (to `email` or `domains`) is planned or deferred, and due."""
        ...

    def used(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, int]:
        """Return how many messages have left since `since`, or are about to, by domain.

        Messages of every issue and every sender count, as they do for a mail server. Those that a
        fast clock recorded as later than `now` do not count.
        """
        ...

    def departure(
        self, since: dt.datetime, now: dt.datetime, place: int, domain: str = ""
    ) -> dt.datetime | None:
        """Return when the message at `place` left, among those that left since `since`.

        Places count from 0, oldest first. With `domain`, only messages to that domain count. None
        when the message is only about to leave.
        """
        ...

    def halted(self, issue: dt.date) -> str:
        """Return why an issue is paused or cancelled; an empty text when it is neither."""
        ...

    def pause(self, issue: dt.date, why: str, now: dt.datetime) -> None:
        """Send nothing more of an issue until it is resumed."""
        ...

    def counts(self, issue: dt.date) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are in each state; they add up to the audience."""
        ...
