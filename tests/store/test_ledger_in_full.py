"""What each statement of the ledger writes, and whom it leaves alone: row by row."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from makers import NOW, TODAY, make_delivery, make_issue, open_test_database, plan

from newsletter.errors import LedgerError, StoreError
from newsletter.model import (
    LEFT,
    Claim,
    Delivery,
    DeliveryState,
    Fate,
    IssueState,
    Outcome,
    Settlement,
)
from newsletter.store import Bounce, SqlLedger, SuppressionStore
from newsletter.store.database import Database
from newsletter.store.ledger.connections import _OfSqlite
from newsletter.store.suppressions import Suppression
from newsletter.store.tables import bounces, deliveries, shards, subscribers

S = DeliveryState
YESTERDAY = TODAY - dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
LATER = NOW + HOUR
UNTIL = NOW + 2 * HOUR
MICRO = dt.timedelta(microseconds=1)
NAMES = ("ada", "bo", "cy", "di")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Return a database with four readers of today's issue, and the same of yesterday's."""
    found = open_test_database(tmp_path)
    for number, date in enumerate((YESTERDAY, TODAY), 1):
        planned = [
            make_delivery(name, issue=date, email=f"{name.capitalize()}@{name[0]}.Example")
            for name in NAMES
        ]
        plan(found, planned, issue=make_issue(date=date, number=number))
    return found


def moment(at: dt.datetime | None) -> str | None:
    """Return a moment as the database has it."""
    return at.replace(tzinfo=None).isoformat(" ", "microseconds") if at else None


def put(database: Database, name: str, issue: dt.date = TODAY, /, **values: Any) -> None:
    """Write into the row of a delivery."""
    mine = (deliveries.c.issue == issue) & (deliveries.c.subscriber == f"id-{name}")
    with database.transaction() as connection:
        connection.execute(deliveries.update().where(mine).values(values))
        active = shards.update().where(shards.c.issue == issue)
        connection.execute(active.values(active_until=NOW + dt.timedelta(days=9)))


COLUMNS = "state, attempt, next_at, code, reason, verdict, lease_owner, lease_until, started_at, changed_at"


def row(database: Database, name: str, issue: dt.date = TODAY) -> dict[str, Any]:
    """Return what a row says of its delivery's state."""
    mine = (deliveries.c.issue == issue) & (deliveries.c.subscriber == f"id-{name}")
    columns = [deliveries.c[name] for name in COLUMNS.split(", ")]
    with database.transaction() as connection:
        found = connection.execute(sa.select(*columns).where(mine)).one()
    shown = (moment(value) if isinstance(value, dt.datetime) else value for value in found)
    return dict(zip(COLUMNS.split(", "), shown, strict=True))


def states(ledger: SqlLedger, issue: dt.date = TODAY) -> dict[str, str]:
    return {
        delivery.subscriber.removeprefix("id-"): str(delivery.state)
        for delivery in ledger.deliveries(issue)
    }


def held(name: str, attempt: int = 1, owner: str = "me") -> Claim:
    return Claim(delivery=make_delivery(name, attempt=attempt), owner=owner)


def claim(ledger: SqlLedger, **changes: Any) -> list[str]:
    values: dict[str, Any] = {"owner": "me", "limit": 9, "now": NOW, "until": UNTIL}
    found = ledger.claim(TODAY, **(values | changes))
    return sorted(delivery.subscriber.removeprefix("id-") for delivery in found)


# --- Claims -------------------------------------------------------------------------------------


def test_what_is_claimed_is_known_in_full(database: Database) -> None:
    """Each delivery as it was planned, leased to its sender; the other issue is left alone."""
    ledger = SqlLedger(database)
    put(
        database,
        "ada",
        name="Ada B.",
        timezone="Asia/Tokyo",
        language="ja",
        edition="one",
        attempt=2,
    )

    (found,) = ledger.claim(TODAY, owner="me", limit=9, now=NOW, until=UNTIL, email="ADA@a.example")

    assert found == Delivery(
        issue=TODAY, subscriber="id-ada", email="Ada@a.Example", name="Ada B.", timezone="Asia/Tokyo",
        edition="one", language="ja", state=S.LEASED, attempt=3,
    )  # fmt: skip
    assert row(database, "ada") == {
        "state": "leased", "attempt": 3, "next_at": None, "code": 0, "reason": "", "verdict": "",
        "lease_owner": "me", "lease_until": moment(UNTIL), "started_at": None, "changed_at": moment(NOW),
    }  # fmt: skip
    assert states(ledger, YESTERDAY) == dict.fromkeys(NAMES, "planned")


