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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from newsletter.model import Delivery, DeliveryState, Outcome

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
    LEASED: frozenset({PLANNED, DATA_STARTED, ACCEPTED, DEFERRED, FAILED, CANCELLED}),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that one sender holds; `delivery.attempt` is its fencing number."""

    delivery: Delivery
    owner: str


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
    ) -> tuple[Delivery, ...]:
        """Lease up to `limit` deliveries that are planned, or deferred and due; of `email` only."""
        ...

    def data_started(self, claim: Claim, now: dt.datetime) -> None:
        """Write, durably, that the message may leave; raises LedgerError if the lease is lost."""
        ...

    def settle(
        self, claim: Claim, outcome: Outcome, now: dt.datetime, next_at: dt.datetime | None
    ) -> None:
        """Write what became of it; raises LedgerError if the lease is lost."""
        ...

    def release(self, claim: Claim, now: dt.datetime) -> None:
        """Give back a lease of which nothing was sent."""
        ...

    def recover(
        self, issue: dt.date, *, now: dt.datetime, is_alive: Callable[[str], bool]
    ) -> tuple[int, int]:
        """Free what dead senders held; return how many became planned and how many unknown."""
        ...

    def expire(self, issue: dt.date, *, now: dt.datetime, deadline: dt.datetime) -> int:
        """Give up on what is planned or deferred past the issue's `deadline`."""
        ...

    def counts(self, issue: dt.date) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are in each state; they add up to the audience."""
        ...
