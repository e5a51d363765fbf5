"""The places in an edition that differ from reader to reader, as private-use characters.

`plain_text` takes private-use characters out of everything that comes from a source, and config
refuses them, so that no paper can be mistaken for a token.
"""

from __future__ import annotations

import re
from typing import Final

NAMES: Final = (
    "greeting",
    "email",
    "date",
    "preferences_url",
    "unsubscribe_url",
    "feedback_url",
)
"""What is a reader's own, filled in when a message is composed."""

OPEN_NAMES: Final = ("subject", "preheader")
"""What is an edition's own, filled in when it is put together from rendered blocks."""

TOKEN: Final = re.compile("\ue000([a-z_]+)\ue001")
"""Splits a text into literal, token name, literal, token name, …, literal."""

HOLE: Final = re.compile("\ue002([a-z0-9_]+)\ue003")
"""The same for what is open until an edition is put together: names, and numbers of links."""


def token(name: str) -> str:
    """Return the token called `name`."""
    return f"\ue000{name}\ue001"


def hole(name: str | int) -> str:
    """Return the hole called `name`; a number stands for the so-manieth link of its block."""
    return f"\ue002{name}\ue003"
