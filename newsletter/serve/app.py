"""The site: which page answers which address."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import newsletter
from newsletter.errors import StoreError
from newsletter.model import Border, fault_of
from newsletter.render.languages import language_accepted
from newsletter.serve.admin import admin_routes
from newsletter.serve.choosing import Choosing
from newsletter.serve.feedback import FeedbackPages
from newsletter.serve.feeds import Feeds
from newsletter.serve.given import SiteNow, visited
from newsletter.serve.hooks import HookDoor, Tell, Visit
from newsletter.serve.joining import Joining
from newsletter.serve.leaving import Leaving
from newsletter.serve.limits import Limit, Limits
from newsletter.serve.look import message, style, tagged
from newsletter.serve.reading import ReadingPages
from newsletter.serve.searching import Searching
from newsletter.serve.shell import Shell, TooLargeError, TooSlowError
from newsletter.serve.trying import Trying
from newsletter.world.days import visit

PER_NETWORK: Final = 20.0
"""Sign-ups, and requests for links, that a network may send in an hour; half of them at once."""
PER_SITE: Final = 3_000.0
"""The same of all networks together."""
FRESH: Final = 10.0
"""Seconds that a page for everybody is kept in memory."""
MOST_BYTES: Final = 50_000_000
"""Bytes of pages that are kept."""

Endpoint = Callable[[Request], Response]
Answer = Callable[[Request], Awaitable[Response]]
PageKey = tuple[str, str, str]
"""Path, topic and language."""


class PageCache:
    """Pages for everybody, kept for a few seconds: a popular day costs one rendering."""

    def __init__(self, clock: Callable[[], float], fresh: float = FRESH) -> None:
        """Begin with nothing; `clock` gives seconds that never go back."""
        self._clock = clock
        self._fresh = fresh
        self._kept: OrderedDict[PageKey, tuple[float, Response]] = OrderedDict()
        self._bytes = 0
        self._making: dict[PageKey, asyncio.Future[Response]] = {}

    def of(self, endpoint: Endpoint, *, by_topic: bool = False) -> Answer:
        """Return an endpoint whose answers are kept; some are others for each `topic` asked for.

        Whoever asks for a page that is being made waits for it.
        """

        async def answer(request: Request) -> Response:
            # Only what changes the page: others would fill the memory. The path is the one that has
            # found the page: that of `request.url` depends on the Host header, and ends at a `?`.
            language = language_accepted(request.headers.get("accept-language", ""))
            topic = request.query_params.get("topic", "") if by_topic else ""
            key = (request.scope["path"], topic, language)
            known = self._kept.get(key)
            if known is not None and known[0] >= self._clock():
                return tagged(request, known[1])
            making = self._making.get(key)
            if making is None:
                made = asyncio.ensure_future(run_in_threadpool(endpoint, request))
                making = self._making[key] = made
                made.add_done_callback(lambda _done: self._making.pop(key, None))
            response = await asyncio.shield(making)
            if response.status_code == 200:  # noqa: PLR2004  OK
                self._keep(key, response)
                return tagged(request, response)
            return response

        return answer

    def _keep(self, key: PageKey, response: Response) -> None:
        """Keep a page; the one that was made longest ago goes when there are too many."""
        known = self._kept.pop(key, None)
        self._bytes += len(response.body) - (len(known[1].body) if known else 0)
        self._kept[key] = (self._clock() + self._fresh, response)
        while self._bytes > MOST_BYTES:
            _, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= len(gone.body)


def site_app(
    site: SiteNow,
    wake: Callable[[], None] = lambda: None,
    *,
    per_network: float = PER_NETWORK,
    per_site: float = PER_SITE,
    monotonic: Callable[[], float] = time.monotonic,
    tell: Tell = lambda _text: None,
    visiting: Visit | None = None,
) -> Starlette:
    """Return the web application.

    `site` is asked at each request; `wake` is called when a mail waits. The limits are sign-ups in
    an hour. `tell` tells the operator; `visiting` fetches certificates of providers of mail
    (default: from where they say, within the limits of `sources.yaml`).
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
    hooks = HookDoor(
        site,
        visiting or (lambda url: visit(site().config, newsletter.__version__, url)),
        tell,
        monotonic,
    )

    async def failed(request: Request, error: Exception) -> Response:
        kind, status = _said(error)
        if "json" in request.headers.get("accept", ""):
            return PlainTextResponse(kind, status_code=status)
        return message(visited(site, request), kind, status=status)

    async def faulty(request: Request, error: Exception) -> Response:
        # Only the shape of the address: what stands in its place may be a token.
        route = request.scope.get("route")
        name = getattr(route, "path", "unknown")
        fault = fault_of(Border.PAGE, name, error)
        await run_in_threadpool(site().day.folders.faults.keep, fault)
        return message(visited(site, request), "broken", status=500)

    def health(_request: Request) -> Response:
        # For monitoring and load balancers: the database can be read.
        site().picks.dates()
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    def both(path: str, get: Endpoint | Answer, post: Answer) -> list[Route]:
        return [Route(path, get, methods=["GET"]), Route(path, post, methods=["POST"])]

    routes = [
        Route("/", cache.of(reading.today, by_topic=True)),
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
        Route("/figures/{name}", reading.figure),
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
        Route("/hooks/{provider}", hooks.take, methods=["POST"]),
        *admin_routes(site),
        Route("/{date}", cache.of(reading.day, by_topic=True)),
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
