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


async def send_editions(  # noqa: PLR0913  what a sender needs of the world, each by name
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
    the messages that are in flight; `email` restricts it to one address. A transport that cannot
    be used at all ends it too, with `Sent.error`; every lease is given back first.
    """
    sent = Sent()
    sent.freed, sent.lost = ledger.recover(issue, now=clock(), is_alive=is_alive)
    sent.expired = ledger.expire(issue, now=clock(), deadline=deadline)
    sender = _Sender(
        issue=issue,
        ledger=ledger,
        message_of=message_of,
        owner=owner,
        clock=clock,
        chance=chance,
        email=email,
        stop=stop or asyncio.Event(),
        on_delivery=on_delivery,
        sent=sent,
    )
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(sessions):
                group.create_task(sender.work(transport))
    except BaseExceptionGroup as errors:
        # A full disk or a locked database stops every session alike: one report is enough.
        raise errors.exceptions[0] from None
    return sent


@dataclass(slots=True, kw_only=True)
class _Sender:
    """What the sessions of one call share."""

    issue: dt.date
    ledger: Ledger
    message_of: Callable[[Delivery], bytes]
    owner: str
    clock: Callable[[], dt.datetime]
    chance: random.Random
    email: str | None
    stop: asyncio.Event
    on_delivery: Callable[[Delivery, Outcome], None]
    sent: Sent

    @property
    def halted(self) -> bool:
        """Whether to begin nothing more."""
        return self.stop.is_set() or bool(self.sent.error)

    async def work(self, transport: Transport) -> None:
        """Claim and send until nothing is left that could be sent now."""
        async with transport.session() as session:
            while not self.halted:
                now = self.clock()
                batch = self.ledger.claim(
                    self.issue,
                    owner=self.owner,
                    limit=BATCH,
                    now=now,
                    until=now + LEASE,
                    email=self.email,
                )
                if not batch:
                    return
                await self.deliver_all(
                    session, [Claim(delivery=one, owner=self.owner) for one in batch]
                )

    async def deliver_all(self, session: Session, claims: list[Claim]) -> None:
        """Send what was claimed; give back what was not begun, whatever happens."""
        for place, claim in enumerate(claims):
            try:
                if not self.halted:
                    await self.deliver(session, claim)
                    continue
            except SendError as error:
                self.sent.error = self.sent.error or str(error)
            except BaseException:
                # Cancelled or broken: what has begun stays as it is, and becomes `unknown` when
                # the next sender recovers.
                self.release(claims[place:])
                raise
            self.release(claims[place:])
            return

    async def deliver(self, session: Session, claim: Claim) -> None:
        """Send one message and settle it; raises SendError when nothing can be sent at all."""
        try:
            outcome = await self.attempt(session, claim)
            retry = outcome.state is DeliveryState.DEFERRED
            now = self.clock()
            next_at = next_attempt(claim.delivery.attempt, now, self.chance) if retry else None
            self.ledger.settle(claim, outcome, now, next_at)
        except LedgerError:
            return  # the lease ran out meanwhile; whoever has it now knows better
        self.sent.outcomes[outcome.state] += 1
        self.on_delivery(claim.delivery, outcome)

    async def attempt(self, session: Session, claim: Claim) -> Outcome:
        """Return what became of one delivery."""
        try:
            message = self.message_of(claim.delivery)
        except HeaderError as error:
            return Outcome(state=DeliveryState.FAILED, reason=str(error))
        return await session.deliver(
            claim.delivery, message, lambda: self.ledger.data_started(claim, self.clock())
        )

    def release(self, claims: list[Claim]) -> None:
        """Give back leases."""
        for claim in claims:
            try:
                self.ledger.release(claim, self.clock())
            except LedgerError:
                continue  # it had begun, or another sender has it: not ours to give back
