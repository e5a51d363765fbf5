"""Sessions with an SMTP or LMTP server: one connection each, one round trip a message.

Where the server offers PIPELINING (RFC 2920), MAIL, RCPT and DATA leave together, behind the dot
of the message before. What a dropped connection means is never in doubt but for the message whose
bytes had begun to leave: that one is `unknown`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from newsletter.errors import HeaderError, SendError
from newsletter.model import Claim, Delivery, DeliveryState, Outcome, Verdict, delivery_name
from newsletter.send.connecting import Connection, SmtpSettings, connect, tls_context
from newsletter.send.streams import ConnectionBrokenError, Reply, printable
from newsletter.send.verdicts import judge

AFTER_DOT = 600.0
"""Seconds to wait for the answer to a whole message (RFC 5321, 4.5.3.2.6)."""
_UNSAFE = re.compile(r"[\s<>\x00-\x1f\x7f]")
_XTEXT = re.compile("[!-*,-<>-~]*")
CLOSING = 421
GO_ON = 354


@dataclass(slots=True, kw_only=True)
class Parcel:
    """A delivery with its bytes, in the hands of a session."""

    claim: Claim
    message: bytes
    until: dt.datetime
    """When its lease runs out."""
    tries: int = 0
    """Connections that broke before anything of it had left."""

    @property
    def delivery(self) -> Delivery:
        """The delivery."""
        return self.claim.delivery


class Desk(Protocol):
    """Where a session takes its work and reports it; satisfied by `newsletter.send.editions`."""

    async def next(self) -> Parcel | None:
        """Return the next delivery to send, when it may be sent; None when there is no more."""
        ...

    def next_now(self) -> Parcel | None:
        """Return one that is ready, without waiting."""
        ...

    async def begin(self, parcel: Parcel) -> bool:
        """Write, durably, that the message may leave; False when it must not any more."""
        ...

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Report what became of it."""
        ...

    def busy(self) -> None:
        """Report that the server wants us to slow down."""
        ...


