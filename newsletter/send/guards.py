"""One session's view of the queue: what it has in hand, and the guard at each reader's border.

Whatever goes wrong in a session, be it a fault of ours, is put down to the message in hand; its
reader has no mail of this issue, everybody else has.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from newsletter.errors import SendError
from newsletter.model import Border, DeliveryState, Outcome, fault_of
from newsletter.send.queues import DeliveryQueue
from newsletter.send.smtp import Parcel


@dataclass(slots=True)
class GuardedQueue:
    """One session's view of the queue; satisfies `newsletter.send.smtp.ParcelQueue`."""

    _queue: DeliveryQueue
    _number: int
    _in_hand: list[Parcel] = field(default_factory=list)
    """What the session was given and has not settled, the first first."""
    is_leaving: bool = False
    """Whether a message may be on its way: until its answer is here, cutting it leaves doubt."""

    async def next(self) -> Parcel | None:
        """Return the next delivery to send; None when there is no more."""
        return self._hand(await self._queue.next(self._number))

    def next_now(self) -> Parcel | None:
        """Return one that is ready, without waiting."""
        return self._hand(self._queue.next_now(self._number))

    async def begin(self, parcel: Parcel) -> bool:
        """Write, durably, that the message may leave."""
        self.is_leaving = await self._queue.begin(parcel)
        if not self.is_leaving:
            self._in_hand.remove(parcel)
        return self.is_leaving

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Report what became of it."""
        self._done(parcel)
        if outcome.code:
            self._queue.turns.served(self._number)
        self._queue.settle(parcel, outcome)

    def busy(self) -> None:
        """Report that the server wants us to slow down."""
        self._queue.turns.throttle.busy()

    async def refused(self, parcel: Parcel, error: SendError) -> None:
        """Give a delivery back for which no connection could be had, and wait to try again.

        Raises the error when there is no use in that: nobody has a connection.
        """
        seconds = self._queue.turns.refused(self._number)
        if not seconds:
            raise error
        self._in_hand.remove(parcel)
        self._queue.put_back(parcel)
        await self._queue.rest(seconds)

    def blame(self, error: Exception) -> bool:
        """Put an error down to the message in hand; return False when there is none."""
        if not self._in_hand:
            return False
        parcel, *others = self._in_hand
        state = DeliveryState.UNKNOWN if self.is_leaving else DeliveryState.FAILED
        self._done(parcel)
        content = repr(parcel.delivery).encode()
        fault = fault_of(Border.READER, parcel.delivery.email, error, content)
        self._queue.fail(parcel, fault, state)
        for other in reversed(others):
            self._queue.put_back(other)
        self._in_hand.clear()
        return True

    def _hand(self, parcel: Parcel | None) -> Parcel | None:
        if parcel is not None:
            self._in_hand.append(parcel)
        return parcel

    def _done(self, parcel: Parcel) -> None:
        self._in_hand.remove(parcel)
        self.is_leaving = False
