"""Issues and their frozen editions; planning one is a single transaction."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from newsletter.errors import StaleDraftError, StoreError
from newsletter.model import (
    ANY_HOUR,
    MADE_WHEN_SENT,
    Cadence,
    DeliveryState,
    Edition,
    Issue,
    KeptDraft,
    Pick,
    SubscriberState,
)
from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.columns import Moment
from newsletter.store.database import Database
from newsletter.store.dialects import inserting
from newsletter.store.drafts import keep_draft, read_draft
from newsletter.store.hours import THEIRS, hours_to_come, reader_hours, staged_hours
from newsletter.store.ledger.shards import finish, make_shards, unfinished
from newsletter.store.lists import PERSONAL
from newsletter.store.papers import offer
from newsletter.store.partitions import make_months
from newsletter.store.picks import keep_picks
from newsletter.store.tables import audiences, blocks, deliveries, editions, issues, subscribers


class Frozen(Protocol):
    """Editions that are to be planned, as they were written down."""

    @property
    def audiences(self) -> Iterable[tuple[str, str]]:
        """The names of audiences, each with the key of the edition it gets, or nothing."""
        ...

    @property
    def draft(self) -> KeptDraft | None:
        """What they were made of; None when none is left to be made."""
        ...

    def editions(self) -> Iterable[Mapping[str, Any]]:
        """Return key, subject, and the numbers of the blocks of `html` and `text`, of each."""
        ...

    def blocks(self) -> Iterable[tuple[int, str]]:
        """Return every block with its number."""
        ...


class IssueStore:
    """Issues in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def get(self, date: dt.date) -> Issue | None:
        """Return the planned issue of `date`, if there is one."""
        query = sa.select(issues).where(issues.c.date == date)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Issue(date=row.date, number=row.number, papers=row.papers, planned_at=row.planned_at)

    def dates(self) -> tuple[dt.date, ...]:
        """Return the dates of all planned issues, newest first."""
        query = sa.select(issues.c.date).order_by(issues.c.date.desc())
        with self._database.reading() as connection:
            return tuple(connection.scalars(query))

    def unfinished(self, before: dt.date) -> tuple[dt.date, ...]:
        """Return the earlier issues of which some delivery is not final yet, oldest first."""
        with self._database.reading() as connection:
            some, finished = unfinished(connection, before)
        for date in finished:
            with self._database.transaction() as connection:
                finish(connection, date)
        return some

    def next_number(self) -> int:
        """Return the number that the next issue gets, counted from 1."""
        with self._database.reading() as connection:
            return int(connection.scalar(sa.select(sa.func.max(issues.c.number))) or 0) + 1

    def edition(self, date: dt.date, key: str) -> Edition:
        """Return one edition of a planned issue, as it was when it was planned.

        Raises StoreError when there is none.
        """
        query = sa.select(editions).where(editions.c.issue == date, editions.c.key == key)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise StoreError(f"the issue of {date} has no edition `{key}`")
            return _edition(connection, row)

    def draft(self, date: dt.date) -> KeptDraft | None:
        """Return what a planned issue was made of, if editions are made from it when it is sent."""
        with self._database.reading() as connection:
            return read_draft(connection, date)

    def editions(self, date: dt.date, limit: int | None = None) -> Iterator[tuple[str, Edition]]:
        """Yield the first editions of a planned issue, each with an audience that gets it.

        Those of topics come first, by name, then those of single readers.
        """
        query = (
            sa.select(audiences.c.name, audiences.c.edition)
            .where(audiences.c.issue == date, audiences.c.edition != "")
            .order_by(audiences.c.name)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(limit)).all()
        keys = {key: name for name, key in reversed(rows)}
        for key in dict.fromkeys(key for _, key in rows):
            yield keys[key], self.edition(date, key)

    def edition_of(self, date: dt.date, audience: str) -> Edition | None:
        """Return the edition that an audience gets of a planned issue, if it gets one."""
        query = sa.select(audiences.c.edition).where(
            audiences.c.issue == date, audiences.c.name == audience, audiences.c.edition != ""
        )
        with self._database.reading() as connection:
            key = connection.scalar(query)
        return self.edition(date, key) if key else None

    def subjects(self, date: dt.date) -> Iterator[tuple[str, str]]:
        """Yield key and subject of every edition of a planned issue."""
        query = sa.select(editions.c.key, editions.c.subject).where(editions.c.issue == date)
        ordered = query.order_by(editions.c.key)
        with self._database.reading() as connection:
            rows = connection.execute(ordered).all()
        yield from rows

    def plan(
        self,
        issue: Issue,
        frozen: Frozen,
        offered: Iterable[str],
        now: dt.datetime,
        *,
        timezone: str = "UTC",
        language: str = "en",
        shown: Sequence[Pick] = (),
        considered: Collection[str] | None = None,
    ) -> bool:
        """Write the issue, its editions, every delivery and the papers' offer, all or nothing.

        Each subscriber who is active at this moment, and whose audience has an edition, gets a
        delivery, to be sent from the hour that they chose; `timezone` and `language` are those of
        readers who chose none. `shown` is what the pages for everybody show. Deliveries are made by
        one statement, in the order of their key, however many there are. Returns False, and changes
        nothing, when another run has planned this issue meanwhile. Raises StaleDraftError when an
        active subscriber is of an audience that is not `considered`: they came, or chose something
        else, while the editions were made.

        With a draft, single readers without an edition get theirs made when it is sent. Who shall
        get nothing has an empty edition then.
        """
        with self._database.transaction() as connection:
            make_months(connection, [issue.date])
        with self._database.transaction() as connection:
            # Written first: whoever plans the same issue at the same time waits here, and gives up.
            first = inserting(connection, issues).values(
                date=issue.date, number=issue.number, papers=issue.papers, planned_at=now
            )
            first = first.on_conflict_do_nothing(index_elements=["date"])
            if not connection.execute(first).rowcount:
                return False
            draft = frozen.draft
            there = _there(connection, personal=draft is None)
            if considered is not None and not frozenset(considered).issuperset(there):
                raise StaleDraftError(
                    "the list of subscribers has changed while the issue was made"
                )
            for table, rows in (
                (editions, frozen.editions()),
                (blocks, ({"number": n, "content": text} for n, text in frozen.blocks())),
                (audiences, ({"name": n, "edition": key} for n, key in frozen.audiences)),
            ):
                for some in chunks(rows, CHUNK):
                    connection.execute(
                        table.insert(), [{**row, "issue": issue.date} for row in some]
                    )
            with staged_hours(connection, now, timezone):
                due = draft.cadences if draft else None
                connection.execute(_deliveries(issue.date, now, timezone, language, due))
            if draft is not None:
                keep_draft(connection, issue.date, draft)
            make_shards(connection, issue.date)
            keep_picks(connection, issue.date, shown)
            offer(connection, offered, issue.date)
        return True

    def would_wait(
        self, now: dt.datetime, timezone: str, email: str | None = None
    ) -> Mapping[str, int]:
        """Return how many of each audience would wait for their hour, if an issue were planned now.

        Only those that have any, and with `email`, only its subscriber; `timezone` is that of
        readers who chose none.
        """
        columns = (subscribers.c.audience, subscribers.c.timezone, subscribers.c.hour)
        query = (
            sa.select(*columns, sa.func.count())
            .where(
                subscribers.c.state == SubscriberState.ACTIVE.value, subscribers.c.hour != ANY_HOUR
            )
            .group_by(*columns)
        )
        if email:
            query = query.where(subscribers.c.address == email.lower())
        found: Counter[str] = Counter()
        with self._database.reading() as connection:
            waits = hours_to_come(connection, now, timezone)
            for audience, zone, hour, count in connection.execute(query):
                if (zone, hour) in waits:
                    found[audience] += count
        return found


