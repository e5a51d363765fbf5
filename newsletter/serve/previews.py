"""A local page that shows an issue before it is sent, and redraws it after every edit."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.resources
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

# The mail may run nothing; the page may run only its own script.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; sandbox"
PAGE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src https: data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEARTBEAT = 15.0
"""Seconds between signs of life on an idle stream; they reveal that a page was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewEdition:
    """One edition as the page shows it."""

    key: str
    """The edition's key in the ledger."""
    label: str
    """Whom it is for: a reader, or topics."""
    readers: str
    """How many readers get it."""
    subject: str
    html: str
    text: str
    message: str
    """The whole message, as one reader gets it."""
    bytes: int
    """Size of the HTML, as Gmail counts it."""
    picks: tuple[Mapping[str, Any], ...] = ()
    """Papers with the parts of their scores."""
    misses: tuple[Mapping[str, Any], ...] = ()
    """Papers that were almost chosen, and why they were not."""
    findings: tuple[Mapping[str, Any], ...] = ()

    @property
    def head(self) -> dict[str, Any]:
        """What the list of editions shows."""
        return {"label": self.label, "readers": self.readers, "subject": self.subject}

    @property
    def whole(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            **self.head,
            "html": self.html,
            "text": self.text,
            "message": self.message,
            "bytes": self.bytes,
            "picks": list(self.picks),
            "misses": list(self.misses),
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Everything that the page shows of one issue."""

    name: str
    date: str
    dates: tuple[str, ...] = ()
    """Dates of the existing issues, newest first."""
    editions: tuple[PreviewEdition, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know: failing sources, invented papers."""
    problem: str = ""
    """Why this is not the newest state: a mistake in config or templates, with its place."""

    @property
    def state(self) -> dict[str, Any]:
        """What the page shows before an edition is chosen."""
        return {
            "name": self.name,
            "date": self.date,
            "dates": list(self.dates),
            "editions": [one.head for one in self.editions],
            "notes": list(self.notes),
            "problem": self.problem,
        }


Load = Callable[[str], Preview]
"""(date, or empty for the issue that is due) → what to show of it."""
SendTest = Callable[[PreviewEdition, str], Awaitable[str]]
"""(edition, address) → where it went; raises ValueError or OSError when sending fails."""


class _Previews:
    """Loads issues on demand, and again after every change; keeps the last that worked."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._fresh: dict[str, Preview] = {}
        self._good: dict[str, Preview] = {}
        self._lock = asyncio.Lock()
        self.changed = asyncio.Event()

    async def preview(self, date: str) -> Preview:
        async with self._lock:
            if date not in self._fresh:
                found = await anyio.to_thread.run_sync(self._load, date)
                if found.problem:
                    last = self._good.get(date, found)
                    found = replace(last, problem=found.problem)
                else:
                    self._good[date] = found
                self._fresh[date] = found
            return self._fresh[date]

    def forget(self) -> None:
        """Load issues again from now on, and tell every page."""
        self._fresh.clear()
        self.changed.set()
        self.changed = asyncio.Event()


class _Pages:
    """The answers to the page's requests."""

    def __init__(self, previews: _Previews, send_test: SendTest, address: str) -> None:
        self._previews = previews
        self._send_test = send_test
        self._address = address

    async def page(self, _request: Request) -> Response:
        shown = await self._previews.preview("")
        html = render_page(shown.name, {"address": self._address})
        return HTMLResponse(html, headers={"Content-Security-Policy": PAGE_POLICY})

    async def state(self, request: Request) -> Response:
        shown = await self._previews.preview(request.query_params.get("date", ""))
        return JSONResponse(shown.state, headers={"Cache-Control": "no-store"})

    async def whole(self, request: Request) -> Response:
        found = await self._edition(request)
        return JSONResponse(found.whole, headers={"Cache-Control": "no-store"})

    async def mail(self, request: Request) -> Response:
        found = await self._edition(request)
        return HTMLResponse(found.html, headers={"Content-Security-Policy": MAIL_POLICY})

    async def test(self, request: Request) -> Response:
        # Another site cannot send this header without our permission (CORS), which we never give.
        if request.headers.get("X-Preview") != "yes":
            return JSONResponse({"error": "only the preview's own page may send"}, status_code=403)
        found = await self._edition(request)
        to = request.query_params.get("to", "").strip() or self._address
        try:
            said = await self._send_test(found, to)
        except (ValueError, OSError) as error:
            return JSONResponse({"error": str(error)}, status_code=502)
        return JSONResponse({"said": said})

    async def events(self, request: Request) -> Response:
        async def stream() -> AsyncIterator[str]:
            yield "retry: 500\n\n"
            while not await request.is_disconnected():
                changed = self._previews.changed
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), HEARTBEAT)
                yield "event: change\ndata: now\n\n" if changed.is_set() else ": still here\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def _edition(self, request: Request) -> PreviewEdition:
        shown = await self._previews.preview(request.query_params.get("date", ""))
        number = int(request.path_params["number"])
        if number >= len(shown.editions):
            raise HTTPException(404, "no such edition")
        return shown.editions[number]


def preview_app(
    load: Load,
    changes: Callable[[], AsyncIterator[object]],
    send_test: SendTest,
    address: str,
) -> Starlette:
    """Return the web application.

    `changes` yields whenever a file was edited. `send_test` sends an edition to `address`, or to
    another one that was typed, and says where it went. If a file has a mistake, the page shows it
    together with the last preview that worked.
    """
    previews = _Previews(load)
    pages = _Pages(previews, send_test, address)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async def watch() -> None:
            async for _ in changes():
                previews.forget()

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()

    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/state", pages.state),
            Route("/edition/{number:int}", pages.whole),
            Route("/edition/{number:int}/mail", pages.mail),
            Route("/edition/{number:int}/test", pages.test, methods=["POST"]),
            Route("/events", pages.events),
            Route("/preview.{kind:str}", _asset),
        ],
        # Refuse other host names, so that another site cannot read this page (DNS rebinding).
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        lifespan=lifespan,
    )


def _asset(request: Request) -> Response:
    kinds = {"css": "text/css", "js": "text/javascript"}
    kind = request.path_params["kind"]
    if kind not in kinds:
        return Response(status_code=404)
    return Response(_file(f"preview.{kind}"), media_type=kinds[kind])


def _file(name: str) -> str:
    return importlib.resources.files("newsletter.serve").joinpath("pages", name).read_text("utf-8")


def render_page(name: str, settings: Mapping[str, Any]) -> str:
    """Return the page; its script gets `settings`: where tests go, and the state if static."""
    template = Environment(autoescape=True).from_string(_file("preview.html"))
    return template.render(name=name, settings=settings)


def write_static(shown: Preview, folder: Path) -> tuple[Path, ...]:
    """Write the preview as files that open without a server; return them.

    Raises OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "index.html": render_page(shown.name, {"static": shown.state}),
        "preview.css": _file("preview.css"),
        "preview.js": _file("preview.js"),
    }
    for number, edition in enumerate(shown.editions):
        # As scripts, because pages opened from files may not fetch; `<` could end a script early.
        data = json.dumps(edition.whole).replace("<", "\\u003c")
        files[f"edition-{number}.js"] = f"window.editions[{number}] = {data};\n"
        files[f"edition-{number}.html"] = edition.html
    for old in folder.glob("edition-*"):
        if re.fullmatch(r"edition-\d+\.(js|html)", old.name) and old.name not in files:
            old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o600)  # they hold readers' addresses
    return tuple(folder / name for name in files)
