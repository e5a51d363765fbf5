"""What a server is told about one message: its envelope, and its bytes as DATA needs them."""

from __future__ import annotations

import re

import numpy as np

from newsletter.errors import HeaderError
from newsletter.model import Delivery, DeliveryState, Outcome, Verdict, delivery_name
from newsletter.send.connecting import Connection

_UNSAFE = re.compile(r"[\s<>\x00-\x1f\x7f]")
_XTEXT = re.compile("[!-*,-<>-~]*")


def unfit(delivery: Delivery, size: int, connection: Connection) -> Outcome | None:
    """Return why a message of `size` bytes cannot be offered to this server at all."""
    if connection.max_size and size > connection.max_size:
        reason = f"{size:,} bytes; the server takes {connection.max_size:,} at most (RFC 1870)"
        return Outcome(state=DeliveryState.FAILED, reason=reason, verdict=Verdict.TOO_BIG)
    if not delivery.email.isascii() and not connection.smtputf8:
        reason = "the server takes no addresses outside of ASCII (no SMTPUTF8, RFC 6531)"
        return Outcome(state=DeliveryState.FAILED, reason=reason, verdict=Verdict.UNKNOWN)
    return None


def commands(delivery: Delivery, size: int, sender: str, connection: Connection) -> bytes:
    """Return MAIL, RCPT and DATA for a message, with what the server offers (RFC 3461, 1870).

    Raises HeaderError for an address that is not allowed in an envelope.
    """
    recipient = delivery.email
    if found := _UNSAFE.search(f"{sender}{recipient}"):
        raise HeaderError(f"{recipient!r}: {found[0]!r} cannot stand in an envelope")
    mail, rcpt = f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"
    if connection.max_size:
        mail += f" SIZE={size}"
    if connection.dsn:
        mail += f" RET=HDRS ENVID={delivery_name(delivery.issue, delivery.subscriber)}"
        rcpt += f" NOTIFY=FAILURE,DELAY ORCPT=rfc822;{xtext(recipient)}"
    if not recipient.isascii():
        mail += " SMTPUTF8"
    return f"{mail}\r\n{rcpt}\r\nDATA\r\n".encode()


def stuffed(message: bytes, tail: bytes = b"") -> bytes:
    """Return a message as DATA needs it: dots at line starts doubled, a line with a dot at the end.

    `tail` is added after it: the commands that are sent ahead.
    """
    codes = np.frombuffer(message, np.uint8)
    body = message
    # Few messages have such a line, and searching by bytes.replace() takes five times as long.
    if ((codes[:-1] == ord("\n")) & (codes[1:] == ord("."))).any():
        body = message.replace(b"\r\n.", b"\r\n..")
    first = b"." if body.startswith(b".") else b""
    end = b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"
    return b"".join((first, body, end, tail))


def xtext(text: str) -> str:
    """Return text encoded as xtext, for a parameter of an SMTP command (RFC 3461, 4)."""
    if _XTEXT.fullmatch(text):
        return text
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in text)
