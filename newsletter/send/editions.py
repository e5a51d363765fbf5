"""Send editions: claim, send, settle, until no delivery is left that could be sent now."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from newsletter.errors import HeaderError, LedgerError, SendError
from newsletter.model import Delivery, DeliveryState, Outcome
from newsletter.send.ledger import Claim, Ledger
from newsletter.send.pace import next_attempt

LEASE = dt.timedelta(minutes=30)
"""Longer than a batch can take: BATCH messages, the slowest of which waits 600 s after its dot."""
BATCH = 2
"""Deliveries claimed at a time by each session: few, so that a crash leaves few to free."""


class Session(Protocol):
    """One line to the mail server."""

    async def deliver(
        self, delivery: Delivery, message: bytes, data_started: Callable[[], None]
    ) -> Outcome:
        """Send one message, calling `data_started` right before it may leave."""
        ...


class Transport(Protocol):
    """A way for mail to leave."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open a session."""
        ...


@dataclass(slots=True, kw_only=True)
class Sent:
    """What one call of `send_editions` did."""

    outcomes: Counter[DeliveryState] = field(default_factory=Counter)
    freed: int = 0
    """Deliveries that a dead sender had leased and not begun to send."""
    lost: int = 0
    """Deliveries that a dead sender left ambiguous; they are `unknown` now."""
    expired: int = 0
    error: str = ""
    """Why sending stopped early; what was not sent is still planned."""


async def send_editions(
    issue: dt.date,
    ledger: Ledger,
    transport: Transport,
    message_of: Callable[[Delivery], bytes],
    *,
    owner: str,
    is_alive: Callable[[str], bool],
    deadline: dt.datetime,
    clock: Callable[[], dt.datetime],
    chance: random.Random,
    sessions: int = 1,
    email: str | None = None,
    stop: asyncio.Event | None = None,
    on_delivery: Callable[[Delivery, Outcome], None] = lambda _delivery, _outcome: None,
) -> Sent:
    """Send every delivery of `issue` that is planned, or deferred and due; return what was done.

    Any number of processes may do this at once: a delivery is leased by one. `stop` ends it after
    the messages that are in flight; `email` restricts it to one address. A transport that cannot be used at all ends it too, with
    `Sent.error`; every lease is given back first.
    """
    sent = Sent()
    sent.freed, sent.lost = ledger.recover(issue, now=clock(), is_alive=is_alive)
    sent.expired = ledger.expire(issue, now=clock(), deadline=deadline)
    halt = stop or asyncio.Event()

    async def work() -> None:
        async with transport.session() as session:
            while not halt.is_set() and not sent.error:
                now = clock()
                batch = ledger.claim(
                    issue, owner=owner, limit=BATCH, now=now, until=now + LEASE, email=email
                )
                if not batch:
                    return
                await deliver_all(session, [Claim(delivery=one, owner=owner) for one in batch])

    async def deliver_all(session: Session, claims: list[Claim]) -> None:
        for place, claim in enumerate(claims):
            if halt.is_set() or sent.error:
                release(claims[place:])
                return
            try:
                outcome = await _attempt(session, ledger, claim, message_of, clock)
            except SendError as error:
                sent.error = sent.error or str(error)
                release(claims[place:])
                return
            except BaseException:
                # Cancelled or broken: what has not begun goes back, what has stays as it is and
                # becomes `unknown` when the next sender recovers.
                release(claims[place:])
                raise
            if outcome is None:
                continue
            retry = outcome.state is DeliveryState.DEFERRED
            next_at = next_attempt(claim.delivery.attempt, clock(), chance) if retry else None
            try:
                ledger.settle(claim, outcome, clock(), next_at)
            except LedgerError:
                continue  # the lease ran out meanwhile; whoever has it now knows better
            sent.outcomes[outcome.state] += 1
            on_delivery(claim.delivery, outcome)

    def release(claims: list[Claim]) -> None:
        for claim in claims:
            try:
                ledger.release(claim, clock())
            except LedgerError:
                continue  # it had begun, or another sender has it: not ours to give back

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(sessions):
                group.create_task(work())
    except BaseExceptionGroup as errors:
        # A full disk or a locked database stops every session alike: one report is enough.
        raise errors.exceptions[0] from None
    return sent


async def _attempt(
    session: Session,
    ledger: Ledger,
    claim: Claim,
    message_of: Callable[[Delivery], bytes],
    clock: Callable[[], dt.datetime],
) -> Outcome | None:
    """Return what became of one delivery, or None when another sender has taken it over."""
    try:
        message = message_of(claim.delivery)
    except HeaderError as error:
        return Outcome(state=DeliveryState.FAILED, reason=str(error))
    try:
        return await session.deliver(
            claim.delivery, message, lambda: ledger.data_started(claim, clock())
        )
    except LedgerError:
        return None
