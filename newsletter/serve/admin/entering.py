"""Log-in and log-out of editors."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from newsletter.serve.admin.door import EDITORS, HOME, LOG_IN, Desk, go, log_in_page, require_admin
from newsletter.serve.admin.sessions import (
    LONGEST,
    WINDOW,
    Tries,
    editor_of,
    is_ours,
    keep,
    new_session,
)
from newsletter.serve.forms import read_form
from newsletter.serve.given import Site, SiteNow
from newsletter.serve.look import message
from newsletter.serve.passwords import is_password
from newsletter.serve.shell import is_from_here, network_of
from newsletter.world.machine import new_id

TOO_MANY: Final = 429


class Entrance:
    """The page that asks for the password."""

    def __init__(self, site: SiteNow) -> None:
        """Begin without any wrong password."""
        self._site = site
        self._tries = Tries(lambda: site().clock())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        site = self._site().in_language(EDITORS)
        require_admin(site)
        if not site.config.serving.admin_password:
            raise HTTPException(404)
        if request.method == "POST":
            return await self._enter(site, request)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405)
        if await run_in_threadpool(editor_of, site, request):
            return go(site, HOME)
        return log_in_page(site, "out" if "out" in request.query_params else "")

    async def _enter(self, site: Site, request: Request) -> Response:
        if not is_from_here(request, site.address):
            return message(site, "foreign", status=403)
        letter, hashed = site.config.letter, site.config.serving.admin_password
        if not letter.secret:
            return log_in_page(site)
        form = await read_form(request)
        network = network_of(request)
        if not self._tries.take(network):
            response = log_in_page(site, "too_many", status=TOO_MANY)
            response.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
            return response
        # Both are looked at, so that every failure takes as long, and says the same.
        is_fresh = is_ours(letter.secrets, "log-in", form.text("form"), site.clock())
        is_right = await run_in_threadpool(is_password, form.raw("password"), hashed)
        if not (is_fresh and is_right):
            return log_in_page(site, "wrong", status=403)
        self._tries.give_back(network)
        response = go(site, HOME)
        # A name of our own making: one that a browser brings along is never taken over.
        keep(response, site, request, new_session(letter.secret, hashed, new_id(), site.clock()))
        return response


def leave(desk: Desk) -> Response:
    """End the session, here and wherever else its cookie is."""
    if not desk.editor.name:
        desk.accounts.end_session(desk.editor.session, desk.now, desk.now - LONGEST)
    response = go(desk.site, LOG_IN, out="1")
    keep(response, desk.site, desk.request, "")
    return response
