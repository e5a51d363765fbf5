"""Leaving: a page with a button, one click from the mail program (RFC 8058), and the way back."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.errors import LinkError
from newsletter.links import verify
from newsletter.serve.forms import read_form
from newsletter.serve.given import Site, SiteNow
from newsletter.serve.look import message, page

ONE_CLICK: Final = "One-Click"
"""The value of `List-Unsubscribe` in the body of a request by a mail program (RFC 8058, 3.2)."""
REASONS: Final = ("often", "topics", "quality", "other", "never")
"""What one may say about it; the words are in button.html."""
MAX_REASON: Final = 500


class Leaving:
    """The pages that a link to unsubscribe leads to. It never expires."""

    def __init__(self, site: SiteNow) -> None:
        """Show the site as it is at each request."""
        self._site = site

    def form(self, request: Request) -> Response:
        """Show the button: what only follows links unsubscribes nobody."""
        site = self._site()
        found = _who(site, request)
        if isinstance(found, Response):
            return found
        token = request.path_params["token"]
        return page(
            site, "button.html", {"kind": "leave", "action": f"/u/{token}", "reasons": REASONS}
        )

    async def leave(self, request: Request) -> Response:
        """Unsubscribe, or take it back; no cookie, no log-in, no redirect (RFC 8058, 3.2)."""
        site = self._site()
        found = _who(site, request)
        if isinstance(found, Response):
            return found
        form = await read_form(request)
        now = site.clock()
        if form.text("List-Unsubscribe") == ONE_CLICK:
            await run_in_threadpool(site.requests.leave, found, now)
            return PlainTextResponse("unsubscribed\n", headers={"Cache-Control": "no-store"})
        token = request.path_params["token"]
        if form.text("do") == "back":
            back = await run_in_threadpool(site.requests.come_back, found, now)
            return message(site, "back" if back else "not_back", status=200 if back else 410)
        if form.text("do") == "leave":
            reason = _reason(form.text("reason"), form.text("more"))
            await run_in_threadpool(site.requests.leave, found, now, reason)
            return message(site, "left", action=f"/u/{token}")
        return self.form(request)


def _reason(choice: str, more: str) -> str:
    known = choice if choice in REASONS else ""
    return ": ".join(part for part in (known, more[:MAX_REASON]) if part)


def _who(site: Site, request: Request) -> str | Response:
    """Return whose link it is, or the page that says that it is none."""
    try:
        return verify(site.config.letter.secrets, "unsubscribe", request.path_params["token"])
    except LinkError:
        return message(site, "damaged", status=404)
