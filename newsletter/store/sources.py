"""What is remembered of each source: when it last worked, and what it was recognised by."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from newsletter.model import Source, SourceReport, Validators
from newsletter.store.database import Database, sources


class SourceStore:
    """Sources in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def validators(self, wanted: Sequence[Source]) -> dict[str, Validators]:
        """Return the validators of the last good visit, by source name, where there are any."""
        names = {source_id(source): source.name for source in wanted}
        query = sa.select(sources).where(sources.c.id.in_(names))
        with self._database.transaction() as connection:
            return {
                names[row.id]: Validators(etag=row.etag, last_modified=row.last_modified)
                for row in connection.execute(query)
                if row.etag or row.last_modified
            }

    def record(
        self, visited: Sequence[Source], reports: Sequence[SourceReport], now: dt.datetime
    ) -> tuple[SourceReport, ...]:
        """Write how each visit went; return the reports, failures with when it last worked."""
        known = {source.name: source for source in visited}
        with self._database.transaction() as connection:
            return tuple(
                _record(connection, known[report.source], report, now) for report in reports
            )


def source_id(source: Source) -> str:
    """Return a digest of what decides which papers a source gives.

    When any of it changes, the server must be asked for the whole document again: a 304 would
    hide what an earlier setting had left out.
    """
    told = repr((source.kind, source.location, source.announce))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _record(
    connection: sa.Connection, source: Source, report: SourceReport, now: dt.datetime
) -> SourceReport:
    here = sources.c.id == source_id(source)
    row = connection.execute(sa.select(sources).where(here)).one_or_none()
    values: dict[str, object] = {"name": source.name, "last_error": report.error[:500]}
    if report.ok:
        values |= {"last_good": now, "failures": 0}
        if report.validators is not None:
            values["etag"] = report.validators.etag
            values["last_modified"] = report.validators.last_modified
    else:
        values["failures"] = (row.failures if row else 0) + 1
    if row is None:
        connection.execute(sources.insert().values(id=source_id(source), **values))
    else:
        connection.execute(sources.update().where(here).values(**values))
    return report if report.ok else replace(report, last_good=row.last_good if row else None)
