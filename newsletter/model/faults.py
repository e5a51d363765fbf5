"""What went wrong with one thing while all others went on: a value, told and kept."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.errors import NewsletterError

MAX_PROBLEM = 300
"""Characters of an error's own words that are told."""


class Border(StrEnum):
    """Where one thing is kept from stopping the others."""

    SOURCE = "source"
    ENTRY = "entry"
    """One paper of a source."""
    LIBRARY = "library"
    READER = "reader"
    EDITION = "edition"
    REPORT = "report"
    """One mail that came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error at a border: its owner is left out, and everybody else goes on."""

    border: Border
    name: str
    """Which source, library, reader and so on, as a person knows it."""
    problem: str
    """One line."""
    trace: str = field(default="", repr=False)
    """Where in the program it happened; empty when the input alone is wrong."""
    content: bytes = field(default=b"", repr=False)
    """The input, as far as it is at hand."""

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.border} {self.name}: {self.problem}"


def fault_of(border: Border, name: str, error: Exception, content: bytes = b"") -> Fault:
    """Return what to tell of an error that was caught at a border.

    An error that the program raises on purpose speaks for itself; of any other, which is a fault
    of ours, the trace is kept too.
    """
    if isinstance(error, NewsletterError):
        return Fault(border=border, name=name, problem=_line(str(error)), content=content)
    return Fault(
        border=border,
        name=name,
        problem=_line(f"a fault of this program ({type(error).__name__}: {error})"),
        trace="".join(traceback.format_exception(error)),
        content=content,
    )


def _line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())
    return line if len(line) <= MAX_PROBLEM else line[: MAX_PROBLEM - 1] + "…"
