"""DKIM signatures (RFC 6376), with RSA (RFC 8301) and Ed25519 (RFC 8463) side by side.

Canonicalisation is relaxed for headers and simple for the body: our bodies are quoted-printable,
which nobody on the way has a reason to touch, and hashing bytes as they are costs next to nothing.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from newsletter.errors import SigningError

EXPIRES = dt.timedelta(days=7)
"""A signature that is older proves nothing any more: it limits replays (`x=`)."""
RSA_BITS = 2048
OVERSIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
"""Signed once more than they occur, so that nobody can add another one (RFC 6376, 8.15)."""
SIGNED = (
    "Reply-To", "MIME-Version", "Content-Type", "List-Id", "List-Help", "List-Owner",
    "Feedback-ID", "CFBL-Address",
)  # fmt: skip

_FOLDED = re.compile(rb"\r\n[ \t]+")
_SPACES = re.compile(rb"[ \t]+")
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\r\n]|\r\n[ \t])*)(?:\r\n|$)")

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key, and where its public half is published."""

    domain: str
    selector: str
    key: PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        """Its name in a signature."""
        return "rsa-sha256" if isinstance(self.key, rsa.RSAPrivateKey) else "ed25519-sha256"


def load_key(pem: bytes, domain: str, selector: str, name: str = "the key") -> SigningKey:
    """Return a key from PEM text (PKCS#8 or PKCS#1).

    Raises SigningError, which says `name` and never what is in it, for what is none, or too weak.
    """
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SigningError(
            f"{name}: not a private key in PEM form without a password; `newsletter dkim-key` "
            "makes one"
        ) from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < RSA_BITS:
            raise SigningError(
                f"{name}: {key.key_size} bits of RSA; receivers want {RSA_BITS} (RFC 8301)"
            )
        return SigningKey(domain=domain, selector=selector, key=key)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return SigningKey(domain=domain, selector=selector, key=key)
    raise SigningError(f"{name}: neither RSA nor Ed25519")


def make_key(algorithm: str) -> bytes:
    """Return a new private key as PEM: `rsa` or `ed25519`."""
    key: PrivateKey
    if algorithm == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    else:
        key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def dns_record(key: SigningKey) -> tuple[str, str]:
    """Return the name and the text of the TXT record that publishes a key (RFC 6376, 3.6.1)."""
    public = key.key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        kind, raw = "ed25519", public.public_bytes_raw()
    else:
        kind = "rsa"
        raw = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    name = f"{key.selector}._domainkey.{key.domain}"
    return name, f"v=DKIM1; k={kind}; p={base64.b64encode(raw).decode()}"


def signer(keys: Sequence[SigningKey]) -> Callable[[bytes, dt.datetime], bytes]:
    """Return what signs a message with every key; the last one's signature stands on top."""

    def sign(message: bytes, now: dt.datetime) -> bytes:
        head, _, body = message.partition(b"\r\n\r\n")
        # An empty body is one line end; more of them at the end count as one (RFC 6376, 3.4.3).
        digest = hashlib.sha256(_simple(body)).digest()
        fields = _fields(head + b"\r\n")
        signed = b"".join(_signature(fields, digest, key, now) for key in keys)
        return signed + message

    return sign


def _simple(body: bytes) -> bytes:
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _fields(head: bytes) -> dict[bytes, list[bytes]]:
    """Return the header fields by name in lower case, relaxed, in the order in which they stand."""
    found: dict[bytes, list[bytes]] = {}
    for field_ in _HEADER.finditer(head):
        name = field_[1].lower()
        found.setdefault(name, []).append(name + b":" + _relaxed(field_[2]))
    return found


def _relaxed(value: bytes) -> bytes:
    return _SPACES.sub(b" ", _FOLDED.sub(b" ", value)).strip()


def _signature(
    fields: dict[bytes, list[bytes]], digest: bytes, key: SigningKey, now: dt.datetime
) -> bytes:
    names = list(_names(fields))
    # Of several fields of one name the last is signed first (RFC 6376, 5.4.2); what is named more
    # often than it stands there counts as empty.
    left = {name: list(values) for name, values in fields.items()}
    chosen = [values.pop() for name in names if (values := left.get(name.lower().encode(), []))]
    stamp = int(now.timestamp())
    start = (
        f"v=1; a={key.algorithm}; c=relaxed/simple;\r\n d={key.domain}; s={key.selector};\r\n"
        f" t={stamp}; x={stamp + int(EXPIRES.total_seconds())};\r\n"
        f" h={_folded(':'.join(names))};\r\n bh={base64.b64encode(digest).decode()};\r\n b="
    ).encode()
    own = b"dkim-signature:" + _relaxed(start)
    data = b"".join(one + b"\r\n" for one in chosen) + own
    if isinstance(key.key, rsa.RSAPrivateKey):
        raw = key.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    else:
        raw = key.key.sign(hashlib.sha256(data).digest())  # RFC 8463, 3: the hash is what is signed
    value = base64.b64encode(raw).decode()
    lines = "\r\n ".join(value[place : place + 72] for place in range(0, len(value), 72))
    return b"DKIM-Signature: " + start + lines.encode() + b"\r\n"


def _names(fields: dict[bytes, list[bytes]]) -> Iterable[str]:
    for name in OVERSIGNED:
        yield from [name] * (len(fields.get(name.lower().encode(), ())) + 1)
    for name in SIGNED:
        yield from [name] * len(fields.get(name.lower().encode(), ()))


def _folded(names: str) -> str:
    """Return a list of names on lines of at most 78 columns, folded behind colons."""
    lines, line = [], ""
    for name in names.split(":"):
        if len(line) + len(name) > 70:  # noqa: PLR2004
            lines.append(line)
            line = ""
        line += f"{name}:"
    return "\r\n ".join((*lines, line)).rstrip(":")
