"""Who is suppressed, and who is not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, TODAY, make_delivery, make_issue, open_test_database, plan

from newsletter import links
from newsletter.model import Claim, DeliveryState, Outcome, Settlement
from newsletter.store import Bounce, Once, SqlLedger, SuppressionStore

SECRET = b"a secret of tests, of 32 bytes at least"
WHO = "0123456789abcdef0123"


@pytest.fixture
def store(tmp_path: Path) -> SuppressionStore:
    return SuppressionStore(open_test_database(tmp_path))


def bounce(number: int = 1, **changes: Any) -> Bounce:
    values: dict[str, Any] = {
        "digest": str(number), "email": "ada@readers.example", "verdict": "no-mailbox",
        "verified": True, "evidence": "550 5.1.1 no",
    }  # fmt: skip
    return Bounce(**(values | changes))


def suppressed(store: SuppressionStore) -> list[str]:
    return [suppression.email for suppression in store.all()]


def test_the_same_report_counts_once(store: SuppressionStore) -> None:
    """Reading a mailbox again changes nothing."""
    assert store.note([bounce()], NOW) == (1, ("ada@readers.example",))
    assert store.note([bounce()], NOW) == (0, ())
    assert suppressed(store) == ["ada@readers.example"]


def test_a_request_counts_once_whatever_comes_with_it(store: SuppressionStore) -> None:
    """Also with another bounce; another request, or the same name of another service, counts."""
    once = Once("hook mailgun", "token")
    assert not store.has_come(once)
    assert store.note([bounce(1)], NOW, once)[0] == 1
    assert store.has_come(once)
    assert store.note([bounce(2)], NOW, once) == (0, ())
    assert store.knows(["1", "2"]) == {"1"}
    assert store.note([bounce(2)], NOW, Once("hook ses", "token"))[0] == 1
    assert store.note([bounce(3)], NOW, Once("hook mailgun", "other"))[0] == 1
    assert store.note([bounce(4)], NOW)[0] == 1


def test_the_latest_issue_of_a_reader(tmp_path: Path) -> None:
    """Not that of others; none for who was sent none."""
    database = open_test_database(tmp_path)
    store = SuppressionStore(database)
    plan(database, [make_delivery("ada", subscriber=WHO)])
    assert store.latest_issue(WHO) == TODAY
    assert store.latest_issue("0" * 20) is None


@pytest.mark.parametrize("verdict", ["no-mailbox", "no-domain", "moved", "complaint"])
def test_only_what_is_proved_suppresses(store: SuppressionStore, verdict: str) -> None:
    """Anybody can forge a bounce: without our own address in it nobody is taken off the list."""
    store.note([bounce(1, verdict=verdict, verified=False)], NOW)
    assert suppressed(store) == []
    store.note([bounce(2, verdict=verdict)], NOW)
    assert suppressed(store) == ["ada@readers.example"]


@pytest.mark.parametrize(
    "verdict", ["policy", "reputation", "content", "throttled", "network", "unknown"]
)
def test_what_is_about_us_never_does(store: SuppressionStore, verdict: str) -> None:
    """However often it comes."""
    days = [NOW + dt.timedelta(days=day) for day in range(30)]
    for place, day in enumerate(days):
        store.note([bounce(place, verdict=verdict, issue=day.date())], day)

    assert suppressed(store) == []


@pytest.mark.parametrize(
    ("days", "is_given_up"),
    [
        ((0, 8), False),
        ((0, 1, 2), False),
        ((0, 3, 6), False),
        ((0, 3, 7), True),
        ((0, 0, 8), False),
    ],
)
@pytest.mark.parametrize(
    ("verdict", "is_final"),
    [("full", True), ("disabled", True), ("said-gone", False), ("no-domain", False)],
)
def test_what_may_pass_has_a_week_and_three_issues(
    store: SuppressionStore,
    verdict: str,
    days: tuple[int, ...],
    *,
    is_final: bool,
    is_given_up: bool,
) -> None:
    """Two reports never suffice, nor three within a week, nor three of two issues."""
    for place, day in enumerate(days):
        moment = NOW + dt.timedelta(days=day)
        noted = bounce(place, verdict=verdict, is_final=is_final, issue=moment.date())
        store.note([noted], moment)

    assert suppressed(store) == ["ada@readers.example"] * is_given_up


def test_the_days_of_the_issues_count_not_those_of_the_reading(store: SuppressionStore) -> None:
    """A mailbox may be read once a month, or the same day's report a week late."""
    found = [
        bounce(day, verdict="full", issue=TODAY + dt.timedelta(days=day)) for day in (0, 1, 2, 8)
    ]

    store.note(found[:2], NOW)
    store.note(found[2:3], NOW + dt.timedelta(days=30))
    assert suppressed(store) == []
    store.note(found[3:], NOW + dt.timedelta(days=30))
    assert suppressed(store) == ["ada@readers.example"]


