"""What went wrong with one thing while all others went on, as a value to report and keep."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.errors import NewsletterError

MAX_PROBLEM = 300
"""Most characters of an error's own message that are shown."""


class Border(StrEnum):
    """Where one thing is kept from stopping the others."""

    SOURCE = "source"
    ENTRY = "entry"
    """One paper of a source."""
    LIBRARY = "library"
    MODEL = "model"
    """The model for sentence embeddings."""
    READER = "reader"
    EDITION = "edition"
    PAGE = "page"
    REPORT = "report"
    """One mail that came back."""
    TASK = "task"
    """One task of a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error at a border: the thing it concerns is left out, and all others go on."""

    border: Border
    name: str
    """The source, library, reader and so on, as a person knows it."""
    problem: str
    """One line."""
    trace: str = field(default="", repr=False)
    """Where in the program it happened; empty when only the input is wrong."""
    content: bytes = field(default=b"", repr=False)
    """The input, or as much of it as is at hand."""
    is_mendable: bool = False
    """Whether what it costs a reader is tried again, for a person may mend it meanwhile."""

    def __str__(self) -> str:
        """Return the fault in one line."""
        return f"{self.border} {self.name}: {self.problem}"


def fault_of(border: Border, name: str, error: Exception, content: bytes = b"") -> Fault:
    """Return the fault for an error that was caught at a border.

    An error that the program raises on purpose explains itself. Any other error is a fault of the
    program, so its trace is kept, too.
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
