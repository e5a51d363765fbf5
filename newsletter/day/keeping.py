"""forget(): what was kept long enough goes; each run and the site do it.

`cutoffs` decides, and nothing else does; store.retention deletes rows, store.clearing files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

from newsletter.collect.services.table import ENRICHERS
from newsletter.config.settings import Keeping
from newsletter.day import figures
from newsletter.day.given import Day
from newsletter.day.hooks import CALLERS
from newsletter.day.readers import likes
from newsletter.day.results import Forgotten
from newsletter.learn.tastes import named
from newsletter.store.clearing import Cleared, clear_days, clear_old
from newsletter.store.retention import Cutoffs
from newsletter.store.sources import source_id

FACT: Final = "keep"
"""What is remembered of this under, among the facts."""
CLOSES: Final = 3
"""Days after which an issue is closed, if all is final: what is sent later would be too old."""
MERGES: Final = dt.timedelta(days=14)
"""How often deleted words are taken out of the index of searches: each time all of it is read."""
ONCE: Final = dt.timedelta(days=3)
"""How long providers' requests are remembered; none is taken that is older than 25 hours."""
_LONG_AGO = dt.date(1970, 1, 1)


def cutoffs(keep: Keeping, today: dt.date, max_age_days: int) -> Cutoffs:
    """Return the day before which each kind of thing goes.

    A paper that may still be news (`max_age_days`) is kept, whatever `keep` says.
    """

    def before(days: int, least: int = 0) -> dt.date | None:
        return today - dt.timedelta(days=max(days, least)) if days else None

    return Cutoffs(
        papers=before(keep.papers, max_age_days + CLOSES),
        shown=before(keep.shown),
        seen=before(keep.seen),
        editions=before(keep.editions),
        ledger=before(keep.ledger),
        answers=before(keep.answers),
        health=dt.timedelta(days=keep.answers) if keep.answers else None,
    )


def forget(day: Day) -> Forgotten:
    """Delete what was kept for as long as `keep:` of the configuration says; return what went.

    What people want forgotten goes at once; the rest is looked for once a day, or when `keep:` was
    changed. A run that is killed meanwhile leaves the rest to the next one. Raises StoreError when
    the database cannot be used, or the disk refuses.
    """
    now, stores = day.clock(), day.stores
    today = now.date()
    _forget_people(day, now)
    stores.tallies.close(today - dt.timedelta(days=CLOSES))
    mark = {"day": today.isoformat(), **asdict(day.config.keeping)}
    if stores.facts.known(FACT, ["done"]).get("done") == mark:
        return Forgotten()
    stores.suppressions.forget_requests(CALLERS, now - ONCE)
    gone = stores.retention.forget(
        cutoffs(day.config.keeping, today, day.config.choice.max_age_days),
        today,
        liked=lambda: named(likes(day)),
        sources=[source_id(source) for source in day.config.collecting.sources],
        services=[*ENRICHERS, figures.FACT],
    )
    if day.config.keeping.answers:
        stores.sentences.forget(today - dt.timedelta(days=day.config.keeping.answers))
    merged = stores.facts.known(FACT, ["merged"], now - MERGES).get("merged")
    if gone.papers and not merged:
        stores.retention.merge_search()
        stores.facts.save(FACT, {"merged": {"day": today.isoformat()}}, now)
    cleared = sum(_clear_files(day, now), Cleared())
    # While somebody may be sending, nobody else may hold the whole database.
    is_sending = bool(stores.issues.unfinished(today + dt.timedelta(days=2)))
    shrunk = 0 if is_sending else stores.retention.give_back()
    stores.facts.save(FACT, {"done": mark}, now)
    return Forgotten(rows=gone, files=cleared, shrunk=shrunk)


def _forget_people(day: Day, now: dt.datetime) -> None:
    """Delete requests that nobody confirmed, people who left long ago, and old addresses."""
    keep, stores = day.config.keeping, day.stores
    stores.requests.forget(now, dt.timedelta(days=keep.requests))
    if keep.left:
        stores.requests.erase_left(now - dt.timedelta(days=keep.left), now)
    stores.ledger.forget_erased()
    if keep.addresses:
        # Issues that were done before are not looked at again: there may be many.
        known = stores.facts.known(FACT, ["addresses"])
        told = known.get("addresses", {}).get("before")
        first = dt.date.fromisoformat(str(told)) if told else _LONG_AGO
        before = now.date() - dt.timedelta(days=keep.addresses)
        if first < before:
            stores.ledger.forget_addresses(first - dt.timedelta(days=7), before)
            stores.facts.save(FACT, {"addresses": {"before": before.isoformat()}}, now)


def _clear_files(day: Day, now: dt.datetime) -> Iterable[Cleared]:
    """Delete files that are over; yield what went."""
    keep, folders = day.config.keeping, day.folders
    outbox, today = folders.outbox.folder, now.date()
    if keep.outbox:
        before = today - dt.timedelta(days=keep.outbox)
        yield clear_days(outbox, before, stays=day.stores.tallies.is_open)
        for kind in sorted(outbox.glob("notices/*/")):
            yield clear_days(kind, before)
    if keep.faults:
        yield clear_old(folders.faults.folder, now - dt.timedelta(days=keep.faults))
    if keep.published:
        yield clear_days(folders.archive.folder, today - dt.timedelta(days=keep.published))
    if keep.figure_days:
        before_moment = now - dt.timedelta(days=keep.figure_days)
        yield folders.figures.forget(before_moment, folders.archive.figures)
