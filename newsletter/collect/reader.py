"""Parsing off the event loop: in a thread when there is little, in processes when there is much."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from types import TracebackType
from typing import Self

import anyio
from anyio import to_process

from newsletter.collect.answers import Document, Kind, Parsed
from newsletter.errors import SourceError
from newsletter.model import Source

MUCH = 3_000_000
"""Bytes read in threads before processes are worth the half second that starting them takes."""
LARGE = 500_000
"""Bytes of a document that is read in a process, which can be ended when it takes too long."""
MANY = 50
"""Sources from which much is to be expected."""
SECONDS = 60.0
"""For one document: feedparser takes one for a megabyte."""


class Reader:
    """Reads documents; use as an async context manager, one per run.

    feedparser holds the interpreter for 0.15 s per 500 entries: threads keep the event loop
    answering, and only processes use a second core.
    """

    def __init__(
        self,
        *,
        processes: int | None = None,
        much: int = MUCH,
        sources: int = 0,
        seconds: float = SECONDS,
    ) -> None:
        """Use `processes` (default: one for each core) after `much` bytes, or for many sources."""
        self._processes = processes or os.cpu_count() or 1
        self._much = much
        self._seconds = seconds
        self._read = 0
        self._expects_much = sources >= MANY
        self._limiter = anyio.CapacityLimiter(self._processes)
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
        self, kind: Kind, document: Document, source: Source, now: dt.datetime
    ) -> Parsed:
        """Return what the document holds; raises SourceError when it cannot be read."""
        self._read += len(document.content)
        async with self._slots:
            is_little = self._read <= self._much and len(document.content) <= LARGE
            if is_little and not self._expects_much:
                return await asyncio.to_thread(kind.parse, document, source, now)
            try:
                with anyio.fail_after(self._seconds):
                    return await to_process.run_sync(
                        kind.parse, document, source, now, cancellable=True, limiter=self._limiter
                    )
            except TimeoutError:
                problem = f"took more than {self._seconds:g} s to read, and was left out"
            except anyio.BrokenWorkerProcess:
                problem = "the process that read it was killed; is memory short?"
        raise SourceError(f"{document.shown}: {problem}")
