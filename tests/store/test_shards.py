"""Shards: whatever is due is found, by whom it is asked for, and nothing is looked at in vain."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from makers import NOW, TODAY, make_delivery, make_issue, open_test_database, plan

from newsletter.model import Claim, DeliveryState, Fate, Outcome, Settlement
from newsletter.store import Database, IssueStore, SqlLedger
from newsletter.store.ledger.shards import AT_ONCE, numbers_of
from newsletter.store.tables import deliveries, shards

S = DeliveryState
HOUR = dt.timedelta(hours=1)
YESTERDAY = TODAY - dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have three deliveries in a shard."""
    monkeypatch.setattr("newsletter.store.ledger.shards.SIZE", 3)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Return a database with an issue to eight readers, id-0 to id-7."""
    found = open_test_database(tmp_path)
    domains = ("a.example", "b.example")
    plan(found, [make_delivery(str(n), email=f"{n}@{domains[n % 2]}") for n in range(8)])
    return found


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database)


def claim(ledger: SqlLedger, limit: int = 9, now: dt.datetime = NOW, **options: object) -> str:
    """Claim, and return the numbers of the readers."""
    given: dict[str, object] = {"owner": "me", "limit": limit, "now": now, "until": now + HOUR}
    found = ledger.claim(TODAY, **(given | options))  # type: ignore[arg-type]
    return "".join(sorted(delivery.subscriber.removeprefix("id-") for delivery in found))


def held(number: int, attempt: int = 1, owner: str = "me") -> Claim:
    return Claim(delivery=make_delivery(str(number), attempt=attempt), owner=owner)


def ready(database: Database, issue: dt.date = TODAY) -> list[dt.datetime | None]:
    """Return when each shard is ready."""
    query = sa.select(shards.c.ready_at).where(shards.c.issue == issue).order_by(shards.c.number)
    with database.reading() as connection:
        return list(connection.scalars(query))


def test_a_plan_makes_shards_in_the_order_of_readers(database: Database) -> None:
    """Together they hold every delivery once."""
    query = sa.select(*shards.c["number", "first", "last", "deliveries", "ready_at"])
    with database.reading() as connection:
        rows = [tuple(row) for row in connection.execute(query.order_by(shards.c.number))]

    assert rows == [
        (0, "id-0", "id-2", 3, AT_ONCE),
        (1, "id-3", "id-5", 3, AT_ONCE),
        (2, "id-6", "id-7", 2, AT_ONCE),
    ]


def test_a_claim_goes_on_in_the_next_shard(ledger: SqlLedger) -> None:
    """Until it has enough, or there is no more; the next one goes on where it ended."""
    assert [claim(ledger, 2), claim(ledger, 5), claim(ledger, 5), claim(ledger)] == [
        "01", "23456", "7", "",
    ]  # fmt: skip


def test_who_asks_for_a_shard_gets_that_one_alone(ledger: SqlLedger) -> None:
    """Also when it has less, or nothing; another sender has the others."""
    assert ledger.waits(TODAY, now=NOW, shard=1)
    assert claim(ledger, 2, shard=1) == "34"
    assert claim(ledger, shard=1) == "5"
    assert claim(ledger, shard=1) == ""
    assert claim(ledger, shard=9) == ""
    assert not ledger.waits(TODAY, now=NOW, shard=1)
    assert ledger.waits(TODAY, now=NOW)
    assert claim(ledger) == "01267"


def test_an_exhausted_shard_is_ready_when_its_leases_end(
    database: Database, ledger: SqlLedger
) -> None:
    """Then somebody may have to free them; once all is final, it never is again."""
    claim(ledger)
    assert ready(database) == [NOW + HOUR] * 3

    accepted = Outcome(state=S.ACCEPTED, code=250)
    ledger.record([held(n) for n in range(8)], [], NOW)
    ledger.record([], [Settlement(claim=held(n), outcome=accepted) for n in range(8)], NOW)
    assert claim(ledger, now=NOW + HOUR) == ""
    assert ready(database) == [None] * 3


def test_what_is_refused_for_now_wakes_its_shard(database: Database, ledger: SqlLedger) -> None:
    """At the first moment at which one of it is due, and no other shard."""
    claim(ledger)
    later = Outcome(state=S.DEFERRED, code=451)
    due = {4: NOW + HOUR / 2, 5: NOW + HOUR / 4, 7: NOW + 2 * HOUR}
    ledger.record(
        [], [Settlement(claim=held(n), outcome=later, next_at=at) for n, at in due.items()], NOW
    )

    assert ready(database) == [NOW + HOUR, NOW + HOUR / 4, NOW + HOUR]
    assert claim(ledger, now=NOW + HOUR / 4) == "5"
    assert claim(ledger, now=NOW + HOUR / 2) == "4"
    assert claim(ledger, now=NOW + 2 * HOUR) == "7"


def test_what_is_given_back_wakes_its_shard(database: Database, ledger: SqlLedger) -> None:
    """It can be claimed at once, by whomever."""
    claim(ledger)

    ledger.release([held(1), held(6)], NOW)

    assert ready(database) == [AT_ONCE, NOW + HOUR, AT_ONCE]
    assert claim(ledger, owner="you") == "16"


def test_what_a_dead_sender_held_wakes_its_shard(database: Database, ledger: SqlLedger) -> None:
    """What had begun to leave does not wait."""
    claim(ledger)
    ledger.record([held(n) for n in (0, 1, 2, 3)], [], NOW)

    assert ledger.recover(TODAY, now=NOW, fate_of=lambda _owner: Fate.DEAD, shard=1) == (4, 4)

    assert ready(database) == [NOW + HOUR, AT_ONCE, AT_ONCE]
    assert claim(ledger, owner="you") == "4567"


def test_only_who_holds_something_of_a_shard_is_recovered_with_it(ledger: SqlLedger) -> None:
    """Who holds nothing of it is left alone."""
    claim(ledger, 3, owner="one")
    claim(ledger, 3, owner="two")

    assert ledger.recover(TODAY, now=NOW, fate_of=lambda _owner: Fate.DEAD, shard=1) == (3, 0)
    assert claim(ledger, 6, owner="three") == "34567"


def test_what_is_opened_again_wakes_its_shard(database: Database, ledger: SqlLedger) -> None:
    """By the operator, or because a reader is back."""
    claim(ledger)
    failed = Outcome(state=S.FAILED, code=550)
    ledger.record([], [Settlement(claim=held(n), outcome=failed) for n in range(8)], NOW)
    assert claim(ledger, now=NOW + HOUR) == ""
    assert ready(database) == [None] * 3

    assert ledger.reopen(TODAY, [S.FAILED], NOW, email="4@a.example") == 1
    assert ready(database) == [None, AT_ONCE, None]
    assert claim(ledger) == "4"
    assert ledger.reopen(TODAY, [S.FAILED], NOW) == 7
    assert claim(ledger) == "0123567"


def test_domains_that_are_full_hide_no_other(database: Database, ledger: SqlLedger) -> None:
    """What is left of a shard stays ready."""
    assert claim(ledger, without=("a.example",)) == "1357"
    assert claim(ledger, without=("a.example",)) == ""
    assert ready(database) == [AT_ONCE] * 3
    assert claim(ledger) == "0246"


def test_an_issue_is_unfinished_while_something_is_open(database: Database) -> None:
    """Finished shards are remembered, so that old issues cost nothing."""
    store, ledger = IssueStore(database), SqlLedger(database)
    tomorrow = TODAY + dt.timedelta(days=1)
    old = [make_delivery(str(n), issue=YESTERDAY, email=f"{n}@a.example") for n in range(4)]
    plan(database, old, issue=make_issue(date=YESTERDAY, number=6))
    assert store.unfinished(tomorrow) == (YESTERDAY, TODAY)
    assert store.unfinished(TODAY) == (YESTERDAY,)

    with database.transaction() as connection:
        connection.execute(deliveries.update().values(state="accepted"))
        last = (deliveries.c.issue == TODAY) & (deliveries.c.subscriber == "id-7")
        begun = deliveries.update().where(last).values(lease_owner="me", lease_until=NOW)
        connection.execute(begun.values(state="data_started"))

    assert store.unfinished(tomorrow) == (TODAY,)
    assert ready(database, YESTERDAY) == [None] * 3
    assert ledger.recover(TODAY, now=NOW, fate_of=lambda _owner: Fate.ALIVE) == (0, 1)
    assert store.unfinished(tomorrow) == ()
    assert ready(database) == [None] * 3


def test_the_shard_of_each_reader() -> None:
    """By the first reader of each; the earliest moment counts."""
    waking = {"c": NOW, "d": NOW - HOUR, "f": NOW, "z": AT_ONCE}

    assert numbers_of(["a", "c", "f", "k"], waking) == {1: NOW - HOUR, 2: NOW, 3: AT_ONCE}


def test_a_shard_that_was_left_is_active_while_others_hold_something(
    ledger: SqlLedger, database: Database
) -> None:
    """Rates count what leaves of it; afterwards it is active until its last message began."""
    assert ledger.take_shard(TODAY, 0, "me")
    assert claim(ledger, 1, owner="other") == "0"
    assert claim(ledger, 1, shard=0) == "1"
    minute = dt.timedelta(minutes=1)
    ledger.record([held(1)], [], NOW + minute)
    accepted = Outcome(state=S.ACCEPTED)
    ledger.record([], [Settlement(claim=held(1), outcome=accepted)], NOW + minute)

    ledger.leave_shard(TODAY, 0, "me")

    ledger.record([held(0, owner="other")], [], NOW + 20 * minute)
    later = NOW + 21 * minute
    assert sum(ledger.used(later - 5 * minute, later).values()) == 1
    ledger.take_shard(TODAY, 0, "me")
    ledger.leave_shard(TODAY, 0, "me")
    query = sa.select(shards.c.active_until).where(shards.c.number == 0)
    with database.reading() as connection:
        assert connection.scalar(query) == NOW + 20 * minute
    assert sum(ledger.used(NOW, later).values()) == 2
