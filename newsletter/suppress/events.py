"""What a report says about one address, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from newsletter.model import Verdict


class ReportKind(StrEnum):
    """What a report is."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELAY = "delay"
    """Not delivered yet: the server keeps trying."""
    RECEIPT = "receipt"
    """The mail was delivered or passed on, or the report is about no reader at all."""
    REPLY = "reply"
    """A person or a machine answered: not a report."""
    LEAVING = "unsubscribe"
    """The reader asks, by a page or a button of the provider of mail, to get no more."""
    UNREADABLE = "unreadable"
    """Perhaps a report, but it is unclear about what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a report says about one address."""

    kind: ReportKind
    email: str
    verdict: Verdict
    beside: str = ""
    """A second address: one forwards to the other; or the same address again."""
    is_final: bool = False
    """Whether a reply of class 5 says so; mere words may be anybody's summary."""
    status: str = ""
    """The enhanced code, such as `5.1.1`."""
    evidence: str = ""
    """The server's own words in one line; untrusted, like everything from outside."""
