"""Sessions with an SMTP or LMTP server: one connection each, one round trip for each message.

When the server offers PIPELINING (RFC 2920), MAIL, RCPT and DATA are sent together, right after the
final dot of the previous message. When a connection drops, only one delivery can be in doubt: the
one whose message had begun to leave. It becomes `unknown`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from newsletter.errors import SendError
from newsletter.model import Claim, Delivery, DeliveryState, Outcome, Verdict
from newsletter.send.connecting import Connection, SmtpSettings, connect, tls_context
from newsletter.send.envelopes import commands, stuffed, unfit
from newsletter.send.outcomes import advice, is_of_message, outcome_of
from newsletter.send.pace import CLOSING
from newsletter.send.streams import REFUSED, REFUSED_FOR_GOOD, ConnectionBrokenError, Reply

MANNERS = 2.0
"""Seconds to wait for the answer to QUIT."""
QUICK = 10.0
"""Seconds for each answer in a check: no mail is sent, and a person waits for the result."""
LOOK = 2.0
"""Seconds of silence in a check after which to test whether the server waits for TLS."""
AFTER_DOT = 600.0
"""Seconds to wait for the answer to a whole message (RFC 5321, 4.5.3.2.6)."""
GO_ON = 354
ENVELOPE = 3
"""The commands of an envelope: MAIL, RCPT and DATA."""
RECIPIENT = 1
"""The index of RCPT among the commands of an envelope."""


@dataclass(slots=True, kw_only=True)
class Parcel:
    """A delivery with its bytes, in the hands of a session."""

    claim: Claim
    message: bytes
    until: dt.datetime
    """When its lease runs out."""
    tries: int = 0
    """Connections that broke before any part of the message had left."""

    @property
    def delivery(self) -> Delivery:
        """The delivery."""
        return self.claim.delivery


class ParcelQueue(Protocol):
    """Where a session gets messages, and reports on them; see `newsletter.send.guards`."""

    async def next(self) -> Parcel | None:
        """Return the next delivery to send, when it may be sent; None when there is no more."""
        ...

    def next_now(self) -> Parcel | None:
        """Return a delivery that is ready, without waiting; None when there is none."""
        ...

    async def begin(self, parcel: Parcel) -> bool:
        """Write, durably, that the message may leave; False when it must no longer leave."""
        ...

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Report what became of a delivery."""
        ...

    def busy(self) -> None:
        """Report that the server wants us to slow down."""
        ...

    async def refused(self, parcel: Parcel, error: SendError) -> None:
        """Give back a delivery that got no connection, and wait before the next try.

        Raises the error when another try is useless.
        """
        ...


class SmtpTransport:
    """Delivers over SMTP or LMTP."""

    def __init__(
        self, settings: SmtpSettings, sender_of: Callable[[Delivery], str] | None = None
    ) -> None:
        """Prepare only: the connection is opened for the first message.

        `sender_of` gives the envelope sender of a delivery; default: always `settings.sender`.
        """
        self._settings = settings
        self._sender_of = sender_of or (lambda _delivery: settings.sender)
        self._tls = tls_context(settings)

    async def check(self) -> str:
        """Log in and say goodbye; return how mail would leave.

        Raises SendError, which says how to fix it, when the server cannot be used. Timeouts are
        shorter than in sending.
        """
        quick = replace(self._settings, timeout=min(self._settings.timeout, QUICK), silence=LOOK)
        session = SmtpSession(quick, self._tls, self._sender_of)
        try:
            await session.reach()
        finally:
            await session.close()
        name = "LMTP" if quick.lmtp else {"none": "no TLS"}.get(quick.security, quick.security)
        login = f", logged in as {quick.username}" if quick.username else ""
        return f"{quick.place} ({name}{login})"

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[SmtpSession]:
        """Open a session; its connection is closed politely at the end."""
        session = SmtpSession(self._settings, self._tls, self._sender_of)
        try:
            yield session
        finally:
            await session.close()


