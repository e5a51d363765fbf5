"""Subscribers: who gets the newsletter, since when, and what they asked for.

A list is followed as a whole, in one transaction: it is put beside the table first, and then each
change is one statement, however long the list is.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from newsletter.model import (
    EVERYTHING,
    Audience,
    Origin,
    SignUp,
    SubscriberState,
    Subscription,
    Synchronised,
    Wishes,
)
from newsletter.store.database import Database, Moment, subscribers, suppressions
from newsletter.store.papers import CHUNK, chunks

BATCH = 500
"""Subscribers that are read at a time."""
BROUGHT = 10_000
"""Of an import that are written at a time."""
LINK = "link"
"""What `changed_by` says of who left by a link in a mail."""
PERSONAL = "~"
"""How the audience of one reader begins; it sorts behind those of topics."""

_ACTIVE, _PAUSED = SubscriberState.ACTIVE.value, SubscriberState.PAUSED.value
_LEFT, _PENDING = SubscriberState.LEFT.value, SubscriberState.PENDING.value
_YAML = Origin.YAML.value

_listed = sa.Table(
    "listed",
    sa.MetaData(),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("wishes", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("is_personal", sa.Boolean, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("is_paused", sa.Boolean, nullable=False),
    sa.Column("consent_at", Moment, nullable=False),
    sa.Column("consent", sa.Text, nullable=False),
    prefixes=["TEMPORARY"],
)
"""The list that is followed, while it is."""
_SAME = ("email", "domain", "name", "wishes", "timezone", "language")
"""Columns that are taken from the list as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import has brought."""

    new: int = 0
    known: int = 0
    """Addresses that were subscribers before: they stay as they are."""
    left: int = 0
    """Addresses of people who left: they stay away."""
    suppressed: int = 0
    """New ones among them that must not be mailed, for they bounced or complained."""


class SubscriberStore:
    """Subscribers in the database."""

    def __init__(self, database: Database, new_id: Callable[[], str]) -> None:
        """Use an open `database`; `new_id` makes an id that nobody has, out of [0-9a-f]."""
        self._database = database
        self._new_id = new_id

    # --- Lists ----------------------------------------------------------------------------------

    def follow(self, sign_ups: Iterable[SignUp], now: dt.datetime) -> Synchronised:
        """Make those who came by subscribers.yaml what it says now.

        Who has left by a link, or by the command, stays away though the list names them. Who came
        by another way keeps what they chose. No address may stand twice.
        """
        known = subscribers.c.address == _listed.c.address
        with self._staged(sign_ups, now) as connection:
            back = connection.scalar(
                sa.select(sa.func.count())
                .select_from(sa.join(subscribers, _listed, known))
                .where(subscribers.c.state == _LEFT, _follows(subscribers.c.changed_by))
            )
            changed = connection.execute(_update_known(known, now)).rowcount
            new = connection.execute(_insert_new(_YAML, now)).rowcount
            gone = connection.execute(
                subscribers.update()
                .where(subscribers.c.origin == _YAML)
                .where(subscribers.c.state.in_((_ACTIVE, _PAUSED)))
                .where(~sa.exists().where(known))
                .values(state=_LEFT, changed_by=_YAML, paused_until=None, changed_at=now)
            ).rowcount
        return Synchronised(new=new, changed=changed - (back or 0), gone=gone, back=back or 0)

    def bring(
        self, sign_ups: Iterable[SignUp], origin: Origin, now: dt.datetime, *, keep: bool = True
    ) -> Imported:
        """Add those who are not known yet; with `keep` off, only say what that would do.

        No address may stand twice. Thousands at a time are written, so that a long list needs
        little memory; bringing it again adds what is missing.
        """
        known = subscribers.c.address == _listed.c.address
        is_known = sa.exists().where(known)
        has_left = sa.exists().where(known, subscribers.c.state == _LEFT)
        is_barred = sa.exists().where(suppressions.c.email == _listed.c.address)
        total = Imported()
        for some in chunks(sign_ups, BROUGHT):
            with self._staged(some, now, keep=keep) as connection:
                left = _count(connection, has_left)
                found = _count(connection, is_known)
                barred = _count(connection, ~is_known, is_barred)
                new = connection.execute(_insert_new(origin.value, now)).rowcount
            total = Imported(
                new=total.new + new,
                known=total.known + found - left,
                left=total.left + left,
                suppressed=total.suppressed + barred,
            )
        return total

    @contextlib.contextmanager
    def _staged(
        self, sign_ups: Iterable[SignUp], now: dt.datetime, *, keep: bool = True
    ) -> Iterator[sa.Connection]:
        """Open a transaction with a list beside the table of subscribers."""
        # Read before the database is held: a list may come slowly, or turn out to be wrong.
        batches = [list(some) for some in chunks(self._rows(sign_ups, now), CHUNK)]
        with self._database.transaction() as connection:
            _listed.create(connection)
            for some in batches:
                connection.execute(_listed.insert(), some)
            yield connection
            if keep:
                _listed.drop(connection)
            else:
                connection.rollback()

    def _rows(self, sign_ups: Iterable[SignUp], now: dt.datetime) -> Iterator[dict[str, Any]]:
        for one in sign_ups:
            row = _columns(one.email, one.name, one.wishes, "")
            personal = one.wishes.is_personal
            yield row | {
                "id": self._new_id(),
                "is_personal": personal,
                "is_paused": one.is_paused,
                "consent_at": one.consent_at or now,
                "consent": one.consent,
            }

    # --- One of them ----------------------------------------------------------------------------

    def find(self, email: str) -> Subscription | None:
        """Return who has an address, in whatever state."""
        query = sa.select(subscribers).where(subscribers.c.address == email.lower())
        with self._database.transaction() as connection:
            row = connection.execute(query).one_or_none()
        return _subscription(row) if row else None

    def change(
        self,
        email: str,
        state: SubscriberState,
        by: str,
        now: dt.datetime,
        *,
        until: dt.date | None = None,
    ) -> bool:
        """Bring a subscriber into a state; return whether there is one with that address.

        `by` is an `Origin` or `LINK`; `until` is when a pause ends.
        """
        move = (
            subscribers.update()
            .where(subscribers.c.address == email.lower())
            .values(state=state.value, changed_by=by, paused_until=until, changed_at=now)
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount > 0

    def end_pauses(self, today: dt.date, now: dt.datetime) -> int:
        """Let those have mail again whose pause is over; return how many."""
        move = (
            subscribers.update()
            .where(subscribers.c.state == _PAUSED, subscribers.c.paused_until <= today)
            .values(state=_ACTIVE, paused_until=None, changed_at=now)
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount

    # --- Many of them ---------------------------------------------------------------------------

    def counts(self) -> Mapping[SubscriberState, int]:
        """Return how many subscribers are in each state."""
        query = sa.select(subscribers.c.state, sa.func.count()).group_by(subscribers.c.state)
        with self._database.transaction() as connection:
            found = {state: count for state, count in connection.execute(query)}  # noqa: C416
        return {state: found.get(state.value, 0) for state in SubscriberState}

    def audiences(self) -> tuple[Audience, ...]:
        """Return who gets the same, those of one reader alone left out, by name."""
        query = (
            sa.select(subscribers.c.audience, sa.func.count())
            .where(subscribers.c.state == _ACTIVE, subscribers.c.audience < PERSONAL)
            .group_by(subscribers.c.audience)
            .order_by(subscribers.c.audience)
        )
        with self._database.transaction() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Audience(
                name=name,
                topics=() if name == EVERYTHING else tuple(name.split("+")),
                count=count,
            )
            for name, count in rows
        )

    def first_of(self, audience: str) -> Subscription | None:
        """Return somebody of an audience."""
        query = (
            sa.select(subscribers)
            .where(subscribers.c.state == _ACTIVE, subscribers.c.audience == audience)
            .order_by(subscribers.c.address)
            .limit(1)
        )
        with self._database.transaction() as connection:
            row = connection.execute(query).one_or_none()
        return _subscription(row) if row else None

    def personal(self, size: int = BATCH) -> Iterator[tuple[Subscription, ...]]:
        """Yield those who get an edition of their own, `size` at a time, in the order of ids."""
        query = sa.select(subscribers).where(subscribers.c.state == _ACTIVE)
        return self._batches(query, subscribers.c.audience, PERSONAL, size)

    def all(
        self,
        *,
        states: Collection[SubscriberState] = (),
        origins: Collection[Origin] = (),
        text: str = "",
    ) -> Iterator[Subscription]:
        """Yield subscribers by address: of some states and origins, with a text in it."""
        query = sa.select(subscribers)
        if states:
            query = query.where(subscribers.c.state.in_(sorted(one.value for one in states)))
        if origins:
            query = query.where(subscribers.c.origin.in_(sorted(one.value for one in origins)))
        if text:
            query = query.where(subscribers.c.address.contains(text.lower(), autoescape=True))
        batches = self._batches(query, subscribers.c.address, "", BATCH)
        return itertools.chain.from_iterable(batches)

    def _batches(
        self, query: sa.Select[Any], key: sa.ColumnElement[str], after: str, size: int
    ) -> Iterator[tuple[Subscription, ...]]:
        """Yield what a query finds in batches, each in a transaction of its own."""
        while True:
            some = query.where(key > after).order_by(key).limit(size)
            with self._database.transaction() as connection:
                rows = connection.execute(some).all()
            if not rows:
                return
            yield tuple(map(_subscription, rows))
            after = getattr(rows[-1], str(key.key))

    def absent(self, ids: Collection[str]) -> frozenset[str]:
        """Return those among some subscribers who get no mail at this moment."""
        query = sa.select(subscribers.c.id).where(
            subscribers.c.id.in_(ids), subscribers.c.state != _ACTIVE
        )
        with self._database.transaction() as connection:
            return frozenset(connection.scalars(query))


def _count(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> int:
    """Return how many of the list fulfil all conditions."""
    query = sa.select(sa.func.count()).select_from(_listed).where(*where)
    return connection.scalar(query) or 0


def _follows(changed_by: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return changed_by == _YAML


def _update_known(known: sa.ColumnElement[bool], now: dt.datetime) -> sa.Update:
    """Return what makes known subscribers follow the list."""
    old, new = subscribers.c, _listed.c
    wanted = sa.case((new.is_paused, _PAUSED), else_=_ACTIVE)
    comes_back = sa.or_(
        sa.and_(old.state == _LEFT, _follows(old.changed_by)), old.state == _PENDING
    )
    state = sa.case(
        (comes_back, wanted),
        (sa.and_(old.state == _ACTIVE, new.is_paused), _PAUSED),
        (
            sa.and_(old.state == _PAUSED, _follows(old.changed_by), sa.not_(new.is_paused)),
            _ACTIVE,
        ),
        else_=old.state,
    )
    audience = sa.case((new.is_personal, PERSONAL + old.id), else_=new.audience)
    differs = sa.or_(
        state != old.state, audience != old.audience, *(old[name] != new[name] for name in _SAME)
    )
    return (
        subscribers.update()
        .where(known, sa.or_(old.origin == _YAML, old.state == _PENDING), differs)
        .values(
            {name: new[name] for name in _SAME}
            | {
                "audience": audience,
                "state": state,
                "changed_by": sa.case((state != old.state, _YAML), else_=old.changed_by),
                "origin": _YAML,
                "changed_at": now,
            }
        )
    )


def _insert_new(origin: str, now: dt.datetime) -> sa.Insert:
    """Return what adds those of the list who are not known."""
    new = _listed.c
    values: dict[str, sa.ColumnElement[Any]] = {
        **{name: new[name] for name in (*_SAME, "id", "address", "consent_at", "consent")},
        "audience": sa.case((new.is_personal, PERSONAL + new.id), else_=new.audience),
        "state": sa.case((new.is_paused, _PAUSED), else_=_ACTIVE),
        "origin": sa.literal(origin),
        "changed_by": sa.literal(origin),
        "changed_at": sa.literal(now, Moment),
    }
    found = (
        sa.select(*(value.label(name) for name, value in values.items()))
        .where(~sa.exists().where(subscribers.c.address == new.address))
        .order_by(new.id)
    )
    return subscribers.insert().from_select([*values], found)


def _columns(email: str, name: str, wishes: Wishes, subscriber: str) -> dict[str, Any]:
    """Return what is kept of a person and of what they want."""
    return {
        "address": email.lower(),
        "email": email,
        "domain": email.rpartition("@")[2].lower(),
        "name": name,
        "wishes": _as_text(wishes),
        "audience": wishes.audience(subscriber),
        "timezone": wishes.timezone,
        "language": wishes.language,
    }


_NO_WISHES = asdict(Wishes())
_LISTS = ("topics", "follow", "mute_authors", "likes", "dislikes")


def _as_text(wishes: Wishes) -> str:
    """Return wishes as JSON, equal ones as equal text."""
    if wishes == Wishes():
        return "{}"
    told = {name: value for name, value in asdict(wishes).items() if value != _NO_WISHES[name]}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _wishes(text: str) -> Wishes:
    told: dict[str, Any] = json.loads(text)
    lists = {name: tuple(told[name]) for name in _LISTS if name in told}
    return Wishes(**(told | lists))


def _subscription(row: sa.Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        email=row.email,
        name=row.name,
        wishes=_wishes(row.wishes),
        state=SubscriberState(row.state),
        paused_until=row.paused_until,
        origin=Origin(row.origin),
        changed_by=row.changed_by,
        consent_at=row.consent_at,
        consent=row.consent,
        changed_at=row.changed_at,
    )
