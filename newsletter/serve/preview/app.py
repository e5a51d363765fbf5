"""The preview's web application: which answer each address gives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, replace
from typing import Final

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from newsletter.errors import NewsletterError
from newsletter.serve.preview.guards import HOSTS, must_be_ours
from newsletter.serve.preview.memory import LeftError, Shelf
from newsletter.serve.preview.shown import PreviewEdition, Sketch, Tuning
from newsletter.serve.preview.static import page_file, render_page
from newsletter.serve.preview.texts import TextPages

# The mail may run nothing; the page may run only its own scripts.
MAIL_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; sandbox"
PAGE_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src https: data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEARTBEAT: Final = 15.0
"""Seconds between signs of life on an idle stream; they reveal that a page was closed."""
LONGEST: Final = 500
"""Characters of what somebody looks for."""

SendTest = Callable[[PreviewEdition, str], Awaitable[str]]
"""(edition, address) → where it went; raises ValueError or OSError when sending fails."""


class _Pages:
    """The answers to what the page asks."""

    def __init__(self, memory: Shelf, send_test: SendTest, address: str, token: str) -> None:
        self._memory = memory
        self._send_test = send_test
        self._address = address
        self._token = token

    async def page(self, _request: Request) -> Response:
        shown = await self._memory.preview("")
        html = render_page(shown.name, {"address": self._address})
        return HTMLResponse(html, headers={"Content-Security-Policy": PAGE_POLICY})

    async def state(self, request: Request) -> Response:
        shown = await self._memory.preview(_given(request, "date"))
        return JSONResponse(shown.state, headers={"Cache-Control": "no-store"})

    async def edition(self, request: Request) -> Response:
        """Give an edition, and what is different from an earlier version and from what is saved."""
        found, memory = await self._edition(request), self._memory
        date, trial = _given(request, "date"), _given(request, "trial")
        version = await memory.version(date, trial)
        memory.place(version, date, found)
        unsaved = None
        if trial:
            saved = await memory.version(date, "")
            if memory.since(saved, date, found) is None:
                gone = request.is_disconnected
                before = await memory.edition(date, found.audience, "", gone)
                if before:
                    memory.place(saved, date, replace(before, audience=found.audience))
            unsaved = memory.since(saved, date, found)
        compared = {
            "version": version,
            "trial": trial,
            "since": memory.since(_given(request, "against"), date, found),
            "unsaved": unsaved,
        }
        return JSONResponse({**asdict(found), **compared}, headers={"Cache-Control": "no-store"})

    async def mail(self, request: Request) -> Response:
        found = await self._edition(request)
        return HTMLResponse(found.html, headers={"Content-Security-Policy": MAIL_POLICY})

    async def test(self, request: Request) -> Response:
        must_be_ours(request, self._token)
        found = await self._edition(request)
        to = _given(request, "to").strip() or self._address
        try:
            said = await self._send_test(found, to)
        except (ValueError, OSError) as error:
            return JSONResponse({"error": str(error)}, status_code=502)
        return JSONResponse({"said": said})

    async def terms(self, request: Request) -> Response:
        tuning, gone = self._memory.tuning, request.is_disconnected
        found = await self._memory.apart(tuning.terms, self._sketch(request), is_gone=gone)
        return JSONResponse(dict(found), headers={"Cache-Control": "no-store"})

    async def why(self, request: Request) -> Response:
        tuning, gone = self._memory.tuning, request.is_disconnected
        audience, wanted = _given(request, "audience"), _given(request, "paper")
        found = await self._memory.apart(
            tuning.explain, self._sketch(request), audience, wanted, is_gone=gone
        )
        return JSONResponse(dict(found), headers={"Cache-Control": "no-store"})

    async def find(self, request: Request) -> Response:
        must_be_ours(request, self._token)
        words = _given(request, "words")
        found = await anyio.to_thread.run_sync(self._memory.tuning.find, words)
        heads = [asdict(head) for head in found]
        return JSONResponse({"found": heads}, headers={"Cache-Control": "no-store"})

    async def events(self, request: Request) -> Response:
        async def stream() -> AsyncIterator[str]:
            yield "retry: 500\n\n"
            while not await request.is_disconnected():
                changed = self._memory.changed
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), HEARTBEAT)
                yield "event: change\ndata: now\n\n" if changed.is_set() else ": still here\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    def _sketch(self, request: Request) -> Sketch:
        try:
            sketch, _ = self._memory.trial(_given(request, "trial"))
        except KeyError:
            raise HTTPException(410, "this trial is not known any more: try it again") from None
        return replace(sketch, date=_given(request, "date"))

    async def _edition(self, request: Request) -> PreviewEdition:
        self._sketch(request)
        date, audience = _given(request, "date"), _given(request, "audience")
        found = await self._memory.edition(
            date, audience, _given(request, "trial"), request.is_disconnected
        )
        if found is None:
            raise HTTPException(404, "nobody gets such an edition in this issue")
        return found


def preview_app(
    tuning: Tuning,
    changes: Callable[[], AsyncIterator[object]],
    send_test: SendTest,
    address: str,
    token: str,
) -> Starlette:
    """Return the web application.

    `changes` yields whenever a file was edited. `send_test` sends an edition to `address`, or to
    another one that was typed, and says where it went. `token` is what whoever writes must know. If
    a file has a mistake, the page shows it together with the last preview that worked.
    """
    memory = Shelf(tuning)
    pages, texts = _Pages(memory, send_test, address, token), TextPages(memory, token)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async def watch() -> None:
            async for _ in changes():
                memory.forget()

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()

    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/state", pages.state),
            Route("/edition", pages.edition),
            Route("/edition/mail", pages.mail),
            Route("/edition/test", pages.test, methods=["POST"]),
            Route("/terms", pages.terms),
            Route("/why", pages.why),
            Route("/find", pages.find),
            Route("/texts", texts.names),
            Route("/texts/{name:str}", texts.read),
            Route("/texts/{name:str}", texts.save, methods=["POST"]),
            Route("/trial", texts.try_, methods=["POST"]),
            Route("/events", pages.events),
            Route("/{name:str}", _asset),
        ],
        # Refuse other host names, so that another site cannot read this page (DNS rebinding).
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[*HOSTS])],
        exception_handlers={
            NewsletterError: _said,
            HTTPException: _refused,
            LeftError: lambda _request, _error: Response(status_code=499),
        },
        lifespan=lifespan,
    )


def _given(request: Request, name: str) -> str:
    return request.query_params.get(name, "")[:LONGEST]


def _said(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=422)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what this handler is for
    return JSONResponse({"error": error.detail}, status_code=error.status_code)


def _asset(request: Request) -> Response:
    kinds = {"css": "text/css", "js": "text/javascript"}
    name = request.path_params["name"]
    text = page_file(name) if name.partition(".")[2] in kinds else None
    if text is None:
        raise HTTPException(404, "no such file")
    return Response(text, media_type=kinds[name.partition(".")[2]])
