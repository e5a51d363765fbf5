"""Why there is no connection to a mail server, and how to fix that, in one line."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator

import aiosmtplib

from newsletter.send.streams import FOR_NOW, printable

PROBE = 3.0
"""Seconds for a TLS handshake that only tests whether the server speaks TLS."""
_NO_TLS = frozenset(
    "WRONG_VERSION_NUMBER RECORD_LAYER_FAILURE PACKET_LENGTH_TOO_LONG HTTP_REQUEST "
    "UNEXPECTED_EOF_WHILE_READING UNKNOWN_PROTOCOL".split()
)
"""What OpenSSL says when an answer is not TLS; its versions use different words."""
_EXPIRED, _EARLY, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, 62, 64
"""X509_V_ERR_…: what is wrong with a certificate; any other code is about who signed it."""


async def speaks_tls(host: str, port: int) -> bool:
    """Tell whether a server speaks TLS from the start: it is silent to a client that does not."""
    try:
        async with asyncio.timeout(PROBE):
            _, writer = await asyncio.open_connection(
                host, port, ssl=ssl.create_default_context(), server_hostname=host
            )
    except ssl.SSLCertVerificationError:
        return True
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True


def explain(error: BaseException, security: str) -> str:
    """Return why a connection with `security` could not be opened, and how to fix that."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause)
        if isinstance(cause, ssl.SSLError):
            return _handshake(cause, security)
        if isinstance(cause, socket.gaierror):
            return _name(cause)
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused; is the host and port in newsletter.yaml right?"
    if isinstance(error, aiosmtplib.SMTPConnectTimeoutError) and "connecting" in str(error):
        return (
            "nobody answers there; is the host and port in newsletter.yaml right, and does no "
            "firewall stand between (many providers block port 25)?"
        )
    return _said(error)


def _said(error: BaseException) -> str:  # noqa: PLR0911  one per kind
    """Return what is wrong, judged by the words of the server or of the library."""
    own = error.message if isinstance(error, aiosmtplib.SMTPException) else str(error)
    text = printable(own) or type(error).__name__
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code // 100 == FOR_NOW:
        return f"no login for now: {error.code} {printable(error.message)}"
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return (
            f"user name or password refused: {error.code} {printable(error.message)}; mend "
            "`username` and `password` (some providers want an app password)"
        )
    if isinstance(error, aiosmtplib.SMTPConnectResponseError):
        return f"the server refuses this connection: {error.code} {printable(error.message)}"
    if isinstance(error, aiosmtplib.SMTPHeloError):
        return f"the server refuses our EHLO: {error.code} {printable(error.message)}"
    if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
        return f"it says nothing, or not enough ({text}); is `port` that of a mail server?"
    words = text.upper()
    for sign, meaning in _SIGNS:
        if sign in words:
            return meaning.format(text, text.partition("line: ")[2][:60] or text)
    return text


_SIGNS = (
    ("MALFORMED", "that is no mail server: it says “{1}”; is `port` right?"),
    ("TOO LONG", "that is no mail server: it answers without end; is `port` right?"),
    (
        "STARTTLS EXTENSION",
        (
            "no STARTTLS there ({0}); port 465 wants `security: tls`, and a server on this machine "
            "may do with `none`"
        ),
    ),
    (
        "AUTH",
        (
            "it offers no login that we know ({0}); take out `username` and `password`, or use the "
            "port for submission (587, or 465 with `security: tls`)"
        ),
    ),
)
"""Pairs: a part of what the library says, in upper case, and what that means. `{0}` becomes the
whole text of the library, and `{1}` the words of the server in it."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    told = f"its certificate is not valid for this host ({error.verify_message})"
    if error.verify_code in (_OTHER_NAME, _OTHER_ADDRESS):
        return f"{told}; write the name that stands in the certificate as `host`"
    if error.verify_code in (_EXPIRED, _EARLY):
        return f"{told}; is the clock of this machine right? Else the server needs a new one"
    return (
        f"{told}; whoever signed it is not known here: add that authority to this machine's "
        "(update-ca-certificates), or name its file in SSL_CERT_FILE"
    )


def _handshake(error: ssl.SSLError, security: str) -> str:
    if error.reason in _NO_TLS and security == "tls":
        return (
            "it does not speak TLS from the start; port 587 wants `security: starttls`, and "
            "`tls` is for port 465"
        )
    return f"no TLS with this server ({error.reason or printable(str(error))})"


def _name(error: socket.gaierror) -> str:
    if error.errno == socket.EAI_AGAIN:
        return "its name cannot be looked up now; is `host` right, and the network up?"
    return "there is no host of that name; is `host` in newsletter.yaml right?"
