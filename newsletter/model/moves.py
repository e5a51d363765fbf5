"""The law of the ledger: which states a delivery may go from, and to.

    planned ──▶ leased ──▶ data_started ──▶ accepted
       ▲          │             │
       │          ├─────────────┼─▶ deferred ──▶ leased … or expired
       │          ├─────────────┼─▶ failed
       └──────────┤             └─▶ unknown
                  └─▶ suppressed
    planned, deferred ──▶ cancelled, expired
    failed, unknown ──▶ planned, when the operator asks for it
    cancelled ──▶ planned, when a reader who had left is back

`data_started` is written, durably, before the first byte of DATA. Whoever dies after that leaves
`unknown`: nobody can tell whether the mail went out (RFC 1047), so it is never sent again unless
the operator says so. Whoever dies before leaves `leased`, which goes back to `planned`.

Every statement that moves deliveries is made by one function of the store, which asks `before()`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from newsletter.errors import LedgerError
from newsletter.model.issues import DeliveryState

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
    PLANNED: frozenset({LEASED, EXPIRED, CANCELLED}),
    # unknown: the machine went down, and the last of what was written with it.
    LEASED: frozenset(
        {PLANNED, DATA_STARTED, ACCEPTED, DEFERRED, FAILED, UNKNOWN, SUPPRESSED, CANCELLED}
    ),
    DATA_STARTED: frozenset({ACCEPTED, DEFERRED, FAILED, UNKNOWN}),
    DEFERRED: frozenset({LEASED, EXPIRED, CANCELLED}),
    FAILED: frozenset({PLANNED}),
    UNKNOWN: frozenset({PLANNED}),
    ACCEPTED: frozenset(),
    EXPIRED: frozenset(),
    SUPPRESSED: frozenset(),
    CANCELLED: frozenset({PLANNED}),
}
OPEN: Final = frozenset(state for state in DeliveryState if state.is_open)
"""States in which something is still to happen; the others are final."""


def before(after: DeliveryState, *some: DeliveryState) -> tuple[DeliveryState, ...]:
    """Return `some` states, all of which may become `after`; raises LedgerError when one may not.

    Statements name the states that they mean: were the table to forbid one, they must not go on.
    """
    for state in some:
        if after not in MOVES[state]:
            raise LedgerError(f"a delivery that is {state} does not become {after}")
    return some


def allowed(after: DeliveryState, some: Collection[DeliveryState]) -> tuple[DeliveryState, ...]:
    """Return those of `some` states that may become `after`."""
    return tuple(state for state in some if after in MOVES[state])
