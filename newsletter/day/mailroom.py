"""The mailroom: messages for the deliveries of one issue, composed here and signed in threads."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from newsletter.config import Config
from newsletter.day import letters
from newsletter.model import Border, Delivery, Fault, Issue, fault_of
from newsletter.render.messages import Encoded, Encoder, compose
from newsletter.send.signatures import Signer, Unsigned
from newsletter.store import IssueStore

Made = bytes | Fault | None


class Mailroom:
    """Prepares messages in batches."""

    def __init__(
        self,
        config: Config,
        issue: Issue,
        issues: IssueStore,
        clock: Callable[[], dt.datetime],
        signer: Signer | None,
        staying: Callable[[], Collection[str]],
    ) -> None:
        """Prepare for a planned `issue`; its editions are read when the first message is."""
        self._config = config
        self._issue = issue
        self._issues = issues
        self._clock = clock
        self._signer = signer
        self._staying = staying

    async def prepare(self, deliveries: Sequence[Delivery]) -> Sequence[Made]:
        """Return the message of each delivery, or why it is not made.

        Whatever goes wrong with one, be it a fault of ours, is its reader's alone. Nothing for who
        has left the list by now: an unsubscribe is honoured in the middle of a run.
        """
        now, staying = self._clock(), self._staying()
        editions = self._editions  # what is wrong with all of them at once stops everybody
        made = [
            # Nobody at all is a list that was lost, not one that everybody left.
            None if staying and one.subscriber not in staying else self._message(one, editions, now)
            for one in deliveries
        ]
        return await signed(made, deliveries, self._signer, now)

    def _message(
        self, delivery: Delivery, editions: Mapping[str, Encoded | Fault], now: dt.datetime
    ) -> bytes | Fault:
        try:
            edition = editions[delivery.edition]
            if isinstance(edition, Fault):
                return edition
            return compose(edition, letters.recipient(self._config, delivery, now))
        except Exception as error:  # noqa: BLE001  the guard at a reader's border
            return _fault(delivery, error)

    @functools.cached_property
    def _editions(self) -> dict[str, Encoded | Fault]:
        editions = self._issues.editions(self._issue.date)
        encoder = Encoder(self._issue, letters.letterhead(self._config), editions)
        encoded: dict[str, Encoded | Fault] = {}
        for one in editions:
            try:
                encoded[one.key] = encoder.encode(one)
            except Exception as error:  # noqa: BLE001  the guard at an edition's border
                encoded[one.key] = fault_of(Border.EDITION, one.key, error, one.subject.encode())
        return encoded


def _fault(delivery: Delivery, error: Exception) -> Fault:
    return fault_of(Border.READER, delivery.email, error, repr(delivery).encode())


async def signed(
    messages: Sequence[Made],
    deliveries: Sequence[Delivery],
    signer: Signer | None,
    now: dt.datetime,
) -> Sequence[Made]:
    """Return the messages of `deliveries` with their signatures, made in a thread when slow."""
    if signer is None:
        return messages

    def guarded(work: Callable[[Any], Any], some: Sequence[Any], kind: type) -> list[Any]:
        """Do some work on what is of a kind; whatever goes wrong with one is its reader's."""
        done: list[Any] = []
        for one, delivery in zip(some, deliveries, strict=True):
            try:
                done.append(work(one) if isinstance(one, kind) else one)
            except Exception as error:  # noqa: BLE001  the guard at a reader's border
                done.append(_fault(delivery, error))
        return done

    prepared = guarded(lambda one: signer.prepare(one, now), messages, bytes)
    finish = functools.partial(guarded, signer.finish, prepared, Unsigned)
    if not signer.is_slow:
        return finish()
    # RSA releases the interpreter: connections go on being served meanwhile.
    return await asyncio.get_running_loop().run_in_executor(None, finish)
