"""The places in an edition that differ from reader to reader, as private-use characters.

`plain_text` takes private-use characters out of everything that comes from a source, and config
refuses them, so that no paper can be mistaken for a token.
"""

from __future__ import annotations

import re
from typing import Final

NAMES: Final = ("greeting", "email", "preferences_url", "unsubscribe_url")

TOKEN: Final = re.compile("\ue000([a-z_]+)\ue001")
"""Splits a text into literal, token name, literal, token name, …, literal."""


def token(name: str) -> str:
    """Return the token called `name`."""
    return f"\ue000{name}\ue001"
