"""The site: which page answers which address."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.errors import StoreError
from newsletter.model import Border, fault_of
from newsletter.serve.admin import admin_routes
from newsletter.serve.choosing import Choosing
from newsletter.serve.feedback import FeedbackPages
from newsletter.serve.feeds import Feeds
from newsletter.serve.given import SiteNow
from newsletter.serve.joining import Joining
from newsletter.serve.leaving import Leaving
from newsletter.serve.limits import Limit, Limits
from newsletter.serve.look import message, style, tagged
from newsletter.serve.reading import ReadingPages
from newsletter.serve.searching import Searching
from newsletter.serve.shell import Shell, TooLargeError, TooSlowError
from newsletter.serve.trying import Trying

PER_NETWORK: Final = 20.0
"""Sign-ups, and requests for links, that a network may send in an hour; half of them at once."""
PER_SITE: Final = 3_000.0
"""The same of all networks together."""
FRESH: Final = 10.0
"""Seconds that a page for everybody is kept in memory."""
MOST_PAGES: Final = 2_000
"""Pages that are kept."""

Endpoint = Callable[[Request], Response]
Answer = Callable[[Request], Awaitable[Response]]


class PageCache:
    """Pages for everybody, kept for a few seconds: a popular day costs one rendering."""

    def __init__(self, clock: Callable[[], float], fresh: float = FRESH) -> None:
        """Begin with nothing; `clock` gives seconds that never go back."""
        self._clock = clock
        self._fresh = fresh
        self._kept: dict[str, tuple[float, Response]] = {}

    def of(self, endpoint: Endpoint) -> Answer:
        """Return an endpoint whose answers are kept."""

        async def answer(request: Request) -> Response:
            key = f"{request.url.path}?{request.url.query}"
            known = self._kept.get(key)
            if known is None or known[0] < self._clock():
                response = await run_in_threadpool(endpoint, request)
                if response.status_code != 200:  # noqa: PLR2004  OK
                    return response
                if len(self._kept) >= MOST_PAGES:
                    self._kept.clear()
                known = self._kept[key] = (self._clock() + self._fresh, response)
            return tagged(request, known[1])

        return answer

    def forget(self) -> None:
        """Make every page anew from now on."""
        self._kept.clear()


def site_app(
    site: SiteNow,
    wake: Callable[[], None] = lambda: None,
    *,
    per_network: float = PER_NETWORK,
    per_site: float = PER_SITE,
    monotonic: Callable[[], float] = time.monotonic,
) -> Starlette:
    """Return the web application.

    `site` is asked at each request; `wake` is called when a mail waits. The limits are sign-ups in
    an hour.
    """
    limits = Limits(
        network=Limit(per_hour=per_network, burst=max(1.0, per_network / 2), clock=monotonic),
        everybody=Limit(per_hour=per_site, burst=max(1.0, per_site / 2), clock=monotonic),
    )
    cache = PageCache(monotonic)
    reading, feeds = ReadingPages(site), Feeds(site)
    joining, leaving = Joining(site, limits, wake), Leaving(site)
    tries = Limits(
        network=Limit(per_hour=6 * per_network, burst=3 * per_network, clock=monotonic),
        everybody=Limit(per_hour=2 * per_site, burst=per_site, clock=monotonic),
    )
    searching, trying = Searching(site), Trying(site, tries)
    choosing, feedback = Choosing(site, limits, wake), FeedbackPages(site)

    async def failed(request: Request, error: Exception) -> Response:
        kind, status = _said(error)
        if "json" in request.headers.get("accept", ""):
            return PlainTextResponse(kind, status_code=status)
        return message(site(), kind, status=status)

    async def faulty(request: Request, error: Exception) -> Response:
        # Only the shape of the address: what stands in its place may be a token.
        route = request.scope.get("route")
        name = getattr(route, "path", "unknown")
        fault = fault_of(Border.PAGE, name, error)
        await run_in_threadpool(site().day.folders.faults.keep, fault)
        return message(site(), "broken", status=500)

    def health(_request: Request) -> Response:
        # For monitoring and load balancers: the database can be read.
        site().picks.dates()
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    def both(path: str, get: Endpoint, post: Answer) -> list[Route]:
        return [Route(path, get, methods=["GET"]), Route(path, post, methods=["POST"])]

    routes = [
        Route("/", cache.of(reading.today)),
        Route("/archive", cache.of(reading.archive)),
        Route("/week/{date}", cache.of(reading.week)),
        Route("/month/{month}", cache.of(reading.month)),
        Route("/topics/{name}", cache.of(reading.topic)),
        Route("/topics/{name}/feed.xml", cache.of(feeds.atom)),
        Route("/topics/{name}/feed.json", cache.of(feeds.json)),
        Route("/papers/{id:path}", cache.of(reading.paper)),
        Route("/cite/{id:path}.bib", reading.bibtex),
        Route("/cite/{id:path}.ris", reading.ris),
        Route("/feed.xml", cache.of(feeds.atom)),
        Route("/feed.json", cache.of(feeds.json)),
        Route("/sitemap.xml", cache.of(feeds.sitemap)),
        Route("/robots.txt", feeds.robots),
        Route("/site.css", _style),
        Route("/healthz", health),
        Route("/search", searching.page),
        *both("/try", trying.form, trying.show),
        *both("/subscribe", joining.form, joining.subscribe),
        *both("/confirm/{token}", joining.confirm_form, joining.confirm),
        *both("/u/{token}", leaving.form, leaving.leave),
        *both("/unsubscribe/{token}", leaving.form, leaving.leave),
        *both("/preferences", choosing.ask_form, choosing.ask),
        *both("/preferences/{token}", choosing.link_form, choosing.link),
        *both("/manage/{token}", choosing.show, choosing.change),
        Route("/manage/{token}/data.json", choosing.export),
        Route("/manage/{token}/saved.{kind:str}", choosing.saved),
        *both("/feedback/{token}", feedback.form, feedback.give),
        *admin_routes(site),
        Route("/{date}", cache.of(reading.day)),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(
                Shell, base=lambda: site().base, proxies=lambda: site().config.serving.proxies
            )
        ],
        exception_handlers={
            HTTPException: failed,
            TooLargeError: failed,
            TooSlowError: failed,
            StoreError: failed,
            Exception: faulty,
        },
    )
    # Starlette would redirect to an address that it makes of the Host header.
    app.router.redirect_slashes = False
    return app


def _said(error: Exception) -> tuple[str, int]:
    """Return what is said about an error, and its status."""
    if isinstance(error, TooLargeError):
        return "too_large", 413
    if isinstance(error, TooSlowError):
        return "too_slow", 408
    if isinstance(error, StoreError):
        return "busy", 503
    status = error.status_code if isinstance(error, HTTPException) else 500
    kind = {404: "not_found", 405: "wrong_method", 400: "bad_form"}.get(status, "broken")
    return kind, status


def _style(request: Request) -> Response:
    text, _ = style()
    # Its address changes with its content.
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return tagged(request, Response(text, media_type="text/css", headers=headers))
