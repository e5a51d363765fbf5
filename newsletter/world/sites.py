"""Our own site as others see it: one visit of an address, bounded in time and bytes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import httpx2

from newsletter.collect.http.failures import cause_of, chain

SECONDS: Final = 10.0
"""For one visit with all its redirects."""
MAX_REDIRECTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteVisit:
    """How an address answered."""

    status: int = 0
    """Of the last answer; 0 when there is none."""
    url: str = ""
    """Where redirects led; that of the question, if there were none."""
    redirects: int = 0
    problem: str = ""
    """Why there is no answer, in one line."""
    offline: bool = False


Fetch = Callable[[str], Awaitable[SiteVisit]]
"""Gets an address and follows redirects; never raises, and takes a bounded time."""


@contextlib.asynccontextmanager
async def open_visits(user_agent: str, seconds: float = SECONDS) -> AsyncIterator[Fetch]:
    """Open the network for visits of our own site, which may be on a private address."""
    async with httpx2.AsyncClient(
        headers={"User-Agent": user_agent}, timeout=seconds, follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
    ) as client:  # fmt: skip

        async def fetch(url: str) -> SiteVisit:
            try:
                async with asyncio.timeout(seconds), client.stream("GET", url) as response:
                    # What it says is of no matter: the head is enough.
                    return SiteVisit(
                        status=response.status_code,
                        url=str(response.url),
                        redirects=len(response.history),
                    )
            except httpx2.TooManyRedirects:
                return SiteVisit(
                    problem=f"more than {MAX_REDIRECTS} redirects, perhaps in a circle"
                )
            except (TimeoutError, httpx2.TimeoutException):
                return SiteVisit(problem=f"no answer in {seconds:.0f} s")
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
                return SiteVisit(problem=_explained(error), offline=_is_offline(error))

        yield fetch


def _is_offline(error: BaseException) -> bool:
    return any(
        isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN
        for cause in chain(error)
    )


def _explained(error: BaseException) -> str:
    for cause in chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid ({cause.verify_message})"
        if isinstance(cause, socket.gaierror):
            return "there is no host of that name"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
    return cause_of(error)
