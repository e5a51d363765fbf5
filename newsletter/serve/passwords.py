"""The password of the editors: kept as a hash that is slow to compute (scrypt, RFC 7914)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

COST, BLOCK, LANES = 2**14, 8, 1
"""OWASP's least parameters for scrypt with 16 MB of memory."""
SALT_BYTES: Final = 16
MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 200


def hash_password(password: str, salt: bytes) -> str:
    """Return the hash of a password, with the parameters that made it; `salt` is random.

    Raises ValueError for a password that is too short, or longer than anybody types.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ValueError(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    made = _scrypt(password, salt, COST, BLOCK, LANES)
    return "$".join(("scrypt", str(COST), str(BLOCK), str(LANES), _text(salt), _text(made)))


def is_password(password: str, hashed: str) -> bool:
    """Return whether a password is the one that was hashed."""
    _, cost, block, lanes, salt, wanted = hashed.split("$")
    made = _scrypt(password[:MAX_LENGTH], base64.b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(made, base64.b64decode(wanted))


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=block, p=lanes, maxmem=256 * cost * block, dklen=32
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