def test_what_is_due_is_claimed_and_no_more(database: Database) -> None:
    """What is planned, and what was refused and may be tried again at this moment."""
    ledger = SqlLedger(database)
    put(database, "ada", state="deferred", next_at=NOW)
    put(database, "bo", state="deferred", next_at=NOW + MICRO)
    put(database, "di", state="accepted")

    assert ledger.waits(TODAY, now=NOW)
    assert claim(ledger, limit=1) == ["ada"]
    assert claim(ledger) == ["cy"]
    assert row(database, "ada")["next_at"] is None
    assert not ledger.waits(TODAY, now=NOW)
    assert ledger.waits(TODAY, now=NOW + MICRO)


def test_a_limit_holds_for_both_kinds_together(database: Database) -> None:
    """Planned and deferred deliveries count together."""
    for name in ("ada", "bo"):
        put(database, name, state="deferred", next_at=NOW)
    ledger = SqlLedger(database)

    assert [len(claim(ledger, limit=limit)) for limit in (3, 1, 1)] == [3, 1, 0]
    assert states(ledger) == dict.fromkeys(NAMES, "leased")


def test_what_is_asked_of_some_domains_or_one_address(database: Database) -> None:
    """Whatever the case is; of an address alone the domains do not count."""
    ledger = SqlLedger(database)

    assert claim(ledger, without=("b.example", "c.example")) == ["ada", "di"]
    assert claim(ledger, email="cy@C.EXAMPLE", without=("c.example",)) == ["cy"]
    assert not ledger.waits(TODAY, now=NOW, email="cy@c.example")
    assert ledger.waits(TODAY, now=NOW, email="BO@b.example")
    assert ledger.waits(TODAY, now=NOW, domains=("c.example", "b.example"))
    assert not ledger.waits(TODAY, now=NOW, domains=("c.example", "a.example"))


def test_a_suppressed_address_is_settled_when_it_would_be_claimed(database: Database) -> None:
    """With the verdict and the words of the report, as far as they are kept."""
    found = Bounce(
        digest="1", email="ada@a.example", verdict="no-mailbox", verified=True, evidence="x" * 600
    )
    SuppressionStore(database).note([found], NOW)
    ledger = SqlLedger(database)

    assert claim(ledger, now=LATER) == ["bo", "cy", "di"]
    assert row(database, "ada") == {
        "state": "suppressed", "attempt": 1, "next_at": None, "code": 0, "verdict": "no-mailbox",
        "reason": "suppressed: " + "x" * 300, "lease_owner": None, "lease_until": None,
        "started_at": None, "changed_at": moment(LATER),
    }  # fmt: skip


def test_nothing_of_an_issue_that_was_stopped_is_claimed(database: Database) -> None:
    """Why is kept in five hundred characters; the other issue goes on."""
    ledger = SqlLedger(database)
    assert ledger.halted(TODAY) == ledger.halted(TODAY + dt.timedelta(days=9)) == ""

    ledger.pause(TODAY, "w" * 600, NOW)
    assert ledger.halted(TODAY) == "w" * 500
    assert ledger.halted(YESTERDAY) == ""
    assert claim(ledger) == []

    ledger.resume(TODAY)
    assert ledger.halted(TODAY) == ""
    assert len(claim(ledger)) == 4


# --- What is recorded ---------------------------------------------------------------------------


def test_what_is_recorded_is_written_in_full(database: Database) -> None:
    """A start with its moment; an outcome with its words, number, verdict and next try."""
    ledger = SqlLedger(database)
    claim(ledger)
    outcome = Outcome(state=S.DEFERRED, reason="y" * 600, code=451, verdict="throttled")

    lost = ledger.record(
        [held("ada")],
        [Settlement(claim=held("bo"), outcome=outcome, next_at=LATER)],
        NOW + MICRO,
    )

    assert lost == frozenset()
    assert row(database, "ada") == {
        "state": "data_started", "attempt": 1, "next_at": None, "code": 0, "reason": "", "verdict": "",
        "lease_owner": "me", "lease_until": moment(UNTIL), "started_at": moment(NOW + MICRO),
        "changed_at": moment(NOW + MICRO),
    }  # fmt: skip
    assert row(database, "bo") == {
        "state": "deferred", "attempt": 1, "next_at": moment(LATER), "code": 451, "reason": "y" * 500,
        "verdict": "throttled", "lease_owner": None, "lease_until": None, "started_at": None,
        "changed_at": moment(NOW + MICRO),
    }  # fmt: skip


