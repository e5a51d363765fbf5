"""The mail server: whether it takes our mail, up to the first recipient; nothing is sent."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import errno
import ipaddress
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Final

from newsletter.doctor.diagnoses import Diagnosis, Group
from newsletter.errors import SendError
from newsletter.send.connecting import Connection, SmtpSettings
from newsletter.send.streams import ACCEPTED, ConnectionBrokenError

MAIL: Final = Group("mail server")
SECONDS: Final = 30.0
"""For the whole check."""
QUICK: Final = 10.0
"""For each answer."""
SILENCE: Final = 2.0
"""Without a greeting, after which to test whether the server waits for TLS."""
FEW_DAYS: Final = dt.timedelta(days=14)
"""Before the end of a certificate, or a quarter of its life if that is less."""
NO_WAY: Final = tuple(
    map(os.strerror, (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT))
)
"""What the system says where there is no way to an address of its kind. asyncio joins the errors of
several addresses in one text."""
OLD_TLS: Final = frozenset(("SSLv3", "TLSv1", "TLSv1.1"))

Connect = Callable[[SmtpSettings], Awaitable[Connection]]
"""Opens a connection; raises SendError."""


async def check_server(
    settings: SmtpSettings,
    connect: Connect,
    *,
    now: dt.datetime,
    largest: int,
    where: Callable[[str], str],
    online: bool = True,
    seconds: float = SECONDS,
) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses on the server of `settings`; `largest` is the size of our messages in bytes.

    `online` tells whether this machine has an address on any network. Takes at most `seconds`.
    """
    quick = replace(settings, timeout=min(settings.timeout, QUICK), silence=SILENCE)
    try:
        async with asyncio.timeout(seconds):
            connection = await connect(quick)
    except SendError as error:
        yield _unreachable(error, where("delivery.host"), online=online)
        return
    except TimeoutError:
        yield MAIL.error(
            "connection",
            f"{settings.place}: not ready after {seconds:.0f} s",
            "is `port` that of a mail server?",
            where=where("delivery.host"),
        )
        return
    try:
        yield _connected(quick, connection)
        for diagnosis in (
            *_security(quick, connection, now, where),
            *_login(quick, connection, where),
            *_offers(quick, connection, largest),
        ):
            yield diagnosis
        yield await _sender(quick, connection, where("delivery.bounce"))
    finally:
        connection.stream.abort()


def _unreachable(error: SendError, where: str, *, online: bool) -> Diagnosis:
    """Return that there is no connection; without network that is not the server's fault."""
    told, _, mend = str(error).partition("; ")
    no_name, no_way = _reasons(error)
    if no_name or (no_way and not online):
        return MAIL.offline("connection", told, mend)
    if no_way:
        mend = "this machine has no way there: has the host addresses of IPv6 only, and this none?"
    return MAIL.error("connection", told, mend or "ask whoever runs that server", where=where)


def _reasons(error: BaseException) -> tuple[bool, bool]:
    """Return whether no resolver answered, and whether there is no way to the address."""
    no_name = no_way = False
    cause: BaseException | None = error
    while cause is not None:
        no_name |= isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN
        no_way |= isinstance(cause, OSError) and any(words in str(cause) for words in NO_WAY)
        cause = cause.__cause__ or cause.__context__
    return no_name, no_way


def _connected(settings: SmtpSettings, connection: Connection) -> Diagnosis:
    protocol = "LMTP" if settings.lmtp else "SMTP"
    version = _tls(connection)
    return MAIL.good(
        "connection", f"{settings.place} answers: {protocol}{f', {version}' if version else ''}"
    )


def _tls(connection: Connection) -> str:
    secured = connection.stream.told("ssl_object")
    return str(secured.version()) if isinstance(secured, ssl.SSLObject) else ""


