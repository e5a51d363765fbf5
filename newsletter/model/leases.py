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
    """It may be at work: its leases hold until they expire."""
    DEAD = "dead"
    """Its process ended; everything it wrote is there."""
    LOST = "lost"
    """Its machine went down: the last of what it wrote may be missing, so a message that looks only
    leased may have left."""
    AWAY = "away"
    """It is on another machine, or its state is unknown: its leases hold until they expire, and
    then it is treated as lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a claimed delivery."""

    claim: Claim
    outcome: Outcome
    next_at: dt.datetime | None = None
    """When to try again after a temporary refusal."""