def test_what_is_anothers_by_now_is_not_written(database: Database) -> None:
    """Another owner, another attempt, another state: each is told, the rest is written."""
    ledger = SqlLedger(database)
    claim(ledger)
    taken = Outcome(state=S.ACCEPTED, code=250)
    put(database, "di", state="planned")

    lost = ledger.record(
        [held("ada", owner="you"), held("di"), held("bo")],
        [Settlement(claim=held("cy", attempt=2), outcome=taken)],
        NOW,
    )

    assert lost == {"id-ada", "id-di", "id-cy"}
    assert states(ledger) == {
        "ada": "leased", "bo": "data_started", "cy": "leased", "di": "planned",
    }  # fmt: skip


def test_what_was_written_before_is_not_lost_when_it_is_written_again(database: Database) -> None:
    """A batch that was tried again after a fault finds its own starts and outcomes."""
    ledger = SqlLedger(database)
    claim(ledger)
    outcome = Settlement(claim=held("bo"), outcome=Outcome(state=S.ACCEPTED))

    for _ in range(2):
        assert ledger.record([held("ada")], [outcome], NOW) == frozenset()


def test_a_lease_is_given_back_in_full(database: Database) -> None:
    """The attempt does not count; what is another's, or has begun, stays."""
    ledger = SqlLedger(database)
    claim(ledger)
    ledger.record([held("di")], [], NOW)

    ledger.release([held("ada"), held("bo", owner="you"), held("cy", attempt=2), held("di")], LATER)

    assert states(ledger) == {
        "ada": "planned",
        "bo": "leased",
        "cy": "leased",
        "di": "data_started",
    }
    assert row(database, "ada") == {
        "state": "planned", "attempt": 0, "next_at": None, "code": 0, "reason": "", "verdict": "",
        "lease_owner": None, "lease_until": None, "started_at": None, "changed_at": moment(LATER),
    }  # fmt: skip
    ledger.release([], LATER)


@pytest.mark.parametrize(
    ("fate", "after"),
    [
        (Fate.DEAD, {"ada": "planned", "bo": "unknown", "cy": "planned", "di": "unknown"}),
        (Fate.LOST, {"ada": "unknown", "bo": "unknown", "cy": "unknown", "di": "unknown"}),
        (Fate.AWAY, {"ada": "leased", "bo": "data_started", "cy": "unknown", "di": "unknown"}),
        (Fate.ALIVE, {"ada": "leased", "bo": "data_started", "cy": "planned", "di": "unknown"}),
    ],
)
def test_what_senders_left_behind(database: Database, fate: Fate, after: dict[str, str]) -> None:
    """By their fate, and by leases that run out at this moment or later."""
    ledger = SqlLedger(database)
    for name, state, until in (
        ("ada", "leased", LATER + MICRO), ("bo", "data_started", LATER + MICRO),
        ("cy", "leased", LATER), ("di", "data_started", LATER),
    ):  # fmt: skip
        put(database, name, state=state, lease_owner="them", lease_until=until, reason="before")
    put(database, "ada", YESTERDAY, state="leased", lease_owner="them", lease_until=NOW)
    asked: list[str] = []

    def fate_of(owner: str) -> Fate:
        asked.append(owner)
        return fate

    freed = ledger.recover(TODAY, now=LATER, fate_of=fate_of)

    assert (states(ledger), asked) == (after, ["them"])
    counted = list(after.values())
    assert freed == (counted.count("planned"), counted.count("unknown"))
    for name, state in after.items():
        found = row(database, name)
        if state == "unknown":
            assert found["reason"] == "the sender stopped after the message had begun to leave"
        else:
            assert found["reason"] == "before"
        moved = state in ("planned", "unknown")
        assert (found["lease_owner"], found["lease_until"] is None) == (
            None if moved else "them",
            moved,
        )
        assert (found["changed_at"] == moment(LATER)) is moved
    assert states(ledger, YESTERDAY)["ada"] == "leased"


# --- What has left ------------------------------------------------------------------------------


