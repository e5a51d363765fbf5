"""The law of the ledger: from which state a delivery may go to which.

    planned ──▶ leased ──▶ data_started ──▶ accepted
       ▲          │             │
       │          ├─────────────┼─▶ deferred ──▶ leased … or expired
       │          ├─────────────┼─▶ failed
       └──────────┤             └─▶ unknown
                  └─▶ suppressed
    planned, deferred ──▶ cancelled, expired
    failed, unknown ──▶ planned, when the operator asks for it
    cancelled ──▶ planned, when a reader who had left comes back

`data_started` is written to the disk before the first byte of DATA. If the sender dies after that,
the delivery becomes `unknown`: nobody knows whether the mail went out (RFC 1047), so it is sent
again only if the operator says so. If the sender dies before that, the delivery is still `leased`,
and goes back to `planned`.

One function of the store makes every statement that moves deliveries, and it calls `before()`.
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
    # unknown: the machine went down, and what was written last was lost with it.
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
"""States in which something is still to happen; all other states are final."""


def before(after: DeliveryState, *some: DeliveryState) -> tuple[DeliveryState, ...]:
    """Return `some` states, if all of them may become `after`; raises LedgerError if one may not.

    Statements name the states they move from: if the table forbids one, the statement must not run.
    """
    for state in some:
        if after not in MOVES[state]:
            raise LedgerError(f"a delivery that is {state} cannot become {after}")
    return some


def allowed(after: DeliveryState, some: Collection[DeliveryState]) -> tuple[DeliveryState, ...]:
    """Return those of `some` states from which a delivery may move to `after`."""
    return tuple(state for state in some if after in MOVES[state])