class SmtpTransport:
    """Delivers over SMTP or LMTP."""

    def __init__(
        self, settings: SmtpSettings, sender_of: Callable[[Delivery], str] | None = None
    ) -> None:
        """Prepare; the first message connects.

        `sender_of` gives the envelope sender of a delivery; default: always `settings.sender`.
        """
        self._settings = settings
        self._sender_of = sender_of or (lambda _delivery: settings.sender)
        self._tls = tls_context(settings)

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
    """One connection after the other; a new one when the server hung up or has had enough."""

    _settings: SmtpSettings
    _tls: object
    _sender_of: Callable[[Delivery], str]
    _open: Connection | None = field(default=None, init=False)
    _ahead: Parcel | None = field(default=None, init=False)
    """The delivery whose envelope is on its way already."""

    async def work(self, desk: Desk) -> None:
        """Send what the desk has until it has no more.

        Raises SendError when the server cannot be used for anybody.
        """
        waiting: Parcel | None = None
        while True:
            parcel = waiting or self._ahead or await desk.next()
            waiting = None
            if parcel is None:
                return
            try:
                outcome = await self._envelope(parcel)
            except ConnectionBrokenError as error:
                waiting = self._again(desk, parcel, f"{self._place}: {error}")
                continue
            if outcome is None:
                waiting = await self._content(desk, parcel)
            elif outcome.code == CLOSING:
                waiting = self._again(desk, parcel, outcome.reason)
                desk.busy()
            else:
                desk.settle(parcel, outcome)

    def _again(self, desk: Desk, parcel: Parcel, why: str) -> Parcel | None:
        """Return a delivery to try once more on a new connection; nothing of it had left."""
        self._drop()
        parcel.tries += 1
        if parcel.tries <= 1:
            return parcel
        reason = f"the server hung up before anything left: {why}"
        state = DeliveryState.DEFERRED
        desk.settle(parcel, Outcome(state=state, reason=reason, verdict=Verdict.NETWORK))
        return None

    async def _envelope(self, parcel: Parcel) -> Outcome | None:
        """Send MAIL, RCPT and DATA, unless they were sent; return what they were refused with."""
        if self._ahead is not parcel:
            self._ahead = None
            if self._open is None or not self._open.stream.is_open or self._open.is_worn:
                await self.close()
                self._open = await connect(self._settings, self._tls)
            if refusal := self._unfit(parcel, self._open):
                return refusal
            if not self._open.pipelining:
                return await self._one_by_one(parcel, self._open)
            self._open.stream.write(self._commands(parcel, self._open))
        self._ahead = None
        connection = self._connection
        replies: list[Reply] = []
        while len(replies) < 3 and not (replies and replies[-1].code == CLOSING):  # noqa: PLR2004
            replies.append(await connection.stream.reply(self._settings.timeout))
        return await self._judged(parcel, connection, replies)

    def _unfit(self, parcel: Parcel, connection: Connection) -> Outcome | None:
        """Return why a delivery cannot be offered to this server at all."""
        size = len(parcel.message)
        if connection.max_size and size > connection.max_size:
            reason = f"{size:,} bytes; the server takes {connection.max_size:,} at most (RFC 1870)"
            return Outcome(state=DeliveryState.FAILED, reason=reason, verdict=Verdict.TOO_BIG)
        if not parcel.delivery.email.isascii() and not connection.smtputf8:
            reason = "the server takes no addresses outside of ASCII (no SMTPUTF8, RFC 6531)"
            return Outcome(state=DeliveryState.FAILED, reason=reason, verdict=Verdict.UNKNOWN)
        return None

    async def _one_by_one(self, parcel: Parcel, connection: Connection) -> Outcome | None:
        """Wait for each answer, for servers without PIPELINING."""
        replies: list[Reply] = []
        for command in self._commands(parcel, connection).splitlines(keepends=True):
            connection.stream.write(command)
            replies.append(await connection.stream.reply(self._settings.timeout))
            if replies[-1].code >= 400:  # noqa: PLR2004
                break
        return await self._judged(parcel, connection, replies)

    async def _judged(
        self, parcel: Parcel, connection: Connection, replies: list[Reply]
    ) -> Outcome | None:
        """Return what the answers to an envelope come to; None when the content may follow."""
        refused = next((one for one in replies if one.code >= 400), None)  # noqa: PLR2004
        if refused is None and replies[-1].code == GO_ON:
            return None
        first = refused or replies[-1]
        if first.code == CLOSING:
            return outcome_of(first)
        if len(replies) == 3 and replies[2].code == GO_ON:  # noqa: PLR2004
            # DATA was taken although nobody may get it: an empty message ends that (RFC 2920, 3.1).
            connection.stream.write(b".\r\n")
            await connection.stream.reply(AFTER_DOT)
        connection.stream.write(b"RSET\r\n")
        await connection.stream.reply(self._settings.timeout)
        if first is replies[0] and first.code >= 500:  # noqa: PLR2004
            sender = self._sender_of(parcel.delivery)
            raise SendError(f"{self._place}: the sender {sender} is refused: {first}")
        return outcome_of(first)

    async def _content(self, desk: Desk, parcel: Parcel) -> Parcel | None:
        """Send a message whose envelope was taken, and the next envelope behind it.

        Returns a delivery that has to be offered again, if there is one.
        """
        connection = self._connection
        if not await desk.begin(parcel):
            # It must not be sent any more, and the server waits for it: only hanging up says so.
            self._drop()
            return None
        connection.sent += 1
        following = None
        if connection.pipelining and not connection.is_worn:
            following = desk.next_now()
        tail = b""
        if following and not self._unfit(following, connection):
            self._ahead, tail = following, self._commands(following, connection)
        connection.stream.write(stuffed(parcel.message, tail))
        try:
            await connection.stream.drain(AFTER_DOT)
            reply = await connection.stream.reply(AFTER_DOT)
        except ConnectionBrokenError as error:
            self._drop()
            reason = f"the connection broke while the message was leaving: {error}"
            desk.settle(parcel, Outcome(state=DeliveryState.UNKNOWN, reason=reason))
            return following
        desk.settle(parcel, outcome_of(reply))
        if reply.code == CLOSING:
            self._drop()
        return None if self._ahead else following

    def _commands(self, parcel: Parcel, connection: Connection) -> bytes:
        """Return the envelope of a delivery, with what the server offers (RFC 3461, 1870)."""
        delivery = parcel.delivery
        sender, recipient = self._sender_of(delivery), delivery.email
        if found := _UNSAFE.search(f"{sender}{recipient}"):
            raise HeaderError(f"{recipient!r}: {found[0]!r} cannot stand in an envelope")
        mail, rcpt = f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"
        if connection.max_size:
            mail += f" SIZE={len(parcel.message)}"
        if connection.dsn:
            mail += f" RET=HDRS ENVID={delivery_name(delivery.issue, delivery.subscriber)}"
            rcpt += f" NOTIFY=FAILURE,DELAY ORCPT=rfc822;{xtext(recipient)}"
        if not recipient.isascii():
            mail += " SMTPUTF8"
        return f"{mail}\r\n{rcpt}\r\nDATA\r\n".encode()

    @property
    def _connection(self) -> Connection:
        if self._open is None:
            raise AssertionError("an envelope was taken without a connection")
        return self._open

    def _drop(self) -> None:
        """Cut the connection; whose envelope was on its way is offered again on another."""
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
                await connection.stream.reply(5.0)
        connection.stream.abort()

    @property
    def _place(self) -> str:
        return self._settings.place


def stuffed(message: bytes, tail: bytes = b"") -> bytes:
    """Return a message as DATA wants it: dots at line starts doubled, a dot at its end.

    `tail` is what follows it.
    """
    codes = np.frombuffer(message, np.uint8)
    body = message
    # Few messages have such a line, and bytes.replace() looks for it five times as long.
    if ((codes[:-1] == ord("\n")) & (codes[1:] == ord("."))).any():
        body = message.replace(b"\r\n.", b"\r\n..")
    first = b"." if body.startswith(b".") else b""
    end = b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"
    return b"".join((first, body, end, tail))


def xtext(text: str) -> str:
    """Return text as a parameter of SMTP may have it (RFC 3461, 4)."""
    if _XTEXT.fullmatch(text):
        return text
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in text)


def outcome_of(reply: Reply) -> Outcome:
    """Return what an answer means: 2xx taken, 4xx for now, 5xx for good (RFC 5321, 4.2.1)."""
    reason = printable(str(reply)) if reply.code >= 400 else reply.text  # noqa: PLR2004
    kind = reply.code // 100
    if kind == 2:  # noqa: PLR2004
        return Outcome(state=DeliveryState.ACCEPTED, reason=reason, code=reply.code)
    verdict = judge(reply.code, reply.enhanced, reply.text)
    if kind == 4:  # noqa: PLR2004
        state = DeliveryState.DEFERRED
    elif kind == 5:  # noqa: PLR2004
        state = DeliveryState.FAILED
    else:
        state = DeliveryState.UNKNOWN
    return Outcome(state=state, reason=reason, code=reply.code, verdict=verdict)
