"""The mailroom: messages for the deliveries of one issue, composed here and signed in threads."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Sequence
from typing import Any

from newsletter.day import letters
from newsletter.day.given import Day
from newsletter.errors import StoreError, TemplateError
from newsletter.model import Border, Delivery, Fault, Issue, fault_of
from newsletter.render.messages import Encoded, compose, encode_edition
from newsletter.send.signatures import Signer, Unsigned

Made = bytes | Fault | None
EDITIONS = 128
"""Editions that are kept ready for their readers: some 100 kB each."""


class Mailroom:
    """Prepares messages in batches."""

    def __init__(self, day: Day, issue: Issue, signer: Signer | None) -> None:
        """Prepare for a planned `issue`; an edition is read when it is first wanted."""
        self._day = day
        self._issue = issue
        self._signer = signer
        self._head = letters.letterhead(day.config.letter)
        # Those of many readers are wanted all the time, and stay; a personal one is wanted once.
        self._edition = functools.lru_cache(maxsize=EDITIONS)(self._encoded)

    async def prepare(self, deliveries: Sequence[Delivery]) -> Sequence[Made]:
        """Return the message of each delivery, or why it is not made.

        Whatever goes wrong with one, be it a fault of ours, is its reader's alone. Nothing for who
        has left by now: an unsubscribe is honoured in the middle of a run.
        """
        day, now = self._day, self._day.clock()
        day.list.follow_if_changed(now)
        absent = day.stores.subscribers.absent([one.subscriber for one in deliveries])
        made = [None if one.subscriber in absent else self._message(one, now) for one in deliveries]
        return await signed(made, deliveries, self._signer, now)

    def _message(self, delivery: Delivery, now: dt.datetime) -> bytes | Fault:
        try:
            edition = self._edition(delivery.edition)
            if isinstance(edition, Fault):
                return edition
            return compose(edition, letters.recipient(self._day.config.letter, delivery, now))
        except (StoreError, TemplateError):
            raise  # what is wrong there, is wrong for everybody
        except Exception as error:  # noqa: BLE001  the guard at a reader's border
            return _fault(delivery, error)

    def _encoded(self, key: str) -> Encoded | Fault:
        """Return an edition ready for its readers."""
        edition = self._day.stores.issues.edition(self._issue.date, key)
        try:
            return encode_edition(self._issue, edition, self._head)
        except TemplateError:
            raise  # it was planned by another version of the program: so were all others
        except Exception as error:  # noqa: BLE001  the guard at an edition's border
            return fault_of(Border.EDITION, key, error, edition.subject.encode())


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