def test_what_has_left_is_counted_by_domain(database: Database) -> None:
    """After a moment and until now, of issues of the last days; what is leased counts as leaving."""
    ledger = SqlLedger(database)
    put(database, "ada", state="accepted", started_at=NOW - HOUR + MICRO)
    put(database, "bo", state="accepted", started_at=NOW - HOUR)
    put(database, "cy", state="accepted", started_at=NOW)
    put(database, "di", state="leased")
    put(database, "ada", YESTERDAY, state="failed", started_at=NOW - MICRO)
    put(database, "bo", YESTERDAY, state="accepted", started_at=NOW + MICRO)

    assert ledger.used(NOW - HOUR, NOW) == {"a.example": 2, "c.example": 1, "d.example": 1}
    assert ledger.used(NOW + dt.timedelta(days=4) - HOUR, NOW + dt.timedelta(days=4)) == {}


def test_an_issue_that_was_planned_three_days_ago_does_not_count(database: Database) -> None:
    """It was given up long since."""
    ledger = SqlLedger(database)
    put(database, "ada", YESTERDAY, state="leased")
    since = NOW + dt.timedelta(days=3)

    assert ledger.used(since - MICRO, since + HOUR) == {"a.example": 1}
    assert ledger.used(since, since + HOUR) == {}


def test_an_issue_of_an_old_date_counts_as_any(database: Database) -> None:
    """Somebody sends it by hand: the mail server counts its messages, too."""
    old, ledger = TODAY - dt.timedelta(days=30), SqlLedger(database)
    with database.transaction() as connection:
        connection.execute(subscribers.update().values(state="paused"))
    plan(database, [make_delivery("ed", issue=old)], issue=make_issue(date=old, number=9))
    found = ledger.claim(old, owner="me", limit=9, now=NOW, until=UNTIL)

    assert ledger.used(NOW - HOUR, NOW) == {"readers.example": len(found)}

    ledger.record([Claim(delivery=one, owner="me") for one in found], [], NOW)
    assert ledger.used(NOW - HOUR, NOW) == {"readers.example": len(found)}
    assert ledger.departure(NOW - HOUR, NOW, 0) == NOW


def test_when_a_message_left(database: Database) -> None:
    """The oldest first, of all or of one domain; None where there are not so many."""
    ledger = SqlLedger(database)
    put(database, "ada", started_at=NOW - 3 * MICRO)
    put(database, "bo", started_at=NOW - HOUR)
    put(database, "cy", started_at=NOW)
    put(database, "di", started_at=NOW + MICRO)
    put(database, "ada", YESTERDAY, started_at=NOW - 2 * MICRO)

    found = [ledger.departure(NOW - HOUR, NOW, place) for place in range(4)]

    assert found == [NOW - 3 * MICRO, NOW - 2 * MICRO, NOW, None]
    assert ledger.departure(NOW - HOUR, NOW, 1, "a.example") == NOW - 2 * MICRO
    assert ledger.departure(NOW - HOUR, NOW, 0, "c.example") == NOW
    assert ledger.departure(NOW - HOUR, NOW, 0, "b.example") is None
    since = dt.datetime.combine(TODAY, dt.time(), dt.UTC) + dt.timedelta(days=2)
    put(database, "ada", started_at=since + HOUR)
    assert ledger.departure(since, since + 2 * HOUR, 0) == since + HOUR
    put(database, "ada", started_at=since + dt.timedelta(days=2, hours=1))
    assert ledger.departure(since + dt.timedelta(days=2), since + dt.timedelta(days=3), 0) is None


# --- What is given up, and what is sent again ---------------------------------------------------


def mixed(database: Database) -> SqlLedger:
    """Return a ledger with a delivery planned, deferred, leased and failed; so is yesterday's."""
    for issue in (YESTERDAY, TODAY):
        put(database, "bo", issue, state="deferred", next_at=LATER, reason="451 later")
        put(database, "cy", issue, state="leased", lease_owner="me")
        put(database, "di", issue, state="failed", reason="550 no")
    return SqlLedger(database)


MIXED = {"ada": "planned", "bo": "deferred", "cy": "leased", "di": "failed"}


def test_an_issue_is_cancelled_for_good(database: Database) -> None:
    """What waits is given up, with the reason; neither a pause nor going on changes that."""
    ledger = mixed(database)

    assert ledger.cancel(TODAY, LATER) == 2
    assert states(ledger) == MIXED | {"ada": "cancelled", "bo": "cancelled"}
    assert (
        row(database, "ada")["reason"] == row(database, "bo")["reason"] == "the issue was cancelled"
    )
    assert row(database, "ada")["changed_at"] == moment(LATER)
    assert states(ledger, YESTERDAY) == MIXED
    ledger.pause(TODAY, "x", NOW)
    ledger.resume(TODAY)
    assert ledger.state(TODAY) is IssueState.CANCELLED


