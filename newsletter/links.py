"""Signed links that need no login: each subscriber's unsubscribe and preferences pages."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.errors import ExpiredLinkError, LinkError

VERSION = 2
OLD_VERSION = 1
"""Links of version 1 have no key id, and never expire. Mail with them is out there for ever."""
SIGNATURE_BYTES = 12
"""96 bits: too many to guess, and short enough for one header line."""
MIN_SECRET = 32
"""Least number of bytes of the key: as many as its hash has (RFC 2104, 3)."""
PURPOSES = (
    "unsubscribe",
    "preferences",
    "feedback",
    "confirm",
    "manage",
    "form",
    "session",
    "back",
)
"""What a link, or a form, lets somebody do. The first three are in every mail, and never expire:
`preferences` only asks for a mail with a link to `manage`, which does expire."""
PATHS = {"u": "unsubscribe"}
"""Short names of purposes in addresses: one stands in a header line, which should be short."""
LASTING = ("unsubscribe", "preferences", "feedback")
EPOCH = dt.date(2020, 1, 1)
_START = dt.datetime.combine(EPOCH, dt.time(), dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token says, once it was found to be ours."""

    subject: str
    """Whom, or what, it is about."""
    until: dt.datetime | None
    """When it expires."""


def sign(secret: bytes, purpose: str, subject: str, *, until: dt.datetime | None = None) -> str:
    """Return a URL-safe token that lets `subject` do `purpose` and nothing else.

    `subject` is a subscriber's id, for most purposes. The token expires at `until`; without it
    never: an unsubscribe link must work for as long as the mail may be read (CAN-SPAM, 16 CFR
    316.5). Raises LinkError when the secret is empty or too short, and ValueError when a token
    that must expire would not.

    Each purpose has its own key, so an unsubscribe link does not open the preferences: a reader who
    forwards a mail forwards the link with it. The token names its key, so that a key can be
    replaced while older links go on.
    """
    if (until is None) is not (purpose in LASTING):
        raise ValueError(f"a token for {purpose} lasts, or does not")
    moment = b"" if until is None else round((until - _START).total_seconds()).to_bytes(4, "big")
    # Ids are hexadecimal digits, which need half the space as bytes.
    is_hex = _HEX.fullmatch(subject) is not None
    about = bytes.fromhex(subject) if is_hex else subject.encode()
    kind = PURPOSES.index(purpose) << 1 | is_hex
    payload = bytes((VERSION, kind, _key_id(secret))) + moment + about
    return base64.urlsafe_b64encode(payload + _mac(secret, purpose, payload)).decode().rstrip("=")


def verify(secrets: Sequence[bytes], purpose: str, token: str) -> str:
    """Return the subscriber id that a token for a lasting `purpose` was signed for.

    `secrets` are the key that signs now, and those that did before. Raises LinkError when the token
    is cut, forged, or made for another purpose. Also raises it when a secret is empty or too short,
    because then anybody could have made the token.
    """
    return _read(secrets, purpose, token).subject


def read_token(secrets: Sequence[bytes], purpose: str, token: str, now: dt.datetime) -> Token:
    """Return what a token for `purpose` says, as `verify` does; it must not have expired.

    Raises ExpiredLinkError when it has.
    """
    found = _read(secrets, purpose, token)
    if found.until is not None and found.until <= now:
        raise ExpiredLinkError("this link has expired")
    return found


def _read(secrets: Sequence[bytes], purpose: str, token: str) -> Token:
    try:
        raw = base64.b64decode(
            token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
    except ValueError:
        raise LinkError("this link is damaged: copy it again, whole, from the email") from None
    payload, mac = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    version = payload[:1]
    for secret in secrets or (b"",):
        if version == bytes((VERSION,)) and payload[2:3] != bytes((_key_id(secret),)):
            continue
        if hmac.compare_digest(mac, _mac(secret, purpose, payload)):
            found = _parsed(payload, purpose)
            if found is not None:
                return found
    raise LinkError("this newsletter did not make this link, or made it for another purpose")


def _parsed(payload: bytes, purpose: str) -> Token | None:
    """Return what a genuine payload says, if it is for `purpose`."""
    number = PURPOSES.index(purpose)
    try:
        if payload[:2] == bytes((OLD_VERSION, number)) and purpose in LASTING:
            return Token(subject=payload[2:].decode(), until=None)
        if payload[0] != VERSION or payload[1] >> 1 != number:
            return None
        until, about = None, payload[3:]
        if purpose not in LASTING:
            until = _START + dt.timedelta(seconds=int.from_bytes(payload[3:7], "big"))
            about = payload[7:]
        return Token(subject=about.hex() if payload[1] & 1 else about.decode(), until=until)
    except (ValueError, IndexError):
        return None


def _key_id(secret: bytes) -> int:
    """Return a number that tells keys apart, and nothing about them."""
    return _mac(secret, "key id", b"")[0]


_HEX = re.compile(r"(?:[0-9a-f]{2})+")
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


def read_bounce_tag(secrets: Sequence[bytes], tag: str) -> tuple[dt.date, str] | None:
    """Return the issue and the subscriber of a tag; None when the tag is not ours."""
    try:
        raw = base64.b32decode(tag.upper() + "=" * (-len(tag) % 8))
    except ValueError:
        return None
    payload, mac = raw[:-BOUNCE_SIGNATURE], raw[-BOUNCE_SIGNATURE:]
    good = (secret for secret in secrets if len(secret) >= MIN_SECRET)
    if not any(
        hmac.compare_digest(mac, _mac(secret, "bounce", payload)[:BOUNCE_SIGNATURE])
        for secret in good
    ):
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
