"""Sessions with an SMTP server: one connection each, kept open from message to message."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiosmtplib

from newsletter.errors import SendError
from newsletter.model import Delivery, DeliveryState, Outcome

AFTER_DOT = 600.0
"""Seconds to wait for the answer to a whole message (RFC 5321, 4.5.3.2.6)."""
_SERVICE_CLOSING = 421
_HUNG_UP = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPReadTimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """How to reach the server."""

    host: str
    port: int
    security: str
    """`tls`, `starttls` (required, never skipped) or `none`."""
    sender: str
    """Envelope sender, where bounces return."""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    """Seconds for each answer before DATA."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """Default: the system's certificate authorities, host name checked."""


class SmtpTransport:
    """Delivers over SMTP."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Prepare; the first message connects."""
        self._settings = settings
        self._tls = settings.tls or ssl.create_default_context()

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[SmtpSession]:
        """Open a session; its connection is closed politely at the end."""
        session = SmtpSession(self._settings, self._tls)
        try:
            yield session
        finally:
            await session.close()


class SmtpSession:
    """One connection; opened when needed, opened again when the server hung up between messages."""

    def __init__(self, settings: SmtpSettings, tls: ssl.SSLContext) -> None:
        """Prepare; `deliver` connects."""
        self._settings = settings
        self._tls = tls
        self._client: aiosmtplib.SMTP | None = None

    async def deliver(
        self, delivery: Delivery, message: bytes, data_started: Callable[[], None]
    ) -> Outcome:
        """Send one message, calling `data_started` right before DATA.

        Raises SendError when the server cannot be used for anybody. What concerns one recipient
        is an Outcome: refused for now, for good, accepted, or unknown.
        """
        try:
            client, refusal = await self._envelope(delivery.email)
        except _HUNG_UP:
            # Servers hang up on idle connections: nothing was sent, so once more is safe.
            await self.close()
            try:
                client, refusal = await self._envelope(delivery.email)
            except _HUNG_UP as error:
                await self.close()
                reason = f"the server hung up: {_line(error.message)}"
                return Outcome(state=DeliveryState.DEFERRED, reason=reason)
        if refusal:
            return refusal
        try:
            data_started()
        except BaseException:
            await self._reset(client, 0)
            raise
        return await self._data(client, message)

    async def _envelope(self, recipient: str) -> tuple[aiosmtplib.SMTP, Outcome | None]:
        """Send MAIL and RCPT; return the connection, and an Outcome when they were refused."""
        client = await self._connected()
        try:
            await client.mail(self._settings.sender)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(client, error.code)
            if error.code < 500:  # noqa: PLR2004
                return client, _outcome(error)
            raise SendError(
                f"{self._place}: the sender {self._settings.sender} is refused: "
                f"{error.code} {_line(error.message)}"
            ) from None
        try:
            await client.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(client, error.code)
            return client, _outcome(error)
        return client, None

    async def _data(self, client: aiosmtplib.SMTP, message: bytes) -> Outcome:
        try:
            response = await client.data(message, timeout=AFTER_DOT)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(client, error.code)
            return _outcome(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            await self.close()
            return Outcome(
                state=DeliveryState.UNKNOWN,
                reason=f"the connection broke while the message was leaving: {_line(str(error))}",
            )
        return Outcome(
            state=DeliveryState.ACCEPTED, reason=_line(response.message), code=response.code
        )

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client and self._client.is_connected:
            return self._client
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls if settings.security != "none" else None,
            timeout=settings.timeout,
        )
        try:
            await client.connect()
            if settings.username is not None and settings.password is not None:
                await client.login(settings.username, settings.password)
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            raise SendError(
                f"{self._place}: user name or password refused: {error.code} {_line(error.message)}"
            ) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise SendError(f"{self._place}: {_why(error)}") from None
        self._client = client
        return client

    async def _reset(self, client: aiosmtplib.SMTP, code: int) -> None:
        """Leave the failed transaction, so that the next one starts clean."""
        if code == _SERVICE_CLOSING:
            await self.close()
            return
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.rset()

    async def close(self) -> None:
        """Say goodbye and close; never raises."""
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            if client.is_connected:
                await client.quit(timeout=5)
        client.close()

    @property
    def _place(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


def _outcome(error: aiosmtplib.SMTPResponseException) -> Outcome:
    """Return what a refusal means: 4xx for now, 5xx for good (RFC 5321, 4.2.1)."""
    state = DeliveryState.FAILED if error.code >= 500 else DeliveryState.DEFERRED  # noqa: PLR2004
    return Outcome(state=state, reason=f"{error.code} {_line(error.message)}", code=error.code)


def _why(error: BaseException) -> str:
    """Return why there is no connection, and what to look at."""
    text = _line(str(error))
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid for this host ({cause.verify_message})"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused; is the host and port in newsletter.yaml right?"
        cause = cause.__cause__ or cause.__context__
    if "STARTTLS" in text.upper():
        return f"no STARTTLS there ({text}); port 465 wants `security: tls`"
    return text or type(error).__name__


def _line(text: str) -> str:
    """Return a server's answer as one printable line: it is not to be trusted."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
