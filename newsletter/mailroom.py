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
from newsletter.send import Signer
from newsletter.send.signatures import Unsigned
from newsletter.store import IssueStore

Made = bytes | HeaderError | None


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
        return await signed(made, self._signer, now)

    @functools.cached_property
    def _editions(self) -> dict[str, Encoded]:
        editions = self._issues.editions(self._issue.date)
        encoder = Encoder(self._issue, letters.letterhead(self._config), editions)
        return {one.key: encoder.encode(one) for one in editions}


async def signed(
    messages: Sequence[Made], signer: Signer | None, now: dt.datetime
) -> Sequence[Made]:
    """Return messages with their signatures, made in a thread when they take long."""
    if signer is None:
        return messages
    prepared = [signer.prepare(one, now) if isinstance(one, bytes) else one for one in messages]

    def finish() -> list[Made]:
        return [signer.finish(one) if isinstance(one, Unsigned) else one for one in prepared]

    if not signer.is_slow:
        return finish()
    # RSA releases the interpreter: connections go on being served meanwhile.
    return await asyncio.get_running_loop().run_in_executor(None, finish)
