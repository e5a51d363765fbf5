"""Try before you subscribe: what would have come on the last days for what somebody types.

Nothing is kept: what was typed, and said yes or no to, is in the page's own form, and comes back
with it. One press more, with an address, makes it a subscription.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.day.interests import MOST_LIKES, Interest, interest_wishes, read_interest
from newsletter.day.strangers import no_file
from newsletter.day.trying import TriedDay, ask_about, try_days
from newsletter.learn.spaces import FEWEST
from newsletter.model import Subscription, Wishes
from newsletter.render.locales import long_date
from newsletter.serve.forms import SentForm, form_token, read_form
from newsletter.serve.given import DAYS, Site, SiteNow, visited
from newsletter.serve.limits import Limits
from newsletter.serve.look import message, page
from newsletter.serve.shell import is_from_here, network_of
from newsletter.serve.views import Card, bare, cards

ASKED: Final = 4
"""Papers that one is asked to say yes or no to."""
MOST_SAID: Final = 30
"""Papers that one may say yes, or no, to."""
AT_ONCE: Final = 2
"""Tries that are worked on: each takes a processor, and a library a process of its own."""
MAX_LIKE: Final = 300
"""Characters of a like: a title, or an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a form asks for."""

    text: str
    interest: Interest
    more: tuple[str, ...]
    less: tuple[str, ...]

    @property
    def wishes(self) -> Wishes:
        """What a subscription stores of it."""
        wishes = interest_wishes(self.interest)
        return replace(
            wishes,
            likes=tuple(dict.fromkeys((*wishes.likes, *self.more)))[:MOST_LIKES],
            dislikes=self.less,
        )


class Trying:
    """The page on which one sees what would have come."""

    def __init__(self, site: SiteNow, limits: Limits) -> None:
        """Answer what `limits` allow: a try costs time."""
        self._site = site
        self._limits = limits
        self._turns = asyncio.Semaphore(AT_ONCE)

    def form(self, request: Request) -> Response:
        """Show the form; `q` may be filled in, so that one can link to it."""
        text = request.query_params.get("q", "")
        return _page(
            visited(self._site, request),
            Asked(text=text[:2_000], interest=Interest(), more=(), less=()),
        )

    async def show(self, request: Request) -> Response:
        """Show what would have come."""
        site = visited(self._site, request)
        if not is_from_here(request, site.address):
            return message(site, "foreign", status=403)
        if not self._limits.allow(network_of(request)):
            return message(site, "too_many", status=429)
        form = await read_form(request)
        async with self._turns:
            return await run_in_threadpool(_tried, site, form)


def read_asked(site: Site, form: SentForm) -> Asked:
    """Return what a form asks for: what was typed, what a library gave, yes and no."""
    stores = site.day.stores
    text = form.raw("interest")
    interest = read_interest(
        text,
        library=form.files.get("library", b""),
        topics=site.config.choice.topics,
        papers=stores.papers,
        search=stores.search,
    )
    likes = tuple(no_file(like[:MAX_LIKE]) for like in form.many("like")[:MOST_LIKES] if like)
    interest = replace(interest, likes=tuple(dict.fromkeys((*interest.likes, *likes)))[:MOST_LIKES])
    verdict, _, paper = form.text("say").partition(":")
    more = [*form.many("more"), *([paper] if verdict == "more" else [])]
    less = [*form.many("less"), *([paper] if verdict == "less" else [])]
    wanted = dict.fromkeys([*more, *less][: 2 * MOST_SAID])
    known = {found.id for found in stores.papers.with_keys(wanted)}
    return Asked(
        text=text,
        interest=interest,
        more=tuple(name for name in dict.fromkeys(more) if name in known)[:MOST_SAID],
        less=tuple(name for name in dict.fromkeys(less) if name in known)[:MOST_SAID],
    )


def _tried(site: Site, form: SentForm) -> Response:
    asked = read_asked(site, form)
    if asked.interest.is_empty and not asked.more:
        return _page(site, asked, is_asked=True)
    dates = site.picks.dates()[:DAYS]
    tried = try_days(
        site.day, asked.interest, dates, past=site.past, more=asked.more, less=asked.less
    )
    said = (*asked.more, *asked.less)
    papers = ask_about(tried, said, ASKED)
    questions = cards(site, [(None, bare(paper)) for paper in papers])
    return _page(site, asked, tried, questions, is_asked=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDay:
    """What would have come on one day."""

    date: str
    of: int
    cards: Sequence[Card]
    """What is there for what was typed; without words or likes, all of it."""
    others: Sequence[Card]
    """What else the newsletter's topics would have brought."""


def look(site: Site, wishes: Wishes, reader: Subscription) -> tuple[ShownDay, ...]:
    """Return what a reader would have got on the last days with other wishes."""
    dates = site.picks.dates()[:DAYS]
    tried = try_days(site.day, wishes, dates, past=site.past, more=reader.more, less=reader.less)
    return tuple(_shown(site, day, is_own=False) for day in tried)


def _shown(site: Site, day: TriedDay, *, is_own: bool) -> ShownDay:
    own = day.own if is_own else day.picks
    mine = cards(site, [(day.date, pick) for pick in own])
    known = {card.paper.id for card in mine}
    rest = [(day.date, pick) for pick in day.picks if pick.paper.id not in known]
    date = long_date(day.date, site.dialect)
    return ShownDay(date=date, of=day.of, cards=mine, others=cards(site, rest))


def _page(
    site: Site,
    asked: Asked,
    tried: Sequence[TriedDay] = (),
    questions: Sequence[Card] = (),
    *,
    is_asked: bool = False,
) -> Response:
    is_own = bool(asked.interest.words or asked.interest.likes or asked.more)
    days = [_shown(site, day, is_own=is_own) for day in tried]
    secret, now = site.config.letter.secret, site.clock()
    values = {
        "title": "",
        "path": "/try",
        "canonical": "/try",
        "asked": asked,
        "is_asked": is_asked,
        "days": days,
        "found": sum(len(day.cards) for day in days),
        "questions": questions,
        "is_young": sum(day.of for day in tried) < FEWEST,
        "likes": asked.interest.likes,
        "form": form_token(secret, "subscribe", now) if site.takes_sign_ups else "",
    }
    return page(site, "try.html", values)