def test_what_waits_expires_at_its_deadline(database: Database) -> None:
    """At that very moment; a moment before nothing does."""
    ledger = mixed(database)

    assert ledger.expire(TODAY, now=LATER - MICRO, deadline=LATER) == 0
    assert states(ledger) == MIXED
    assert ledger.expire(TODAY, now=LATER, deadline=LATER) == 2
    assert states(ledger) == MIXED | {"ada": "expired", "bo": "expired"}
    found = row(database, "bo")
    assert (found["next_at"], found["reason"], found["changed_at"]) == (
        None,
        "451 later",
        moment(LATER),
    )
    assert states(ledger, YESTERDAY) == MIXED


def go(database: Database, state: str, *names: str) -> None:
    """Bring subscribers into a state."""
    with database.transaction() as connection:
        ids = [f"id-{name}" for name in names]
        mine = subscribers.update().where(subscribers.c.id.in_(ids))
        connection.execute(mine.values(state=state))


def test_who_leaves_the_list_and_comes_back(database: Database) -> None:
    """What waits for them is cancelled, and planned again; nobody else is touched."""
    ledger = mixed(database)
    go(database, "left", "ada")
    go(database, "paused", "bo")

    ledger.follow_subscribers(TODAY, NOW)
    assert states(ledger) == MIXED | {"ada": "cancelled", "bo": "cancelled"}
    found = row(database, "bo")
    assert (found["reason"], found["changed_at"]) == (LEFT, moment(NOW))
    put(database, "ada", reason="for another reason")

    go(database, "active", "ada", "bo")
    ledger.follow_subscribers(TODAY, LATER)
    assert states(ledger) == MIXED | {"ada": "cancelled", "bo": "planned"}
    found = row(database, "bo")
    assert (found["reason"], found["next_at"], found["changed_at"]) == ("", None, moment(LATER))
    assert states(ledger, YESTERDAY) == MIXED


def test_a_cancelled_issue_follows_nobody(database: Database) -> None:
    """What its sender gave back since is given up, and nobody is planned again."""
    ledger = mixed(database)
    go(database, "left", "ada")
    ledger.follow_subscribers(TODAY, NOW)
    ledger.cancel(TODAY, NOW)
    put(database, "cy", state="planned", lease_owner=None)
    go(database, "active", "ada")

    ledger.follow_subscribers(TODAY, NOW)

    assert set(states(ledger).values()) == {"cancelled", "failed"}
    assert states(ledger, YESTERDAY) == MIXED


def test_what_is_sent_again_because_somebody_asks(database: Database) -> None:
    """What failed or is unknown is planned; what waits is due at once; all are counted."""
    ledger = mixed(database)
    put(database, "cy", state="unknown", lease_owner=None)
    put(database, "di", next_at=LATER)

    assert ledger.reopen(TODAY, [S.FAILED, S.UNKNOWN, S.DEFERRED], NOW) == 3

    assert states(ledger) == {"ada": "planned", "bo": "deferred", "cy": "planned", "di": "planned"}
    assert (row(database, "bo")["next_at"], row(database, "di")["next_at"]) == (moment(NOW), None)
    assert row(database, "bo")["changed_at"] == row(database, "di")["changed_at"] == moment(NOW)
    assert states(ledger, YESTERDAY) == MIXED
    assert row(database, "bo", YESTERDAY)["next_at"] == moment(LATER)


@pytest.mark.parametrize(
    ("asked", "email", "count", "after"),
    [
        ([S.FAILED], None, 2, {"bo": "deferred", "cy": "planned", "di": "planned"}),
        ([S.FAILED], "CY@c.example", 1, {"bo": "deferred", "cy": "planned", "di": "failed"}),
        (
            [S.FAILED, S.DEFERRED],
            "bo@B.example",
            1,
            {"bo": "deferred", "cy": "failed", "di": "failed"},
        ),
        ([S.UNKNOWN], None, 0, {"bo": "deferred", "cy": "failed", "di": "failed"}),
        ([S.DEFERRED], None, 1, {"bo": "deferred", "cy": "failed", "di": "failed"}),
    ],
)
def test_what_is_sent_again_is_what_was_asked_for(
    database: Database,
    asked: list[DeliveryState],
    email: str | None,
    count: int,
    after: dict[str, str],
) -> None:
    """Only deliveries in these states, and only one address if one is given."""
    ledger = mixed(database)
    put(database, "cy", state="failed", lease_owner=None)

    assert ledger.reopen(TODAY, asked, NOW, email) == count
    assert states(ledger) == {"ada": "planned"} | after


