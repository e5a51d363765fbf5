"""A mail server that is far away: it takes every mail, and each answer needs a round trip.

It is a process of its own; what it has taken so far is in memory that both processes share.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

END = b"\r\n.\r\n"


@dataclass(frozen=True, slots=True)
class Sink:
    """A running server."""

    port: int
    _counts: Any

    def taken(self) -> int:
        """Return how many mails it has taken."""
        return int(self._counts[0])

    def connections(self) -> int:
        """Return how many connections there have been."""
        return int(self._counts[1])

    def open(self) -> int:
        """Return how many connections there are."""
        return int(self._counts[2])


class _Talk(asyncio.Protocol):
    """One connection: what comes is read a round trip later."""

    def __init__(self, seconds: float, counts: Any) -> None:
        self._seconds = seconds
        self._counts = counts
        self._left = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._counts[1] += 1
        self._counts[2] += 1
        asyncio.get_running_loop().call_later(self._seconds, transport.write, b"220 sink\r\n")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio gives it
        self._counts[2] -= 1

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(self._seconds, self._read, data)

    def _read(self, data: bytes) -> None:
        self._left += data
        answers = []
        while True:
            end = END if self._in_mail else b"\r\n"
            line, found, rest = self._left.partition(end)
            if not found:
                break
            self._left = rest
            answers.append(self._answer(line.upper()))
        self._transport.write(b"".join(answers))

    def _answer(self, line: bytes) -> bytes:
        if self._in_mail:
            self._in_mail = False
            self._counts[0] += 1
            return b"250 2.0.0 taken\r\n"
        if line.startswith(b"EHLO"):
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        self._in_mail = line == b"DATA"
        return b"354 go on\r\n" if self._in_mail else b"250 2.0.0 fine\r\n"


def _serve(seconds: float, counts: Any, port: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Talk(seconds, counts), "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(serve())


@contextlib.contextmanager
def slow_server(seconds: float) -> Iterator[Sink]:
    """Run a server whose answers come after so many seconds."""
    context = multiprocessing.get_context("spawn")
    counts, port = context.Array("q", 3), context.Value("i", 0)
    process = context.Process(target=_serve, args=(seconds, counts, port), daemon=True)
    process.start()
    try:
        while not port.value:
            process.join(0.02)
        yield Sink(port.value, counts)
    finally:
        process.kill()
        process.join()
