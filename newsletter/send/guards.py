"""One session's view of the queue: what it has in hand, and the guard at each reader's border.

Whatever goes wrong in a session, even a fault of this program, is blamed on the message in hand.
Its reader gets no mail of this issue; everybody else does.
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
    """What the session was given and has not settled, oldest first."""
    is_leaving: bool = False
    """Whether a message may be on its way. If it is cut before its answer has arrived, nobody knows
    whether it was delivered."""

    async def next(self) -> Parcel | None:
        """Return the next delivery to send; None when there is no more."""
        return self._hand(await self._queue.next(self._number))

    def next_now(self) -> Parcel | None:
        """Return a delivery that is ready, without waiting; None when there is none."""
        return self._hand(self._queue.next_now(self._number))

    async def begin(self, parcel: Parcel) -> bool:
        """Write, durably, that the message may leave; False when it must not."""
        self.is_leaving = await self._queue.begin(parcel)
        if not self.is_leaving:
            self._in_hand.remove(parcel)
        return self.is_leaving

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Report what became of a delivery."""
        self._done(parcel)
        if outcome.code:
            self._queue.turns.served(self._number)
        self._queue.settle(parcel, outcome)

    def busy(self) -> None:
        """Report that the server wants us to slow down."""
        self._queue.turns.throttle.busy()

    async def refused(self, parcel: Parcel, error: SendError) -> None:
        """Give back a delivery that got no connection, and wait before the next try.

        Raises the error when another try is useless: no session has a connection.
        """
        seconds = self._queue.turns.refused(self._number)
        if not seconds:
            raise error
        self._in_hand.remove(parcel)
        self._queue.put_back(parcel)
        await self._queue.rest(seconds)

    def blame(self, error: Exception) -> bool:
        """Blame an error on the message in hand; return False when there is none."""
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
