"""Signing up: the form, the mail that asks to confirm, and the button that does.

Whatever address is typed, known or not, the answer is the same and takes the same time. What
happened is told by mail, to the address alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.config.values import read_address
from newsletter.day.forms import language_for
from newsletter.day.notices import MANAGE
from newsletter.errors import ExpiredLinkError, LinkError
from newsletter.links import read_token, sign
from newsletter.model import ASKED, SignUp, Wishes
from newsletter.serve.forms import TRAP, SentForm, form_token, is_fresh, read_form
from newsletter.serve.given import Site, SiteNow, visited
from newsletter.serve.limits import Limits
from newsletter.serve.look import message, page
from newsletter.serve.shell import is_from_here, network_of
from newsletter.serve.trying import read_asked
from newsletter.subscribe.preferences import term_lines

SAME_TIME: Final = 0.3
"""Seconds that every answer to a sign-up takes at least: more than any of them needs."""


class Joining:
    """The pages on which people subscribe."""

    def __init__(self, site: SiteNow, limits: Limits, wake: Callable[[], None]) -> None:
        """Accept what `limits` allow; `wake` has waiting mails sent at once."""
        self._site = site
        self._limits = limits
        self._wake = wake

    def form(self, request: Request) -> Response:
        """Show the form."""
        site = visited(self._site, request)
        if not site.takes_sign_ups:
            return message(site, "no_sign_ups", status=404)
        return form_page(site)

    async def subscribe(self, request: Request) -> Response:
        """Take a sign-up, and answer that a mail is on its way."""
        site = visited(self._site, request)
        if not site.takes_sign_ups:
            return message(site, "no_sign_ups", status=404)
        began = asyncio.get_running_loop().time()
        form = await read_form(request)
        refusal = self._refusal(site, request, form)
        if refusal is not None:
            return refusal
        try:
            email = read_address(form.text("email"))
        except ValueError:
            return form_page(site, form, wrong="email", status=422)
        # What fills in the field that people do not see is told the same as everybody.
        if not form.raw(TRAP):
            wishes = await run_in_threadpool(_wishes, site, form)
            sign_up = SignUp(email=email, wishes=wishes, consent=ASKED)
            await run_in_threadpool(site.requests.sign_up, sign_up, site.clock())
            self._wake()
        await until_same_time(began)
        return message(site, "asked")

    def _refusal(self, site: Site, request: Request, form: SentForm) -> Response | None:
        """Return why a form is not taken, whatever is in it; None when it is."""
        if not is_from_here(request, site.address):
            return message(site, "foreign", status=403)
        if not is_fresh(site.config.letter.secrets, "subscribe", form.text("form"), site.clock()):
            return form_page(site, form, wrong="form", status=422)
        if not self._limits.allow(network_of(request)):
            return message(site, "too_many", status=429)
        return None

    async def confirm_form(self, request: Request) -> Response:
        """Show the button that confirms: what only follows links confirms nothing."""
        site = visited(self._site, request)
        found = _asked(site, request)
        if isinstance(found, Response):
            return found
        return await run_in_threadpool(_confirm_page, site, *found, request.path_params["token"])

    async def confirm(self, request: Request) -> Response:
        """Confirm: from now on they get the newsletter."""
        site = visited(self._site, request)
        found = _asked(site, request)
        if isinstance(found, Response):
            return found
        subscriber, number = found
        form = await read_form(request)
        wishes = await run_in_threadpool(_confirmed, site, subscriber, number, form)
        done = await run_in_threadpool(
            site.requests.confirm, subscriber, number, site.clock(), wishes
        )
        if not done.is_known:
            return message(site, "expired", status=410)
        self._wake()
        if not done.is_new:
            return message(site, "already")
        # They have just proved that the address is theirs.
        until = site.clock() + MANAGE
        own = sign(site.config.letter.secret, "manage", subscriber, until=until)
        return message(site, "confirmed", own=f"/manage/{own}")


async def until_same_time(began: float) -> None:
    """Wait until an answer may be given to a request that began at a moment of the loop's clock."""
    await asyncio.sleep(max(0.0, began + SAME_TIME - asyncio.get_running_loop().time()))


def form_page(
    site: Site, form: SentForm | None = None, *, wrong: str = "", status: int = 200
) -> Response:
    """Return the page with the form, filled in with what was typed."""
    form = form or SentForm()
    letter = site.config.letter
    chosen = form.many("topics")
    values = {
        "title": "",
        "path": "/subscribe",
        "canonical": "/subscribe",
        "form": form_token(letter.secret, "subscribe", site.clock()),
        "email": form.text("email"),
        "wrong": wrong,
        "topics": [
            (topic.name, topic.title, not chosen or topic.name in chosen)
            for topic in site.config.choice.topics
        ],
        "interest": form.raw("interest"),
        "hidden": [(name, told) for name in ("like", "more", "less") for told in form.many(name)],
    }
    return page(site, "subscribe.html", values, status=status)


def _wishes(site: Site, form: SentForm) -> Wishes:
    """Return what a sign-up asks for."""
    names = site.config.choice.topic_names
    chosen = tuple(dict.fromkeys(name for name in form.many("topics") if name in names))
    topics = () if set(chosen) == set(names) else chosen
    # Mails come in the language in which one has read the form.
    language = language_for(site.config.letter, site.language)
    if not any(form.raw(name) for name in ("interest", "like", "more", "less")):
        return Wishes(topics=topics, language=language)
    # What one signs is what one saw when one tried it.
    asked = read_asked(site, form).wishes
    return replace(asked, topics=asked.topics or topics, language=language)


def _confirm_page(site: Site, subscriber: str, number: int, token: str) -> Response:
    """Return the page that shows what one is about to get, and lets one change it."""
    asked = site.requests.asked(subscriber, number)
    if asked is None:
        return message(site, "expired", status=410)
    papers = site.day.stores.papers.with_keys([*asked.likes, *asked.dislikes])
    names = {key: paper.title for paper in papers for key in paper.keys}
    chosen = asked.topics or site.config.choice.topic_names
    values = {
        "kind": "confirm",
        "action": f"/confirm/{token}",
        "topics": [
            (topic.name, topic.title, topic.name in chosen) for topic in site.config.choice.topics
        ],
        "own": [*(term_lines(asked.words) or "").splitlines()],
        "likes": [names.get(like, like) for like in asked.likes],
    }
    return page(site, "button.html", values)


def _confirmed(site: Site, subscriber: str, number: int, form: SentForm) -> Wishes | None:
    """Return what somebody chose who confirms; None where they were not asked: as it stands."""
    asked = site.requests.asked(subscriber, number)
    if asked is None or form.text("chosen") != "yes":
        return None
    names = site.config.choice.topic_names
    chosen = tuple(name for name in names if name in form.many("topics"))
    kept = asked if form.text("own") == "yes" else Wishes(language=asked.language)
    return replace(kept, topics=() if set(chosen) == set(names) else chosen)


def _asked(site: Site, request: Request) -> tuple[str, int] | Response:
    """Return who confirms, and by which notice; or the page that says what is wrong."""
    try:
        token = read_token(
            site.config.letter.secrets, "confirm", request.path_params["token"], site.clock()
        )
    except ExpiredLinkError:
        return message(site, "expired", status=410)
    except LinkError:
        return message(site, "damaged", status=404)
    subscriber, _, number = token.subject.rpartition(".")
    return subscriber, int(number)
