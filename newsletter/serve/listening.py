"""The server behind the site: uvicorn, with clients that are too slow shut out."""

from __future__ import annotations

import asyncio
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS: Final = 10.0
"""Seconds that a client may take to send the head of a request."""
GRACE_SECONDS: Final = 10
"""Seconds that requests may take to end when the server stops."""
MOST_AT_ONCE: Final = 1_000
"""Requests that are answered at once; others get 503."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on clients who never finish the head of a request.

    uvicorn has a time-out between requests only: with a byte a minute, a client could keep a
    connection for ever ("Slowloris").
    """

    _impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; the time that a head may take does not begin anew with each of them."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._impatience is None and not self.transport.is_closing():
            self._wait()

    def on_response_complete(self) -> None:
        """Leave the wait for the next request to uvicorn, until its first byte comes."""
        super().on_response_complete()
        self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._impatience = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._give_up)

    def _stop(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _give_up(self) -> None:
        self._impatience = None
        self.transport.close()


def server(app: ASGIApp) -> uvicorn.Server:
    """Return the server; its log would have addresses and tokens in it, so there is none."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=PatientProtocol,
            ws="none",
            access_log=False,
            log_level="critical",
            server_header=False,
            proxy_headers=False,  # shell.py believes proxies that are trusted, and no others
            limit_concurrency=MOST_AT_ONCE,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
