"""What is remembered of each source between visits: its health, and what it was recognised by."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from newsletter.model import Health, Source, SourceReport
from newsletter.store.database import Database
from newsletter.store.tables import sources

REMEMBERED_DAYS = 60
"""Days whose numbers of new papers are kept: what a source's habit is judged by."""
LISTED = dt.timedelta(days=7)
"""A source that no longer is in the configuration, nor in a list of it, is forgotten after that."""
_HEALTH = TypeAdapter(Health)


class SourceStore:
    """Sources in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def remembered(self) -> Callable[[Source], Health]:
        """Return what is remembered of each source; of a stranger, nothing."""
        with self._database.transaction() as connection:
            rows = dict(connection.execute(sa.select(sources.c.id, sources.c.data)).all())
        return lambda source: _health(rows.get(source_id(source)))

    def known(
        self, configured: Sequence[Source], now: dt.datetime
    ) -> tuple[tuple[str, Health], ...]:
        """Return name and health of the configured sources, then of those that lists named."""
        remembered = self.remembered()
        ours = {source_id(source) for source in configured}
        query = (
            sa.select(sources.c.name, sources.c.data)
            .where(sources.c.id.not_in(ours), sources.c.visited_at > now - LISTED)
            .order_by(sources.c.name)
        )
        with self._database.transaction() as connection:
            others = [(row.name, _health(row.data)) for row in connection.execute(query)]
        return (*((source.name, remembered(source)) for source in configured), *others)

    def record(self, source: Source, report: SourceReport, now: dt.datetime) -> Health:
        """Write how a visit went; return what is remembered from now on."""
        here = sources.c.id == source_id(source)
        with self._database.transaction() as connection:
            data = connection.scalar(sa.select(sources.c.data).where(here))
            health = after(_health(data), report, now)
            values = {
                "name": source.name,
                "data": _HEALTH.dump_python(health, mode="json"),
                "visited_at": now,
            }
            if data is None:
                connection.execute(sources.insert().values(id=source_id(source), **values))
            else:
                connection.execute(sources.update().where(here).values(**values))
        return health


def after(health: Health, report: SourceReport, now: dt.datetime) -> Health:
    """Return what is to be remembered after a visit: a bad one forgets nothing good."""
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
        # A new address that fails is forgotten: the old one will tell where to go.
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
    """Return a digest of what decides which papers a source gives.

    When any of it changes, the server must be asked for the whole document again: a 304 would
    hide what an earlier setting had left out. Secrets are no part of it.
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
    """Return what a row remembers; one that cannot be read is learnt anew at the next visit."""
    try:
        return Health() if data is None else _HEALTH.validate_python(data, strict=False)
    except ValidationError:
        return Health()
