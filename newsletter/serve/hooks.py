"""Webhooks: providers of mail tell what became of it. Who proves nothing learns nothing."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from newsletter.day.hooks import Taken, confirm_call, take_call
from newsletter.errors import SourceError
from newsletter.model import Fault
from newsletter.serve.given import Site, SiteNow
from newsletter.serve.limits import Limit
from newsletter.serve.shell import TooLargeError
from newsletter.suppress.webhooks.calls import Answer, Call, Proved, Refusal, Wanted
from newsletter.suppress.webhooks.table import PROVIDERS, fault_in, read_call

AT_ONCE: Final = 2
"""Requests that are read at once: JSON of strangers takes up to thirty times its size."""
KEPT: Final = 8
"""Certificates that are kept in memory: Amazon has one at a time in each region."""
VISITS: Final = 60.0
"""Visits of a provider's addresses in an hour; strangers can cause some, to Amazon's host alone."""

Visit = Callable[[str], Awaitable[bytes]]
"""Address → what is there; raises SourceError."""
Tell = Callable[[str], None]
"""Tells the operator."""


class HookDoor:
    """The door of providers."""

    def __init__(
        self, site: SiteNow, visit: Visit, tell: Tell, monotonic: Callable[[], float]
    ) -> None:
        """Take requests for the site as it is at each; `monotonic` gives seconds."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """(provider, kind of event, or `refused`) → how many came."""
        self._site = site
        self._visit = visit
        self._tell = tell
        self._visits = Limit(per_hour=VISITS, burst=VISITS / 4, clock=monotonic)
        self._tellings = Limit(per_hour=1, burst=1, clock=monotonic)
        self._certificates: OrderedDict[str, bytes] = OrderedDict()
        self._reading = asyncio.Semaphore(AT_ONCE)

    async def take(self, request: Request) -> Response:
        """Take what a provider tells: 200, also where it means nothing here; else it is sent again.

        403 for what proves nothing, whatever the reason. 503 if it could not be stored, or judged.
        """
        site, name = self._site(), request.path_params["provider"]
        if name not in PROVIDERS or name not in site.config.serving.hooks.named:
            raise HTTPException(404)
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return _answer("compressed requests are not read", 415)
        try:
            body = await request.body()
        except ClientDisconnect:
            return _answer("", 400)
        if len(body) > PROVIDERS[name].most:
            raise TooLargeError
        call = Call(
            headers={key.lower(): value for key, value in request.headers.items()},
            body=body,
            is_secure=request.scope["scheme"] == "https",
        )
        found = await self._judged(site, name, call)
        if isinstance(found, Proved):
            return await self._act(site, name, call, found)
        if isinstance(found, Refusal):
            self.counts[name, "refused"] += 1
            self._say(name, f"a request was refused: {found.reason}")
            return _answer("refused", 403)
        return _answer("not now", 503)

    async def _judged(self, site: Site, name: str, call: Call) -> Proved | Refusal | None:
        """Return what a request proves; None if that cannot be said now."""
        found = await self._read(site, name, call)
        if isinstance(found, Wanted):
            certificate = await self._visited(name, found.url)
            if certificate is None:
                return None
            self._certificates[found.url] = certificate
            while len(self._certificates) > KEPT:
                self._certificates.popitem(last=False)
            found = await self._read(site, name, call)
        if isinstance(found, Fault):
            await run_in_threadpool(site.day.folders.faults.keep, found)
            return Refusal("it could not be read; it is kept in outbox/faults/")
        return None if isinstance(found, Wanted) else found

    async def _read(self, site: Site, name: str, call: Call) -> Answer | Fault:
        # In a thread: parsing a large body, and judging a signature, would hold up the pages.
        hooks, now = site.config.serving.hooks, site.clock()
        async with self._reading:
            return await run_in_threadpool(
                read_call, name, call, hooks, now, dict(self._certificates)
            )

    async def _act(self, site: Site, name: str, call: Call, proved: Proved) -> Response:
        if proved.visit:
            if await self._visited(name, proved.visit) is None:
                return _answer("not now", 503)
            await run_in_threadpool(confirm_call, site.day, name, proved)
            self._say(name, "the subscription is confirmed: bounces and complaints will come here")
            return _answer("ok")
        fault = fault_in(name, call, proved)
        if fault is not None:
            await run_in_threadpool(site.day.folders.faults.keep, fault)
        taken: Taken = await run_in_threadpool(take_call, site.day, name, proved)
        self.counts.update({(name, kind): count for kind, count in taken.kinds.items()})
        return _answer("ok")

    async def _visited(self, name: str, url: str) -> bytes | None:
        """Return what is at an address of a provider; None if it cannot be had now."""
        if not self._visits.allows(""):
            return None
        try:
            return await self._visit(url)
        except SourceError as error:
            self._say(name, f"the provider does not answer: {error}")
            return None

    def _say(self, name: str, text: str) -> None:
        """Tell the operator, the same once an hour: strangers must not fill the log."""
        line = f"hooks/{name} ({PROVIDERS[name].title}): {text}"
        if self._tellings.allows(line):
            self._tell(line)


def _answer(text: str, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return PlainTextResponse(f"{text}\n", status_code=status, headers=headers)
