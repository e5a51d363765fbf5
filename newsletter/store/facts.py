"""The answers of services that enrich papers, and when they came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.database import Database
from newsletter.store.dialects import replacing
from newsletter.store.tables import facts

ALWAYS: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


class FactStore:
    """Services' answers in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def known(
        self, service: str, subjects: Iterable[str], since: dt.datetime = ALWAYS
    ) -> dict[str, dict[str, Any]]:
        """Return what `service` has answered about `subjects` after `since`, by subject."""
        found: dict[str, dict[str, Any]] = {}
        with self._database.reading() as connection:
            for some in chunks(subjects, CHUNK):
                query = sa.select(facts.c.subject, facts.c.data).where(
                    facts.c.service == service,
                    facts.c.subject.in_(some),
                    facts.c.asked_at >= since,
                )
                found.update(dict(connection.execute(query).all()))
        return found

    def save(self, service: str, told: Mapping[str, Mapping[str, Any]], now: dt.datetime) -> None:
        """Write what `service` answered; empty answers too, so that it is not asked again soon."""
        # In one order, so that two who write the same do not wait for each other.
        with self._database.transaction() as connection:
            for some in chunks(sorted(told.items()), CHUNK):
                connection.execute(
                    replacing(connection, facts),
                    [
                        {
                            "service": service,
                            "subject": subject,
                            "data": dict(data),
                            "asked_at": now,
                        }
                        for subject, data in some
                    ],
                )
