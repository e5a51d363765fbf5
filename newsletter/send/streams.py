"""An SMTP server's replies as they arrive, over a connection that other code has opened.

A reply is a code and one or more lines (RFC 5321, 4.2). Several may arrive at once, since commands
are sent ahead (RFC 2920). The connection ends when the server sends something that is not a reply,
is too long for one, or answers no command. So the work for what a server sends is linear in its
length, and has a limit.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import Final, NamedTuple, cast

ACCEPTED: Final = 2
"""The first digit of a code that says yes (RFC 5321, 4.2.1)."""
FOR_NOW: Final = 4
"""The first digit of a code that refuses for now."""
REFUSED: Final = 400
"""The lowest code of a refusal."""
REFUSED_FOR_GOOD: Final = 500
"""The lowest code of a refusal that is final."""
MAX_REPLY = 65_536
"""Characters of one reply: RFC 5321 says 512 for a line (4.5.3.1.5)."""
MAX_LINES = 200
"""Lines of one reply: the longest ones, to EHLO, have twenty or thirty."""
MAX_WAITING = 32
"""Replies that have arrived but were not read: never so many come from commands sent ahead."""

_CODES = frozenset(map(str, range(200, 600)))
_SIGNS = frozenset(("", " ", "-"))
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?=\s|$)")


class Reply(NamedTuple):
    """What a server answered to one command."""

    code: int
    text: str
    """Its lines, joined and made printable, since a server is not trusted."""

    @property
    def enhanced(self) -> str:
        """The enhanced status code, such as `5.1.1` (RFC 3463), or nothing."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else ""

    def __str__(self) -> str:
        """Return the code and the text."""
        return f"{self.code} {self.text}".strip()


class ConnectionBrokenError(ConnectionError):
    """The server hung up, sent something that is not a reply, or did not answer in time."""


class Stream(asyncio.Protocol):
    """The client's side of an open connection."""

    def __init__(self) -> None:
        """Prepare for a connection: a new one, or one given to `take_over`."""
        self._transport: asyncio.Transport
        self._rest = b""
        self._lines: list[str] = []
        self._size = 0
        """Characters of the lines so far."""
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._broken = ""
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = self._patience = 0.0

    @classmethod
    def take_over(cls, transport: asyncio.Transport) -> Stream:
        """Return a stream on an open connection whose replies so far were all read."""
        stream = cls()
        stream.connection_made(transport)
        transport.set_protocol(stream)
        return stream

    @property
    def is_open(self) -> bool:
        """Whether something can be written."""
        return not self._broken and not self._transport.is_closing()

    def told(self, name: str) -> object:
        """Return what the connection knows of itself, such as `peercert` (asyncio's names)."""
        return self._transport.get_extra_info(name)

    def write(self, data: bytes) -> None:
        """Send bytes; they are buffered when the connection is busy."""
        self._transport.write(data)

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109  one timer for the whole wait
        """Wait until more can be written; raises ConnectionBrokenError when it is broken."""
        if self._drained is not None:
            self._watch(timeout)
            await self._drained
        if self._broken:
            raise ConnectionBrokenError(self._broken)

    async def reply(self, timeout: float) -> Reply:  # noqa: ASYNC109  the same timer
        """Return the next reply; raises ConnectionBrokenError when none comes."""
        while not self._replies:
            if self._broken:
                raise ConnectionBrokenError(self._broken)
            self._watch(timeout)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._replies.popleft()

    def _watch(self, timeout: float) -> None:
        """Break the connection when nothing comes in `timeout` seconds from now.

        One timer serves the whole connection: it is set again when it fires too early, since a
        timer for each answer would cost more than reading it.
        """
        loop = asyncio.get_running_loop()
        self._patience = timeout
        self._deadline = loop.time() + timeout
        if self._timer is None or self._timer.when() > self._deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(self._deadline, self._check)

    def _check(self) -> None:
        self._timer = None
        waits = self._waiter is not None or self._drained is not None
        loop = asyncio.get_running_loop()
        if waits and loop.time() >= self._deadline:
            self._break(f"no answer within {self._patience:g} seconds")
        elif waits:
            self._timer = loop.call_at(self._deadline, self._check)

    def abort(self) -> None:
        """Cut the connection."""
        self._break("closed")

    def _break(self, why: str) -> None:
        if not self._broken:
            self._broken = why
        self._transport.abort()
        self._end()

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wake()

    def _wake(self) -> None:
        for future in (self._waiter, self._drained):
            if future is not None and not future.done():
                future.set_result(None)

    # --- What asyncio calls ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Split received bytes into replies."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for raw in lines:
            if problem := self._take(raw.decode("utf-8", "replace").rstrip("\r")):
                self._break(problem)
                return
        if len(self._rest) > MAX_REPLY:
            self._break("it answers without end")
        if self._replies and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _take(self, line: str) -> str:
        """Process one line of a reply; return what is wrong with it, if anything."""
        code, sign, text = line[:3], line[3:4], line[4:]
        if code not in _CODES or sign not in _SIGNS:
            return f"it answers what is no SMTP: {printable(line[:200])[:80]}"
        if sign == "-" or self._lines:
            self._lines.append(text)
            self._size += len(line)
            if self._size > MAX_REPLY or len(self._lines) > MAX_LINES:
                return "it answers without end"
            if sign == "-":
                return ""
            text, self._lines, self._size = " ".join(self._lines), [], 0
        elif len(text) > MAX_REPLY:
            return "it answers without end"
        self._replies.append(Reply(int(code), printable(text)))
        return "it answers what nobody asked" if len(self._replies) > MAX_WAITING else ""

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember why the connection ended."""
        if not self._broken:
            self._broken = f"the connection was lost ({exc})" if exc else "the server hung up"
        self._end()

    def pause_writing(self) -> None:
        """Note that the connection is busy."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Note that the connection can take more."""
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)


def printable(text: str) -> str:
    """Return a server's answer as one printable line."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
