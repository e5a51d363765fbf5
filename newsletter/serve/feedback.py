"""Feedback from a mail: more like this paper, less like it, keep it. One button for each (POST)."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.model import FeedbackKind, Paper, SubscriberState, Subscription
from newsletter.serve.forms import read_form
from newsletter.serve.given import Site, SiteNow, visited
from newsletter.serve.look import message, page, whose
from newsletter.serve.views import bare, cards

BUTTONS: Final = (FeedbackKind.MORE, FeedbackKind.LESS, FeedbackKind.SAVE)


class FeedbackPages:
    """The page that the links below each paper of a mail lead to. It never expires."""

    def __init__(self, site: SiteNow) -> None:
        """Show the site as it is at each request."""
        self._site = site

    def form(self, request: Request) -> Response:
        """Show the paper and the buttons: what only follows links says nothing.

        The button that the link was about (`kind`) stands out, and one press gives it.
        """
        site = visited(self._site, request)
        found = _reader(site, request)
        if isinstance(found, Response):
            return found
        paper = _paper(site, request.query_params.get("paper", ""))
        return _page(site, request, found, paper, asked=request.query_params.get("kind", ""))

    async def give(self, request: Request) -> Response:
        """Note what the reader says, or take it back."""
        site = visited(self._site, request)
        found = await run_in_threadpool(_reader, site, request)
        if isinstance(found, Response):
            return found
        form = await read_form(request)
        paper = await run_in_threadpool(_paper, site, form.text("paper"))
        kind = form.text("kind")
        if kind not in set(FeedbackKind):
            return await run_in_threadpool(_page, site, request, found, paper)
        keys = (paper.id, *paper.keys)
        if form.text("do") == "undo":
            await run_in_threadpool(site.feedback.take_back, found.id, keys, FeedbackKind(kind))
        else:
            await run_in_threadpool(
                site.feedback.give, found.id, keys, FeedbackKind(kind), site.clock()
            )
        return await run_in_threadpool(_page, site, request, found, paper)


def _page(
    site: Site, request: Request, reader: Subscription, paper: Paper, *, asked: str = ""
) -> Response:
    site = site.in_language(reader.wishes.language)
    said = {given.kind.value for given in site.feedback.of(reader.id) if given.paper in paper.keys}
    (card,) = cards(site, [(None, bare(paper))])
    values = {
        "title": "",
        "path": "",
        "canonical": "",
        "card": card,
        "said": said,
        "asked": asked,
        "kinds": [kind.value for kind in BUTTONS],
        "action": f"/feedback/{request.path_params['token']}",
    }
    return page(site, "feedback.html", values)


def _paper(site: Site, paper_id: str) -> Paper:
    """Return a paper by its id; raises HTTPException (404) when there is none."""
    found = site.day.stores.papers.with_keys([paper_id]) if paper_id else ()
    if not found:
        raise HTTPException(404)
    return found[0]


def _reader(site: Site, request: Request) -> Subscription | Response:
    """Return whose mail a link is from, or the page that says that it is none."""
    subscriber = whose(site, request, "feedback")
    if isinstance(subscriber, Response):
        return subscriber
    found = site.day.stores.subscribers.with_id(subscriber)
    if found is None or found.state is SubscriberState.ERASED:
        return message(site, "damaged", status=404)
    return found
