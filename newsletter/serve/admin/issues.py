"""Issues: how each stands, who got what, its emails; pause, resume, cancel."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from newsletter.day import letters
from newsletter.errors import StoreError
from newsletter.model import OPEN, DeliveryState, Edition, Issue, IssueState
from newsletter.serve.admin.door import Desk
from newsletter.serve.admin.sheets import sheet
from newsletter.serve.forms import date_in
from newsletter.store.lines import DeliveryLine, IssueLine

ROWS: Final = 50
"""Rows of a page."""
AT_ONCE: Final = 1_000
"""Rows of a file that are read at a time."""
EDITIONS: Final = 20
"""Editions that are named."""
MAIL_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "frame-ancestors 'self'"
)
"""An email may run nothing, and send nothing; only our own pages may show it."""


def issues(desk: Desk) -> Response:
    """Show the issues, the latest first."""
    before = date_in(desk.given("before"))
    found = desk.accounts.issues(ROWS + 1, before=before)
    values = {
        "section": "issues",
        "issues": found[:ROWS],
        "next": {"before": found[ROWS - 1].date.isoformat()} if len(found) > ROWS else None,
        "is_first": before is None,
    }
    return desk.page("admin_issues.html", values)


def issue(desk: Desk) -> Response:
    """Show one issue, and who got what."""
    line = _issue(desk)
    text, state, after = desk.given("q"), _state(desk.given("state")), desk.given("after")
    found = desk.accounts.deliveries(line.date, ROWS + 1, after=after, text=text, state=state)
    shown = tuple(replace(row, reason=desk.site.day.redact(row.reason)) for row in found[:ROWS])
    chosen = {"q": text, "state": state.value if state else ""}
    tally = desk.accounts.tally(line.date)
    values = {
        "section": "issues",
        "issue": line,
        "tally": tally,
        "is_open": any(tally.states[each] for each in OPEN),
        "editions": desk.accounts.editions(line.date, EDITIONS + 1),
        "most_editions": EDITIONS,
        "deliveries": shown,
        "chosen": chosen,
        "next": {**chosen, "after": shown[-1].subscriber} if len(found) > ROWS else None,
        "is_first": not after,
    }
    return desk.page("admin_issue.html", values)


def change_issue(desk: Desk) -> Response:
    """Pause an issue, or go on with it."""
    line, ledger = _issue(desk), desk.site.day.stores.ledger
    what, done = desk.form.text("do"), ""
    if line.state is IssueState.CANCELLED:
        done = "too_late"
    elif what == "pause":
        why = f"paused on the site by {desk.editor.name or 'an editor'}"
        ledger.pause(line.date, why, desk.now)
        done = "paused"
    elif what == "resume":
        ledger.resume(line.date)
        done = "resumed"
    return desk.go(f"/admin/issues/{line.date}", done=done)


def ask_cancel(desk: Desk) -> Response:
    """Ask whether an issue is really to be given up."""
    line = _issue(desk)
    tally = desk.accounts.tally(line.date)
    values = {
        "section": "issues",
        "issue": line,
        "waiting": sum(
            tally.states[state] for state in (DeliveryState.PLANNED, DeliveryState.DEFERRED)
        ),
    }
    return desk.page("admin_cancel.html", values)


def cancel(desk: Desk) -> Response:
    """Give up an issue for good."""
    line = _issue(desk)
    if desk.form.text("do") != "cancel":
        return desk.go(f"/admin/issues/{line.date}/cancel")
    desk.site.day.stores.ledger.cancel(line.date, desk.now)
    return desk.go(f"/admin/issues/{line.date}", done="cancelled")


def mail(desk: Desk) -> Response:
    """Show an email of an issue, in a frame that may do nothing."""
    line = _issue(desk)
    editions = desk.accounts.editions(line.date, EDITIONS)
    reader = desk.given("reader")
    key = reader or desk.given("edition") or next((key for key, _ in editions), "")
    shown = {"reader" if reader else "edition": key}
    values = {
        "section": "issues",
        "issue": line,
        "editions": editions,
        "key": key,
        "shown": shown,
        "is_made_now": bool(reader),
    }
    return desk.page("admin_mail.html", values)


def edition(desk: Desk) -> Response:
    """Give an email itself, as nobody in particular gets it."""
    line, letter = _issue(desk), desk.site.config.letter
    found = _edition(desk, line)
    if isinstance(found, Edition):
        pictures = desk.site.day.folders.figures.read
        files = letters.files(letter, as_issue(line), found, letters.NOBODY, desk.now, pictures)
        _, content = next(files)
    else:
        content = html.escape(desk.site.day.redact(found)).encode()
    headers = {
        "Content-Security-Policy": MAIL_POLICY,
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(content, headers=headers)


def _edition(desk: Desk, line: IssueLine) -> Edition | str:
    """Return the edition that is asked for, or why there is none.

    That of a single reader may be made only when it is sent: then it is made as it would be now.
    """
    day, reader = desk.site.day, desk.given("reader")
    if not reader:
        try:
            return day.stores.issues.edition(line.date, desk.given("edition"))
        except StoreError:
            raise HTTPException(404) from None
    if day.stores.subscribers.with_id(reader) is None:
        raise HTTPException(404)
    of_issue = replace(day, date=line.date)
    made = desk.site.personal.make(of_issue, as_issue(line), [reader])[reader]
    return made if isinstance(made, Edition | str) else str(made)


def deliveries_sheet(desk: Desk) -> Response:
    """Give who got what as CSV."""
    line = _issue(desk)
    text, state = desk.given("q"), _state(desk.given("state"))

    def read() -> Iterator[DeliveryLine]:
        after = ""
        while found := desk.accounts.deliveries(
            line.date, AT_ONCE, after=after, text=text, state=state
        ):
            yield from found
            after = found[-1].subscriber

    return delivery_sheet(desk, f"deliveries-{line.date}.csv", read())


def delivery_sheet(desk: Desk, name: str, lines: Iterator[DeliveryLine]) -> Response:
    """Return deliveries as CSV."""
    columns = "issue email subject edition state attempts code reason verdict changed_at"
    redact = desk.site.day.redact
    rows = (
        (
            line.issue.isoformat(), line.email, line.subject, line.edition, line.state.value,
            str(line.attempt), str(line.code or ""), redact(line.reason), line.verdict,
            line.changed_at.isoformat(),
        )
        for line in lines
    )  # fmt: skip
    return sheet(name, columns.split(), rows)


def as_issue(line: IssueLine) -> Issue:
    """Return an issue as the letters want it."""
    return Issue(date=line.date, number=line.number, papers=line.papers, planned_at=line.planned_at)


def _issue(desk: Desk) -> IssueLine:
    """Return the issue of the address; raises HTTPException (404) when there is none."""
    date = date_in(desk.request.path_params["date"])
    found = desk.accounts.issue(date) if date else None
    if found is None:
        raise HTTPException(404)
    return found


def _state(text: str) -> DeliveryState | None:
    return DeliveryState(text) if text in set(DeliveryState) else None
