"""Signed links that need no login: each subscriber's unsubscribe and preferences pages."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import hmac

from newsletter.errors import LinkError

VERSION = 1
SIGNATURE_BYTES = 12
"""96 bits: too many to guess, and short enough for one header line."""
MIN_SECRET = 32
"""Least number of bytes of the key: as many as its hash has (RFC 2104, 3)."""
PURPOSES = ("unsubscribe", "preferences", "feedback")


def sign(secret: bytes, purpose: str, subscriber_id: str) -> str:
    """Return a URL-safe token that lets `subscriber_id` do `purpose` and nothing else.

    Raises LinkError when the secret is empty or too short.

    Each purpose has its own key, so an unsubscribe link does not open the preferences: a reader who
    forwards a mail forwards the link with it. The token never expires: an unsubscribe link must
    work for as long as the mail may be read (CAN-SPAM, 16 CFR 316.5).
    """
    payload = bytes((VERSION, PURPOSES.index(purpose))) + subscriber_id.encode()
    return base64.urlsafe_b64encode(payload + _mac(secret, purpose, payload)).decode().rstrip("=")


def verify(secret: bytes, purpose: str, token: str) -> str:
    """Return the subscriber id that `token` was signed for.

    Raises LinkError when the token is cut, forged, or made for another purpose. Also raises it when
    the secret is empty or too short, because then anybody could have made the token.
    """
    try:
        raw = base64.b64decode(
            token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
    except ValueError:
        raise LinkError("this link is damaged: copy it again, whole, from the email") from None
    payload, mac = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    genuine = hmac.compare_digest(mac, _mac(secret, purpose, payload))
    if not genuine or payload[:2] != bytes((VERSION, PURPOSES.index(purpose))):
        raise LinkError("this newsletter did not make this link, or made it for another purpose")
    return payload[2:].decode()


EPOCH = dt.date(2020, 1, 1)
BOUNCE_SIGNATURE = 5
"""40 bits: somebody who guesses must send a mail for each try."""


def bounce_tag(secret: bytes, issue: dt.date, subscriber_id: str) -> str:
    """Return the part after the `+` of an envelope sender: a signed name of the delivery.

    A report that comes back to that address is about that delivery, whatever else it says (VERP).
    Returns an empty text if the id is not made of hexadecimal digits. Raises LinkError when the
    secret is empty or too short.
    """
    try:
        payload = (issue - EPOCH).days.to_bytes(2, "big") + bytes.fromhex(subscriber_id)
    except ValueError:
        return ""
    mac = _mac(secret, "bounce", payload)[:BOUNCE_SIGNATURE]
    return base64.b32encode(payload + mac).decode().rstrip("=").lower()


def read_bounce_tag(secret: bytes, tag: str) -> tuple[dt.date, str] | None:
    """Return the issue and the subscriber of a tag; None when the tag is not ours."""
    if len(secret) < MIN_SECRET:
        return None
    try:
        raw = base64.b32decode(tag.upper() + "=" * (-len(tag) % 8))
    except ValueError:
        return None
    payload, mac = raw[:-BOUNCE_SIGNATURE], raw[-BOUNCE_SIGNATURE:]
    if not hmac.compare_digest(mac, _mac(secret, "bounce", payload)[:BOUNCE_SIGNATURE]):
        return None
    return EPOCH + dt.timedelta(days=int.from_bytes(payload[:2], "big")), payload[2:].hex()


def new_secret(entropy: bytes) -> str:
    """Return a key as text; `entropy` is 32 random bytes or more."""
    if len(entropy) < MIN_SECRET:
        raise ValueError(f"a secret takes {MIN_SECRET} random bytes")
    return base64.urlsafe_b64encode(entropy).decode().rstrip("=")


def _mac(secret: bytes, purpose: str, payload: bytes) -> bytes:
    if len(secret) < MIN_SECRET:
        raise LinkError(
            f"the secret that signs links has {len(secret)} bytes and needs {MIN_SECRET}: "
            "`newsletter secret` makes one"
        )
    return hmac.digest(_key(secret, purpose), payload, hashlib.sha256)[:SIGNATURE_BYTES]


@functools.lru_cache(maxsize=16)
def _key(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, b"newsletter link " + purpose.encode(), hashlib.sha256)
