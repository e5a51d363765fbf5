"""What sending did, counted, for whoever tells a person about it."""

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
    """Deliveries that a dead sender left ambiguous; they are `unknown` now."""
    expired: int = 0
    error: str = ""
    """Why sending stopped early; what was not sent is still planned."""
    resume_at: dt.datetime | None = None
    """When a rate allows more, if that was too long to wait for; the rest is still planned."""
    faults: list[Fault] = field(default_factory=list)
    """What went wrong with single readers; their deliveries are failed, or unknown."""