def _there(connection: sa.Connection, *, personal: bool) -> Sequence[str]:
    """Return the names of the audiences of all active subscribers; single readers if asked for."""
    query = sa.select(subscribers.c.audience).distinct()
    query = query.where(subscribers.c.state == SubscriberState.ACTIVE.value)
    if not personal:
        query = query.where(subscribers.c.audience < PERSONAL)
    return connection.scalars(query).all()


def _deliveries(
    issue: dt.date,
    now: dt.datetime,
    timezone: str,
    language: str,
    cadences: Collection[Cadence] | None,
) -> sa.Insert:
    """Return the statement that plans a delivery for everybody who gets an edition.

    With `cadences`, also for single readers of these who have none yet.
    """
    who = subscribers.c
    edition = sa.func.coalesce(audiences.c.edition, MADE_WHEN_SENT)
    gets = audiences.c.edition != ""
    if cadences is not None:
        is_due = who.cadence.in_([cadence.value for cadence in cadences])
        gets |= audiences.c.edition.is_(None) & (who.audience >= PERSONAL) & is_due
    values: dict[str, sa.ColumnElement[Any]] = {
        "issue": sa.literal(issue, sa.Date),
        "subscriber": who.id,
        "email": who.email,
        "name": who.name,
        "timezone": sa.case((who.timezone == "", timezone), else_=who.timezone),
        "language": sa.case((who.language == "", language), else_=who.language),
        "edition": edition,
        "domain": who.domain,
        "state": sa.literal(DeliveryState.PLANNED.value),
        "not_before": reader_hours.c.not_before,
        "attempt": sa.literal(0),
        "code": sa.literal(0),
        "reason": sa.literal(""),
        "verdict": sa.literal(""),
        "changed_at": sa.literal(now, Moment),
    }
    found = (
        sa.select(*(value.label(name) for name, value in values.items()))
        .select_from(
            sa.join(
                subscribers,
                audiences,
                sa.and_(audiences.c.issue == issue, audiences.c.name == who.audience),
                isouter=cadences is not None,
            ).outerjoin(reader_hours, THEIRS)
        )
        .where(who.state == SubscriberState.ACTIVE.value, gets)
        .order_by(who.id)
    )
    return deliveries.insert().from_select([*values], found)


def _edition(connection: sa.Connection, row: sa.Row[Any]) -> Edition:
    numbers = sorted({*row.html, *row.text})
    table: dict[int, str] = {}
    for some in chunks(numbers, CHUNK):
        wanted = sa.select(blocks.c.number, blocks.c.content).where(
            blocks.c.issue == row.issue, blocks.c.number.in_(some)
        )
        table.update(dict(connection.execute(wanted).all()))
    return Edition(
        key=row.key,
        subject=row.subject,
        html_blocks=tuple(row.html),
        text_blocks=tuple(row.text),
        blocks=table,
    )