def test_kinds_that_may_pass_count_together(store: SuppressionStore) -> None:
    """A mailbox that was full, then disabled, then said to be gone is as good as gone."""
    for place, (day, verdict) in enumerate(((0, "full"), (4, "disabled"), (8, "said-gone"))):
        moment = NOW + dt.timedelta(days=day)
        store.note([bounce(place, verdict=verdict, is_final=False, issue=moment.date())], moment)

    assert suppressed(store) == ["ada@readers.example"]


def test_what_is_not_proved_does_not_count_among_what_lasts(store: SuppressionStore) -> None:
    """Two forged reports do not make a real one the third."""
    for place, (day, verified) in enumerate(((0, False), (4, False), (8, True))):
        moment = NOW + dt.timedelta(days=day)
        store.note([bounce(place, verdict="full", verified=verified, issue=moment.date())], moment)

    assert suppressed(store) == []


def test_removing_begins_anew(store: SuppressionStore) -> None:
    """The address is mailed again; old bounces do not count, also when they are read again."""
    store.note([bounce()], NOW)

    assert store.remove("Ada@readers.example")
    assert not store.remove("ada@readers.example")
    assert store.note([bounce()], NOW) == (0, ())
    assert suppressed(store) == []


def test_bounces_of_a_removed_address_count_no_more(store: SuppressionStore) -> None:
    """The third that follows is a first."""
    found = [bounce(day, verdict="full", issue=TODAY + dt.timedelta(days=day)) for day in (0, 4, 8)]
    store.note(found[:2], NOW)
    store.remove("ada@readers.example")

    store.note(found[2:], NOW)

    assert suppressed(store) == []


def test_the_ledger_knows_where_a_delivery_went(tmp_path: Path) -> None:
    """Of an issue, or of the latest one; of what never was it knows nothing."""
    database = open_test_database(tmp_path)
    plan(database, [make_delivery("bo", email="Bo@old.example")])
    later = TODAY + dt.timedelta(days=1)
    moved = make_delivery("bo", issue=later, email="bo@new.example")
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE subscriber SET email = 'bo@new.example'")
    plan(database, [moved], issue=make_issue(date=later, number=2))
    store = SuppressionStore(database)

    assert store.address_of(TODAY, "id-bo") == "bo@old.example"
    assert store.address_of(None, "id-bo") == "bo@new.example"
    assert store.address_of(TODAY - dt.timedelta(days=1), "id-bo") is None
    assert store.address_of(None, "id-nobody") is None


def test_a_refusal_while_sending_is_proof_enough(tmp_path: Path) -> None:
    """It came over our own connection; what it says of us counts for nothing."""
    database = open_test_database(tmp_path)
    planned = [make_delivery(name) for name in ("ada", "bo", "cy")]
    plan(database, planned)
    ledger = SqlLedger(database)
    found = ledger.claim(TODAY, owner="me", limit=3, now=NOW, until=NOW + dt.timedelta(hours=1))
    verdicts = {"id-ada": "no-mailbox", "id-bo": "policy", "id-cy": "full"}
    settled = [
        Settlement(
            claim=Claim(delivery=delivery, owner="me"),
            outcome=Outcome(state=DeliveryState.FAILED, verdict=verdicts[delivery.subscriber]),
        )
        for delivery in found
    ]
    ledger.record([], settled, NOW)

    assert SuppressionStore(database).learn(TODAY, NOW) == 1
    assert suppressed(SuppressionStore(database)) == ["ada@readers.example"]


def test_bounce_addresses_cannot_be_forged() -> None:
    """A tag says issue and reader; one changed character and it says nothing."""
    tag = links.bounce_tag(SECRET, TODAY, WHO)

    assert links.read_bounce_tag([SECRET], tag) == (TODAY, WHO)
    assert links.read_bounce_tag([SECRET], tag.upper()) == (TODAY, WHO)
    assert links.read_bounce_tag([b"another"], tag) is None
    for place in range(len(tag) - 1):
        changed = tag[:place] + ("a" if tag[place] != "a" else "b") + tag[place + 1 :]
        assert links.read_bounce_tag([SECRET], changed) is None
    assert links.read_bounce_tag([SECRET], "not base32!") is None
    assert links.bounce_tag(SECRET, TODAY, "not hexadecimal") == ""
    assert len(f"bounce+{tag}") <= 64  # RFC 5321, 4.5.3.1.1
