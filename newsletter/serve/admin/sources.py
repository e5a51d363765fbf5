"""The health of the sources."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from starlette.responses import Response

from newsletter.model import Health
from newsletter.serve.admin.door import Desk

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source in a list."""

    name: str
    health: Health
    error: str
    """The last error, without secrets."""
    papers: int
    """New papers of the last seven days."""
    is_stale: bool

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done about it."""
        return not (self.health.failures or self.health.retired or self.is_stale)


def sources(desk: Desk) -> Response:
    """Show every source."""
    collecting = desk.site.config.collecting
    values = {"section": "sources", "lines": _lines(desk), "left_out": collecting.left_out}
    return desk.page("admin_sources.html", values)


def ailing(desk: Desk) -> tuple[SourceLine, ...]:
    """Return the sources about which something has to be done."""
    return tuple(line for line in _lines(desk) if not line.is_well)


def _lines(desk: Desk) -> tuple[SourceLine, ...]:
    now, day = desk.now, desk.site.day
    since = now.date() - WEEK
    known = day.stores.sources.known(day.config.collecting.sources, now)
    return tuple(
        SourceLine(
            name=name,
            health=health,
            error=day.redact(health.last_error),
            papers=sum(count for date, count in health.days if date > since),
            is_stale=health.is_stale(now),
        )
        for name, health in known
    )
