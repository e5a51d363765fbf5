"""What readers say about papers: more like this, less like this, keep it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from newsletter.model import Feedback, FeedbackKind, SubscriberState
from newsletter.store.database import Database
from newsletter.store.lists import TAUGHT, chosen_columns
from newsletter.store.tables import feedback, subscribers
from newsletter.store.wishes import read_wishes

MOST = 1_000
"""What is kept of one reader: the oldest goes when there is more."""


class FeedbackStore:
    """Feedback in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def give(
        self, subscriber: str, keys: Sequence[str], kind: FeedbackKind, now: dt.datetime
    ) -> None:
        """Note what a reader says about the paper that has `keys`, its best one first.

        Saying it again changes nothing; nothing is noted of who was erased meanwhile.
        """
        kinds = TAUGHT if kind in TAUGHT else (kind,)
        own = _said(subscriber, keys, kinds)
        with self._database.transaction() as connection:
            there = connection.scalar(
                sa.select(subscribers.c.state)
                .where(subscribers.c.id == subscriber)
                .with_for_update()
            )
            if there in (None, SubscriberState.ERASED.value):
                return
            said = set(connection.scalars(sa.select(feedback.c.kind).where(own)))
            if said == {kind.value}:
                return
            connection.execute(feedback.delete().where(own))
            connection.execute(
                feedback.insert().values(
                    subscriber=subscriber, paper=keys[0], kind=kind.value, given_at=now
                )
            )
            _forget_oldest(connection, subscriber)
            _set_audience(connection, subscriber)

    def take_back(self, subscriber: str, keys: Sequence[str], kind: FeedbackKind) -> None:
        """Forget what a reader said about the paper that has `keys`."""
        with self._database.transaction() as connection:
            own = subscribers.c.id == subscriber
            connection.execute(sa.select(subscribers.c.id).where(own).with_for_update())
            connection.execute(feedback.delete().where(_said(subscriber, keys, (kind,))))
            _set_audience(connection, subscriber)

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


def _said(
    subscriber: str, keys: Sequence[str], kinds: Collection[FeedbackKind]
) -> sa.ColumnElement[bool]:
    """Return what a reader said about a paper, whatever it was called then."""
    return sa.and_(
        feedback.c.subscriber == subscriber,
        feedback.c.paper.in_(keys),
        feedback.c.kind.in_([kind.value for kind in kinds]),
    )


def _set_audience(connection: sa.Connection, subscriber: str) -> None:
    """Bring the audience up to date: who has taught something gets an edition alone."""
    own = subscribers.c.id == subscriber
    text = connection.scalar(sa.select(subscribers.c.wishes).where(own))
    if text is not None:
        audience = chosen_columns(read_wishes(text), subscriber)["audience"]
        connection.execute(subscribers.update().where(own).values(audience=audience))


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
