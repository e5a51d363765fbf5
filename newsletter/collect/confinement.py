"""Reading one document within limits of memory, and with a guard around the parser.

This is what runs in a worker process. The limit of time is kept by whoever waits for it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

from newsletter.collect.answers import Document, Parsed, Parser
from newsletter.errors import SourceError
from newsletter.model import Border, Source, fault_of

MEMORY = 400_000_000
"""Bytes that reading may take: a feed of 20 MB takes 120 million."""


def read_document(parse: Parser, document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return what the document holds; a fault of the parser is in it, with the document.

    Raises SourceError when the document cannot be read.
    """
    try:
        return parse(document, source, now)
    except SourceError:
        raise
    except MemoryError:
        raise SourceError(f"{document.shown}: takes too much memory, and was left out") from None
    except Exception as error:  # noqa: BLE001  the guard: one document stops no other
        fault = fault_of(Border.SOURCE, source.name, error, document.content)
        return Parsed(faults=(fault,))


def in_little_memory(call: Callable[..., Any], memory: int, *given: Any) -> Any:
    """Return what `call` does of what is `given`, in a process that may take `memory` bytes more.

    The limit is set once, and stays: the process is there for nothing else.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        # Not every system has such a limit; where there is none, the limit of time is left.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (_taken() + memory, hard))
    return call(*given)


def _taken() -> int:
    """Return the bytes of address space that this process has already."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()
