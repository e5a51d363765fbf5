"""What is remembered of each source between visits: its health and its validators."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from newsletter.model import Health, Source, SourceReport
from newsletter.store.database import Database
from newsletter.store.dialects import replacing
from newsletter.store.tables import sources

REMEMBERED_DAYS = 60
"""Days for which numbers of new papers are kept, to judge a source's usual pauses."""
LISTED = dt.timedelta(days=7)
"""A source that a list of sources named is forgotten then, also when the list cannot be read."""
LIST = "opml"
"""The kind of a source that is a list of sources."""
_HEALTH = TypeAdapter(Health)


class SourceStore:
    """Sources in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def remembered(self) -> Callable[[Source], Health]:
        """Return a function that gives a source's remembered health; empty for a new source."""
        with self._database.reading() as connection:
            rows = dict(connection.execute(sa.select(sources.c.id, sources.c.data)).all())
        return lambda source: _health(rows.get(source_id(source)))

    def known(
        self, configured: Sequence[Source], now: dt.datetime
    ) -> tuple[tuple[str, Health], ...]:
        """Return name and health of the configured sources, then of those from lists of sources.

        What is neither configured nor in a list any more is not told: the last visit of the lists
        has not seen it.
        """
        remembered = self.remembered()
        lists = [remembered(source).last_good for source in configured if source.kind == LIST]
        read = [moment for moment in lists if moment]
        others = self._visited(configured, max(now - LISTED, min(read))) if read else ()
        return (*((source.name, remembered(source)) for source in configured), *others)

    def _visited(
        self, configured: Sequence[Source], since: dt.datetime
    ) -> tuple[tuple[str, Health], ...]:
        """Return name and health of what is not configured, and was visited since then."""
        ours = {source_id(source) for source in configured}
        query = (
            sa.select(sources.c.name, sources.c.data)
            .where(sources.c.id.not_in(ours), sources.c.visited_at >= since)
            .order_by(sources.c.name)
        )
        with self._database.reading() as connection:
            return tuple((row.name, _health(row.data)) for row in connection.execute(query))

    def last_visit(self) -> dt.datetime | None:
        """Return when a source was last visited; None when none ever was."""
        with self._database.reading() as connection:
            found = connection.scalar(sa.select(sa.func.max(sources.c.visited_at)))
        return found if isinstance(found, dt.datetime) else None

    def record(self, source: Source, report: SourceReport, now: dt.datetime) -> Health:
        """Write how a visit went; return what is remembered from now on."""
        here = sources.c.id == source_id(source)
        with self._database.transaction() as connection:
            data = connection.scalar(sa.select(sources.c.data).where(here).with_for_update())
            health = after(_health(data), report, now)
            values = {
                "name": source.name,
                "data": _HEALTH.dump_python(health, mode="json"),
                "visited_at": now,
            }
            row = replacing(connection, sources).values(id=source_id(source), **values)
            connection.execute(row)
        return health


def visited(connection: sa.Connection, now: dt.datetime) -> dict[tuple[str, str], Health]:
    """Return, by id and name, the health of the sources that were visited in the last days."""
    query = sa.select(sources).where(sources.c.visited_at > now - LISTED).order_by(sources.c.id)
    return {(row.id, row.name): _health(row.data) for row in connection.execute(query)}


def after(health: Health, report: SourceReport, now: dt.datetime) -> Health:
    """Return the health after a visit; a failed visit keeps what good ones brought."""
    if not report.asked:
        return health
    failed = not report.ok
    kept = report.validators if report.validators is not None else health.validators
    return Health(
        last_good=health.last_good if failed else now,
        last_new=now if report.new else health.last_new,
        last_error=report.error[:500],
        failures=health.failures + 1 if failed else 0,
        validators=kept,
        fresh_until=report.fresh_until,
        # If a new address fails it is dropped: the old address will redirect again.
        moved_to=report.moved_to,
        retired=report.retired,
        covered=report.covered or health.covered,
        days=health.days if failed else _with_day(health.days, now.date(), report.new),
    )


def _with_day(
    days: tuple[tuple[dt.date, int], ...], today: dt.date, new: int
) -> tuple[tuple[dt.date, int], ...]:
    counts = dict(days)
    counts[today] = counts.get(today, 0) + new
    return tuple(sorted(counts.items()))[-REMEMBERED_DAYS:]


def source_id(source: Source) -> str:
    """Return a digest of the settings that decide which papers a source gives.

    When one of them changes, the whole document must be asked for again: a 304 would hide what the
    earlier setting left out. Secrets are not part of the digest.
    """
    told = repr(
        (
            source.kind,
            source.location,
            source.api,
            source.categories,
            source.announce,
            source.query,
            source.authors,
        )
    )
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _health(data: Any) -> Health:
    """Return the health in a row; if it cannot be read, the next visit learns it again."""
    try:
        return Health() if data is None else _HEALTH.validate_python(data, strict=False)
    except ValidationError:
        return Health()
