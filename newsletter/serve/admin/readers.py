"""Readers: who there is; one of them, with what they chose, what came and what failed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from newsletter.model import Feedback, Origin, SubscriberState, Subscription
from newsletter.serve.admin.door import Desk
from newsletter.serve.admin.issues import AT_ONCE, ROWS, delivery_sheet
from newsletter.serve.admin.sheets import sheet
from newsletter.serve.forms import date_in
from newsletter.serve.views import path_of
from newsletter.store.lines import DeliveryLine
from newsletter.subscribe.exports import HEADINGS, cells_of
from newsletter.subscribe.preferences import term_lines

MOST_SAID: Final = 50
"""What a reader said about papers that is shown."""
MOST_BOUNCES: Final = 20
_STATES: Final = {
    "pause": (SubscriberState.ACTIVE,),
    "resume": (SubscriberState.PAUSED, SubscriberState.LEFT),
    "remove": (SubscriberState.ACTIVE, SubscriberState.PAUSED, SubscriberState.PENDING),
}
"""What may be done with a reader, by their state: who has not confirmed is never made to get mail,
and nothing brings back who was erased."""


def readers(desk: Desk) -> Response:
    """Show the readers by address."""
    text, states, origins = _chosen(desk)
    after = desk.given("after")
    found = desk.accounts.readers(ROWS + 1, after=after, text=text, states=states, origins=origins)
    shown = found[:ROWS]
    chosen = {
        "q": text,
        "state": states[0].value if states else "",
        "origin": origins[0].value if origins else "",
    }
    values = {
        "section": "readers",
        "readers": shown,
        "counts": desk.site.day.stores.subscribers.counts(),
        "origins": tuple(Origin),
        "chosen": chosen,
        "next": {**chosen, "after": shown[-1].address} if len(found) > ROWS else None,
        "is_first": not after,
    }
    return desk.page("admin_readers.html", values)


def readers_sheet(desk: Desk) -> Response:
    """Give the readers as CSV, which `newsletter subscribers import` reads."""
    text, states, origins = _chosen(desk)
    found = desk.site.day.stores.subscribers.all(states=states, origins=origins, text=text)
    return sheet("readers.csv", HEADINGS, map(cells_of, found))


def reader(desk: Desk) -> Response:
    """Show one reader."""
    return _page(desk, _reader(desk))


def change_reader(desk: Desk) -> Response:
    """Pause, resume or remove a reader."""
    person, what = _reader(desk), desk.form.text("do")
    if person.state not in _STATES.get(what, ()):
        return desk.go(f"/admin/readers/{person.id}", done="not_now")
    until: dt.date | None = None
    given = desk.form.text("until")
    if what == "pause" and given:
        until = _later(given, desk.site.today())
        if until is None:
            return _page(desk, person, problem="until", status=422)
    state = {
        "pause": SubscriberState.PAUSED,
        "resume": SubscriberState.ACTIVE,
        "remove": SubscriberState.LEFT,
    }[what]
    # As by the command: the file does not undo it.
    desk.site.day.stores.subscribers.change(
        person.email, state, Origin.COMMAND.value, desk.now, until=until
    )
    return desk.go(f"/admin/readers/{person.id}", done=what)


def history_sheet(desk: Desk) -> Response:
    """Give what one reader got as CSV."""
    person = _reader(desk)

    def read() -> Iterator[DeliveryLine]:
        before: dt.date | None = None
        while found := desk.accounts.history(person.id, AT_ONCE, before=before):
            yield from found
            before = found[-1].issue

    return delivery_sheet(desk, f"reader-{person.id}.csv", read())


def _page(desk: Desk, person: Subscription, *, problem: str = "", status: int = 200) -> Response:
    site, accounts = desk.site, desk.accounts
    before = date_in(desk.given("before"))
    found = accounts.history(person.id, ROWS + 1, before=before)
    shown = tuple(replace(row, reason=site.day.redact(row.reason)) for row in found[:ROWS])
    said = site.feedback.of(person.id)
    values = {
        "section": "readers",
        "reader": person,
        "wishes": _wishes(person),
        "may": [what for what, states in _STATES.items() if person.state in states],
        "history": shown,
        "next": {"before": shown[-1].issue.isoformat()} if len(found) > ROWS else None,
        "is_first": before is None,
        "said": _titled(desk, said[:MOST_SAID]),
        "more_said": max(0, len(said) - MOST_SAID),
        "bounces": accounts.bounces(MOST_BOUNCES, email=person.email) if person.email else (),
        "suppression": site.day.stores.suppressions.get(person.email),
        "tomorrow": site.today() + dt.timedelta(days=1),
        "problem": problem,
    }
    return desk.page("admin_reader.html", values, status=status)


def _wishes(person: Subscription) -> dict[str, object]:
    """Return what somebody chose as lines of text; None is what only YAML can say."""
    wishes = asdict(person.wishes)
    return {
        **wishes,
        "words": _lines(person.wishes.words),
        "mute": _lines(person.wishes.mute),
    }


def _lines(words: object) -> Sequence[str] | None:
    found = term_lines(words)
    return None if found is None else found.splitlines()


def _titled(desk: Desk, said: Sequence[Feedback]) -> list[tuple[Feedback, str, str]]:
    """Return what was said about papers, each with the paper's title and path, if we know it."""
    papers = desk.site.day.stores.papers.with_keys(given.paper for given in said)
    known = {key: paper for paper in papers for key in paper.keys}
    return [
        (given, known[given.paper].title, path_of(known[given.paper]))
        if given.paper in known
        else (given, given.paper, "")
        for given in said
    ]


def _chosen(desk: Desk) -> tuple[str, tuple[SubscriberState, ...], tuple[Origin, ...]]:
    """Return which readers are asked for: by text, states and origins; none: all of them."""
    state, origin = desk.given("state"), desk.given("origin")
    return (
        desk.given("q"),
        (SubscriberState(state),) if state in set(SubscriberState) else (),
        (Origin(origin),) if origin in set(Origin) else (),
    )


def _reader(desk: Desk) -> Subscription:
    """Return the reader of the address; raises HTTPException (404) when there is none."""
    found = desk.site.day.stores.subscribers.with_id(desk.request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    return found


def _later(text: str, today: dt.date) -> dt.date | None:
    """Return a date after `today`; None when it is none."""
    date = date_in(text)
    return date if date and date > today else None
