"""Counts of what sending did, for messages to a person."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from newsletter.model import DeliveryState, Fault


@dataclass(slots=True, kw_only=True)
class Sent:
    """What one call of `send_editions` did."""

    outcomes: Counter[DeliveryState] = field(default_factory=Counter)
    freed: int = 0
    """Deliveries that a dead sender had leased and not begun to send."""
    lost: int = 0
    """Deliveries that a dead sender had begun, so that their outcome is `unknown` now."""
    expired: int = 0
    error: str = ""
    """Why sending stopped early; what was not sent is still planned."""
    resume_at: dt.datetime | None = None
    """When a rate allows more, if the wait was too long; the rest is still planned."""
    faults: list[Fault] = field(default_factory=list)
    """What went wrong with single readers; their deliveries are failed, or unknown."""
