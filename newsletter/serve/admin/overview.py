"""How the newsletter does: readers, issues, what they say, what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from newsletter.model import DeliveryState, FeedbackKind
from newsletter.serve.admin.door import Desk
from newsletter.serve.admin.plots import DAYS, Plot, plot
from newsletter.serve.admin.sources import ailing
from newsletter.store.incidents import latest_faults
from newsletter.store.lines import IssueLine, Tally

SHOWN: Final = 5
"""Issues that are counted anew at each look."""
SOON: Final = dt.timedelta(minutes=10)
"""How long the numbers of an older issue are remembered of which something may still change."""
LATE: Final = dt.timedelta(hours=12)
"""The same of one that is done: counting ninety large issues takes seconds."""
MOST_FAULTS: Final = 10
WRONG: Final = (DeliveryState.FAILED, DeliveryState.UNKNOWN)


class Overview:
    """The first page; it remembers for some minutes how older issues stand."""

    def __init__(self) -> None:
        """Begin without any numbers."""
        self._kept: dict[dt.date, tuple[dt.datetime, Tally]] = {}

    def show(self, desk: Desk) -> Response:
        """Show all of it."""
        site, stores = desk.site, desk.site.day.stores
        since = desk.now - dt.timedelta(days=DAYS)
        lines = desk.accounts.issues(DAYS, since=since.date())
        tallies = self._tallies(desk, lines)
        faults, count = latest_faults(site.day.folders.faults.folder, MOST_FAULTS)
        latest = lines[:SHOWN] or desk.accounts.issues(SHOWN)
        values = {
            "section": "overview",
            "readers": stores.subscribers.counts(),
            "growth": plot(desk.accounts.growth(since), desk.now.date(), 2),
            "deliveries": _deliveries(tallies, desk.now.date()),
            "feedback": _feedback(desk),
            "notices": desk.accounts.notices(),
            "issues": [(line, self._tally(desk, line.date)) for line in latest],
            "wrong": [
                (line.date, state, tallies[line.date].states[state])
                for line in lines
                for state in WRONG
                if tallies[line.date].states[state]
            ],
            "faults": [(fault.at, site.day.redact(fault.line), fault.file) for fault in faults],
            "more_faults": count - len(faults),
            "ailing": ailing(desk),
        }
        return desk.page("admin_overview.html", values)

    def _tallies(self, desk: Desk, lines: tuple[IssueLine, ...]) -> dict[dt.date, Tally]:
        dates = [line.date for line in lines]
        for date in set(self._kept) - set(dates):
            self._kept.pop(date, None)
        for date in dates[:SHOWN]:
            self._kept[date] = (desk.now, desk.accounts.tally(date))
        return {date: self._tally(desk, date) for date in dates}

    def _tally(self, desk: Desk, date: dt.date) -> Tally:
        known = self._kept.get(date)
        if known is None or not known[0] <= desk.now <= known[0] + _lasts(known[1]):
            known = self._kept[date] = (desk.now, desk.accounts.tally(date))
        return known[1]


def _lasts(tally: Tally) -> dt.timedelta:
    """Return how long the numbers of an issue are remembered."""
    may_change = any(
        count and (state.is_open or state in WRONG) for state, count in tally.states.items()
    )
    return SOON if may_change else LATE


def _deliveries(tallies: Mapping[dt.date, Tally], today: dt.date) -> Plot:
    """Return the plot of what arrived, what waits and what did not arrive, by issue."""
    numbers = {}
    for date, tally in tallies.items():
        arrived = tally.states[DeliveryState.ACCEPTED]
        waits = sum(count for state, count in tally.states.items() if state.is_open)
        numbers[date] = (arrived, waits, tally.total - arrived - waits)
    return plot(numbers, today, 3)


def _feedback(desk: Desk) -> Plot:
    found = desk.accounts.feedback(desk.now - dt.timedelta(days=DAYS))
    kinds = tuple(FeedbackKind)
    numbers = {day: [said.get(kind, 0) for kind in kinds] for day, said in found.items()}
    return plot(numbers, desk.now.date(), len(kinds))
