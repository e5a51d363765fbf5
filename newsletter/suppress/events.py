"""What a report says of one address, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from newsletter.model import Verdict


class ReportKind(StrEnum):
    """What a report is."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELAY = "delay"
    """Not yet: the server goes on trying."""
    RECEIPT = "receipt"
    """It was delivered or passed on, or a report speaks of no reader at all."""
    REPLY = "reply"
    """A machine or a person answered: no report at all."""
    UNREADABLE = "unreadable"
    """A report perhaps, and nobody can tell of what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a report says of one address."""

    kind: ReportKind
    email: str
    verdict: Verdict
    beside: str = ""
    """The address that leads to this one, or to which this one leads; or the same."""
    is_final: bool = False
    """Whether a reply of class 5 says so; words alone may be anybody's summary."""
    status: str = ""
    """The enhanced code, such as `5.1.1`."""
    evidence: str = ""
    """What the server said, in one line; hostile, as everything from outside."""
