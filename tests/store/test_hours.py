"""Deliveries that wait for the hour that their readers chose: planned, claimed, expired."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest
import sqlalchemy as sa
from makers import NOW, TODAY, make_edition, make_issue, open_test_database

from newsletter.day.planning import Spool
from newsletter.model import (
    ANY_HOUR,
    Claim,
    DeliveryState,
    Fate,
    Later,
    Origin,
    Outcome,
    Settlement,
    SignUp,
    SubscriberState,
    Wishes,
)
from newsletter.store import IssueStore, SqlLedger, SubscriberStore
from newsletter.store.database import Database
from newsletter.store.tables import shards

HOUR = dt.timedelta(hours=1)
MICRO = dt.timedelta(microseconds=1)
# It is 06:30 UTC, 07:30 in Berlin and 15:30 in Tokyo.
PEOPLE = {
    "any": ("Asia/Tokyo", ANY_HOUR),
    "now": ("", 6),
    "nine": ("", 9),
    "ten": ("Europe/Berlin", 10),
    "over": ("Asia/Tokyo", 14),
    "gone": ("Mars/Crater", 11),
}
BEGINS = {
    "any": None,
    "now": None,
    "nine": NOW.replace(hour=9, minute=0),
    "ten": NOW.replace(hour=9, minute=0),
    "over": (NOW + dt.timedelta(hours=23)).replace(hour=5, minute=0),
    "gone": NOW.replace(hour=11, minute=0),  # such a zone is the newsletter's
}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Return a database with an issue to six readers."""
    found = open_test_database(tmp_path, "test.db")
    ids = itertools.count(100)
    store = SubscriberStore(found, lambda: f"{next(ids):x}")
    people = [
        SignUp(email=f"{name}@r.example", wishes=Wishes(timezone=zone, hour=hour))
        for name, (zone, hour) in PEOPLE.items()
    ]
    store.bring(people, Origin.COMMAND, NOW)
    with Spool() as spool:
        spool.add("*", make_edition())
        IssueStore(found).plan(make_issue(), spool, (), NOW)
    return found


def name_of(email: str) -> str:
    return email.partition("@")[0]


def claimed(ledger: SqlLedger, now: dt.datetime) -> set[str]:
    found = ledger.claim(TODAY, owner="me", limit=99, now=now, until=now + HOUR)
    return {name_of(delivery.email) for delivery in found}


def test_a_plan_says_when_each_hour_begins(database: Database) -> None:
    """In the reader's zone, else in the newsletter's; an hour that goes on now is no reason to wait."""
    listed = SqlLedger(database).deliveries(TODAY)

    assert {name_of(delivery.email): delivery.not_before for delivery in listed} == BEGINS


def test_before_a_plan_it_is_known_how_many_would_wait(database: Database) -> None:
    """By audience; of one reader, too."""
    issues = IssueStore(database)

    assert issues.would_wait(NOW, "UTC") == {"*": 4}
    assert issues.would_wait(NOW, "UTC", "NINE@r.example") == {"*": 1}
    assert issues.would_wait(NOW, "UTC", "now@r.example") == {}


def test_nobody_is_claimed_before_their_hour(database: Database) -> None:
    """At that very moment they are; a sender hears of no work before it."""
    ledger, nine = SqlLedger(database), NOW.replace(hour=9, minute=0)

    assert claimed(ledger, NOW) == {"any", "now"}
    assert not ledger.waits(TODAY, now=nine - MICRO)
    assert claimed(ledger, nine - MICRO) == set()
    assert ledger.waits(TODAY, now=nine)
    assert ledger.waits(TODAY, now=nine, email="nine@r.example")
    assert not ledger.waits(TODAY, now=nine, email="gone@r.example")
    assert claimed(ledger, nine) == {"nine", "ten"}
    assert claimed(ledger, nine + dt.timedelta(days=1)) == {"over", "gone"}


def test_it_is_told_how_many_wait_and_until_when(database: Database) -> None:
    """What is due, or has been claimed, waits for nothing."""
    ledger, nine = SqlLedger(database), NOW.replace(hour=9, minute=0)

    assert ledger.later(TODAY, NOW) == Later(count=4, first=nine)
    assert ledger.later(TODAY, nine) == Later(count=2, first=BEGINS["gone"])
    assert ledger.later(TODAY - dt.timedelta(days=1), NOW) == Later()
    assert Later(count=2, first=nine) + Later(count=1, first=NOW) == Later(count=3, first=NOW)


