"""What the linter finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in an edition that is a problem for its readers."""

    level: Level
    edition: str
    message: str
    where: str = ""
    """file:line of the template that prints it, as far as known."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A finding that is not yet assigned to an edition."""

    level: Level
    message: str
    where: str = ""
