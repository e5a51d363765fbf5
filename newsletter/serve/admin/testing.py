"""An edition of an issue as a test to any address; the ledger knows nothing of it."""

from __future__ import annotations

from typing import Final

import anyio.from_thread
from starlette.responses import Response

from newsletter.day import letters
from newsletter.errors import NewsletterError, StoreError
from newsletter.serve.admin.door import Desk
from newsletter.serve.admin.issues import as_issue
from newsletter.serve.forms import date_in
from newsletter.world.posts import send_test

LATEST: Final = 10
"""Issues from which one is chosen."""
MAX_SAID: Final = 1_000
"""Characters of the server's answer that are shown."""


def form(desk: Desk) -> Response:
    """Ask for the address and the issue."""
    return _page(desk, date=desk.given("issue"), edition=desk.given("edition"))


def send(desk: Desk) -> Response:
    """Send the test, and say what the server answered."""
    date, key, to = (desk.form.text(name) for name in ("issue", "edition", "email"))
    message = _message(desk, date, key)
    if message is None:
        return _page(desk, date=date, edition=key, to=to, problem="no_edition", status=422)
    said, is_sent = _sent(desk, message, to)
    redacted = desk.site.day.redact(said)[:MAX_SAID]
    return _page(desk, date=date, edition=key, to=to, said=redacted, is_sent=is_sent)


def _sent(desk: Desk, message: bytes, to: str) -> tuple[str, bool]:
    """Send a message; return what was answered, and whether it was taken."""
    try:
        # Pages are made in threads, and mail is sent by the loop.
        return anyio.from_thread.run(send_test, desk.site.config, message, to), True
    except (NewsletterError, ValueError, OSError) as error:
        return str(error), False


def _message(desk: Desk, date: str, key: str) -> bytes | None:
    """Return an edition as mail, to nobody in particular; None when there is no such edition."""
    day = date_in(date)
    line = desk.accounts.issue(day) if day else None
    if line is None:
        return None
    editions = desk.accounts.editions(line.date, 1)
    key = key or next((first for first, _ in editions), "")
    try:
        edition = desk.site.day.stores.issues.edition(line.date, key)
    except StoreError:
        return None
    letter, pictures = desk.site.config.letter, desk.site.day.folders.figures.read
    return letters.sample(letter, as_issue(line), edition, letters.NOBODY, desk.now, pictures)


def _page(
    desk: Desk,
    *,
    date: str,
    edition: str,
    to: str = "",
    said: str = "",
    is_sent: bool = False,
    problem: str = "",
    status: int = 200,
) -> Response:
    values = {
        "section": "test",
        "issues": desk.accounts.issues(LATEST),
        "date": date,
        "edition": edition,
        "to": to,
        "said": said,
        "is_sent": is_sent,
        "problem": problem,
    }
    return desk.page("admin_test.html", values, status=status)
