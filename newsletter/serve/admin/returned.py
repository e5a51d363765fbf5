"""What came back, and the addresses that get no mail any more; one of them can be mailed again."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from newsletter.serve.admin.door import Desk
from newsletter.serve.admin.issues import ROWS

LATEST: Final = 50
"""Bounces that are shown."""


def returned(desk: Desk) -> Response:
    """Show the latest bounces, and the suppressions by address."""
    text, after = desk.given("q"), desk.given("after")
    found = desk.accounts.suppressions(ROWS + 1, after=after, text=text)
    shown = found[:ROWS]
    values = {
        "section": "returned",
        "q": text,
        "bounces": desk.accounts.bounces(LATEST, text=text),
        "suppressions": shown,
        "next": {"q": text, "after": shown[-1].email} if len(found) > ROWS else None,
        "is_first": not after,
    }
    return desk.page("admin_returned.html", values)


def lift(desk: Desk) -> Response:
    """Allow mail to an address again."""
    is_done = desk.site.day.stores.suppressions.remove(desk.form.text("email"))
    return desk.go("/admin/bounces", done="lifted" if is_done else "not_there")
