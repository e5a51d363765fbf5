"""Wishes of subscribers as they are kept: JSON, and the columns that a plan reads."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from newsletter.model import Cadence, Length, Wishes


def as_columns(wishes: Wishes, subscriber: str) -> dict[str, Any]:
    """Return the columns that are about the wishes of a subscriber."""
    return {
        "wishes": _as_text(wishes),
        "audience": wishes.audience(subscriber),
        "timezone": wishes.timezone,
        "language": wishes.language,
        "hour": wishes.hour,
        "cadence": wishes.cadence.value,
    }


_NAMES = tuple(field.name for field in fields(Wishes))
_NO_WISHES = {name: getattr(Wishes(), name) for name in _NAMES}


def _as_text(wishes: Wishes) -> str:
    """Return wishes as JSON, equal ones as equal text."""
    if wishes == Wishes():
        return "{}"
    told = {name: value for name in _NAMES if (value := getattr(wishes, name)) != _NO_WISHES[name]}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_LISTS = ("topics", "follow", "mute_authors", "likes", "dislikes")


def read_wishes(text: str) -> Wishes:
    """Return wishes that are kept as JSON."""
    told: dict[str, Any] = json.loads(text)
    # A newer version may have written more.
    known = {name: told[name] for name in _NAMES if name in told}
    known |= {name: tuple(known[name]) for name in _LISTS if name in known}
    known |= {name: kind(known[name]) for name, kind in _CHOICES.items() if name in known}
    return Wishes(**known)


_CHOICES = {"cadence": Cadence, "length": Length}
