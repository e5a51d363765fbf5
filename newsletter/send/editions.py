"""Send editions: claim, send, settle, until no delivery is left that could be sent now."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from newsletter.errors import SendError, StoreError
from newsletter.model import Claim, Delivery, DeliveryState, Fate, Outcome
from newsletter.send.budgets import Budget
from newsletter.send.guards import GuardedQueue
from newsletter.send.ledger import Ledger
from newsletter.send.pace import Breaker, Pace, Throttle
from newsletter.send.queues import DeliveryQueue, Prepare
from newsletter.send.smtp import Parcel, ParcelQueue
from newsletter.send.tallies import Sent
from newsletter.send.turns import Turns

MANNERS = 2.0
"""Seconds to say goodbye for a session with no message in flight, when sending is stopped."""


class Session(Protocol):
    """One worker that sends messages one after the other."""

    async def work(self, queue: ParcelQueue) -> None:
        """Send what the queue has until it has no more."""
        ...


class Transport(Protocol):
    """A way for mail to leave."""

    async def check(self) -> str:
        """Return in a few words how mail would leave, when everything is ready for it.

        Raises SendError, which says how to fix it, when it is not.
        """
        ...

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open a session."""
        ...


async def _nothing(_deliveries: Sequence[Delivery]) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, and by which transport."""

    transport: Transport
    owner: str
    """What the ledger calls this process."""
    fate_of: Callable[[str], Fate]
    """Returns what is known of the sender with a given name."""
    clock: Callable[[], dt.datetime]
    chance: random.Random
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Once it is set, no further message is begun."""
    on_delivery: Callable[[Delivery, Outcome], None] = lambda _delivery, _outcome: None
    on_claim: Callable[[Sequence[Delivery]], Awaitable[None]] = _nothing
    """Told of all deliveries of a claim, before they are prepared a few at a time."""


async def send_editions(
    issue: dt.date,
    ledger: Ledger,
    prepare: Prepare,
    sender: Sender,
    *,
    deadline: dt.datetime,
    pace: Pace | None = None,
    email: str | None = None,
    shard: int | None = None,
) -> Sent:
    """Send every delivery of `issue` that is planned, or deferred and due; return what was done.

    Any number of processes may do this at once, since only one of them holds the lease of a
    delivery. `email` restricts sending to one address, `shard` to a part of the issue. Setting
    `sender.stop` ends sending after the messages that are in flight. A transport that cannot be
    used at all ends it too, with `Sent.error`, and so does a spent rate, with `Sent.resume_at`.
    Leases of deliveries that were not begun are given back first.

    Raises StoreError when the ledger cannot be read or written.
    """
    pace = pace or Pace()
    clock, stop = sender.clock, sender.stop
    loop = asyncio.get_running_loop()
    queue = DeliveryQueue(
        issue=issue,
        ledger=ledger,
        prepare=prepare,
        owner=sender.owner,
        clock=clock,
        chance=sender.chance,
        budget=Budget(ledger=ledger, rate=pace.rate, per_domain=dict(pace.per_domain)),
        patience=dt.timedelta(seconds=pace.patience),
        turns=Turns(
            throttle=Throttle(connections=pace.connections, cooldown=pace.cooldown, clock=loop.time)
        ),
        breaker=Breaker(),
        email=email,
        shard=shard,
        stop=stop,
        on_delivery=sender.on_delivery,
        on_claim=sender.on_claim,
    )
    queue.sent.freed, queue.sent.lost = ledger.recover(
        issue, now=clock(), fate_of=sender.fate_of, shard=shard
    )
    queue.sent.expired = ledger.expire(issue, now=clock(), deadline=deadline)
    views = [GuardedQueue(queue, number) for number in range(pace.connections)]
    work = [asyncio.create_task(_work(view, sender.transport)) for view in views]
    stopping = asyncio.create_task(_after_grace(stop, pace.grace, views, work))
    try:
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_EXCEPTION)
        broken = [task.exception() for task in done if not task.cancelled() and task.exception()]
        for error in broken:
            if not isinstance(error, SendError):
                # Such an error (a full disk, a locked database) stops every session.
                raise error or AssertionError
            queue.sent.error = queue.sent.error or str(error)
            queue.halt()
        if broken:
            await asyncio.wait(work)
    finally:
        stopping.cancel()
        for task in work:
            task.cancel()
        await asyncio.gather(*work, stopping, return_exceptions=True)
        queue.close()
    return queue.sent


async def _work(view: GuardedQueue, transport: Transport) -> None:
    """Run one session after the other, until there is nothing more to do."""
    while True:
        try:
            async with transport.session() as session:
                await session.work(view)
        except (SendError, StoreError):
            raise
        except Exception as error:
            # The guard at a reader's border; it also catches faults of this program.
            if not view.blame(error):
                raise
        else:
            return


async def _after_grace(
    stop: asyncio.Event, grace: float, views: list[GuardedQueue], work: list[asyncio.Task[None]]
) -> None:
    """After a stop, soon cancel sessions without a message in flight; later cancel all."""
    await stop.wait()
    await asyncio.sleep(min(MANNERS, grace))
    for view, task in zip(views, work, strict=True):
        if not view.is_leaving:
            task.cancel()
    await asyncio.sleep(grace - min(MANNERS, grace))
    for task in work:
        task.cancel()


async def deliver_one(transport: Transport, delivery: Delivery, message: bytes) -> str:
    """Send one message without a ledger; return what the server answered.

    Raises SendError when the server did not accept the message.
    """
    parcel = Parcel(claim=Claim(delivery=delivery, owner=""), message=message, until=_NEVER)
    queue = _QueueOfOne(parcel)
    async with transport.session() as session:
        await session.work(queue)
    outcome = queue.outcome
    if outcome.state is not DeliveryState.ACCEPTED:
        raise SendError(f"{delivery.email}: {outcome.state.value}: {outcome.reason}")
    return f"sent to {delivery.email}: {outcome.reason}"


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(slots=True)
class _QueueOfOne:
    """A queue of one message."""

    parcel: Parcel | None
    outcome: Outcome = field(default=Outcome(state=DeliveryState.UNKNOWN), init=False)

    async def next(self) -> Parcel | None:
        return self.next_now()

    def next_now(self) -> Parcel | None:
        parcel, self.parcel = self.parcel, None
        return parcel

    async def begin(self, parcel: Parcel) -> bool:
        return parcel is not None

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        del parcel
        self.outcome = outcome

    def busy(self) -> None:
        """Do nothing: there is one message only."""

    async def refused(self, parcel: Parcel, error: SendError) -> None:
        """Raise the error: there is no other connection."""
        del parcel
        raise error
