"""Sentences that a machine writes about papers: which are asked for, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wording(StrEnum):
    """Whose words a sentence about a paper is in."""

    GIVEN = "given"
    """Those of the abstract, or of a source."""
    WRITTEN = "written"
    """A machine's, from the title and the abstract."""
    TRANSLATED = "translated"
    """A machine's, which were made of a sentence in another language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """A sentence that is asked of a machine."""

    digest: str
    """Of the title and the abstract that it is about: another text needs another sentence."""
    model: str
    language: str
    """In which it is to be (BCP 47)."""
    wording: Wording
    paper: str = ""
    """The paper's id, for people; equal texts have one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What a machine wrote and the checks let pass, or why there is nothing."""

    text: str
    """Plain text; empty when nothing passed."""
    model: str
    language: str
    wording: Wording
    why: str = ""
    """What was wrong with the answer, or why there is none, in words for the operator."""


class Permit(StrEnum):
    """Whether a machine may be asked for a sentence."""

    GIVEN = "given"
    """Yes; the request counts from now on, whatever comes of it."""
    KNOWN = "known"
    """No: it is there, was refused, or somebody is asking for it."""
    SPENT = "spent"
    """No: the day's budget does not have enough left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ration:
    """What may be spent on sentences in a day (UTC)."""

    requests: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was spent on sentences in a day, and what came of it."""

    requests: int = 0
    tokens: int = 0
    written: int = 0
    refused: int = 0
