"""What readers say about papers: more like this, less like this, keep it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from newsletter.model import Feedback, FeedbackKind
from newsletter.store.database import Database
from newsletter.store.lists import PERSONAL, TAUGHT, has_taught, read_wishes
from newsletter.store.tables import feedback, subscribers

MOST = 1_000
"""What is kept of one reader: the oldest goes when there is more."""


class FeedbackStore:
    """Feedback in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def give(self, subscriber: str, paper: str, kind: FeedbackKind, now: dt.datetime) -> None:
        """Note what a reader says about a paper; saying it again changes nothing."""
        own = (feedback.c.subscriber == subscriber) & (feedback.c.paper == paper)
        with self._database.transaction() as connection:
            kinds = TAUGHT if kind in TAUGHT else (kind,)
            there = set(
                connection.scalars(
                    sa.select(feedback.c.kind).where(own, feedback.c.kind.in_(kinds))
                )
            )
            if there == {kind.value}:
                return
            connection.execute(feedback.delete().where(own, feedback.c.kind.in_(kinds)))
            connection.execute(
                feedback.insert().values(
                    subscriber=subscriber, paper=paper, kind=kind.value, given_at=now
                )
            )
            _forget_oldest(connection, subscriber)
            if kind in TAUGHT:
                # From now on an edition is made for this reader alone.
                connection.execute(
                    subscribers.update()
                    .where(subscribers.c.id == subscriber)
                    .values(audience=PERSONAL + subscriber)
                )

    def take_back(self, subscriber: str, paper: str, kind: FeedbackKind) -> None:
        """Forget what a reader said about a paper."""
        with self._database.transaction() as connection:
            connection.execute(
                feedback.delete().where(
                    feedback.c.subscriber == subscriber,
                    feedback.c.paper == paper,
                    feedback.c.kind == kind.value,
                )
            )
            # Who has taught nothing any more may get what others get.
            own = (subscribers.c.id == subscriber) & ~has_taught(subscribers.c.id)
            text = connection.scalar(sa.select(subscribers.c.wishes).where(own))
            if text is not None:
                audience = read_wishes(text).audience(subscriber)
                connection.execute(
                    subscribers.update()
                    .where(subscribers.c.id == subscriber)
                    .values(audience=audience)
                )

    def of(
        self, subscriber: str, kinds: Collection[FeedbackKind] = tuple(FeedbackKind)
    ) -> tuple[Feedback, ...]:
        """Return what a reader has said, the latest first."""
        query = (
            sa.select(feedback)
            .where(
                feedback.c.subscriber == subscriber,
                feedback.c.kind.in_([kind.value for kind in kinds]),
            )
            .order_by(feedback.c.given_at.desc(), feedback.c.paper)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Feedback(paper=row.paper, kind=FeedbackKind(row.kind), given_at=row.given_at)
            for row in rows
        )

    def counts(self) -> Mapping[str, int]:
        """Return how often each kind was given."""
        query = sa.select(feedback.c.kind, sa.func.count()).group_by(feedback.c.kind)
        with self._database.reading() as connection:
            return {kind: count for kind, count in connection.execute(query)}  # noqa: C416  rows are no pairs


def _forget_oldest(connection: sa.Connection, subscriber: str) -> None:
    """Keep the latest feedback of a reader, `MOST` of it."""
    oldest = (
        sa.select(feedback.c.given_at)
        .where(feedback.c.subscriber == subscriber)
        .order_by(feedback.c.given_at.desc())
        .offset(MOST)
        .limit(1)
    )
    last = connection.scalar(oldest)
    if last is not None:
        connection.execute(
            feedback.delete().where(
                feedback.c.subscriber == subscriber, feedback.c.given_at <= last
            )
        )


def lessons(
    connection: sa.Connection, ids: Collection[str]
) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return for some subscribers the papers they want more of, and less of, oldest first."""
    query = (
        sa.select(feedback)
        .where(
            feedback.c.subscriber.in_(sorted(ids)),
            feedback.c.kind.in_([kind.value for kind in TAUGHT]),
        )
        .order_by(feedback.c.given_at, feedback.c.paper)
    )
    found: dict[str, tuple[list[str], list[str]]] = {}
    for row in connection.execute(query):
        more, less = found.setdefault(row.subscriber, ([], []))
        (more if row.kind == FeedbackKind.MORE else less).append(row.paper)
    return {name: (tuple(more), tuple(less)) for name, (more, less) in found.items()}
