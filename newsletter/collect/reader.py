"""Parse documents off the event loop: small ones in a thread, others in limited processes."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

import anyio
from anyio import to_process

from newsletter.collect.answers import Document, Parsed, SourceKind
from newsletter.collect.confinement import MEMORY, in_little_memory, read_document
from newsletter.errors import SourceError
from newsletter.model import Source

SMALL = 8_000
"""Bytes up to which a document is read in a thread: so little cannot take much time or memory,
and starting a process takes longer. A thread can be neither stopped nor limited in memory."""
MUCH = 1_000_000
"""Bytes read so far after which a second process is worth starting."""
MANY = 50
"""Number of sources from which much reading is expected."""
SECONDS = 15.0
SECONDS_PER_MEGABYTE = 10.0
"""Time for one document: feedparser takes 0.5 s for a usual megabyte and 2 s for one of very small
entries, on an idle machine."""
Result = TypeVar("Result")


class DocumentReader:
    """Reads documents; use as an async context manager, one per run.

    An attacker may send a document that takes all time and memory there is, so it is read in a
    process that limits both. feedparser also holds the interpreter for 0.15 s per 500 entries:
    only processes can use a second core.
    """

    def __init__(
        self,
        *,
        processes: int | None = None,
        small: int = SMALL,
        sources: int = 0,
        seconds: float = SECONDS,
        memory: int = MEMORY,
    ) -> None:
        """Use `processes` (default: one for each core) for documents larger than `small` bytes.

        A document may take `memory` bytes, and `seconds` plus SECONDS_PER_MEGABYTE for its size.
        With many `sources`, small documents go to the processes too.
        """
        self._processes = processes or os.cpu_count() or 1
        self._small = small
        self._seconds = seconds
        self._memory = memory
        self._read = 0
        self._expects_much = sources >= MANY
        self._limiter = anyio.CapacityLimiter(self._processes if self._expects_much else 1)
        # More documents than the workers can take would only fill memory.
        self._slots = asyncio.Semaphore(2 * self._processes)
        self._starting: list[asyncio.Task[int]] = []

    async def __aenter__(self) -> Self:
        """Start the processes at once if much is expected: they get ready while servers answer."""
        if self._expects_much:
            self._starting = [
                asyncio.create_task(to_process.run_sync(int, limiter=self._limiter))
                for _ in range(self._processes)
            ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until every process has started: the event loop ends them."""
        await asyncio.gather(*self._starting, return_exceptions=True)

    async def read(
        self, kind: SourceKind, document: Document, source: Source, now: dt.datetime
    ) -> Parsed:
        """Return what the document holds; raises SourceError if it cannot be read."""
        return await self.call(document, read_document, kind.parse, document, source, now)

    async def call(
        self, document: Document, function: Callable[..., Result], *given: object
    ) -> Result:
        """Return `function(*given)`, within the limits for `document`.

        The function and its arguments must be picklable. Raises SourceError when it takes too much
        time or memory, and whatever `function` raises.
        """
        size = len(document.content)
        self._read += size
        if self._read > MUCH:
            self._limiter.total_tokens = self._processes
        async with self._slots:
            if size <= self._small and not self._expects_much:
                return await asyncio.to_thread(function, *given)
            # Waiting for a process does not count towards the document's time.
            async with self._limiter:
                seconds = self._seconds + SECONDS_PER_MEGABYTE * size / 1_000_000
                try:
                    with anyio.fail_after(seconds):
                        return await to_process.run_sync(
                            in_little_memory,
                            function,
                            self._memory,
                            *given,
                            cancellable=True,
                            limiter=anyio.CapacityLimiter(1),
                        )
                except TimeoutError:
                    problem = f"took more than {round(seconds, 1):g} s to read, and was left out"
                except MemoryError:  # while its result was sent back to us
                    problem = "takes too much memory, and was left out"
                except anyio.BrokenWorkerProcess:
                    problem = "the process that read it was killed; is memory short?"
        raise SourceError(f"{document.shown}: {problem}")
