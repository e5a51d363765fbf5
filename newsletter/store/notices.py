"""Notices: mails to one person, which are part of no issue; a queue in the database.

A notice is `started` before its first byte leaves, and one that was started is never sent again: so
none leaves twice, even when the program is killed. The person can ask again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from newsletter.model import Notice, NoticeKind, NoticeState
from newsletter.store.database import Database
from newsletter.store.tables import notices

DAY: Final = dt.timedelta(days=1)
MOST_PENDING: Final = 3
"""Mails asking to confirm that an address gets in all, until somebody confirms it."""
MOST_A_DAY: Final = {NoticeKind.CONFIRM: 1, NoticeKind.WELCOME: 1, NoticeKind.MANAGE: 5}
"""Mails of a kind that an address gets in 24 hours, however often somebody asks."""


class NoticeStore:
    """The queue of notices."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def waiting(self, now: dt.datetime, limit: int) -> tuple[Notice, ...]:
        """Return notices that are due, the oldest first."""
        query = (
            sa.select(notices)
            .where(notices.c.state == NoticeState.WAITING.value, notices.c.next_at <= now)
            .order_by(notices.c.next_at, notices.c.number)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Notice(
                number=row.number,
                subscriber=row.subscriber,
                kind=NoticeKind(row.kind),
                attempt=row.attempt,
                made_at=row.made_at,
            )
            for row in rows
        )

    def begin(self, notice: Notice, now: dt.datetime) -> bool:
        """Note, durably, that a notice begins to leave; only one of several callers may send it."""
        move = (
            notices.update()
            .where(
                notices.c.number == notice.number,
                notices.c.state == NoticeState.WAITING.value,
                notices.c.attempt == notice.attempt,
            )
            .values(state=NoticeState.STARTED.value, attempt=notices.c.attempt + 1, next_at=now)
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount > 0

    def settle(
        self,
        notice: Notice,
        state: NoticeState,
        now: dt.datetime,
        *,
        begun: bool,
        reason: str = "",
        next_at: dt.datetime | None = None,
    ) -> bool:
        """Note what became of a notice; one that waits again does so until `next_at`.

        Returns False, and changes nothing, when it is not as the caller left it: another process
        has it, or it was given up because its reader left. `begun` says whether `begin` was true.
        """
        held = NoticeState.STARTED if begun else NoticeState.WAITING
        attempt = notice.attempt + 1
        with self._database.transaction() as connection:
            done = connection.execute(
                notices.update()
                .where(
                    notices.c.number == notice.number,
                    notices.c.state == held.value,
                    notices.c.attempt == (attempt if begun else notice.attempt),
                )
                .values(
                    state=state.value, attempt=attempt, reason=reason[:500], next_at=next_at or now
                )
            )
            return done.rowcount > 0

    def recover(self, before: dt.datetime) -> int:
        """Give up what was begun before a moment and never settled: it may have left."""
        move = (
            notices.update()
            .where(
                notices.c.state == NoticeState.STARTED.value,
                notices.c.next_at < before,
            )
            .values(state=NoticeState.UNKNOWN.value, reason="the program ended while it left")
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount

    def counts(self, kinds: Collection[NoticeKind] = tuple(NoticeKind)) -> dict[str, int]:
        """Return how many notices are in each state."""
        query = (
            sa.select(notices.c.state, sa.func.count())
            .where(notices.c.kind.in_([kind.value for kind in kinds]))
            .group_by(notices.c.state)
        )
        with self._database.reading() as connection:
            return {name: count for name, count in connection.execute(query)}  # noqa: C416  rows are no pairs


def post(
    connection: sa.Connection,
    subscriber: str,
    kind: NoticeKind,
    now: dt.datetime,
    *,
    wishes: str = "{}",
    most: int | None = None,
) -> None:
    """Have a notice sent, unless its limits are reached or one waits already.

    The caller holds the subscriber's row: two who ask at once would both be within the limits.
    """
    mine = sa.and_(notices.c.subscriber == subscriber, notices.c.kind == kind.value)
    if kind is NoticeKind.CONFIRM:
        # What was asked for before the last confirmation does not count: it proved the address.
        last = connection.scalar(
            sa.select(sa.func.max(notices.c.made_at)).where(
                notices.c.subscriber == subscriber, notices.c.kind == NoticeKind.WELCOME.value
            )
        )
        mine = mine if last is None else sa.and_(mine, notices.c.made_at > last)
    count = sa.select(sa.func.count()).select_from(notices)
    # One that never arrived may be asked for again.
    arrived = notices.c.state.not_in((NoticeState.FAILED.value, NoticeState.UNKNOWN.value))
    today = connection.scalar(count.where(mine, arrived, notices.c.made_at > now - DAY)) or 0
    in_all = connection.scalar(count.where(mine)) or 0
    if today >= (most or MOST_A_DAY[kind]) or (
        kind is NoticeKind.CONFIRM and in_all >= MOST_PENDING
    ):
        return
    connection.execute(
        notices.insert().values(
            subscriber=subscriber,
            kind=kind.value,
            state=NoticeState.WAITING.value,
            attempt=0,
            wishes=wishes,
            made_at=now,
            next_at=now,
        )
    )