def test_what_cannot_be_sent_again_is_told(database: Database) -> None:
    """Deliveries in other states, and all of an issue that was cancelled."""
    ledger = mixed(database)

    for asked in ([S.ACCEPTED], [S.FAILED, S.EXPIRED]):
        with pytest.raises(LedgerError) as caught:
            ledger.reopen(TODAY, asked, NOW)
        assert str(caught.value) == "only failed, unknown and deferred deliveries can be sent again"

    ledger.cancel(YESTERDAY, NOW)
    assert ledger.reopen(TODAY, [S.FAILED], NOW) == 1
    with pytest.raises(LedgerError) as caught:
        ledger.reopen(YESTERDAY, [S.FAILED], NOW)
    assert (
        str(caught.value) == f"the issue of {YESTERDAY} was cancelled, for good: none of it is sent"
    )


def test_where_an_issue_stands(database: Database) -> None:
    """Every state has a number; the deliveries come by address, with all that is known of them."""
    ledger = mixed(database)
    put(
        database,
        "bo",
        code=451,
        verdict="throttled",
        attempt=2,
        language="fr",
        timezone="Asia/Tokyo",
    )

    assert ledger.counts(TODAY) == dict.fromkeys(S, 0) | {
        S.PLANNED: 1, S.DEFERRED: 1, S.LEASED: 1, S.FAILED: 1,
    }  # fmt: skip
    assert ledger.counts(TODAY + dt.timedelta(days=9)) == dict.fromkeys(S, 0)
    assert [delivery.subscriber for delivery in ledger.deliveries(TODAY)] == [
        f"id-{name}" for name in NAMES
    ]
    assert ledger.deliveries(TODAY, [S.DEFERRED]) == (
        Delivery(
            issue=TODAY, subscriber="id-bo", email="Bo@b.Example", name="Bo", timezone="Asia/Tokyo",
            edition="language-models", language="fr", state=S.DEFERRED, attempt=2, next_at=LATER,
            reason="451 later", verdict="throttled",
        ),
    )  # fmt: skip
    assert ledger.deliveries(TODAY, []) == ()


# --- Suppressions -------------------------------------------------------------------------------


def bounce(**changes: Any) -> Bounce:
    values: dict[str, Any] = {
        "digest": "1", "email": "Ada@A.example", "verdict": "no-mailbox", "verified": True, "evidence": "e" * 400,
        "issue": TODAY, "subscriber": "id-ada",
    }  # fmt: skip
    return Bounce(**(values | changes))


def test_what_is_noted_is_kept_in_full(database: Database) -> None:
    """The bounce as it came, and the suppression that follows from it."""
    store = SuppressionStore(database)
    found = [
        bounce(),
        bounce(digest="2", email="Bo@b.example", verdict="complaint", subscriber="", evidence="c"),
        bounce(digest="3", email="cy@c.example", verdict="full", evidence="f"),
        bounce(digest="4", email=""),
        bounce(digest="1"),
    ]

    assert store.note(found, NOW) == (4, ("ada@a.example", "bo@b.example"))
    assert list(store.all()) == [
        Suppression(
            email="ada@a.example",
            verdict="no-mailbox",
            source="bounce",
            evidence="e" * 300,
            since=NOW,
        ),
        Suppression(
            email="bo@b.example", verdict="complaint", source="complaint", evidence="c", since=NOW
        ),
    ]
    with database.transaction() as connection:
        rows = connection.execute(sa.select(bounces).order_by(bounces.c.digest)).all()
    assert [tuple(line) for line in rows] == [
        (
            "1",
            TODAY,
            "id-ada",
            "ada@a.example",
            "no-mailbox",
            True,
            "e" * 400,
            NOW,
        ),
        ("2", TODAY, None, "bo@b.example", "complaint", True, "c", NOW),
        ("3", TODAY, "id-ada", "cy@c.example", "full", True, "f", NOW),
        ("4", TODAY, "id-ada", "", "no-mailbox", True, "e" * 400, NOW),
    ]


