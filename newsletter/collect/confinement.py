"""Read one document with a limit of memory and a guard around the parser.

This runs in a worker process. The process that waits for it keeps the limit of time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import resource
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from newsletter.collect.answers import Document, Parsed, Parser
from newsletter.errors import SourceError
from newsletter.model import Border, Source, fault_of

MEMORY = 400_000_000
"""Bytes that reading one document may take; a feed of 20 MB takes 120 million."""
LITTER = 50_000
"""Objects made after which garbage is looked for: a parser makes many that stay."""
Result = TypeVar("Result")


def read_document(parse: Parser, document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return what the document holds; if the parser fails, a fault that keeps the document.

    Raises SourceError when the document cannot be read.
    """
    try:
        return parse(document, source, now)
    except SourceError:
        raise
    except MemoryError:
        raise SourceError(f"{document.shown}: takes too much memory, and was left out") from None
    except Exception as error:  # noqa: BLE001  guard: one document must not stop the others
        fault = fault_of(Border.SOURCE, source.name, error, document.content)
        return Parsed(faults=(fault,))


def in_little_memory(call: Callable[..., Result], memory: int, *given: object) -> Result:
    """Return `call(*given)`, run in a process that may take `memory` bytes more than now.

    The limit is set once and stays: the process does nothing else.
    """
    gc.set_threshold(LITTER, 20, 20)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        # Some systems cannot limit memory; there only the limit of time holds.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (_taken() + memory, hard))
    return call(*given)


def _taken() -> int:
    """Return how many bytes of address space this process has already taken."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()
