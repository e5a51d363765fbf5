"""Open connections.

aiosmtplib does TLS, login and greeting. It does not speak LMTP, so this module does that itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import aiosmtplib

from newsletter.errors import SendError
from newsletter.send.diagnoses import explain, speaks_tls
from newsletter.send.streams import ACCEPTED, ConnectionBrokenError, Stream

ERRORS = 8
"""Refusals after which a connection is replaced by a new one. Servers punish a client that is
refused often on one connection, even if the reason is that a whole list is greylisted. Postfix
delays its answers by a second from the tenth error on, and hangs up at the twentieth
(smtpd_soft_error_limit, smtpd_hard_error_limit). DATA that was sent ahead counts too."""
_SIZE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """How to reach the server."""

    host: str
    """A host name; for LMTP, the path of a socket is possible too."""
    port: int
    security: str
    """`tls`, `starttls` (required, never skipped) or `none`."""
    sender: str
    """Envelope sender: the address that bounces go to."""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    auth: str = "password"
    """`password` (PLAIN, LOGIN or CRAM-MD5, as offered) or `xoauth2` (`password` is the token)."""
    lmtp: bool = False
    """Speak LMTP (RFC 2033), for example to a mail store on this machine: no TLS, no login."""
    timeout: float = 60.0
    """Seconds for each answer before DATA."""
    silence: float = 10.0
    """Seconds without a greeting after which to test whether the server waits for TLS. Mail
    servers let unknown clients wait for some seconds, and take an impatient client for a robot."""
    per_connection: int = 100
    """Messages after which a connection is closed and a new one opened."""
    pipelining: bool = True
    """Whether to send commands ahead when the server offers PIPELINING."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """Default: the system's certificate authorities, host name checked."""

    @property
    def place(self) -> str:
        """Host and port, or the path of the socket, for error messages."""
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
    """Messages after which it is worn: closed, and replaced by a new one."""
    offered: frozenset[str] = frozenset()
    """Names of all extensions that the server offers, in lower case."""
    sent: int = 0
    errors: int = 0
    """Refusals since a message was last accepted."""

    @property
    def is_worn(self) -> bool:
        """Whether it has carried as many messages, or seen as many refusals, as it should."""
        return self.sent >= self.most or self.errors >= ERRORS


def tls_context(settings: SmtpSettings) -> ssl.SSLContext | None:
    """Return one context for all connections; verification is always on."""
    if settings.security == "none" or settings.lmtp:
        return None
    return settings.tls or ssl.create_default_context()


async def connect(settings: SmtpSettings, tls: object) -> Connection:
    """Open a connection, log in, and learn what the server offers.

    Raises SendError, which says how to fix it, when that is not possible.
    """
    try:
        return await (_lmtp(settings) if settings.lmtp else _smtp(settings, tls))
    except (aiosmtplib.SMTPException, ConnectionBrokenError, OSError, ValueError) as error:
        if isinstance(error, SendError):
            raise
        raise SendError(f"{settings.place}: {explain(error, settings.security)}") from None


async def _smtp(settings: SmtpSettings, tls: object) -> Connection:
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=cast("ssl.SSLContext | None", tls),
        timeout=settings.timeout,
    )
    try:
        await _greeted(client, settings)
        if settings.username is not None and settings.password is not None:
            if settings.auth == "xoauth2":
                await client.auth_xoauth2(settings.username, settings.password)
            else:
                await client.login(settings.username, settings.password)
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
    except BaseException:
        client.close()
        raise
    transport = client.protocol.transport if client.protocol else None
    if not isinstance(transport, asyncio.Transport):
        raise SendError(f"{settings.place}: the server hung up")
    return _connection(
        settings,
        Stream.take_over(transport),
        {k.lower(): v for k, v in client.esmtp_extensions.items()},
    )


async def _greeted(client: aiosmtplib.SMTP, settings: SmtpSettings) -> None:
    """Connect; raises SendError when no greeting comes because the server waits for TLS."""
    connecting = asyncio.create_task(client.connect())
    try:
        if settings.security != "tls":
            await asyncio.wait([connecting], timeout=min(settings.silence, settings.timeout))
            if _is_unanswered(connecting) and await speaks_tls(settings.host, settings.port):
                raise SendError(
                    f"{settings.place}: this port speaks TLS from the start; write `security: tls`"
                )
        await connecting
    finally:
        connecting.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await connecting


def _is_unanswered(connecting: asyncio.Task[aiosmtplib.SMTPResponse]) -> bool:
    """Tell whether there is no greeting: not yet, or not before the timeout."""
    if not connecting.done():
        return True
    error = connecting.exception()
    return isinstance(error, aiosmtplib.SMTPConnectTimeoutError) and "ready" in str(error)


async def _lmtp(settings: SmtpSettings) -> Connection:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(settings.timeout):
        if settings.host.startswith("/"):
            _, stream = await loop.create_unix_connection(Stream, settings.host)
        else:
            _, stream = await loop.create_connection(Stream, settings.host, settings.port)
    try:
        greeting = await stream.reply(settings.timeout)
        stream.write(b"LHLO localhost\r\n")
        hello = await stream.reply(settings.timeout)
    except BaseException:
        stream.abort()
        raise
    refusal = next((reply for reply in (greeting, hello) if reply.code // 100 != ACCEPTED), None)
    if refusal:
        stream.abort()
        raise SendError(f"{settings.place}: {refusal}")
    words = hello.text.lower().split()
    size = words[words.index("size") + 1] if "size" in words[:-1] else ""
    return _connection(settings, stream, {**dict.fromkeys(words, ""), "size": size})


def _connection(
    settings: SmtpSettings, stream: Stream, offered: Mapping[str, object]
) -> Connection:
    size = str(offered.get("size", ""))
    return Connection(
        stream=stream,
        pipelining=settings.pipelining and "pipelining" in offered,
        dsn="dsn" in offered,
        smtputf8="smtputf8" in offered,
        max_size=int(size) if _SIZE.fullmatch(size) else 0,
        most=settings.per_connection,
        offered=frozenset(offered),
    )
