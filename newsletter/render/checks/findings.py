"""What the linter finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in an edition that its readers would stumble over."""

    level: Level
    edition: str
    message: str
    where: str = ""
    """file:line of the template that prints it, as far as known."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A finding before it is known which edition has it."""

    level: Level
    message: str
    where: str = ""
