"""Mail by a command on this machine, such as sendmail, msmtp or the user's own script."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Sequence

from newsletter.errors import SendError
from newsletter.model import Delivery, DeliveryState, Outcome
from newsletter.send.smtp import Parcel, ParcelQueue
from newsletter.send.streams import printable

TEMPFAIL = 75
"""EX_TEMPFAIL of sysexits.h: not now, perhaps later."""
MISSING = (126, 127)
"""The exit statuses of a shell for a command that it cannot run."""


class SendmailTransport:
    """Delivers by running a command for each message, with the message on its standard input."""

    def __init__(
        self,
        command: Sequence[str],
        sender_of: Callable[[Delivery], str],
        timeout: float = 600.0,
    ) -> None:
        """Run `command` followed by `-i -f SENDER -- RECIPIENT`, never through a shell."""
        self._command = tuple(command)
        self._sender_of = sender_of
        self._timeout = timeout

    async def check(self) -> str:
        """Return which command would be run; raises SendError when it does not exist."""
        if shutil.which(self._command[0]) is None:
            raise SendError(
                f"{self._command[0]}: no such command, or nobody may run it; mend `command` of "
                "`delivery` in newsletter.yaml"
            )
        return self._command[0]

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[SendmailTransport]:
        """Return the transport itself: each message is a process of its own."""
        yield self

    async def work(self, queue: ParcelQueue) -> None:
        """Send what the queue has; raises SendError when the command cannot be run at all."""
        while parcel := await queue.next():
            if await queue.begin(parcel):
                queue.settle(parcel, await self._run(parcel))

    async def _run(self, parcel: Parcel) -> Outcome:
        sender, recipient = self._sender_of(parcel.delivery), parcel.delivery.email
        command = (*self._command, "-i", "-f", sender, "--", recipient)
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=asyncio.subprocess.DEVNULL, stderr=pipe
            )
        except OSError as error:
            raise SendError(f"{self._command[0]}: {error.strerror}") from None
        # sendmail expects the line ends of text files (LF).
        content = parcel.message.replace(b"\r\n", b"\n")
        try:
            async with asyncio.timeout(self._timeout):
                _, said = await process.communicate(content)
        except TimeoutError:
            process.kill()
            await process.wait()
            reason = f"{self._command[0]} did not end within {self._timeout:g} seconds"
            return Outcome(state=DeliveryState.UNKNOWN, reason=reason)
        words = printable(said.decode("utf-8", "replace"))
        status = process.returncode or 0
        if status == 0:
            return Outcome(state=DeliveryState.ACCEPTED, reason=f"taken by {self._command[0]}")
        if status < 0:
            reason = f"{self._command[0]} was killed by signal {-status}"
            return Outcome(state=DeliveryState.UNKNOWN, reason=reason)
        state = DeliveryState.DEFERRED if status == TEMPFAIL else DeliveryState.FAILED
        reason = f"{self._command[0]} ended with status {status}: {words}".rstrip(": ")
        if status in MISSING:
            raise SendError(reason)
        return Outcome(state=state, reason=reason, code=status)
