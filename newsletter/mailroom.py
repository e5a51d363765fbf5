"""The mailroom: messages for the deliveries of one issue, composed here and signed in threads."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Collection, Sequence

from newsletter import letters
from newsletter.config import Config
from newsletter.errors import HeaderError
from newsletter.model import Delivery, Issue
from newsletter.render import Encoded, Encoder, compose
from newsletter.store import IssueStore

Sign = Callable[[bytes, dt.datetime], bytes] | None
"""A message and the moment to the message with its signatures; None: nothing is signed."""


Made = bytes | HeaderError | None


class Mailroom:
    """Prepares messages in batches."""

    def __init__(
        self,
        config: Config,
        issue: Issue,
        issues: IssueStore,
        clock: Callable[[], dt.datetime],
        sign: Sign,
        staying: Callable[[], Collection[str]],
    ) -> None:
        """Prepare for a planned `issue`; its editions are read when the first message is."""
        self._config = config
        self._issue = issue
        self._issues = issues
        self._clock = clock
        self._sign = sign
        self._staying = staying

    async def prepare(self, deliveries: Sequence[Delivery]) -> list[Made]:
        """Return the message of each delivery, or why it is not made.

        Nothing for who has left the list by now: an unsubscribe is honoured in the middle of a run.
        """
        now, staying = self._clock(), self._staying()
        made: list[Made] = []
        for delivery in deliveries:
            if delivery.subscriber not in staying:
                made.append(None)
                continue
            reader = letters.recipient(self._config, delivery, now)
            try:
                made.append(compose(self._editions[delivery.edition], reader))
            except HeaderError as error:
                made.append(error)
        if self._sign is None:
            return made
        # RSA and SHA-256 release the interpreter: connections go on being served meanwhile.
        return await asyncio.get_running_loop().run_in_executor(None, self._signed, made, now)

    def _signed(self, messages: list[Made], now: dt.datetime) -> list[Made]:
        sign = self._sign
        assert sign is not None  # noqa: S101  asked before
        return [sign(one, now) if isinstance(one, bytes) else one for one in messages]

    @functools.cached_property
    def _editions(self) -> dict[str, Encoded]:
        editions = self._issues.editions(self._issue.date)
        encoder = Encoder(self._issue, letters.letterhead(self._config), editions)
        return {one.key: encoder.encode(one) for one in editions}
