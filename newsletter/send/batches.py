"""Starts and outcomes, written to the ledger in batches.

A message may leave once its start is written. Starts are written together with all others that
become ready before the event loop is idle: the busier the sender, the more starts share one
transaction. Outcomes are written with the next starts, or alone after a short wait.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from newsletter.model import Claim, Settlement
from newsletter.send.ledger import Ledger

LAG = 0.005
"""Seconds that an outcome waits to be written with others, when no message waits to begin."""


@dataclass(slots=True, kw_only=True)
class Batches:
    """The starts and outcomes of one issue that are still to be written."""

    ledger: Ledger
    clock: Callable[[], dt.datetime]
    on_written: Callable[[Sequence[Claim], Sequence[Settlement], frozenset[str]], None]
    """Called with what was written, and the subscribers whose deliveries another sender holds."""
    on_failure: Callable[[BaseException], None]
    _starts: list[tuple[Claim, asyncio.Future[bool]]] = field(default_factory=list)
    _settled: list[Settlement] = field(default_factory=list)
    _is_due: bool = False
    """Whether a write is about to happen."""
    _timer: asyncio.TimerHandle | None = None

    async def begin(self, claim: Claim) -> bool:
        """Write, durably, that a message may leave; False when another sender holds it by now.

        Raises the ledger's error when the ledger cannot be written.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        self._starts.append((claim, done))
        if not self._is_due:
            self._is_due = True
            loop.call_soon(self._gather, len(self._starts))
        return await done

    def settle(self, settlement: Settlement) -> None:
        """Note an outcome, to be written soon."""
        self._settled.append(settlement)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LAG, self._late)

    def _gather(self, seen: int) -> None:
        """Write once a turn of the event loop has brought no further start.

        That happens soon: each session waits for one start at a time.
        """
        if len(self._starts) > seen:
            asyncio.get_running_loop().call_soon(self._gather, len(self._starts))
        else:
            self._write()

    def _late(self) -> None:
        self._timer = None
        if self._settled and not self._is_due:
            self._write()

    def _write(self) -> None:
        self._is_due = False
        starts, self._starts = self._starts, []
        settled, self._settled = self._settled, []
        if not starts and not settled:
            return
        started = [claim for claim, _ in starts]
        try:
            lost = self.ledger.record(started, settled, self.clock())
        except Exception as error:  # noqa: BLE001  told by the session that waits for it
            self._tell(starts, error)
            self.on_failure(error)
            return
        self.on_written(started, settled, lost)
        for claim, done in starts:
            if not done.done():
                done.set_result(claim.delivery.subscriber not in lost)

    @staticmethod
    def _tell(starts: list[tuple[Claim, asyncio.Future[bool]]], error: BaseException) -> None:
        for _, done in starts:
            if not done.done():
                done.set_exception(error)

    def close(self) -> None:
        """Write the outcomes that are left.

        Nobody waits for starts any more. They are not written: their messages do not leave, and
        their leases are given back.
        """
        if self._timer is not None:
            self._timer.cancel()
        starts, self._starts = self._starts, []
        settled, self._settled = self._settled, []
        self._tell(starts, asyncio.CancelledError())
        if settled:
            self.on_written((), settled, self.ledger.record([], settled, self.clock()))
