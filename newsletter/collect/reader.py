"""Parsing off the event loop: in a thread when there is little, in processes when there is much."""

from __future__ import annotations

import asyncio
import datetime as dt
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self

from newsletter.collect.answers import Document, Kind, Parsed
from newsletter.errors import SourceError
from newsletter.model import Source

MUCH = 3_000_000
"""Bytes read in threads before processes are worth the half second that starting them takes."""


class Reader:
    """Reads documents; use as an async context manager, one per run.

    feedparser holds the interpreter for 0.15 s per 500 entries: threads keep the event loop
    answering, and only processes use a second core.
    """

    def __init__(self, *, processes: int | None = None, much: int = MUCH) -> None:
        """Start `processes` (default: one for each core) after `much` bytes."""
        self._processes = processes or os.cpu_count() or 1
        self._much = much
        self._read = 0
        self._pool: ProcessPoolExecutor | None = None
        # More documents in flight than workers would only lie in memory.
        self._slots = asyncio.Semaphore(2 * self._processes)

    async def __aenter__(self) -> Self:
        """Start nothing yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def read(
        self, kind: Kind, document: Document, source: Source, now: dt.datetime
    ) -> Parsed:
        """Return what the document holds; raises SourceError when it cannot be read."""
        self._read += len(document.content)
        async with self._slots:
            if self._read <= self._much or self._processes == 1:
                return await asyncio.to_thread(kind.parse, document, source, now)
            if self._pool is None:
                # Not fork: this process has threads, which a fork would leave half-way.
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self._processes, mp_context=context)
            loop = asyncio.get_running_loop()
            try:
                return await loop.run_in_executor(self._pool, kind.parse, document, source, now)
            except BrokenProcessPool:
                self._pool = None
                raise SourceError(
                    f"{document.url}: the process that read it was killed; is memory short?"
                ) from None
