"""Requests made on the site: signing up, confirming, a link to one's own pages; and their mails.

Whatever is asked for is in the database, together with the mail it causes, before it is answered:
nothing is lost when the program is killed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from newsletter.model import (
    LINK,
    NoticeKind,
    NoticeState,
    Origin,
    SignUp,
    SubscriberState,
    Wishes,
)
from newsletter.store.database import Database
from newsletter.store.dialects import inserting
from newsletter.store.ledger.lists import forget_reader
from newsletter.store.lists import as_row, chosen_columns, erased
from newsletter.store.notices import post
from newsletter.store.tables import bounces, feedback, notices, subscribers, suppressions
from newsletter.store.wishes import as_columns, read_wishes

CONFIRMED: Final = "asked on the site, and confirmed by the link mailed to the address"
"""How those consent who come by the site."""
TYPED: Final = 3
"""Mails with a link in 24 hours for an address that was only typed, by whomever."""
KEPT: Final = dt.timedelta(days=30)
"""How long requests that nobody confirmed, and notices, are kept."""

_PENDING, _ACTIVE = SubscriberState.PENDING.value, SubscriberState.ACTIVE.value
_LEFT = SubscriberState.LEFT.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What it was like before somebody left: enough to undo it."""

    state: SubscriberState
    paused_until: dt.date | None
    at: dt.datetime
    """When they left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What confirming did."""

    is_known: bool
    """Whether the subscriber is there: requests that were never confirmed are forgotten."""
    is_new: bool = False
    """Whether they did not get the newsletter before."""