def test_who_is_suppressed_already_is_not_again(database: Database) -> None:
    """The first report counts; a later one is new, and changes nothing."""
    store = SuppressionStore(database)
    store.note([bounce(evidence="first")], NOW)

    assert store.note([bounce(digest="2", verdict="complaint")], LATER) == (1, ())
    assert [(suppression.evidence, suppression.since) for suppression in store.all()] == [
        ("first", NOW)
    ]


def test_a_bounce_of_no_known_issue_does_not_count_as_one(database: Database) -> None:
    """Three that may pass, two of them of known issues, are two."""
    store = SuppressionStore(database)
    days = (None, TODAY - dt.timedelta(days=9), TODAY)
    found = [bounce(digest=str(day), verdict="full", issue=day) for day in days]

    assert store.note(found, NOW) == (3, ())


def test_what_servers_refused_for_good_is_learnt_in_full(database: Database) -> None:
    """Of this issue, of what failed, and by the verdicts after which nothing will arrive."""
    put(database, "ada", state="failed", verdict="no-domain", reason="556 5.1.10 null")
    put(database, "bo", state="unknown", verdict="no-mailbox")
    put(database, "cy", state="failed", verdict="said-gone")
    put(database, "di", YESTERDAY, state="failed", verdict="no-mailbox")
    store = SuppressionStore(database)

    assert (store.learn(TODAY, NOW), store.learn(TODAY, NOW)) == (1, 0)
    assert list(store.all()) == [
        Suppression(
            email="ada@a.example",
            verdict="no-domain",
            source="reply",
            evidence="556 5.1.10 null",
            since=NOW,
        )
    ]


def test_an_address_is_mailed_again(database: Database) -> None:
    """Its own earlier bounces no longer count. Those of other addresses still do."""
    store = SuppressionStore(database)
    days = [TODAY - dt.timedelta(days=day) for day in (8, 4, 0)]
    for email in ("ada@a.example", "bo@b.example"):
        store.note(
            [
                bounce(digest=f"{email}{day}", email=email, verdict="full", issue=day)
                for day in days[:2]
            ],
            NOW,
        )
    assert not store.remove("ada@a.example")

    last = [
        bounce(digest=email, email=email, verdict="full", issue=days[2])
        for email in ("ada@a.example", "bo@b.example")
    ]

    assert store.note(last, NOW) == (2, ("bo@b.example",))


def test_where_the_latest_issue_went(database: Database) -> None:
    """The addresses of the last of three issues, in lower case."""
    store = SuppressionStore(database)
    put(database, "ada", YESTERDAY, email="Old@a.example")

    assert store.address_of(None, "id-ada") == "ada@a.example"
    assert store.address_of(YESTERDAY, "id-ada") == "old@a.example"
    assert store.address_of(None, "id-nobody") is None


def test_a_ledger_that_is_gone_is_one_line(database: Database) -> None:
    """What the database says; what was begun is undone."""
    ledger = SqlLedger(database)
    claim(ledger)
    with database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE delivery RENAME TO gone")

    with pytest.raises(StoreError, match=r"no such table|does not exist"):
        ledger.record([replace(held("ada"))], [], NOW)
    with database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO delivery")
    assert ledger.record([held("ada")], [], NOW) == frozenset()


@pytest.mark.sqlite
@pytest.mark.parametrize("lean", [False, True])
def test_how_a_ledger_forces_what_it_writes(tmp_path: Path, *, lean: bool) -> None:
    """A lean one waits for the disk when it leases, and for nothing else."""
    database = open_test_database(tmp_path)
    plan(database, [make_delivery()])
    ledger = SqlLedger(database, lean=lean)

    def forces() -> int:
        own = ledger._claims._own
        assert isinstance(own, _OfSqlite)
        assert own._own is not None
        cursor = own._own.cursor()
        cursor.execute("PRAGMA synchronous")
        found = cursor.fetchone()
        assert found is not None
        return int(found[0])

    full, normal = 2, 1
    ledger.claim(TODAY, owner="me", limit=1, now=NOW, until=UNTIL)
    assert forces() == full
    ledger.record([held("ada")], [], NOW)
    assert forces() == (normal if lean else full)
    ledger.claim(TODAY, owner="me", limit=1, now=NOW, until=UNTIL)
    assert forces() == full
