"""The sources: what earlier visits found; nobody is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from newsletter.doctor.diagnoses import Diagnosis, Group, excerpt
from newsletter.model import Health

SOURCES: Final = Group("sources")


def check_sources(
    known: Sequence[tuple[str, Health]], places: Mapping[str, str], now: dt.datetime
) -> Iterator[Diagnosis]:
    """Yield a diagnosis for each source that needs a look, and one for all others.

    `known` are names with their health; `places` says where sources.yaml has each.
    """
    well = 0
    for name, health in known:
        diagnosis = _judged(name, health, places.get(name, ""), now)
        well += diagnosis is None
        if diagnosis is not None:
            yield diagnosis
    if not known:
        yield SOURCES.not_checked("sources", "none is configured")
    elif well:
        visited = sum(health.last_good is not None for _, health in known)
        told = f"{well} of {len(known)} are well"
        yield SOURCES.good("sources", told if visited else f"{len(known)}, not visited yet")


def _judged(name: str, health: Health, where: str, now: dt.datetime) -> Diagnosis | None:
    """Return what is wrong with a source, if anything."""
    if health.retired:
        return SOURCES.error(
            name, "gone for good, says its server", "take it out of sources.yaml", where=where
        )
    if health.failures:
        good = health.last_good
        worked = f"last worked on {good:%Y-%m-%d}" if good else "never worked so far"
        times = f"{health.failures} visit{'s' * (health.failures > 1)} in a row"
        return SOURCES.error(
            name,
            f"{excerpt(health.last_error)} ({times}; {worked})",
            "mend its address, or take it out",
            where=where,
        )
    if health.moved_to:
        told = f"moved for good to {excerpt(health.moved_to)}"
        return SOURCES.notice(name, told, "write that address", where=where)
    if health.is_stale(now) and health.last_new:
        return SOURCES.notice(
            name, f"silent since {health.last_new:%Y-%m-%d}", "is it still kept up?", where=where
        )
    return None
