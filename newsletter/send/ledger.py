"""What sending asks of a ledger; the states of a delivery and their moves are in `model.moves`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from newsletter.model import MOVES, OPEN, Claim, Delivery, DeliveryState, Fate, Settlement

__all__ = ["MOVES", "OPEN", "Ledger"]


class Ledger(Protocol):
    """What `send_editions` needs of the table of deliveries; each call is one transaction."""

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
        cancelled; an address that is suppressed by now is settled as that, and not returned.
        """
        ...

    def record(
        self, started: Sequence[Claim], settled: Sequence[Settlement], now: dt.datetime
    ) -> frozenset[str]:
        """Write which messages may leave from now on, and what became of others.

        Returns the subscribers whose deliveries are another sender's by now: their messages must
        not leave, and their outcomes were not written.
        """
        ...

    def release(self, claims: Sequence[Claim], now: dt.datetime) -> None:
        """Give back leases of which nothing was sent; what is another sender's is left alone."""
        ...

    def recover(
        self, issue: dt.date, *, now: dt.datetime, fate_of: Callable[[str], Fate]
    ) -> tuple[int, int]:
        """Free what dead senders held; return how many became planned and how many unknown."""
        ...

    def expire(self, issue: dt.date, *, now: dt.datetime, deadline: dt.datetime) -> int:
        """Give up on what is planned or deferred past the issue's `deadline`."""
        ...

    def waits(
        self,
        issue: dt.date,
        *,
        now: dt.datetime,
        email: str | None = None,
        domains: Collection[str] = (),
    ) -> bool:
        """Tell whether anything is planned, or deferred and due: of `email`, or of `domains`."""
        ...

    def used(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, int]:
        """Return how many messages left since then, or are about to, by domain of the address.

        Of every issue and every sender: what a mail server counts. What is written as later than
        `now`, by a clock that was ahead, does not count.
        """
        ...

    def departure(
        self, since: dt.datetime, now: dt.datetime, place: int, domain: str = ""
    ) -> dt.datetime | None:
        """Return when the message at `place` (from 0, oldest first) of those since then left.

        Of `domain` only, if there is one. None when that one is only about to leave.
        """
        ...

    def halted(self, issue: dt.date) -> str:
        """Return why an issue is paused or cancelled; nothing when it is neither."""
        ...

    def pause(self, issue: dt.date, why: str, now: dt.datetime) -> None:
        """Send nothing more of an issue until it is resumed."""
        ...

    def counts(self, issue: dt.date) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are in each state; they add up to the audience."""
        ...
