"""The door of every page for editors: who has not logged in stays outside, as do foreign forms."""

from __future__ import annotations

import datetime as dt
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from newsletter.model.gate import line
from newsletter.serve.admin.sessions import Editor, editor_of, is_ours
from newsletter.serve.forms import SentForm, form_token, read_form
from newsletter.serve.given import Site, SiteNow
from newsletter.serve.look import message, page
from newsletter.serve.shell import is_from_here
from newsletter.store import AccountStore

HOME: Final = "/admin"
LOG_IN: Final = "/admin/log-in"
MAX_GIVEN: Final = 320
"""Characters of a value in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a page for editors is made from."""

    site: Site
    request: Request
    editor: Editor
    form: SentForm = field(default_factory=SentForm)
    """What was sent, when it is one of our forms."""

    @property
    def accounts(self) -> AccountStore:
        """The lists for editors."""
        return self.site.day.stores.accounts

    @property
    def now(self) -> dt.datetime:
        """This moment."""
        return self.site.clock()

    def given(self, name: str) -> str:
        """Return a value of the address's query; empty when it is not there."""
        return line(self.request.query_params.get(name, ""), MAX_GIVEN)

    def page(
        self, template: str, values: Mapping[str, object] | None = None, *, status: int = 200
    ) -> Response:
        """Return a page as an answer."""
        token = form_token(self.site.config.letter.secret, _page_of(self.editor), self.now)
        own = {
            "editor": self.editor,
            "form": token,
            "zone": self.site.config.zone,
            "done": self.given("done"),
        }
        return page(self.site, template, {**own, **(values or {})}, status=status)

    def go(self, path: str, **query: str) -> Response:
        """Send the browser on to another page, so that loading it again does nothing again."""
        return go(self.site, path, **query)


def go(site: Site, path: str, **query: str) -> Response:
    """Send the browser on to another page of this site."""
    more = f"?{urllib.parse.urlencode(query)}" if query else ""
    headers = {"Cache-Control": "no-store"}
    return RedirectResponse(f"{site.base}{path}{more}", status_code=303, headers=headers)


Make = Callable[[Desk], Response]
"""Makes a page, in a thread."""


EDITORS = "en"
"""The language of editors' pages: that of the command line."""


def _page_of(editor: Editor) -> str:
    return f"admin {editor.session}"


class Door:
    """One address; it answers every method itself, so that nothing shows before the log-in."""

    def __init__(self, site: SiteNow, get: Make | None, post: Make | None = None) -> None:
        """Let `get` and `post` answer who has logged in."""
        self._site = site
        self._get = get
        self._post = post

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        response = await self._answer(Request(scope, receive, send))
        response.headers.setdefault("Cache-Control", "no-store")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        site = self._site().in_language(EDITORS)
        require_admin(site)
        editor = await run_in_threadpool(editor_of, site, request)
        is_post = request.method not in ("GET", "HEAD")
        if editor is None:
            return _outside(site, is_post=is_post)
        if not site.config.letter.secret:
            return log_in_page(site)
        make = self._post if is_post else self._get
        if make is None or request.method not in ("GET", "HEAD", "POST"):
            raise HTTPException(405)
        form = SentForm()
        if is_post:
            if not is_from_here(request, site.address):
                return message(site, "foreign", status=403)
            form = await read_form(request)
            token = form.text("form")
            if not is_ours(site.config.letter.secrets, _page_of(editor), token, site.clock()):
                return Desk(site=site, request=request, editor=editor).page(
                    "admin_stale.html", status=403
                )
        desk = Desk(site=site, request=request, editor=editor, form=form)
        return await run_in_threadpool(make, desk)


def require_admin(site: Site) -> None:
    """Raise HTTPException (404) unless there are pages for editors."""
    if not site.config.serving.has_admin or site.is_static:
        raise HTTPException(404)


def _outside(site: Site, *, is_post: bool) -> Response:
    """Return what somebody sees who has not logged in."""
    if not site.config.serving.admin_password:
        raise HTTPException(404)  # only the proxy lets editors in
    if not is_post:
        return go(site, LOG_IN)
    return log_in_page(site, "ended", status=403)


def log_in_page(site: Site, said: str = "", *, status: int = 200) -> Response:
    """Return the form that asks for the password."""
    secret = site.config.letter.secret
    if not secret:
        return page(site, "admin_log_in.html", {"form": "", "said": "no_secret"}, status=503)
    token = form_token(secret, "log-in", site.clock())
    return page(site, "admin_log_in.html", {"form": token, "said": said}, status=status)