def is_near(host: str) -> bool:
    """Tell whether a server is on this machine: by its address, name, or path of a socket."""
    if host.startswith("/") or host.lower().rstrip(".") in ("localhost", "localhost.localdomain"):
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _security(
    settings: SmtpSettings, connection: Connection, now: dt.datetime, where: Callable[[str], str]
) -> Iterator[Diagnosis]:
    """Yield diagnoses on TLS and the certificate."""
    version = _tls(connection)
    if not version:
        if is_near(settings.host):
            yield MAIL.good("TLS", "none, and none is needed: the server is on this machine")
        else:
            yield MAIL.warning(
                "TLS",
                f"mail goes to {settings.place} without TLS: all on the way can read it",
                "write `security: starttls` (port 587) or `tls` (port 465)",
                where=where("delivery.security"),
            )
        return
    if version in OLD_TLS:
        yield MAIL.warning("TLS", f"{version} is outdated (RFC 8996)", "the server needs a new one")
    certificate = connection.stream.told("peercert")
    if isinstance(certificate, dict) and certificate:
        yield _certificate(certificate, now)


def _certificate(certificate: dict[str, object], now: dt.datetime) -> Diagnosis:
    """Return how long a certificate is still good; that it is good has been tested already."""
    begin, end = (_moment(certificate.get(key)) for key in ("notBefore", "notAfter"))
    if begin is None or end is None:
        return MAIL.not_checked("certificate", "it does not say how long it is good")
    left = end - now
    told = f"good for {left.days} days, until {end:%Y-%m-%d}"
    if left < min(FEW_DAYS, (end - begin) / 4):
        return MAIL.warning(
            "certificate", told, "whoever runs the server has to renew it: on that day mail stops"
        )
    return MAIL.good("certificate", told)


def _moment(text: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(text)), dt.UTC)
    except (ValueError, OverflowError):
        return None


def _login(
    settings: SmtpSettings, connection: Connection, where: Callable[[str], str]
) -> Iterator[Diagnosis]:
    if settings.lmtp:
        return
    if settings.username is not None:
        yield MAIL.good("login", "user name and password were accepted")
    elif "auth" in connection.offered and not is_near(settings.host):
        yield MAIL.notice(
            "login",
            "it offers a login, and newsletter.yaml has none: it may take mail for its "
            "own domains only",
            "give `username` and `password`",
            where=where("delivery.username"),
        )
    else:
        yield MAIL.good("login", "none is asked for")


def _offers(settings: SmtpSettings, connection: Connection, largest: int) -> Iterator[Diagnosis]:
    """Yield diagnoses on what the server can do (RFC 1870, 2920, 3461)."""
    size = connection.max_size
    if size and largest > size:
        yield MAIL.error(
            "SIZE",
            f"it takes {size:,} bytes, and our mails have {largest:,}",
            "fewer papers (`limit`), or figures on the site instead of in the mail",
        )
    else:
        told = f"takes {size:,} bytes" if size else "does not say how much it takes"
        yield MAIL.good("SIZE", f"{told}; our mails have {largest:,}")
    if connection.pipelining:
        yield MAIL.good("PIPELINING", "offered: one round trip for each mail")
    else:
        yield MAIL.notice(
            "PIPELINING",
            "not offered: four round trips for each mail, which is slow for long lists",
        )
    if connection.dsn:
        yield MAIL.good("DSN", "offered: it says what became of a mail")
    elif not settings.lmtp:
        yield MAIL.notice(
            "DSN", "not offered: we cannot ask for reports of failure only; bounces come anyway"
        )


async def _sender(settings: SmtpSettings, connection: Connection, where: str) -> Diagnosis:
    """Say who sends, and take it back (RSET): many servers refuse strangers at this point."""
    stream = connection.stream
    try:
        stream.write(f"MAIL FROM:<{settings.sender}>\r\n".encode())
        reply = await stream.reply(settings.timeout)
        if reply.code // 100 == ACCEPTED:
            stream.write(b"RSET\r\nQUIT\r\n")
            await stream.reply(settings.timeout)
            return MAIL.good("sender", f"{settings.sender} may send")
    except ConnectionBrokenError as error:
        return MAIL.error("sender", f"after MAIL: {error}", where=where)
    return MAIL.error(
        "sender",
        f"it does not let {settings.sender} send: {reply}",
        "write an envelope sender (`bounce`, else `from`) that the server knows as yours",
        where=where,
    )
