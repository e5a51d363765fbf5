"""A transport that only writes files: nothing leaves the machine."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from newsletter.model import Delivery, DeliveryState, Outcome
from newsletter.send.smtp import ParcelQueue


class OutboxTransport:
    """Delivers into files. A file is there or it is not, so no delivery is ever in doubt."""

    def __init__(self, write: Callable[[Delivery, bytes], str], place: str) -> None:
        """Have `write` keep each message and return the name of its file; `place` is shown."""
        self._write = write
        self._place = place

    async def check(self) -> str:
        """Return where mail would go."""
        return f"files in {self._place}, not out of this machine"

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[OutboxTransport]:
        """Return the transport itself: files need no connection."""
        yield self

    async def work(self, queue: ParcelQueue) -> None:
        """Write what the queue has."""
        while parcel := await queue.next():
            name = self._write(parcel.delivery, parcel.message)
            outcome = Outcome(state=DeliveryState.ACCEPTED, reason=f"written to {name}")
            queue.settle(parcel, outcome)
