"""The desk between ledger and sessions: what may be sent now, and what became of it.

Sessions ask for parcels and report outcomes; the desk claims and prepares many at a time, since a
transaction for each message would cost more than the message.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.errors import HeaderError
from newsletter.model import Claim, Delivery, DeliveryState, Outcome, Settlement, Verdict
from newsletter.send.batches import Batches
from newsletter.send.ledger import Ledger
from newsletter.send.pace import BUSY, Breaker, Rate, Throttle, next_attempt
from newsletter.send.smtp import AFTER_DOT, Parcel

LEASE = dt.timedelta(minutes=30)
"""Longer than what is claimed at a time can take, the slowest answer (600 s) and all."""
ANSWER = dt.timedelta(seconds=AFTER_DOT)
"""What a lease must still have when a message begins to leave."""
CLAIMED = 25
"""Deliveries claimed at a time, for each connection."""
PREPARED = 16
"""Messages composed before sessions have their turn again: replies wait meanwhile."""

Prepare = Callable[[Sequence[Delivery]], Awaitable[Sequence[bytes | HeaderError | None]]]
"""Deliveries to their messages, or why one cannot be made; None for who has left the list."""


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


@dataclass(slots=True, kw_only=True)
class Desk:
    """What the sessions of one call share."""

    issue: dt.date
    ledger: Ledger
    prepare: Prepare
    owner: str
    clock: Callable[[], dt.datetime]
    chance: random.Random
    rate: Rate | None
    per_domain: Mapping[str, Rate]
    throttle: Throttle
    breaker: Breaker
    email: str | None
    stop: asyncio.Event
    on_delivery: Callable[[Delivery, Outcome], None]
    sent: Sent = field(default_factory=Sent)
    _claimed: deque[Claim] = field(default_factory=deque)
    _ready: deque[Parcel] = field(default_factory=deque)
    _held: dict[str, Claim] = field(default_factory=dict)
    """What was claimed and not begun, by subscriber."""
    _until: dt.datetime = field(init=False)
    """When the leases of what was claimed last run out."""
    _batches: Batches = field(init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _filling: asyncio.Task[bool] | None = None
    _halted: asyncio.Event = field(default_factory=asyncio.Event)
    _failure: BaseException | None = None
    _left: set[int] = field(default_factory=set)
    """Sessions that had nothing more to do."""

    def __post_init__(self) -> None:
        """Begin with empty batches."""
        self._batches = Batches(
            ledger=self.ledger,
            clock=self.clock,
            on_written=self._written,
            on_failure=self._failed,
        )

    @property
    def halted(self) -> bool:
        """Whether to begin nothing more."""
        return self.stop.is_set() or self._halted.is_set()

    def halt(self, error: str = "") -> None:
        """Begin nothing more, and say why."""
        self.sent.error = self.sent.error or error
        self._halted.set()

    def window(self, number: int) -> Window:
        """Return what session `number` (from 0) is given."""
        return Window(self, number)

    # --- Work for sessions ----------------------------------------------------------------------

    async def next(self, number: int) -> Parcel | None:
        """Return the next delivery to send, when it may be sent; None when there is no more."""
        while not self.halted:
            if not self._ready and not await self._fill():
                break
            if (seconds := self._wait(number)) > 0:
                await self._pause(seconds)
            elif self._ready:
                return self._take()
        self._left.add(number)
        if self._failure is not None:
            raise self._failure
        return None

    def next_now(self, number: int) -> Parcel | None:
        """Return one that is ready, without waiting."""
        if self.halted or not self._ready or self._wait(number) > 0:
            return None
        return self._take()

    def _wait(self, number: int) -> float:
        """Return for how long a session should begin nothing: the first of those at work go on."""
        return self.throttle.wait(number - sum(one < number for one in self._left))

    def _take(self) -> Parcel:
        parcel = self._ready.popleft()
        idle = self._filling is None or self._filling.done()
        if idle and len(self._ready) < self.throttle.connections:
            self._filling = asyncio.create_task(self._fill())
            self._filling.add_done_callback(self._filled)
        return parcel

    def _filled(self, task: asyncio.Task[bool]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._failed(error)

    async def _pause(self, seconds: float) -> None:
        """Sleep, unless sending is stopped meanwhile."""
        waiting = [asyncio.create_task(one.wait()) for one in (self.stop, self._halted)]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _fill(self) -> bool:
        """Make some deliveries ready; return whether there are any."""
        async with self._lock:
            most = 2 * self.throttle.connections
            while not self.halted and len(self._ready) < most:
                if not self._claimed and not await self._claim():
                    break
                count = min(PREPARED, most, len(self._claimed))
                some = [self._claimed.popleft() for _ in range(count)]
                messages = await self.prepare([claim.delivery for claim in some])
                for claim, message in zip(some, messages, strict=True):
                    parcel = Parcel(claim=claim, message=b"", until=self._until)
                    if message is None:
                        reason, state = "no longer on the list", DeliveryState.CANCELLED
                        self.settle(parcel, Outcome(state=state, reason=reason))
                    elif isinstance(message, HeaderError):
                        reason, state = str(message), DeliveryState.FAILED
                        self.settle(parcel, Outcome(state=state, reason=reason))
                    else:
                        parcel.message = message
                        self._ready.append(parcel)
                await asyncio.sleep(0)
            return bool(self._ready)

    async def _claim(self) -> bool:
        """Claim as many deliveries as may be sent now; wait when a rate asks for it."""
        while not self.halted:
            now = self.clock()
            if why := self.ledger.halted(self.issue):
                self.halt(why)
                return False
            limit, full = self._budget(now)
            if limit > 0:
                self._until = now + LEASE
                found = self.ledger.claim(
                    self.issue,
                    owner=self.owner,
                    limit=limit,
                    now=now,
                    until=self._until,
                    email=self.email,
                    without=full,
                )
                for one in found:
                    claim = Claim(delivery=one, owner=self.owner)
                    self._held[one.subscriber] = claim
                    self._claimed.append(claim)
                if found:
                    return True
                if not full:
                    return False
            await self._pause(0.2)
        return False

    def _budget(self, now: dt.datetime) -> tuple[int, frozenset[str]]:
        """Return how many may be claimed, and the domains that have had enough for now."""
        limit = CLAIMED * self.throttle.connections
        if self.rate is not None:
            used = sum(self.ledger.used(now - self.rate.per).values())
            limit = min(limit, self.rate.count - used)
        full = set()
        for domain, rate in self.per_domain.items():
            for name, used in self.ledger.used(now - rate.per).items():
                if (name == domain or (domain == "*" and name not in self.per_domain)) and (
                    used >= rate.count
                ):
                    full.add(name)
            # Of one claim all may be of one domain: a claim is no larger than the smallest rate.
            limit = min(limit, rate.count)
        return limit, frozenset(full)

    # --- What became of it ----------------------------------------------------------------------

    async def begin(self, parcel: Parcel) -> bool:
        """Write that the message may leave; False when it must not any more."""
        if self.halted or self.clock() + ANSWER > parcel.until:
            return False
        return await self._batches.begin(parcel.claim)

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Note what became of a delivery; it is written with the next ones."""
        next_at = None
        if outcome.state is DeliveryState.DEFERRED:
            attempt = parcel.delivery.attempt
            next_at = next_attempt(attempt, self.clock(), self.chance)
            if outcome.code in BUSY:
                self.throttle.busy()
        elif outcome.state is DeliveryState.ACCEPTED:
            self.throttle.taken()
        if outcome.state in (DeliveryState.ACCEPTED, DeliveryState.FAILED):
            refused = outcome.verdict in (Verdict.POLICY, Verdict.REPUTATION)
            if self.breaker.note(refused=refused):
                self._trip(outcome)
        self._batches.settle(Settlement(claim=parcel.claim, outcome=outcome, next_at=next_at))

    def _trip(self, outcome: Outcome) -> None:
        why = f"paused: mail servers refuse the sender, not single readers: {outcome.reason}"
        self.ledger.pause(self.issue, why, self.clock())
        self.halt(why)

    def _failed(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self.halt()

    def _written(
        self, started: Sequence[Claim], settled: Sequence[Settlement], lost: frozenset[str]
    ) -> None:
        for claim in started:
            self._held.pop(claim.delivery.subscriber, None)
        for one in settled:
            subscriber = one.claim.delivery.subscriber
            self._held.pop(subscriber, None)
            if subscriber not in lost:
                self.sent.outcomes[one.outcome.state] += 1
                self.on_delivery(one.claim.delivery, one.outcome)

    def close(self) -> None:
        """Write what is left and give back what was not begun."""
        if self._filling is not None:
            self._filling.cancel()
        self._batches.close()
        if self._held:
            self.ledger.release(tuple(self._held.values()), self.clock())
            self._held.clear()


@dataclass(frozen=True, slots=True)
class Window:
    """One session's place at the desk; satisfies `newsletter.send.smtp.Desk`."""

    _desk: Desk
    _number: int

    async def next(self) -> Parcel | None:
        """Return the next delivery to send; None when there is no more."""
        return await self._desk.next(self._number)

    def next_now(self) -> Parcel | None:
        """Return one that is ready, without waiting."""
        return self._desk.next_now(self._number)

    async def begin(self, parcel: Parcel) -> bool:
        """Write, durably, that the message may leave."""
        return await self._desk.begin(parcel)

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Report what became of it."""
        self._desk.settle(parcel, outcome)

    def busy(self) -> None:
        """Report that the server wants us to slow down."""
        self._desk.throttle.busy()
