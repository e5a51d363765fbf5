"""DKIM signatures (RFC 6376), with RSA (RFC 8301) and Ed25519 (RFC 8463) side by side.

Canonicalisation is relaxed for headers and simple for the body. Our bodies are quoted-printable,
which no server on the way has a reason to change, and hashing bytes as they are is very cheap.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from newsletter.errors import SigningError

FOLD = 70
"""Columns of names on one line of a signature, without its first space and last colon."""
EXPIRES = dt.timedelta(days=7)
"""After this time a signature is no longer valid (`x=`), which limits replays."""
RSA_BITS = 2048
OVERSIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
"""Signed once more than they occur, so that nobody can add another one (RFC 6376, 8.15)."""
SIGNED = (
    "Reply-To", "MIME-Version", "Content-Type", "List-Id", "List-Help", "List-Owner",
    "Feedback-ID", "CFBL-Address",
)  # fmt: skip

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_OVERSIGNED = tuple(name.lower().encode() for name in OVERSIGNED)
_SIGNED = tuple(name.lower().encode() for name in SIGNED)
_SPELLED = {name.lower().encode(): name for name in (*OVERSIGNED, *SIGNED)}

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

    Raises SigningError for text that is not a key, and for a key that is too weak. Its message
    gives `name`, and never the content of the key.
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which fields are signed, for messages whose header fields have the same names."""

    names: tuple[bytes, ...]
    """In lower case, in the order of the signature."""
    values: tuple[int | bytes, ...]
    """Canonical fields in that order. A number is an index into the message's own fields."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A message with everything prepared but the signatures themselves."""

    message: bytes
    parts: tuple[tuple[SigningKey, bytes, bytes], ...]
    """For each key: the key, the beginning of its header field, and the bytes to sign."""


class Signer:
    """Signs messages with every key; the first key's signature stands on top.

    There are two steps. `prepare` does the work in Python. `finish` makes the signatures: that
    releases the GIL, so it can run in a thread. A message begins with the header fields that
    differ between readers. From `From` on the fields are the same for all readers of an edition,
    and what is computed from them is cached.
    """

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """Sign with `keys`."""
        self._keys = tuple(keys)
        self._plans: dict[tuple[bytes, ...], _Plan] = {}
        self._starts: dict[tuple[str, str, tuple[bytes, ...], int], tuple[bytes, bytes]] = {}
        self.is_slow = any(isinstance(key.key, rsa.RSAPrivateKey) for key in keys)
        """Whether signatures take so long that a thread is worth it."""

    def sign(self, message: bytes, now: dt.datetime) -> bytes:
        """Return a message with its signatures."""
        return self.finish(self.prepare(message, now))

    def prepare(self, message: bytes, now: dt.datetime) -> Unsigned:
        """Return the message and what has to be signed of it."""
        end = message.index(b"\r\n\r\n") + 2
        body = memoryview(message)[end + 2 :]
        digest = base64.b64encode(hashlib.sha256(_simple(body)).digest())
        found = message.find(b"\r\nFrom:", 0, end)
        shared = found + 2 if found >= 0 else 0
        own = list(_fields(message[:shared]))
        plan = self._plan(tuple([name for name, _ in own]), message[shared:end])
        chosen = [own[value][1] if isinstance(value, int) else value for value in plan.values]
        parts = []
        for key in self._keys:
            start, relaxed = self._start(key, plan.names, int(now.timestamp()))
            begun = b"%sbh=%s;\r\n b=" % (start, digest)
            canonical = b"%sbh=%s; b=" % (relaxed, digest)
            parts.append((key, begun, b"\r\n".join((*chosen, canonical))))
        return Unsigned(message, tuple(parts))

    @staticmethod
    def finish(unsigned: Unsigned) -> bytes:
        """Sign what was prepared."""
        out = []
        for key, begun, data in unsigned.parts:
            if isinstance(key.key, rsa.RSAPrivateKey):
                raw = key.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
            else:
                # RFC 8463, 3: the hash is what is signed.
                raw = key.key.sign(hashlib.sha256(data).digest())
            value = base64.b64encode(raw)
            lines = b"\r\n ".join(value[n : n + 72] for n in range(0, len(value), 72))
            out += [begun, lines, b"\r\n"]
        return b"".join((*out, unsigned.message))

    def _plan(self, own: tuple[bytes, ...], shared: bytes) -> _Plan:
        """Return the plan for a message with `own` fields (given by name) and `shared` ones."""
        plan = self._plans.get((*own, shared))
        if plan is None:
            if len(self._plans) > 1_000:  # noqa: PLR2004  personal editions have subjects of their own
                self._plans.clear()
            fields: dict[bytes, list[int | bytes]] = {}
            for place, name in enumerate(own):
                fields.setdefault(name, []).append(place)
            for name, value in _fields(shared):
                fields.setdefault(name, []).append(value)
            names = tuple(_names(fields))
            # Of several fields with one name the last is signed first (RFC 6376, 5.4.2). A name
            # that is listed more often than the field occurs stands for an empty value.
            values = tuple(same.pop() for name in names if (same := fields.get(name)))
            plan = self._plans[*own, shared] = _Plan(names, values)
        return plan

    def _start(self, key: SigningKey, names: tuple[bytes, ...], stamp: int) -> tuple[bytes, bytes]:
        """Return the beginning of a signature's field, as it is written and in canonical form."""
        found = self._starts.get((key.selector, key.domain, names, stamp))
        if found is None:
            if len(self._starts) > 100:  # noqa: PLR2004  some seconds' worth
                self._starts.clear()
            listed = _folded([_SPELLED.get(name, name.decode()) for name in names])
            text = (
                f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/simple;\r\n"
                f" d={key.domain}; s={key.selector};\r\n"
                f" t={stamp}; x={stamp + int(EXPIRES.total_seconds())};\r\n h={listed};\r\n "
            ).encode()
            value = text.partition(b":")[2]
            found = (text, b"dkim-signature:" + _relaxed(value) + b" ")
            self._starts[key.selector, key.domain, names, stamp] = found
        return found


def _simple(body: memoryview) -> memoryview | bytes:
    """Return a body in canonical form, with exactly one CRLF at its end (RFC 6376, 3.4.3)."""
    end = len(body)
    while bytes(body[end - 4 : end]) == b"\r\n\r\n":
        end -= 2
    kept = body[:end]
    return kept if bytes(kept[-2:]) == b"\r\n" else bytes(kept) + b"\r\n"


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name in lower case and the whole field, relaxed, of each header field."""
    for raw in _FIELD_END.split(head):
        if raw:
            name, _, value = raw.partition(b":")
            name = name.strip().lower()
            yield name, name + b":" + _relaxed(value)


def _relaxed(value: bytes) -> bytes:
    """Return a field's value unfolded, with single spaces (RFC 6376, 3.4.2)."""
    # Python's white space is spaces, tabs and line ends here: headers have no other (`header()`).
    return b" ".join(value.split())


def _names(fields: Mapping[bytes, Sequence[object]]) -> Iterator[bytes]:
    for name in _OVERSIGNED:
        yield from [name] * (len(fields.get(name, ())) + 1)
    for name in _SIGNED:
        yield from [name] * len(fields.get(name, ()))


def _folded(names: Sequence[str]) -> str:
    """Return a list of names on lines of at most 78 columns, folded after colons."""
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) > FOLD:
            lines.append(line)
            line = ""
        line += f"{name}:"
    return "\r\n ".join((*lines, line)).rstrip(":")
