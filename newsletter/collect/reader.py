"""Parsing off the event loop, within limits: in processes, and in a thread what is very small."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar, cast

import anyio
from anyio import to_process

from newsletter.collect.answers import Document, Parsed, SourceKind
from newsletter.collect.confinement import MEMORY, in_little_memory, read_document
from newsletter.errors import SourceError
from newsletter.model import Source

SMALL = 8_000
"""Bytes of a document that is read in a thread: in so few nothing can grow without bounds, and
starting a process takes longer. A thread cannot be ended, nor its memory limited."""
MUCH = 1_000_000
"""Bytes read in one process before a second one is worth its start."""
MANY = 50
"""Sources from which much is to be expected."""
SECONDS = 15.0
SECONDS_PER_MEGABYTE = 10.0
"""For one document: feedparser takes half a second for a usual megabyte, and two for one of very
small entries, on a machine that does nothing else."""
Result = TypeVar("Result")


class DocumentReader:
    """Reads documents; use as an async context manager, one per run.

    A document may be made to take all of the time and memory there is, so that it is read where
    both have limits. feedparser also holds the interpreter for 0.15 s per 500 entries: only
    processes use a second core.
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
        """Use `processes` (default: one for each core) for all that is not `small`.

        A document gets `seconds`, and SECONDS_PER_MEGABYTE more, and `memory` bytes. With many
        `sources` the small ones go to the processes too.
        """
        self._processes = processes or os.cpu_count() or 1
        self._small = small
        self._seconds = seconds
        self._memory = memory
        self._read = 0
        self._expects_much = sources >= MANY
        self._limiter = anyio.CapacityLimiter(self._processes if self._expects_much else 1)
        # More documents in flight than workers would only lie in memory.
        self._slots = asyncio.Semaphore(2 * self._processes)
        self._starting: list[asyncio.Task[int]] = []

    async def __aenter__(self) -> Self:
        """Start the processes when much is expected: they get ready while servers answer."""
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
        """Wait until every process has started: they end with the event loop."""
        await asyncio.gather(*self._starting, return_exceptions=True)

    async def read(
        self, kind: SourceKind, document: Document, source: Source, now: dt.datetime
    ) -> Parsed:
        """Return what the document holds; raises SourceError when it cannot be read."""
        return await self.call(document, read_document, kind.parse, document, source, now)

    async def call(
        self, document: Document, function: Callable[..., Result], *given: object
    ) -> Result:
        """Return what a `function` makes of a document, and of what is `given` to it.

        Both must be such as can be sent to another process. Raises SourceError when it takes more
        time or memory than it may, and whatever `function` raises.
        """
        size = len(document.content)
        self._read += size
        if self._read > MUCH:
            self._limiter.total_tokens = self._processes
        async with self._slots:
            if size <= self._small and not self._expects_much:
                return await asyncio.to_thread(function, *given)
            # Waiting for a process is no part of the time that a document may take.
            async with self._limiter:
                seconds = self._seconds + SECONDS_PER_MEGABYTE * size / 1_000_000
                try:
                    with anyio.fail_after(seconds):
                        return cast(
                            "Result",
                            await to_process.run_sync(
                                in_little_memory,
                                function,
                                self._memory,
                                *given,
                                cancellable=True,
                                limiter=anyio.CapacityLimiter(1),
                            ),
                        )
                except TimeoutError:
                    problem = f"took more than {round(seconds, 1):g} s to read, and was left out"
                except MemoryError:  # of what was read, on its way here
                    problem = "takes too much memory, and was left out"
                except anyio.BrokenWorkerProcess:
                    problem = "the process that read it was killed; is memory short?"
        raise SourceError(f"{document.shown}: {problem}")
