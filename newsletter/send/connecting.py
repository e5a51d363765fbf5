"""Open connections: TLS, login and greeting by aiosmtplib; LMTP, which it does not speak, by us."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any, cast

import aiosmtplib

from newsletter.errors import SendError
from newsletter.send.streams import ConnectionBrokenError, Stream, printable


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """How to reach the server."""

    host: str
    """A name; for LMTP also the path of a socket."""
    port: int
    security: str
    """`tls`, `starttls` (required, never skipped) or `none`."""
    sender: str
    """Envelope sender, where bounces return."""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    auth: str = "password"
    """`password` (PLAIN, LOGIN or CRAM-MD5, as offered) or `xoauth2`, whose token is `password`."""
    lmtp: bool = False
    """Speak LMTP (RFC 2033), as to a mail store on this machine: no TLS, no login."""
    timeout: float = 60.0
    """Seconds for each answer before DATA."""
    per_connection: int = 100
    """Messages after which a connection is closed and a new one opened."""
    pipelining: bool = True
    """Whether to send commands ahead where the server offers it."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """Default: the system's certificate authorities, host name checked."""

    @property
    def place(self) -> str:
        """Where that is, for messages."""
        return self.host if self.host.startswith("/") else f"{self.host}:{self.port}"


@dataclass(slots=True, kw_only=True)
class Connection:
    """An open connection and what its server offers."""

    stream: Stream
    pipelining: bool
    dsn: bool
    smtputf8: bool
    max_size: int
    """Bytes of a message; 0 when the server does not say."""
    most: int
    """Messages after which it is worn out."""
    sent: int = 0

    @property
    def is_worn(self) -> bool:
        """Whether it has carried as many messages as it should."""
        return self.sent >= self.most


def tls_context(settings: SmtpSettings) -> ssl.SSLContext | None:
    """Return one context for all connections; verification is always on."""
    if settings.security == "none" or settings.lmtp:
        return None
    return settings.tls or ssl.create_default_context()


async def connect(settings: SmtpSettings, tls: object) -> Connection:
    """Open a connection, log in, and learn what the server offers.

    Raises SendError when that is not possible.
    """
    if settings.lmtp:
        return await _lmtp(settings)
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=cast("ssl.SSLContext | None", tls),
        timeout=settings.timeout,
    )
    try:
        await client.connect()
        if settings.username is not None and settings.password is not None:
            if settings.auth == "xoauth2":
                await client.auth_xoauth2(settings.username, settings.password)
            else:
                await client.login(settings.username, settings.password)
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
    except aiosmtplib.SMTPAuthenticationError as error:
        client.close()
        raise SendError(
            f"{settings.place}: user name or password refused: {error.code} "
            f"{printable(error.message)}"
        ) from None
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        client.close()
        raise SendError(f"{settings.place}: {_why(error)}") from None
    transport = client.protocol.transport if client.protocol else None
    if not isinstance(transport, asyncio.Transport):
        raise SendError(f"{settings.place}: the server hung up")
    return _connection(
        settings,
        Stream.take_over(transport),
        {k.lower(): v for k, v in client.esmtp_extensions.items()},
    )


async def _lmtp(settings: SmtpSettings) -> Connection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(settings.timeout):
            if settings.host.startswith("/"):
                _, stream = await loop.create_unix_connection(Stream, settings.host)
            else:
                _, stream = await loop.create_connection(Stream, settings.host, settings.port)
        greeting = await stream.reply(settings.timeout)
        stream.write(b"LHLO localhost\r\n")
        hello = await stream.reply(settings.timeout)
    except (OSError, ConnectionBrokenError) as error:
        raise SendError(f"{settings.place}: {_why(error)}") from None
    for reply in (greeting, hello):
        if reply.code // 100 != 2:  # noqa: PLR2004
            stream.abort()
            raise SendError(f"{settings.place}: {reply}")
    words = hello.text.lower().split()
    size = words[words.index("size") + 1] if "size" in words[:-1] else ""
    return _connection(settings, stream, {**dict.fromkeys(words, ""), "size": size})


def _connection(settings: SmtpSettings, stream: Stream, offered: dict[str, Any]) -> Connection:
    size = str(offered.get("size", ""))
    return Connection(
        stream=stream,
        pipelining=settings.pipelining and "pipelining" in offered,
        dsn="dsn" in offered,
        smtputf8="smtputf8" in offered,
        max_size=int(size) if size.isdigit() else 0,
        most=settings.per_connection,
    )


def _why(error: BaseException) -> str:
    """Return why there is no connection, and what to look at."""
    text = printable(str(error))
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
