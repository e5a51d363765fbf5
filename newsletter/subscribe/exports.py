"""Subscribers → rows of CSV, which `newsletter subscribers import` reads."""

from __future__ import annotations

from typing import Final

from newsletter.model import ANY_HOUR, Subscription

HEADINGS: Final = (
    "email", "name", "topics", "timezone", "language", "hour", "cadence", "length", "consent_at",
    "state", "origin", "consent",
)  # fmt: skip
"""The names of the columns."""


def cells_of(person: Subscription) -> tuple[str, ...]:
    """Return a subscriber as the cells of a row."""
    wishes = person.wishes
    return (
        person.email,
        person.name,
        " ".join(wishes.topics),
        wishes.timezone,
        wishes.language,
        "" if wishes.hour == ANY_HOUR else str(wishes.hour),
        wishes.cadence.value,
        wishes.length.value,
        person.consent_at.isoformat(),
        person.state.value,
        person.origin.value,
        person.consent,
    )