class RequestStore:
    """Requests and notices in the database."""

    def __init__(self, database: Database, new_id: Callable[[], str]) -> None:
        """Use an open `database`; `new_id` makes an id that nobody has, out of [0-9a-f]."""
        self._database = database
        self._new_id = new_id

    def sign_up(self, sign_up: SignUp, now: dt.datetime) -> None:
        """Note that somebody asks for the newsletter, and the mail that follows from it.

        Somebody new, or who had left, is asked to confirm; what they wish is kept with that mail,
        so that what one confirms is what one asked for, whatever others ask meanwhile. Who gets the
        newsletter already is sent a link to their own pages, and nothing changes. An address that
        must not be mailed gets nothing. What happened is told by mail only: nobody learns here
        whether an address is known.
        """
        row = as_row(sign_up, now, self._new_id())
        with self._database.transaction() as connection:
            barred = connection.scalar(
                sa.select(suppressions.c.email).where(suppressions.c.email == row["address"])
            )
            if barred is not None:
                return
            new = inserting(connection, subscribers).values(
                **row,
                state=_PENDING,
                origin=Origin.SITE.value,
                changed_by=Origin.SITE.value,
                changed_at=now,
            )
            connection.execute(new.on_conflict_do_nothing(index_elements=["address"]))
            known = connection.execute(
                sa.select(subscribers.c.id, subscribers.c.state)
                .where(subscribers.c.address == row["address"])
                .with_for_update()
            ).one()
            if known.state in (_PENDING, _LEFT):
                post(connection, known.id, NoticeKind.CONFIRM, now, wishes=row["wishes"])
            else:
                post(connection, known.id, NoticeKind.MANAGE, now, most=TYPED)

    def asked(self, subscriber: str, number: int) -> Wishes | None:
        """Return what the notice with a `number` asks to confirm; None when it is not there."""
        query = sa.select(notices.c.wishes).where(
            notices.c.number == number,
            notices.c.subscriber == subscriber,
            notices.c.kind == NoticeKind.CONFIRM.value,
        )
        with self._database.reading() as connection:
            text = connection.scalar(query)
        return None if text is None else read_wishes(text)

    def confirm(
        self, subscriber: str, number: int, now: dt.datetime, wishes: Wishes | None = None
    ) -> Confirmed:
        """Let somebody have what they asked for; `number` is the notice that brought the link.

        `wishes` are what they chose on the page that confirms; default: what the notice asks for.
        Confirming again changes nothing. Who left after that mail stays away: they must ask again.
        """
        with self._database.transaction() as connection:
            asked = connection.execute(
                sa.select(notices).where(
                    notices.c.number == number,
                    notices.c.subscriber == subscriber,
                    notices.c.kind == NoticeKind.CONFIRM.value,
                )
            ).one_or_none()
            known = connection.execute(
                sa.select(subscribers).where(subscribers.c.id == subscriber).with_for_update()
            ).one_or_none()
            if asked is None or known is None:
                return Confirmed(is_known=False)
            if known.state == _LEFT and known.changed_at > asked.made_at:
                return Confirmed(is_known=False)
            if known.state not in (_PENDING, _LEFT):
                return Confirmed(is_known=True)
            wishes = wishes or read_wishes(asked.wishes)
            connection.execute(
                subscribers.update()
                .where(subscribers.c.id == subscriber)
                .values(
                    **chosen_columns(wishes, subscriber),
                    state=_ACTIVE,
                    paused_until=None,
                    left_because="",
                    origin=Origin.SITE.value,
                    changed_by=Origin.SITE.value,
                    changed_at=now,
                    consent_at=now,
                    consent=CONFIRMED,
                )
            )
            post(connection, subscriber, NoticeKind.WELCOME, now)
        return Confirmed(is_known=True, is_new=True)

    def ask_to_manage(self, subscriber: str, now: dt.datetime, *, most: int | None = None) -> None:
        """Mail somebody a link to their own pages, if they are there and not asking too often."""
        with self._database.transaction() as connection:
            there = connection.scalar(
                sa.select(subscribers.c.id)
                .where(
                    subscribers.c.id == subscriber,
                    subscribers.c.state.not_in((_PENDING, SubscriberState.ERASED.value)),
                )
                .where(~sa.exists().where(suppressions.c.email == subscribers.c.address))
                .with_for_update()
            )
            if there is not None:
                post(connection, subscriber, NoticeKind.MANAGE, now, most=most)

    def ask_at(self, email: str, now: dt.datetime) -> None:
        """Mail a link to their own pages to whoever has an address; nothing if nobody has it."""
        query = sa.select(subscribers.c.id).where(subscribers.c.address == email.lower())
        with self._database.reading() as connection:
            subscriber = connection.scalar(query)
        if subscriber is not None:
            self.ask_to_manage(subscriber, now, most=TYPED)

    def leave(self, subscriber: str, now: dt.datetime, reason: str = "") -> Departure | None:
        """Let somebody leave, at once; return what it was like before. Again is the same.

        Their own "no" counts from then on, whoever else had taken them off before: no list brings
        them back. `reason` is what they say about it, if anything. None when nobody has the id.
        """
        of_reader = subscribers.c.id == subscriber
        with self._database.transaction() as connection:
            query = sa.select(subscribers).where(of_reader).with_for_update()
            before = connection.execute(query).one_or_none()
            if before is None or before.state == SubscriberState.ERASED.value:
                return None
            values = {"state": _LEFT, "changed_by": LINK, "paused_until": None, "changed_at": now}
            if reason:
                values["left_because"] = reason
            connection.execute(subscribers.update().where(of_reader).values(values))
            connection.execute(
                notices.update()
                .where(
                    notices.c.subscriber == subscriber,
                    notices.c.state == NoticeState.WAITING.value,
                )
                .values(state=NoticeState.FAILED.value, reason="they left before it was sent")
            )
        return Departure(
            state=SubscriberState(before.state), paused_until=before.paused_until, at=now
        )

    def come_back(self, subscriber: str, departure: Departure, now: dt.datetime) -> bool:
        """Undo that somebody left, if nothing has happened since; return whether it was undone."""
        move = (
            subscribers.update()
            .where(
                subscribers.c.id == subscriber,
                subscribers.c.state == _LEFT,
                subscribers.c.changed_by == LINK,
                subscribers.c.changed_at == departure.at,
            )
            .values(
                state=departure.state.value,
                paused_until=departure.paused_until,
                changed_by=Origin.SITE.value,
                changed_at=now,
                left_because="",
            )
        )
        with self._database.transaction() as connection:
            return connection.execute(move).rowcount > 0

    def erase(self, subscriber: str, now: dt.datetime) -> bool:
        """Delete all that is kept about a subscriber; return whether they were there.

        Deliveries stay counted, without the address, the name and what servers said; those that
        wait are cancelled. In place of the address stands a fingerprint that cannot be turned back:
        by it no list brings them back. That an address must not be mailed stays, without evidence.
        """
        own = subscribers.c.id == subscriber
        with self._database.transaction() as connection:
            query = sa.select(subscribers).where(own).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None or row.state == SubscriberState.ERASED.value:
                return False
            for table in (feedback, notices, bounces):
                connection.execute(table.delete().where(table.c.subscriber == subscriber))
            connection.execute(bounces.delete().where(bounces.c.email == row.address))
            connection.execute(
                suppressions.update().where(suppressions.c.email == row.address).values(evidence="")
            )
            connection.execute(
                subscribers.update()
                .where(own)
                .values(
                    **as_columns(Wishes(), subscriber),
                    address=f"{erased(row.address)} {subscriber}",
                    email="",
                    domain="",
                    consent="",
                    name="",
                    state=SubscriberState.ERASED.value,
                    changed_by=LINK,
                    left_because="",
                    paused_until=None,
                    changed_at=now,
                )
            )
            forget_reader(connection, subscriber, now)
        return True

    def erase_left(self, before: dt.datetime, now: dt.datetime) -> int:
        """Erase who left before a moment; return how many there were."""
        query = sa.select(subscribers.c.id).where(
            subscribers.c.state == _LEFT,
            subscribers.c.changed_at < before,
        )
        with self._database.reading() as connection:
            found = list(connection.scalars(query))
        return sum(self.erase(subscriber, now) for subscriber in found)

    def forget(self, now: dt.datetime, kept: dt.timedelta = KEPT) -> int:
        """Delete requests that nobody confirmed, and old notices; return how many requests."""
        old = now - kept
        with self._database.transaction() as connection:
            connection.execute(notices.delete().where(notices.c.made_at < old))
            return connection.execute(
                subscribers.delete().where(
                    subscribers.c.state == _PENDING, subscribers.c.changed_at < old
                )
            ).rowcount
