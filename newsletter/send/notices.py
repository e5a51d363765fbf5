"""Send notices: mails to one person, by the same transports and with the same care as issues."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from newsletter.errors import NewsletterError, SendError
from newsletter.model import (
    Border,
    Claim,
    Delivery,
    DeliveryState,
    Fault,
    Notice,
    NoticeState,
    Outcome,
    fault_of,
)
from newsletter.send.editions import Transport
from newsletter.send.smtp import Parcel

SESSIONS: Final = 4
"""Connections for notices: somebody waits for each of them."""
PATIENCE: Final = (
    dt.timedelta(minutes=1),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=15),
    dt.timedelta(hours=1),
    dt.timedelta(hours=4),
)
"""How long a notice waits after each refusal for now; after the last it has failed."""
_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)

_STATES = {
    DeliveryState.ACCEPTED: NoticeState.SENT,
    DeliveryState.FAILED: NoticeState.FAILED,
    DeliveryState.UNKNOWN: NoticeState.UNKNOWN,
}


class NoticeQueue(Protocol):
    """Where notices are kept; see `newsletter.store.notices`."""

    def waiting(self, now: dt.datetime, limit: int) -> Sequence[Notice]:
        """Return notices that are due, the oldest first."""
        ...

    def begin(self, notice: Notice, now: dt.datetime) -> bool:
        """Note, durably, that a notice begins to leave; False when another has taken it."""
        ...

    def settle(
        self,
        notice: Notice,
        state: NoticeState,
        now: dt.datetime,
        *,
        begun: bool,
        reason: str = "",
        next_at: dt.datetime | None = None,
    ) -> bool:
        """Note what became of a notice, if it is as we left it; return whether it was."""
        ...


Compose = Callable[[Notice], tuple[Delivery, bytes] | None]
"""(notice) → to whom, and the message; None when nobody is to get it any more."""


async def send_notices(
    queue: NoticeQueue,
    compose: Compose,
    transport: Transport,
    clock: Callable[[], dt.datetime],
    on_fault: Callable[[Fault], None],
    limit: int = 100,
) -> int:
    """Send what is due, at most `limit` of it; return how many were looked at.

    A server that cannot be used at all leaves them waiting for a minute. One that cannot be
    composed is a fault, and has failed. Raises StoreError when the queue cannot be read or written,
    TemplateError when the templates fail.
    """
    due = list(queue.waiting(clock(), limit))
    views = [
        _View(queue=queue, due=due, compose=compose, clock=clock, on_fault=on_fault)
        for _ in range(SESSIONS)
    ]
    await asyncio.gather(*(_work(view, transport) for view in views[: len(due)]))
    return len({number for view in views for number in view.seen})


async def _work(view: _View, transport: Transport) -> None:
    """Run one session; a server that cannot be used ends it."""
    try:
        async with transport.session() as session:
            await session.work(view)
    except SendError as error:
        view.give_back(str(error))


@dataclass(slots=True, kw_only=True)
class _View:
    """What one session sees of the notices that are due; satisfies `ParcelQueue`."""

    queue: NoticeQueue
    due: list[Notice]
    """Those that no session has taken yet."""
    compose: Compose
    clock: Callable[[], dt.datetime]
    on_fault: Callable[[Fault], None]
    seen: set[int] = field(default_factory=set)
    _held: dict[int, Notice] = field(default_factory=dict)
    _begun: set[int] = field(default_factory=set)
    """Numbers of those that have begun to leave."""

    async def next(self) -> Parcel | None:
        """Return the next one that somebody is to get."""
        while self.due:
            notice = self.due.pop(0)
            self.seen.add(notice.number)
            # Composing may take a while: it renders an issue for those who are welcomed.
            try:
                made = await asyncio.to_thread(self.compose, notice)
            except (NewsletterError, OSError):
                raise  # what is wrong there, is wrong for everybody
            except Exception as error:  # noqa: BLE001  the guard at a reader's border
                self.on_fault(fault_of(Border.READER, notice.subscriber, error))
                self._settle(notice, NoticeState.FAILED, "a fault of this program")
                continue
            if made is None:
                self._settle(notice, NoticeState.FAILED, "nobody is to get it any more")
                continue
            delivery, message = made
            parcel = Parcel(claim=Claim(delivery=delivery, owner=""), message=message, until=_NEVER)
            self._held[id(parcel)] = notice
            return parcel
        return None

    def next_now(self) -> Parcel | None:
        """Return nothing: notices are few, and are not sent ahead."""
        return None

    async def begin(self, parcel: Parcel) -> bool:
        """Note that a notice begins to leave; False when another process has it."""
        notice = self._held[id(parcel)]
        if self.queue.begin(notice, self.clock()):
            self._begun.add(notice.number)
            return True
        del self._held[id(parcel)]
        return False

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Note what became of a notice; one that was refused for now waits longer each time."""
        notice = self._held.pop(id(parcel), None)
        if notice is None:  # another process has it
            return
        state = _STATES.get(outcome.state)
        if state is not None:
            self._settle(notice, state, outcome.reason)
        elif notice.attempt >= len(PATIENCE):
            self._settle(notice, NoticeState.FAILED, outcome.reason)
        else:
            self._settle(notice, NoticeState.WAITING, outcome.reason, PATIENCE[notice.attempt])

    def busy(self) -> None:
        """Do nothing: there are few connections anyway."""

    async def refused(self, parcel: Parcel, error: SendError) -> None:
        """Raise the error: others would fare no better."""
        del parcel
        raise error

    def give_back(self, why: str) -> None:
        """Leave for later what this session holds, and what no session has taken."""
        for notice in (*self._held.values(), *self.due):
            self._settle(notice, NoticeState.WAITING, why, PATIENCE[0])
        self._held.clear()
        self.due.clear()

    def _settle(
        self,
        notice: Notice,
        state: NoticeState,
        reason: str,
        wait: dt.timedelta = dt.timedelta(),
    ) -> None:
        now = self.clock()
        begun = notice.number in self._begun
        self.queue.settle(notice, state, now, begun=begun, reason=reason, next_at=now + wait)
