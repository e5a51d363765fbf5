"""Leaving: a page with a button, one click from the mail program (RFC 8058), and the way back."""

from __future__ import annotations

import datetime as dt
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.errors import LinkError
from newsletter.links import read_token, sign
from newsletter.model import SubscriberState
from newsletter.serve.forms import SentForm, read_form
from newsletter.serve.given import Site, SiteNow, visited
from newsletter.serve.look import message, page, whose
from newsletter.store import Departure

FIELD, ONE_CLICK = "list-unsubscribe", "one-click"
"""The field in the body of a request by a mail program, and its value (RFC 8058, 3.2)."""
BACK: Final = dt.timedelta(hours=1)
"""How long leaving can be undone on the page that said so."""
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
        site = visited(self._site, request)
        found = whose(site, request, "unsubscribe")
        if isinstance(found, Response):
            return found
        return _form(site, request.path_params["token"])

    async def leave(self, request: Request) -> Response:
        """Unsubscribe, or take it back; no cookie, no log-in, no redirect (RFC 8058, 3.2)."""
        site = visited(self._site, request)
        found = whose(site, request, "unsubscribe")
        if isinstance(found, Response):
            return found
        form = await read_form(request)
        now, what = site.clock(), form.text("do")
        if _is_one_click(form):
            await run_in_threadpool(site.requests.leave, found, now)
            return PlainTextResponse("unsubscribed\n", headers={"Cache-Control": "no-store"})
        token = request.path_params["token"]
        if what == "back":
            return await run_in_threadpool(_come_back, site, found, form.text("back"))
        if what == "leave":
            reason = _reason(form.text("reason"), form.text("more"))
            departure = await run_in_threadpool(site.requests.leave, found, now, reason)
            back = _back_token(site, found, departure) if departure else ""
            return message(site, "left", action=f"/u/{token}", back=back)
        # A mail program that sends something else must not take this for done.
        return _form(site, token, status=400)


def _form(site: Site, token: str, status: int = 200) -> Response:
    values = {"kind": "leave", "action": f"/u/{token}", "reasons": REASONS}
    return page(site, "button.html", values, status=status)


def _is_one_click(form: SentForm) -> bool:
    """Return whether a mail program unsubscribes its user (RFC 8058, 3.2), in whatever case."""
    return any(
        name.lower() == FIELD and ONE_CLICK in {value.strip().lower() for value in values}
        for name, values in form.fields.items()
    )


def _back_token(site: Site, reader: str, departure: Departure) -> str:
    """Return what undoes this leaving, for whoever just left and for a short time only."""
    until = departure.paused_until.isoformat() if departure.paused_until else ""
    subject = f"{reader}|{departure.state.value}|{until}|{departure.at.isoformat()}"
    return sign(site.config.letter.secret, "back", subject, until=site.clock() + BACK)


def _come_back(site: Site, reader: str, token: str) -> Response:
    try:
        told = read_token(site.config.letter.secrets, "back", token, site.clock()).subject
    except LinkError:
        return message(site, "not_back", status=410)
    who, state, until, at = told.split("|")
    departure = Departure(
        state=SubscriberState(state),
        paused_until=dt.date.fromisoformat(until) if until else None,
        at=dt.datetime.fromisoformat(at),
    )
    done = who == reader and site.requests.come_back(reader, departure, site.clock())
    return message(site, "back" if done else "not_back", status=200 if done else 410)


def _reason(choice: str, more: str) -> str:
    known = choice if choice in REASONS else ""
    return ": ".join(part for part in (known, more[:MAX_REASON]) if part)
