"""Figures: copies of papers' pictures, which are kept by what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FILE: Final = r"[0-9a-f]{64}\.(?:jpg|png)"
"""How a copy's file is called: the SHA-256 of what is in it, and what kind of picture it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A copy of a paper's picture."""

    name: str
    """The name of its file: FILE."""
    width: int
    """In pixels."""
    height: int
    by: str
    """Whose it is, as a reader knows them: arXiv, Hugging Face, a host."""
