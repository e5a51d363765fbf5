"""forget(): what is known of people goes when its time is over; each run and the site do it."""

from __future__ import annotations

import datetime as dt
from typing import Final

from newsletter.day.given import Day

FACT: Final = "keep"
"""What is remembered of this under, among the facts: the issues without addresses."""
_LONG_AGO = dt.date(1970, 1, 1)


def forget(day: Day) -> None:
    """Delete requests that nobody confirmed, people who left long ago, old addresses and figures.

    `keep:` of the configuration says when. Raises StoreError when the database cannot be used.
    """
    now, keep, stores = day.clock(), day.config.keeping, day.stores
    stores.requests.forget(now, dt.timedelta(days=keep.requests))
    if keep.left:
        stores.requests.erase_left(now - dt.timedelta(days=keep.left), now)
    stores.ledger.forget_erased()
    if keep.figure_days:
        day.folders.figures.forget(now - dt.timedelta(days=keep.figure_days))
    if keep.addresses:
        # Issues that were done before are not looked at again: there may be many.
        always = dt.datetime.min.replace(tzinfo=dt.UTC)
        known = stores.facts.known(FACT, ["addresses"], always)
        told = known.get("addresses", {}).get("before")
        first = dt.date.fromisoformat(str(told)) if told else _LONG_AGO
        before = now.date() - dt.timedelta(days=keep.addresses)
        if first < before:
            stores.ledger.forget_addresses(first - dt.timedelta(days=7), before)
            stores.facts.save(FACT, {"addresses": {"before": before.isoformat()}}, now)
