"""A reader's own pages: what they get, what they said about papers, what we know of them.

A link in a mail may be forwarded with it. So it only has a fresh link mailed to the reader, which
opens these pages for an hour.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.config.values import read_address
from newsletter.errors import ExpiredLinkError, LinkError
from newsletter.links import read_token
from newsletter.model import (
    LINK,
    FeedbackKind,
    Origin,
    Remark,
    SubscriberState,
    Subscription,
)
from newsletter.render.citations import BIBTEX, RIS, bibtex, ris
from newsletter.render.languages import LANGUAGES
from newsletter.render.locales import own_name
from newsletter.serve.forms import TRAP, SentForm, form_token, is_fresh, read_form
from newsletter.serve.given import Site, SiteNow, visited
from newsletter.serve.joining import until_same_time
from newsletter.serve.limits import Limits
from newsletter.serve.look import PRIVATE, attachment, message, page, whose
from newsletter.serve.shell import is_from_here, network_of
from newsletter.serve.trying import ShownDay, look
from newsletter.serve.views import Card, bare, cards
from newsletter.subscribe.preferences import Chosen, read_choices, term_lines


class Choosing:
    """The pages of one reader."""

    def __init__(self, site: SiteNow, limits: Limits, wake: Callable[[], None]) -> None:
        """Accept what `limits` allow; `wake` has waiting mails sent at once."""
        self._site = site
        self._limits = limits
        self._wake = wake

    # --- The way there --------------------------------------------------------------------------

    def ask_form(self, request: Request) -> Response:
        """Ask for the address to which a link is mailed."""
        site = visited(self._site, request)
        if not site.takes_sign_ups:
            return message(site, "no_sign_ups", status=404)
        return _ask_page(site)

    async def ask(self, request: Request) -> Response:
        """Mail a link to whoever gets the newsletter at an address; say the same to everybody."""
        site = visited(self._site, request)
        if not site.takes_sign_ups:
            return message(site, "no_sign_ups", status=404)
        began = asyncio.get_running_loop().time()
        form = await read_form(request)
        letter = site.config.letter
        if not is_from_here(request, site.address):
            return message(site, "foreign", status=403)
        if not is_fresh(letter.secrets, "preferences", form.text("form"), site.clock()):
            return _ask_page(site, wrong="form", status=422)
        if not self._limits.allow(network_of(request)):
            return message(site, "too_many", status=429)
        try:
            email = read_address(form.text("email"))
        except ValueError:
            return _ask_page(site, wrong="email", status=422)
        if not form.raw(TRAP):
            await run_in_threadpool(site.requests.ask_at, email, site.clock())
            self._wake()
        await until_same_time(began)
        return message(site, "mailed")

    def link_form(self, request: Request) -> Response:
        """Show the button that has a link mailed to the reader whose mail this link is from."""
        site = visited(self._site, request)
        found = whose(site, request, "preferences")
        if isinstance(found, Response):
            return found
        token = request.path_params["token"]
        return page(site, "button.html", {"kind": "manage", "action": f"/preferences/{token}"})

    async def link(self, request: Request) -> Response:
        """Mail a link to the reader whose mail this link is from."""
        site = visited(self._site, request)
        found = whose(site, request, "preferences")
        if isinstance(found, Response):
            return found
        await run_in_threadpool(site.requests.ask_to_manage, found, site.clock())
        self._wake()
        return message(site, "mailed")

    # --- The pages ------------------------------------------------------------------------------

    def show(self, request: Request) -> Response:
        """Show what the reader gets, and may change."""
        site = visited(self._site, request)
        found = _reader(site, request)
        if isinstance(found, Response):
            return found
        return _choices_page(site, request, found)

    async def change(self, request: Request) -> Response:
        """Do what the form on the page asks for."""
        site = visited(self._site, request)
        found = await run_in_threadpool(_reader, site, request)
        if isinstance(found, Response):
            return found
        if not is_from_here(request, site.address):
            return message(site, "foreign", status=403)
        form = await read_form(request)
        return await run_in_threadpool(self._do, site, request, found, form)

    def _do(self, site: Site, request: Request, reader: Subscription, form: SentForm) -> Response:
        now, subscribers = site.clock(), site.day.stores.subscribers
        what, done = form.text("do"), ""
        if what in ("look", "save"):
            chosen = read_choices(form, reader.wishes, site.config.choice.topic_names, site.today())
            problems = chosen.problems
            if what == "look" or problems:
                days = () if problems else look(site, chosen.wishes, reader)
                return _choices_page(site, request, reader, problems=problems, form=form, days=days)
            _save(site, reader, chosen)
            done = "saved"
        elif what == "resume":
            subscribers.change(reader.email, SubscriberState.ACTIVE, Origin.SITE.value, now)
            done = "resumed"
        elif what == "leave":
            site.requests.leave(reader.id, now)
            done = "left"
        elif what == "undo" and form.text("kind") in set(FeedbackKind):
            kind = FeedbackKind(form.text("kind"))
            name = form.text("paper")
            known = site.day.stores.papers.with_keys([name])
            site.feedback.take_back(reader.id, (name, *(known[0].keys if known else ())), kind)
            done = "undone"
        elif what == "erase" and form.text("sure") == "yes":
            site.requests.erase(reader.id, now)
            site.day.folders.outbox.forget(reader.id, reader.email)
            own = site.in_language(reader.wishes.language)
            return message(own, "erased", listed=reader.origin is Origin.YAML)
        return _again(site, request, reader.id, done=done)

    def export(self, request: Request) -> Response:
        """Give the reader all that is kept about them, as JSON."""
        site = visited(self._site, request)
        found = _reader(site, request)
        if isinstance(found, Response):
            return found
        ledger = site.day.stores.ledger
        told = {
            "subscription": asdict(found),
            "feedback": [asdict(said) for said in site.feedback.of(found.id)],
            "deliveries": [asdict(row) for row in ledger.history(found.id)],
            "suppression": _suppression(site, found.email),
        }
        text = json.dumps(told, default=str, ensure_ascii=False, indent=1)
        return attachment(text, "application/json", "newsletter-data.json", PRIVATE)

    def saved(self, request: Request) -> Response:
        """Give the papers that the reader saved, as BibTeX or RIS."""
        site = visited(self._site, request)
        found = _reader(site, request)
        if isinstance(found, Response):
            return found
        papers = [card.paper for card in _said(site, found, FeedbackKind.SAVE)]
        if request.path_params["kind"] not in ("bib", "ris"):
            raise HTTPException(404)
        if request.path_params["kind"] == "bib":
            return attachment(bibtex(papers), BIBTEX, "saved.bib", PRIVATE)
        return attachment(ris(papers), RIS, "saved.ris", PRIVATE)


def _choices_page(
    site: Site,
    request: Request,
    reader: Subscription,
    *,
    problems: Mapping[str, Remark] | None = None,
    form: SentForm | None = None,
    done: str = "",
    days: Sequence[ShownDay] = (),
) -> Response:
    choice, wishes = site.config.choice, reader.wishes
    site = site.in_language(wishes.language)

    def shown(name: str, known: str | None) -> str | None:
        return form.raw(name) if form else known

    more, less = (_said(site, reader, kind) for kind in (FeedbackKind.MORE, FeedbackKind.LESS))
    topics = form.many("topics") if form else (wishes.topics or choice.topic_names)
    values = {
        "title": "",
        "path": "",
        "canonical": "",
        "action": f"/manage/{request.path_params['token']}",
        "reader": reader,
        "problems": problems or {},
        "done": done,
        "topics": [(topic.name, topic.title, topic.name in topics) for topic in choice.topics],
        "name": shown("name", reader.name),
        "words": shown("words", term_lines(wishes.words)),
        "follow": shown("follow", "\n".join(wishes.follow)),
        "mute": shown("mute", term_lines(wishes.mute)),
        "mute_authors": shown("mute_authors", "\n".join(wishes.mute_authors)),
        "hour": shown("hour", str(wishes.hour) if wishes.hour >= 0 else "any"),
        "timezone": shown("timezone", wishes.timezone),
        "language": shown("language", wishes.language),
        "languages": [(code, own_name(code)) for code in LANGUAGES],
        "cadence": shown("cadence", wishes.cadence.value),
        "length": shown("length", wishes.length.value),
        "pause": shown("pause", ""),
        "own_zone": str(site.config.zone),
        "tomorrow": site.today() + dt.timedelta(days=1),
        "saved": _said(site, reader, FeedbackKind.SAVE),
        "more": more,
        "less": less,
        "taught": {
            **site.past.taught([card.paper for card in more], reader.more),
            **site.past.taught([card.paper for card in less], reader.less),
        },
        "days": days,
        "by_link": reader.changed_by == LINK,
    }
    return page(site, "preferences.html", values, status=422 if problems else 200)


def _save(site: Site, reader: Subscription, chosen: Chosen) -> None:
    """Write what a reader has chosen."""
    now, subscribers = site.clock(), site.day.stores.subscribers
    subscribers.choose(reader.id, chosen.name, chosen.wishes, now)
    if chosen.pause_until and reader.state in (SubscriberState.ACTIVE, SubscriberState.PAUSED):
        state, by = SubscriberState.PAUSED, Origin.SITE.value
        subscribers.change(reader.email, state, by, now, until=chosen.pause_until)


def _again(site: Site, request: Request, subscriber: str, *, done: str) -> Response:
    """Return the page as it is after a change."""
    reader = site.day.stores.subscribers.with_id(subscriber)
    if reader is None:
        return message(site, "damaged", status=404)
    return _choices_page(site, request, reader, done=done)


def _said(site: Site, reader: Subscription, kind: FeedbackKind) -> tuple[Card, ...]:
    """Return the papers about which a reader said something, the latest first."""
    said = site.feedback.of(reader.id, [kind])
    stored = site.day.stores.papers.with_keys(feedback.paper for feedback in said)
    by_key = {key: paper for paper in stored for key in paper.keys}
    picks = [(None, bare(by_key[given.paper])) for given in said if given.paper in by_key]
    return cards(site, picks)


def _suppression(site: Site, email: str) -> dict[str, object] | None:
    found = site.day.stores.suppressions.get(email)
    return asdict(found) if found else None


def _ask_page(site: Site, *, wrong: str = "", status: int = 200) -> Response:
    values = {
        "title": "",
        "path": "/preferences",
        "canonical": "/preferences",
        "form": form_token(site.config.letter.secret, "preferences", site.clock()),
        "wrong": wrong,
    }
    return page(site, "ask.html", values, status=status)


def _reader(site: Site, request: Request) -> Subscription | Response:
    """Return whose pages a fresh link opens, or the page that says what is wrong."""
    try:
        token = read_token(
            site.config.letter.secrets, "manage", request.path_params["token"], site.clock()
        )
    except ExpiredLinkError:
        return message(site, "old_manage", status=410)
    except LinkError:
        return message(site, "damaged", status=404)
    found = site.day.stores.subscribers.with_id(token.subject)
    if found is None or found.state in (SubscriberState.ERASED, SubscriberState.PENDING):
        return message(site, "damaged", status=404)
    return found
