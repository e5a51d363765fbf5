"""Deliveries in the hands of a sender, and what is known of such senders."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from newsletter.model.issues import Delivery, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that one sender holds; `delivery.attempt` is its fencing number."""

    delivery: Delivery
    owner: str


class Fate(StrEnum):
    """What is known of a sender that holds deliveries."""

    ALIVE = "alive"
    """It may be at work: its leases hold until they run out."""
    DEAD = "dead"
    """Its process ended; what it wrote is all there."""
    LOST = "lost"
    """Its machine went down: the last of what it wrote may be missing, so that a message which it
    had only leased may have left."""
    AWAY = "away"
    """It is on another machine, or nobody can tell: its leases hold until they run out, and then
    it is as if it were lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a delivery that was claimed."""

    claim: Claim
    outcome: Outcome
    next_at: dt.datetime | None = None
    """When to try again, after a refusal for now."""
