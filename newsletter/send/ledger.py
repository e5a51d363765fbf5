"""The ledger: the states of a delivery, their legal moves, and what a ledger must offer.

    planned ──▶ leased ──▶ data_started ──▶ accepted
       ▲          │             │
       │          ├─────────────┼─▶ deferred ──▶ leased … or expired
       │          ├─────────────┼─▶ failed
       └──────────┘             └─▶ unknown
    planned, deferred ──▶ suppressed, cancelled, expired

`data_started` is written, durably, before the first byte of DATA. Whoever dies after that leaves
`unknown`: nobody can tell whether the mail went out (RFC 1047), so it is never sent again unless
the operator says so. Whoever dies before leaves `leased`, which goes back to `planned`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Protocol

from newsletter.model import Claim, Delivery, DeliveryState, Fate, Settlement

(
    PLANNED,
    LEASED,
    DATA_STARTED,
    ACCEPTED,
    DEFERRED,
    FAILED,
    UNKNOWN,
    EXPIRED,
    SUPPRESSED,
    CANCELLED,
) = DeliveryState

MOVES: Final[Mapping[DeliveryState, frozenset[DeliveryState]]] = {
    PLANNED: frozenset({LEASED, EXPIRED, SUPPRESSED, CANCELLED}),
    # unknown: the machine went down, and the last of what was written with it.
    LEASED: frozenset({PLANNED, DATA_STARTED, ACCEPTED, DEFERRED, FAILED, UNKNOWN, CANCELLED}),
    DATA_STARTED: frozenset({ACCEPTED, DEFERRED, FAILED, UNKNOWN}),
    DEFERRED: frozenset({LEASED, EXPIRED, SUPPRESSED, CANCELLED}),
    # Only when the operator asks for it (`send --only failed,unknown`).
    FAILED: frozenset({PLANNED}),
    UNKNOWN: frozenset({PLANNED}),
    ACCEPTED: frozenset(),
    EXPIRED: frozenset(),
    SUPPRESSED: frozenset(),
    CANCELLED: frozenset(),
}
OPEN: Final = frozenset(state for state in DeliveryState if state.is_open)
"""States in which something is still to happen; the others are final."""


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

    def used(self, since: dt.datetime) -> Mapping[str, int]:
        """Return how many messages left since then, or are about to, by domain of the address.

        Of every issue and every sender: what a mail server counts.
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
