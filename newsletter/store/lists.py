"""Lists of people, put beside the table of subscribers: then each change is one statement."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from newsletter.model import (
    FeedbackKind,
    Origin,
    SignUp,
    SubscriberState,
    Synchronised,
    Wishes,
)
from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.columns import Moment, Text
from newsletter.store.database import Database
from newsletter.store.dialects import analyse, inserting
from newsletter.store.suppressions import Suppression
from newsletter.store.tables import feedback, subscribers
from newsletter.store.wishes import as_columns

TAUGHT = (FeedbackKind.MORE, FeedbackKind.LESS)
"""What changes a reader's issues; the latest word on a paper counts."""
PERSONAL = "~"
"""How the audience of one reader begins; it sorts behind those of topics."""

_ACTIVE, _PAUSED = SubscriberState.ACTIVE.value, SubscriberState.PAUSED.value
_LEFT, _PENDING = SubscriberState.LEFT.value, SubscriberState.PENDING.value
_YAML = Origin.YAML.value

listed = sa.Table(
    "listed",
    sa.MetaData(),
    sa.Column("address", Text, primary_key=True),
    sa.Column("erased", Text, nullable=False),
    sa.Column("id", Text, nullable=False),
    sa.Column("email", Text, nullable=False),
    sa.Column("domain", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("wishes", Text, nullable=False),
    sa.Column("audience", Text, nullable=False),
    sa.Column("is_personal", sa.Boolean, nullable=False),
    sa.Column("timezone", Text, nullable=False),
    sa.Column("language", Text, nullable=False),
    sa.Column("hour", sa.Integer, nullable=False),
    sa.Column("cadence", Text, nullable=False),
    sa.Column("is_paused", sa.Boolean, nullable=False),
    sa.Column("consent_at", Moment, nullable=False),
    sa.Column("consent", Text, nullable=False),
    prefixes=["TEMPORARY"],
)
"""The list that is followed, while it is."""
_SAME = ("email", "domain", "name", "wishes", "timezone", "language", "hour", "cadence")
"""Columns that are taken from the list as they are."""


barred = sa.Table(
    "barred",
    sa.MetaData(),
    sa.Column("email", Text, primary_key=True),
    sa.Column("verdict", Text, nullable=False),
    sa.Column("source", Text, nullable=False),
    sa.Column("evidence", Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Addresses that a list says must not be mailed, in lower case, while it is imported."""


@contextlib.contextmanager
def staged(
    database: Database,
    found: Iterable[SignUp | Suppression],
    now: dt.datetime,
    new_id: Callable[[], str],
    *,
    keep: bool = True,
) -> Iterator[sa.Connection]:
    """Open a transaction with a list beside the table of subscribers; undo it without `keep`.

    The list is read before: it may come slowly, be long, or turn out to be wrong. A few rows at a
    time go into tables of this connection alone, so nobody waits and little memory is needed.
    """
    with database.apart() as connection:
        connection.execution_options(reading=True)
        with connection.begin():
            for table in (listed, barred):
                table.create(connection)
        for some in chunks(found, CHUNK):
            with connection.begin():
                _stage(connection, some, now, new_id)
        connection.execution_options(reading=False)
        with connection.begin() as transaction:
            for table in (listed, barred):
                analyse(connection, table)
            yield connection
            if not keep:
                transaction.rollback()


def _stage(
    connection: sa.Connection,
    some: Sequence[SignUp | Suppression],
    now: dt.datetime,
    new_id: Callable[[], str],
) -> None:
    """Write a few people and barred addresses beside the tables."""
    people = [_row(one, now, new_id()) for one in some if isinstance(one, SignUp)]
    gone = [asdict(one) for one in some if isinstance(one, Suppression)]
    if people:
        connection.execute(listed.insert(), people)
    if gone:
        connection.execute(barred.insert(), gone)


def follow(connection: sa.Connection, now: dt.datetime) -> Synchronised:
    """Make those who came by subscribers.yaml what the list that is staged says."""
    known = subscribers.c.address == listed.c.address
    is_back = (subscribers.c.state == _LEFT) & _follows(subscribers.c.changed_by)
    join = sa.join(subscribers, listed, known)
    back = connection.scalar(sa.select(sa.func.count()).select_from(join).where(is_back)) or 0
    changed = connection.execute(_update_known(known, now)).rowcount
    new = connection.execute(insert_new(connection, _YAML, now)).rowcount
    gone = connection.execute(
        subscribers.update()
        .where(subscribers.c.origin == _YAML)
        .where(subscribers.c.state.in_((_ACTIVE, _PAUSED)))
        .where(~sa.exists().where(known))
        .values(state=_LEFT, changed_by=_YAML, paused_until=_own_pause(), changed_at=now)
    ).rowcount
    return Synchronised(new=new, changed=changed - back, gone=gone, back=back)


def erased(email: str) -> str:
    """Return what stands in place of the address of somebody who was erased.

    It cannot be turned back into the address, but a list that names the address again is known by
    it: who had themselves deleted is not brought back by a file.
    """
    return f"erased {hashlib.sha256(email.lower().encode()).hexdigest()}"


def was_erased() -> sa.ColumnElement[bool]:
    """Return whether somebody of the list has had themselves deleted."""
    return sa.exists().where(
        subscribers.c.address >= listed.c.erased, subscribers.c.address < listed.c.erased + "~"
    )


FOR_EVER = dt.date(9999, 12, 31)
"""When a pause without an end is over, of somebody whom the list has lost meanwhile."""


def _own_pause() -> sa.ColumnElement[dt.date | None]:
    """Return until when somebody is paused by their own wish, which outlasts a lost list."""
    own = (subscribers.c.state == _PAUSED) & ~_follows(subscribers.c.changed_by)
    until = sa.func.coalesce(subscribers.c.paused_until, sa.literal(FOR_EVER, sa.Date))
    return sa.case((own, until), else_=sa.null())


def _follows(changed_by: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return changed_by == _YAML


def _update_known(known: sa.ColumnElement[bool], now: dt.datetime) -> sa.Update:
    """Return what makes known subscribers follow the list."""
    old, new = subscribers.c, listed.c
    wanted = sa.case((new.is_paused, _PAUSED), else_=_ACTIVE)
    comes_back = sa.or_(
        sa.and_(old.state == _LEFT, _follows(old.changed_by)), old.state == _PENDING
    )
    pauses = sa.and_(comes_back, old.paused_until > now.date())
    state = sa.case(
        (pauses, _PAUSED),
        (comes_back, wanted),
        (sa.and_(old.state == _ACTIVE, new.is_paused), _PAUSED),
        (
            sa.and_(old.state == _PAUSED, _follows(old.changed_by), sa.not_(new.is_paused)),
            _ACTIVE,
        ),
        else_=old.state,
    )
    # Who has given feedback gets an edition alone, whatever the list says.
    taught = sa.exists().where(
        feedback.c.subscriber == old.id, feedback.c.kind.in_(("more", "less"))
    )
    audience = sa.case((new.is_personal | taught, PERSONAL + old.id), else_=new.audience)
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
                "changed_by": sa.case(
                    (pauses, Origin.COMMAND.value),
                    (state != old.state, _YAML),
                    else_=old.changed_by,
                ),
                "paused_until": sa.case(
                    (old.paused_until == FOR_EVER, sa.null()), else_=old.paused_until
                ),
                # A request that was never confirmed is no consent; the list is.
                "consent": sa.case((old.state == _PENDING, new.consent), else_=old.consent),
                "origin": _YAML,
                "changed_at": now,
            }
        )
    )


def chosen_columns(wishes: Wishes, subscriber: str) -> dict[str, Any]:
    """Return the columns about the wishes of a known subscriber, whose feedback stays.

    Everything that writes the wishes of somebody who may have given feedback uses it.
    """
    columns = as_columns(wishes, subscriber)
    alone = (has_taught(subscribers.c.id), PERSONAL + subscribers.c.id)
    return columns | {"audience": sa.case(alone, else_=columns["audience"])}


def has_taught(subscriber: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return whether a subscriber has asked for more, or for less, like some paper."""
    return sa.exists().where(
        feedback.c.subscriber == subscriber, feedback.c.kind.in_([kind.value for kind in TAUGHT])
    )


def insert_new(connection: sa.Connection, origin: str, now: dt.datetime) -> sa.Insert:
    """Return what adds those of the list who are not known, nor become so at this moment."""
    new = listed.c
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
        .where(~sa.exists().where(subscribers.c.address == new.address), ~was_erased())
        .order_by(new.id)
    )
    insert = inserting(connection, subscribers).from_select([*values], found)
    return insert.on_conflict_do_nothing(index_elements=["address"])


def as_row(sign_up: SignUp, now: dt.datetime, new_id: str) -> dict[str, Any]:
    """Return somebody as a row of the table of subscribers, without a state."""
    return {
        "id": new_id,
        "address": sign_up.email.lower(),
        "email": sign_up.email,
        "domain": sign_up.email.rpartition("@")[2].lower(),
        "name": sign_up.name,
        **as_columns(sign_up.wishes, new_id),
        "consent_at": sign_up.consent_at or now,
        "consent": sign_up.consent,
    }


def _row(sign_up: SignUp, now: dt.datetime, new_id: str) -> dict[str, Any]:
    """Return sign_up of the list as it is kept."""
    own = {
        "erased": erased(sign_up.email),
        "is_personal": sign_up.wishes.is_personal,
        "is_paused": sign_up.is_paused,
    }
    return as_row(sign_up, now, new_id) | own