def test_what_waits_for_an_hour_has_as_long_after_it_as_others(database: Database) -> None:
    """Twenty hours after the plan the others expire; twenty hours after their own hour, these."""
    ledger, hours = SqlLedger(database), dt.timedelta(hours=20)
    deadline, nine = NOW + hours, NOW.replace(hour=9, minute=0)

    def left() -> set[str]:
        listed = ledger.deliveries(TODAY, [DeliveryState.PLANNED])
        return {name_of(delivery.email) for delivery in listed}

    assert ledger.expire(TODAY, now=deadline - MICRO, deadline=deadline) == 0
    assert ledger.expire(TODAY, now=deadline, deadline=deadline) == 2
    assert left() == {"nine", "ten", "over", "gone"}
    assert ledger.expire(TODAY, now=nine + hours - MICRO, deadline=deadline) == 0
    assert ledger.expire(TODAY, now=nine + hours, deadline=deadline) == 2
    assert left() == {"over", "gone"}
    assert ledger.expire(TODAY, now=NOW + 3 * hours, deadline=deadline) == 2


def test_an_hour_outlasts_what_happens_to_a_delivery(database: Database) -> None:
    """Given back, left by a dead sender, refused and sent again: no mail before the hour."""
    ledger, nine = SqlLedger(database), NOW.replace(hour=9, minute=0)
    held = ledger.claim(TODAY, owner="me", limit=9, now=nine, until=nine + HOUR)
    (mine,) = (delivery for delivery in held if delivery.email == "nine@r.example")
    others = [Claim(delivery=delivery, owner="me") for delivery in held if delivery is not mine]
    ledger.release(others, nine)
    ledger.recover(TODAY, now=nine, fate_of=lambda _owner: Fate.DEAD)
    (again,) = ledger.claim(
        TODAY, owner="me", limit=9, now=nine, until=nine + HOUR, email=mine.email
    )
    failed = Outcome(state=DeliveryState.FAILED, code=550, reason="no")
    settled = Settlement(claim=Claim(delivery=again, owner="me"), outcome=failed, next_at=None)
    ledger.record([], [settled], nine)
    ledger.reopen(TODAY, [DeliveryState.FAILED], nine)

    listed = ledger.deliveries(TODAY)

    assert {name_of(delivery.email): delivery.not_before for delivery in listed} == BEGINS
    assert claimed(ledger, nine - MICRO) == {"any", "now"}


def test_who_leaves_before_their_hour_gets_nothing(database: Database) -> None:
    """Whether or not the ledger has heard of it; who comes back waits for the same hour."""
    ledger, ids = SqlLedger(database), itertools.repeat("x")
    store, nine = SubscriberStore(database, lambda: next(ids)), NOW.replace(hour=9, minute=0)
    store.change("nine@r.example", SubscriberState.LEFT, "link", NOW)
    store.change("gone@r.example", SubscriberState.LEFT, "link", NOW)
    ledger.follow_subscribers(TODAY, NOW)
    store.change("gone@r.example", SubscriberState.ACTIVE, "command", NOW)
    store.change("ten@r.example", SubscriberState.LEFT, "link", NOW)

    assert claimed(ledger, nine) == {"any", "now"}
    ledger.follow_subscribers(TODAY, nine)
    assert claimed(ledger, NOW.replace(hour=11, minute=0)) == {"gone"}


def test_a_claim_looks_at_ready_shards_alone(database: Database) -> None:
    """A shard is ready at the first hour in it; while all of it is leased, when the leases end."""
    ledger, nine = SqlLedger(database), NOW.replace(hour=9, minute=0)

    def ready_at() -> dt.datetime | None:
        with database.reading() as connection:
            return connection.scalar(sa.select(shards.c.ready_at))

    assert claimed(ledger, NOW) == {"any", "now"}
    assert ready_at() == NOW + HOUR
    assert claimed(ledger, NOW + HOUR) == set()
    assert ready_at() == NOW + HOUR
    ledger.recover(TODAY, now=NOW + HOUR, fate_of=lambda _owner: Fate.ALIVE)
    assert claimed(ledger, NOW + HOUR) == {"any", "now"}
    ledger.cancel(TODAY, nine)
    ledger.recover(TODAY, now=nine, fate_of=lambda _owner: Fate.LOST)
    assert IssueStore(database).unfinished(TODAY + dt.timedelta(days=1)) == ()
    assert ready_at() is None
