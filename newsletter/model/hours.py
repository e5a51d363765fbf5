"""Hours of readers: when it is a certain hour where somebody lives."""

from __future__ import annotations

import datetime as dt
import functools
from zoneinfo import ZoneInfo

HOUR = dt.timedelta(hours=1)


@functools.lru_cache(maxsize=1_000)
def known_zone(name: str) -> str:
    """Return the name of a time zone that there is, or nothing: zones are renamed at times."""
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, OSError, ValueError):  # not found, a folder, or no name of one
        return ""


def next_hour(hour: int, zone: ZoneInfo, now: dt.datetime) -> dt.datetime | None:
    """Return when it is `hour` in `zone` for the next time; None when it is that hour now.

    An hour that the clocks skip in spring begins when they have passed it. Of an hour that comes
    twice in autumn, the first one counts, but in the second one it is that hour, too.
    """
    here = now.astimezone(zone)
    starts = [
        dt.datetime.combine(here.date() + dt.timedelta(days=days), dt.time(hour), zone).astimezone(
            dt.UTC
        )
        for days in (0, 1, 2)
    ]
    if here.hour == hour or any(start <= now < start + HOUR for start in starts):
        return None
    return min(start for start in starts if start > now)