@dataclass(slots=True)
class SmtpSession:
    """One connection after the other: a new one when the server hung up or the old one is worn."""

    _settings: SmtpSettings
    _tls: object
    _sender_of: Callable[[Delivery], str]
    _open: Connection | None = field(default=None, init=False)
    _ahead: Parcel | None = field(default=None, init=False)
    """The delivery whose envelope was sent ahead."""

    async def work(self, queue: ParcelQueue) -> None:
        """Send what the queue has until it has no more.

        Raises SendError when the server cannot be used for anybody.
        """
        waiting: Parcel | None = None
        while True:
            parcel = waiting or self._ahead or await queue.next()
            waiting = None
            if parcel is None:
                return
            try:
                if self._ahead is not parcel:
                    await self.reach()
            except SendError as error:
                await queue.refused(parcel, error)
                continue
            try:
                outcome = await self._envelope(parcel)
            except ConnectionBrokenError as error:
                waiting = self._again(queue, parcel, f"{self._place}: {error}")
                continue
            if outcome is None:
                waiting = await self._content(queue, parcel)
            elif outcome.code == CLOSING:
                waiting = self._again(queue, parcel, outcome.reason)
                queue.busy()
            else:
                queue.settle(parcel, outcome)

    def _again(self, queue: ParcelQueue, parcel: Parcel, why: str) -> Parcel | None:
        """Return a delivery of which nothing has left, to try it once more on a new connection.

        After the second failure it is deferred, and None is returned.
        """
        self._drop()
        parcel.tries += 1
        if parcel.tries <= 1:
            return parcel
        reason = f"the server hung up before anything left: {why}"
        state = DeliveryState.DEFERRED
        queue.settle(parcel, Outcome(state=state, reason=reason, verdict=Verdict.NETWORK))
        return None

    async def reach(self) -> None:
        """Open a connection, unless the present one is still usable; raises SendError."""
        self._ahead = None
        if self._open is None or not self._open.stream.is_open or self._open.is_worn:
            await self.close()
            self._open = await connect(self._settings, self._tls)

    async def _envelope(self, parcel: Parcel) -> Outcome | None:
        """Send MAIL, RCPT and DATA, unless they were sent ahead; return the outcome if refused."""
        connection = self._connection
        if self._ahead is not parcel:
            if refusal := unfit(parcel.delivery, len(parcel.message), connection):
                return refusal
            if not connection.pipelining:
                return await self._one_by_one(parcel, connection)
            connection.stream.write(self._commands(parcel, connection))
        self._ahead = None
        replies: list[Reply] = []
        while len(replies) < ENVELOPE and not (replies and replies[-1].code == CLOSING):
            replies.append(await connection.stream.reply(self._settings.timeout))
        return await self._judged(parcel, connection, replies)

    async def _one_by_one(self, parcel: Parcel, connection: Connection) -> Outcome | None:
        """Send the envelope and wait for each answer, for servers without PIPELINING."""
        replies: list[Reply] = []
        for command in self._commands(parcel, connection).splitlines(keepends=True):
            connection.stream.write(command)
            replies.append(await connection.stream.reply(self._settings.timeout))
            if replies[-1].code >= REFUSED:
                break
        return await self._judged(parcel, connection, replies)

    async def _judged(
        self, parcel: Parcel, connection: Connection, replies: list[Reply]
    ) -> Outcome | None:
        """Return the outcome of the answers to an envelope; None when the content may follow."""
        errors = [reply for reply in replies if reply.code >= REFUSED]
        connection.errors += len(errors)
        refused = errors[0] if errors else None
        if refused is None and replies[-1].code == GO_ON:
            return None
        first = refused or replies[-1]
        if first.code == CLOSING:
            return outcome_of(first)
        if len(replies) == ENVELOPE and replies[-1].code == GO_ON:
            # DATA was accepted without a recipient: end it by an empty message (RFC 2920, 3.1).
            connection.stream.write(b".\r\n")
            await connection.stream.reply(AFTER_DOT)
        connection.stream.write(b"RSET\r\n")
        await connection.stream.reply(self._settings.timeout)
        is_final = first.code >= REFUSED_FOR_GOOD
        if first is replies[0] and is_final and not is_of_message(first):
            sender = self._sender_of(parcel.delivery)
            raise SendError(
                f"{self._place}: the sender {sender} is refused: {first}{advice(first)}"
            )
        of_recipient = len(replies) > RECIPIENT and first is replies[RECIPIENT]
        return outcome_of(first, of_recipient=of_recipient)

    async def _content(self, queue: ParcelQueue, parcel: Parcel) -> Parcel | None:
        """Send a message whose envelope was accepted, and right after it the next envelope.

        Returns the next delivery when its envelope was not sent ahead, or was lost.
        """
        connection = self._connection
        if not await queue.begin(parcel):
            # The message must no longer be sent, but the server waits for it: hang up.
            self._drop()
            return None
        connection.sent += 1
        following = None
        if connection.pipelining and not connection.is_worn:
            following = queue.next_now()
        tail = b""
        if following:
            # An error in the next delivery is reported when its turn comes.
            with contextlib.suppress(Exception):
                if not unfit(following.delivery, len(following.message), connection):
                    tail = self._commands(following, connection)
                    self._ahead = following
        connection.stream.write(stuffed(parcel.message, tail))
        try:
            await connection.stream.drain(AFTER_DOT)
            reply = await connection.stream.reply(AFTER_DOT)
        except ConnectionBrokenError as error:
            self._drop()
            reason = f"the connection broke while the message was leaving: {error}"
            queue.settle(parcel, Outcome(state=DeliveryState.UNKNOWN, reason=reason))
            return following
        outcome = outcome_of(reply)
        connection.errors = 0 if outcome.state is DeliveryState.ACCEPTED else connection.errors + 1
        queue.settle(parcel, outcome)
        if reply.code == CLOSING:
            self._drop()
        return None if self._ahead else following

    def _commands(self, parcel: Parcel, connection: Connection) -> bytes:
        sender = self._sender_of(parcel.delivery)
        return commands(parcel.delivery, len(parcel.message), sender, connection)

    @property
    def _connection(self) -> Connection:
        if self._open is None:
            raise AssertionError("an envelope was taken without a connection")
        return self._open

    def _drop(self) -> None:
        """Cut the connection. An envelope that was sent ahead is sent again on another."""
        connection, self._open, self._ahead = self._open, None, None
        if connection is not None:
            connection.stream.abort()

    async def close(self) -> None:
        """Say goodbye and close; never raises."""
        connection, self._open = self._open, None
        if connection is None:
            return
        with contextlib.suppress(ConnectionBrokenError):
            if connection.stream.is_open:
                connection.stream.write(b"QUIT\r\n")
                await connection.stream.reply(MANNERS)
        connection.stream.abort()

    @property
    def _place(self) -> str:
        return self._settings.place
