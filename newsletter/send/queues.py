"""The queue of deliveries between ledger and sessions: what may be sent now, what became of it.

Sessions ask for parcels and report outcomes. The queue claims and prepares many deliveries at a
time, since a transaction for each message would cost more than the message itself.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from newsletter.model import (
    Claim,
    Delivery,
    DeliveryState,
    Fault,
    Outcome,
    Settlement,
    Verdict,
)
from newsletter.send.batches import Batches
from newsletter.send.budgets import Allowance, Budget
from newsletter.send.ledger import Ledger
from newsletter.send.pace import Breaker, next_attempt
from newsletter.send.smtp import AFTER_DOT, Parcel
from newsletter.send.tallies import Sent
from newsletter.send.turns import Turns

LEASE = dt.timedelta(minutes=30)
"""Longer than the deliveries of one claim can take, including the slowest answer (600 s)."""
ANSWER = dt.timedelta(seconds=AFTER_DOT)
"""The time a lease must still have left when a message begins to leave."""
CLAIMED = 25
"""Deliveries claimed at a time, for each connection."""
PREPARED = 16
"""Messages composed at a time before the sessions run again: replies wait meanwhile."""

MOST_FAULTS = 20
"""Faults of this program in a row at which sending stops: so many are not about single readers."""

Prepare = Callable[[Sequence[Delivery]], Awaitable[Sequence[bytes | Fault | str]]]
"""Turns deliveries into messages. A Fault says why one cannot be made, a text why none is meant to
be: the reader has left the list, for instance."""


@dataclass(slots=True, kw_only=True)
class DeliveryQueue:
    """Deliveries that the sessions of one call share."""

    issue: dt.date
    ledger: Ledger
    prepare: Prepare
    owner: str
    clock: Callable[[], dt.datetime]
    chance: random.Random
    budget: Budget
    patience: dt.timedelta
    """How long to wait at most for a rate."""
    turns: Turns
    breaker: Breaker
    email: str | None
    stop: asyncio.Event
    on_delivery: Callable[[Delivery, Outcome], None]
    on_claim: Callable[[Sequence[Delivery]], Awaitable[None]]
    shard: int | None = None
    """The part of the issue that is sent; default: all of it."""
    sent: Sent = field(default_factory=Sent)
    _claimed: deque[Claim] = field(default_factory=deque)
    _ready: deque[Parcel] = field(default_factory=deque)
    _held: dict[str, Claim] = field(default_factory=dict)
    """Deliveries that were claimed and not begun, by subscriber."""
    _until: dt.datetime = field(init=False)
    """When the leases of the last claim run out."""
    _batches: Batches = field(init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _filling: asyncio.Task[bool] | None = None
    _halted: asyncio.Event = field(default_factory=asyncio.Event)
    _failure: BaseException | None = None
    _short_since: dt.datetime | None = None
    """Since when a rate has allowed no claim."""
    _faults: int = 0
    """Faults of this program since a server last answered."""

    def __post_init__(self) -> None:
        """Begin with empty batches."""
        self._batches = Batches(
            ledger=self.ledger,
            clock=self.clock,
            on_written=self._written,
            on_failure=self._failed,
        )

    @property
    def connections(self) -> int:
        """How many sessions there are."""
        return self.turns.throttle.connections

    @property
    def halted(self) -> bool:
        """Whether to begin nothing more."""
        return self.stop.is_set() or self._halted.is_set()

    def halt(self, error: str = "") -> None:
        """Begin nothing more, and say why."""
        self.sent.error = self.sent.error or error
        self._halted.set()

    # --- Work for sessions ----------------------------------------------------------------------

    async def next(self, number: int) -> Parcel | None:
        """Return the next delivery to send, when it may be sent; None when there is no more."""
        while not self.halted:
            if not self._ready and not await self._fill():
                break
            if (seconds := self.turns.wait(number)) > 0:
                await self.pause(seconds)
            elif self._ready:
                return self._take()
        self.turns.left(number)
        if self._failure is not None:
            raise self._failure
        return None

    def next_now(self, number: int) -> Parcel | None:
        """Return a delivery that is ready, without waiting; None when there is none."""
        if self.halted or not self._ready or self.turns.wait(number) > 0:
            return None
        return self._take()

    def put_back(self, parcel: Parcel) -> None:
        """Let another session send a parcel that its session has not begun."""
        self._ready.appendleft(parcel)

    def _take(self) -> Parcel:
        parcel = self._ready.popleft()
        idle = self._filling is None or self._filling.done()
        if idle and len(self._ready) < self.connections:
            self._filling = asyncio.create_task(self._fill())
            self._filling.add_done_callback(self._filled)
        return parcel

    def _filled(self, task: asyncio.Task[bool]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._failed(error)

    async def rest(self, seconds: float) -> None:
        """Sleep before a session without a connection tries again, or until all work is done."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self.halted and (left := until - loop.time()) > 0:
            if not (self.turns.is_anybody_at_work or self._ready or self._claimed):
                return
            await self.pause(min(left, 0.1))

    async def pause(self, seconds: float) -> None:
        """Sleep, unless sending is stopped meanwhile."""
        waiting = [asyncio.create_task(event.wait()) for event in (self.stop, self._halted)]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _fill(self) -> bool:
        """Make some deliveries ready; return whether there are any."""
        async with self._lock:
            most = 2 * self.connections
            while not self.halted and len(self._ready) < most:
                # Ready deliveries already count for a rate: send them before waiting for more.
                if not self._claimed and not await self._claim(waits=not self._ready):
                    break
                count = min(PREPARED, most, len(self._claimed))
                some = [self._claimed.popleft() for _ in range(count)]
                messages = await self.prepare([claim.delivery for claim in some])
                for claim, message in zip(some, messages, strict=True):
                    parcel = Parcel(claim=claim, message=b"", until=self._until)
                    if isinstance(message, str):
                        self.settle(parcel, Outcome(state=DeliveryState.CANCELLED, reason=message))
                    elif isinstance(message, Fault):
                        again = message.is_mendable
                        state = DeliveryState.DEFERRED if again else DeliveryState.FAILED
                        self.fail(parcel, message, state)
                    else:
                        parcel.message = message
                        self._ready.append(parcel)
                await asyncio.sleep(0)
            return bool(self._ready)

    async def _claim(self, *, waits: bool) -> bool:
        """Claim as many deliveries as may be sent now; wait a little when a rate asks for it.

        It does not wait when `waits` is false, or once a session has put a delivery back.
        """
        while not self.halted:
            now = self.clock()
            if why := self.ledger.halted(self.issue):
                if self._held or self.ledger.waits(
                    self.issue, now=now, email=self.email, shard=self.shard
                ):
                    self.halt(why)
                return False
            allowed = self.budget.allowance(now, CLAIMED * self.connections)
            if allowed.limit > 0 and self._lease(allowed, now):
                if self._claimed:
                    self._short_since = None
                    await self.on_claim([claim.delivery for claim in self._claimed])
                    return True
                await self.pause(0.1 * self.chance.random())  # another sender claimed the same
                continue
            if not waits or self._ready:
                return False
            waiting = self.budget.waiting(allowed, self.issue, now, self.email, self.shard)
            if not waiting:
                return False
            self._short_since = self._short_since or now
            at = self.budget.free_at(now, allowed, waiting)
            if at - self._short_since > self.patience:
                self.sent.resume_at = at
                return False
            await self.pause(min(1.0, max(0.2, (at - now).total_seconds())))
        return False

    def _lease(self, allowed: Allowance, now: dt.datetime) -> bool:
        """Claim what is allowed; return whether there was anything to claim."""
        self._until = now + LEASE
        found = self.ledger.claim(
            self.issue,
            owner=self.owner,
            limit=allowed.limit,
            now=now,
            until=self._until,
            email=self.email,
            without=allowed.full,
            shard=self.shard,
        )
        kept, over = self.budget.within(self.budget.allowance(now, len(found)), found)
        for delivery in kept:
            claim = Claim(delivery=delivery, owner=self.owner)
            self._held[delivery.subscriber] = claim
            self._claimed.append(claim)
        self.ledger.release([Claim(delivery=delivery, owner=self.owner) for delivery in over], now)
        return bool(found)

    # --- What became of it ----------------------------------------------------------------------

    async def begin(self, parcel: Parcel) -> bool:
        """Write that the message may leave; False when it must no longer leave."""
        if self.halted or self.clock() + ANSWER > parcel.until:
            return False
        return await self._batches.begin(parcel.claim)

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Note what became of a delivery; it is written together with the next starts."""
        if outcome.code:
            self._faults = 0
        next_at = None
        if outcome.state is DeliveryState.DEFERRED:
            attempt = parcel.delivery.attempt
            next_at = next_attempt(attempt, self.clock(), self.chance)
            if outcome.is_busy:
                self.turns.throttle.busy()
        elif outcome.state is DeliveryState.ACCEPTED:
            self.turns.throttle.taken()
        if outcome.state in (DeliveryState.ACCEPTED, DeliveryState.FAILED):
            refused = outcome.verdict in (Verdict.POLICY, Verdict.REPUTATION)
            if self.breaker.note(refused=refused):
                self._trip(f"mail servers refuse the sender, not single readers: {outcome.reason}")
        self._batches.settle(Settlement(claim=parcel.claim, outcome=outcome, next_at=next_at))

    def fail(self, parcel: Parcel, fault: Fault, state: DeliveryState) -> None:
        """Note a fault that costs one reader this issue."""
        if fault not in self.sent.faults:
            self.sent.faults.append(fault)
        self.settle(parcel, Outcome(state=state, reason=fault.problem))
        # What is tried again has its own readers only; it must not keep others from their mail.
        self._faults += bool(fault.trace) and not fault.is_mendable
        if self._faults == MOST_FAULTS:
            self._trip(f"one message after the other goes wrong here: {fault.problem}")

    def _trip(self, why: str) -> None:
        self.ledger.pause(self.issue, f"paused: {why}", self.clock())
        self.halt(f"paused: {why}")

    def _failed(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self.halt()

    def _written(
        self, started: Sequence[Claim], settled: Sequence[Settlement], lost: frozenset[str]
    ) -> None:
        for claim in started:
            self._held.pop(claim.delivery.subscriber, None)
        for settlement in settled:
            subscriber = settlement.claim.delivery.subscriber
            self._held.pop(subscriber, None)
            if subscriber not in lost:
                self.sent.outcomes[settlement.outcome.state] += 1
                self.on_delivery(settlement.claim.delivery, settlement.outcome)

    def close(self) -> None:
        """Write the outcomes that are left, and give back deliveries that were not begun."""
        if self._filling is not None:
            self._filling.cancel()
        self._batches.close()
        if self._held:
            self.ledger.release(tuple(self._held.values()), self.clock())
            self._held.clear()
