"""The mailroom: composes the messages for the deliveries of one issue, and has them signed."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from newsletter.day import letters
from newsletter.day.given import Day
from newsletter.day.personal import Made as Personal
from newsletter.day.personal import PersonalEditions
from newsletter.errors import StoreError, TemplateError
from newsletter.model import (
    LEFT,
    MADE_WHEN_SENT,
    Border,
    Delivery,
    Edition,
    Fault,
    Issue,
    fault_of,
)
from newsletter.render.messages import Encoded, compose, encode_edition
from newsletter.send.signatures import Signer

Made = bytes | Fault | str
"""A message, or what went wrong, or why there is none."""
Before = TypeVar("Before")
After = TypeVar("After")
EDITIONS = 128
"""How many encoded editions are kept in memory: about 100 kB each."""
FIGURES = 64
"""How many figures are kept in memory: at most 60 kB each, and the editions share them."""


class Mailroom:
    """Prepares messages in batches."""

    def __init__(
        self, day: Day, issue: Issue, signer: Signer | None, personal: PersonalEditions
    ) -> None:
        """Prepare for a planned `issue`; an edition is loaded when it is first needed.

        `personal` makes those of single readers that were not made before.
        """
        self._day = day
        self._issue = issue
        self._signer = signer
        self._personal = personal
        self._made: dict[str, Personal] = {}
        """Editions of single readers that are soon prepared, by their ids."""
        self._head = letters.letterhead(day.config.letter)
        self._picture = functools.lru_cache(maxsize=FIGURES)(day.folders.figures.read)
        # Shared editions are used often and stay in the cache; a personal edition is used once.
        self._edition = functools.lru_cache(maxsize=EDITIONS)(self._encoded)

    async def expect(self, deliveries: Sequence[Delivery]) -> None:
        """Make the editions of single readers for deliveries that are soon prepared.

        All at once is much less work than each by itself. It is done in a thread: meanwhile the
        event loop goes on serving connections.
        """
        ids = [one.subscriber for one in deliveries if one.edition == MADE_WHEN_SENT]
        if ids:
            make = functools.partial(self._personal.make, self._day, self._issue, ids)
            self._made = await asyncio.to_thread(make)

    async def prepare(self, deliveries: Sequence[Delivery]) -> Sequence[Made]:
        """Return for each delivery its message, or a fault or a text that says why there is none.

        An unexpected error, even a bug of ours, affects only the reader of that message. There is
        none for a reader who has left by now: an unsubscribe takes effect in the middle of a run.
        """
        day, now = self._day, self._day.clock()
        day.list.follow_if_changed(now)
        absent = day.stores.subscribers.absent([delivery.subscriber for delivery in deliveries])
        made = [
            LEFT if delivery.subscriber in absent else self._message(delivery, now)
            for delivery in deliveries
        ]
        return await signed(made, deliveries, self._signer, now)

    def _message(self, delivery: Delivery, now: dt.datetime) -> Made:
        try:
            if delivery.edition == MADE_WHEN_SENT:
                edition = self._of_reader(delivery.subscriber)
                if isinstance(edition, Fault | str):
                    return edition
                # What it covers, a day or a week, is told by its key.
                delivery, encoded = replace(delivery, edition=edition.key), self._encode(edition)
            else:
                encoded = self._edition(delivery.edition)
            if isinstance(encoded, Fault):
                return encoded
            return compose(encoded, letters.recipient(self._day.config.letter, delivery, now))
        except (StoreError, TemplateError):
            raise  # what is wrong there, is wrong for everybody
        except Exception as error:  # noqa: BLE001  the guard at a reader's border
            return _fault(delivery, error)

    def _of_reader(self, subscriber: str) -> Personal:
        """Return the edition of a single reader, or why there is none."""
        if subscriber not in self._made:
            self._made.update(self._personal.make(self._day, self._issue, [subscriber]))
        return self._made.pop(subscriber)

    def _encoded(self, key: str) -> Encoded | Fault:
        """Return a stored edition encoded for its readers, or the fault that prevents it."""
        return self._encode(self._day.stores.issues.edition(self._issue.date, key))

    def _encode(self, edition: Edition) -> Encoded | Fault:
        try:
            return encode_edition(self._issue, edition, self._head, self._picture)
        except TemplateError:
            raise  # the whole issue was planned by another version of the program
        except Exception as error:  # noqa: BLE001  the guard at an edition's border
            return fault_of(Border.EDITION, edition.key, error, edition.subject.encode())


def _fault(delivery: Delivery, error: Exception) -> Fault:
    return fault_of(Border.READER, delivery.email, error, repr(delivery).encode())


async def signed(
    messages: Sequence[Made],
    deliveries: Sequence[Delivery],
    signer: Signer | None,
    now: dt.datetime,
) -> Sequence[Made]:
    """Return the messages of `deliveries`, signed; slow signing is done in a thread."""
    if signer is None:
        return messages

    def guarded(
        work: Callable[[Before], After], some: Sequence[Before | Fault | str]
    ) -> list[After | Fault | str]:
        """Apply `work` to the messages; an error becomes a fault of that one reader."""
        done: list[After | Fault | str] = []
        for message, delivery in zip(some, deliveries, strict=True):
            if isinstance(message, Fault | str):
                done.append(message)
                continue
            try:
                done.append(work(message))
            except Exception as error:  # noqa: BLE001  the guard at a reader's border
                done.append(_fault(delivery, error))
        return done

    prepared = guarded(lambda message: signer.prepare(message, now), messages)
    finish = functools.partial(guarded, signer.finish, prepared)
    if not signer.is_slow:
        return finish()
    # RSA releases the GIL: meanwhile the event loop goes on serving connections.
    return await asyncio.get_running_loop().run_in_executor(None, finish)
