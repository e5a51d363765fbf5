"""Rates, slowing down and stopping: by themselves, and with a real ledger and server."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from faultserver import DROP, STALL, TRICKLE, Faults, fault_server
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, TODAY, make_delivery, open_test_database, plan, run

from newsletter.errors import StoreError
from newsletter.model import LEFT, Border, Claim, Delivery, DeliveryState, Fate, Fault, fault_of
from newsletter.send.budgets import Budget
from newsletter.send.connecting import SmtpSettings
from newsletter.send.editions import Sender, send_editions
from newsletter.send.pace import (
    DEADLINE,
    Breaker,
    Pace,
    Throttle,
    is_busy,
    next_attempt,
    parse_rate,
)
from newsletter.send.smtp import SmtpTransport
from newsletter.send.streams import Reply
from newsletter.send.tallies import Sent
from newsletter.store import Bounce, SqlLedger, SuppressionStore

S = DeliveryState


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with an issue planned for thirty readers of two domains."""
    database = open_test_database(tmp_path)
    planned = [
        make_delivery(f"r{n}", email=f"r{n}@{'big' if n % 3 else 'small'}.example")
        for n in range(30)
    ]
    plan(database, planned)
    database.close()
    return tmp_path  # type: ignore[return-value]


class Clock:
    """Time that goes on by a second with every look at it, unless it is told to jump."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = NOW
        self.step = dt.timedelta(seconds=step)

    def __call__(self) -> dt.datetime:
        self.now += self.step
        return self.now


async def prepare(some: Sequence[Delivery]) -> list[bytes | Fault | str]:
    return [b"A: b\r\n\r\nx\r\n" for _ in some]


def send(folder: Path, faults: Faults, **changes: Any) -> tuple[Sent, SqlLedger]:
    return run(sending(folder, faults, **changes))


async def sending(folder: Path, faults: Faults, **changes: Any) -> tuple[Sent, SqlLedger]:
    ledger = SqlLedger(open_test_database(folder), lean=True)
    settings = SmtpSettings(
        host="127.0.0.1",
        port=faults.port,
        security="none",
        sender="b@n.example",
        timeout=changes.pop("timeout", 60.0),
    )
    values: dict[str, Any] = {
        "owner": "me", "fate_of": lambda _owner: Fate.DEAD, "deadline": NOW + dt.timedelta(hours=20),
        "clock": Clock(), "chance": random.Random(1), "pace": Pace(connections=3, cooldown=0.02),
        "prepare": prepare,
    }  # fmt: skip
    values |= changes
    prepared = values.pop("prepare")
    names = {field.name for field in fields(Sender)}
    given = {name: values.pop(name) for name in names & set(values)}
    sender = Sender(transport=SmtpTransport(settings), **given)
    sent = await send_editions(TODAY, ledger, prepared, sender, **values)
    return sent, ledger


@pytest.mark.parametrize(
    ("text", "count", "seconds"),
    [
        ("14/second", 14, 1),
        ("300 per minute", 300, 60),
        ("500/hour", 500, 3600),
        ("2000 / day", 2000, 86400),
    ],
)
def test_rates_in_plain_words(text: str, count: int, seconds: int) -> None:
    """Rates are written as mail relays write them in their terms of use."""
    rate = parse_rate(text)

    assert (rate.count, rate.per.total_seconds()) == (count, seconds)


@pytest.mark.parametrize(
    "text",
    ["fast", "14", "0/second", "-1/hour", "14/fortnight", "9" * 5_000 + "/day", "１/day", ""],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    """The error shows an example of a valid rate."""
    with pytest.raises(ValueError, match="14/second"):
        parse_rate(text)


def test_a_rate_is_kept_also_after_a_restart(folder: Path) -> None:
    """The budget is what the ledger says has left: a second run finds it used up, and ends."""
    clock = Clock()
    pace = Pace(connections=3, rate=parse_rate("10/hour"), cooldown=0.02)
    with fault_server() as faults:
        for _ in range(2):
            sent, ledger = send(folder, faults, clock=clock, pace=pace)
            assert len(faults.messages) == 10
            assert sent.resume_at == NOW + dt.timedelta(hours=1)
            assert not sent.error
            counts = ledger.counts(TODAY)
            assert (counts[S.PLANNED], counts[S.LEASED]) == (20, 0)
        clock.now += dt.timedelta(hours=1, seconds=1)
        send(folder, faults, clock=clock, pace=pace)

    assert len(faults.messages) == 20


@pytest.mark.parametrize("rates", [{"rate": "30/day"}, {"per_domain": "10/day"}])
def test_a_rate_that_just_suffices_ends(folder: Path, rates: dict[str, str]) -> None:
    """Exactly as many readers as a day allows: everybody has one, and nothing waits."""
    pace = Pace(connections=3, rate=parse_rate(rates.get("rate", "99/day")))
    if "per_domain" in rates:
        ten, twenty = parse_rate("10/day"), parse_rate("20/day")
        pace = Pace(connections=3, per_domain=(("small.example", ten), ("*", twenty)))
    with fault_server() as faults:
        sent, _ = send(folder, faults, pace=pace)
        again, _ = send(folder, faults, pace=pace)

    assert sent.outcomes == {S.ACCEPTED: 30}
    assert (sent.resume_at, again.resume_at) == (None, None)


def test_a_short_wait_is_waited(folder: Path) -> None:
    """What a rate allows within the patience of a run is sent by that run."""
    begun = dt.datetime.now(dt.UTC)
    pace = Pace(connections=3, rate=parse_rate("20/second"), patience=5)
    with fault_server() as faults:
        sent, _ = send(
            folder, faults, pace=pace, clock=lambda: NOW + (dt.datetime.now(dt.UTC) - begun)
        )

    assert sent.outcomes == {S.ACCEPTED: 30}
    assert dt.datetime.now(dt.UTC) - begun >= dt.timedelta(seconds=1)


@pytest.mark.slow
@pytest.mark.parametrize("connections", [1, 4, 9, 10, 20])
@pytest.mark.parametrize(
    "rates",
    [
        {"rate": parse_rate("10/second")},
        {"per_domain": (("*", parse_rate("5/second")),)},
        {"rate": parse_rate("2000/day"), "per_domain": (("big.example", parse_rate("8/second")),)},
    ],
)
def test_a_rate_by_the_second_lets_everything_leave(
    folder: Path, rates: dict[str, Any], connections: int
) -> None:
    """However many connections wait for it: none of them holds what another waits for."""
    pace = Pace(connections=connections, patience=5.0, **rates)
    began = time.monotonic()

    def clock() -> dt.datetime:
        return NOW + dt.timedelta(seconds=time.monotonic() - began)

    with fault_server() as faults:
        sent, ledger = send(folder, faults, pace=pace, clock=clock)

    assert sent.resume_at is None
    assert ledger.counts(TODAY)[S.ACCEPTED] == 30


def test_no_patience_waits_for_nothing(folder: Path) -> None:
    """`patience: 0` leaves at once what a rate does not allow now."""
    pace = Pace(connections=3, rate=parse_rate("20/second"), patience=0)
    with fault_server() as faults:
        sent, _ = send(folder, faults, pace=pace)

    assert sent.outcomes == {S.ACCEPTED: 20}
    assert sent.resume_at == NOW + dt.timedelta(seconds=1)


@pytest.mark.parametrize("domain", ["big.example", "*"])
def test_a_domain_has_a_rate_of_its_own(folder: Path, domain: str) -> None:
    """What is over it waits, keeps no other from being sent, and ends the run when it is alone."""
    rates = ((domain, parse_rate("4/day")), ("small.example", parse_rate("99/day")))
    with fault_server() as faults:
        sent, ledger = send(folder, faults, pace=Pace(connections=3, per_domain=rates))

    by_domain = [recipient.partition("@")[2] for recipient, _ in faults.messages]
    assert by_domain.count("small.example") == 10
    assert by_domain.count("big.example") == 4
    assert sent.resume_at == NOW + dt.timedelta(days=1)
    assert ledger.counts(TODAY)[S.PLANNED] == 16
    assert {delivery.attempt for delivery in ledger.deliveries(TODAY, {S.PLANNED})} == {0}


def test_more_left_than_a_rate_allows_now(folder: Path) -> None:
    """After a rate was lowered: free when enough of what left lately is old enough."""
    database = open_test_database(folder)
    with database.transaction() as connection:
        for place in range(12):
            left = (NOW - dt.timedelta(minutes=30 - place)).replace(tzinfo=None)
            connection.exec_driver_sql(
                "UPDATE delivery SET state = 'accepted', started_at = ? WHERE subscriber = ?",
                (left.isoformat(" ", "microseconds"), f"id-r{place}"),
            )
        connection.exec_driver_sql("UPDATE shard SET active_until = '2026-03-18 00:00:00.000000'")
    budget = Budget(ledger=SqlLedger(database), rate=parse_rate("10/hour"))

    allowed = budget.allowance(NOW, 99)
    free = budget.free_at(NOW, allowed, ("*",))

    assert allowed.limit == -2
    assert free == NOW + dt.timedelta(minutes=32)
    assert budget.allowance(free, 99).limit == 1
    database.close()


def test_two_senders_at_once_keep_one_rate(folder: Path) -> None:
    """Who finds, after claiming, that both together claimed too much gives back what is over."""
    ledger = SqlLedger(open_test_database(folder))
    budget = Budget(ledger=ledger, rate=parse_rate("10/hour"))
    until = NOW + dt.timedelta(hours=1)
    ledger.claim(TODAY, owner="other", limit=7, now=NOW, until=until)
    mine = ledger.claim(TODAY, owner="me", limit=10, now=NOW, until=until)

    kept, back = budget.within(budget.allowance(NOW, len(mine)), mine)

    assert (len(kept), len(back)) == (3, 7)
    assert kept == list(mine[:3])


def test_a_clock_moved_back_does_not_count_the_future_as_used(folder: Path) -> None:
    """Messages that are written as of tomorrow do not hold those of today back."""
    clock = Clock()
    pace = Pace(connections=1, rate=parse_rate("10/hour"))
    with fault_server() as faults:
        clock.now = NOW + dt.timedelta(hours=3)
        send(folder, faults, clock=clock, pace=pace)
        clock.now = NOW
        send(folder, faults, clock=clock, pace=pace)

    assert len(faults.messages) == 20


@pytest.mark.parametrize(
    ("reply", "of_recipient", "expected"),
    [
        ("450 4.2.0 <r1@x.example>: Recipient address rejected: Greylisted", True, False),
        ("450 4.7.1 greylisted, please come back in 300 seconds", True, False),
        ("451 4.7.1 Greylisting in action", False, False),
        ("450 mailbox busy", True, False),
        ("451 4.3.0 lookup failure", True, False),
        ("452 4.2.2 mailbox full, too many messages", True, False),
        ("450 4.2.1 receiving mail at a rate that prevents more", True, False),
        ("450 4.1.1 <too-many.rate@x.example>: unverified", True, False),
        ("421 4.7.0 bye", True, True),
        ("421 4.2.1 bye", False, True),
        ("450 4.3.2 not now", True, True),
        ("452 4.5.3 too many recipients", True, True),
        ("450 4.7.1 your rate is too high", True, True),
        ("451 4.7.0 throttled", True, True),
        ("400 4.7.0 throttled", True, True),
        ("451 4.3.0 local error", False, True),
        ("452 4.3.1 insufficient system storage", False, True),
        ("550 5.7.1 too many complaints", False, False),
        ("250 2.0.0 at any rate", False, False),
    ],
)
def test_what_slows_everybody_down(reply: str, *, of_recipient: bool, expected: bool) -> None:
    """A refusal of RCPT is about that mailbox, unless it says otherwise; greylisting always is."""
    answer = Reply(int(reply[:3]), reply[4:])

    assert is_busy(answer.code, answer.enhanced, answer.text, of_recipient=of_recipient) is expected


def test_greylisting_slows_nobody_down(folder: Path) -> None:
    """Every reader is tried at once, and each once; no connection sees more than eight refusals.

    Postfix lets who was refused ten times on one wait for a second each time.
    """
    with fault_server(rcpt=lambda _address: "450 4.2.0 Greylisted, try again later") as faults:
        start = time.monotonic()
        sent, _ = send(folder, faults, pace=Pace(connections=1, cooldown=30))

    assert sent.outcomes == {S.DEFERRED: 30}
    assert time.monotonic() - start < 10
    assert faults.connections == 8


@pytest.mark.slow
@pytest.mark.parametrize("how", ["421 4.7.0 too many connections", "554 no", DROP, STALL])
@pytest.mark.parametrize("most", [1, 2])
def test_refused_connections_do_not_stop_those_that_work(folder: Path, how: str, most: int) -> None:
    """When a server takes fewer connections than we want, the open ones send everything."""
    with fault_server(most=most, refusal=how) as faults:
        sent, _ = send(folder, faults, timeout=0.5, pace=Pace(connections=6, cooldown=0.05))

    assert not sent.error
    assert sent.outcomes == {S.ACCEPTED: 30}
    assert len({recipient for recipient, _ in faults.messages}) == len(faults.messages) == 30


def test_a_server_that_goes_away_for_a_moment_is_waited_for(folder: Path) -> None:
    """All connections are cut and refused for a while: it had worked, so it is tried again."""
    cut = [0]

    def restart(_recipient: str) -> str:
        if len(faults.messages) < 10 or cut[0] == 3:
            return "250 fine"
        cut[0] += 1
        faults.refuse_next = 6
        return "421 4.3.2 restarting"

    with fault_server(rcpt=restart) as faults:
        sent, _ = send(folder, faults, pace=Pace(connections=3, cooldown=0.05))

    assert not sent.error
    # Who was cut off twice waits for a later run.
    assert sent.outcomes[S.ACCEPTED] >= 27
    assert sent.outcomes[S.ACCEPTED] + sent.outcomes[S.DEFERRED] == 30
    assert faults.refuse_next == 0


def test_a_server_that_refuses_every_connection_is_one_error(folder: Path) -> None:
    """Nobody works: the run ends at once, and everything is still planned."""
    with fault_server(greeting="421 4.3.2 closed") as faults:
        sent, ledger = send(folder, faults, pace=Pace(connections=4, cooldown=30))

    assert "421 4.3.2 closed" in sent.error
    assert ledger.counts(TODAY)[S.PLANNED] == 30
    assert faults.connections <= 4


@pytest.mark.slow
@pytest.mark.parametrize("where", ["greeting", "rcpt", "trickle"])
def test_a_stop_ends_a_session_that_waits(folder: Path, where: str) -> None:
    """Whoever waits for a server, and has nothing on its way, is not waited for."""
    what: dict[str, Any] = {"greeting": STALL}
    if where != "greeting":
        what = {"rcpt": lambda _address: STALL if where == "rcpt" else TRICKLE}
    stop = asyncio.Event()
    with fault_server(**what) as faults:

        async def stopped() -> tuple[Sent, SqlLedger]:
            asyncio.get_running_loop().call_later(0.5, stop.set)
            return await sending(folder, faults, stop=stop)

        start = time.monotonic()
        sent, ledger = run(stopped())

    assert time.monotonic() - start < 10
    assert sent.outcomes == {}
    counts = ledger.counts(TODAY)
    assert (counts[S.PLANNED], counts[S.UNKNOWN]) == (30, 0)


def test_a_reader_who_breaks_the_program_costs_nobody_else(folder: Path) -> None:
    """A fault of ours in one message is that reader's, told once and kept; all others go on."""

    async def broken_for_r5(some: Sequence[Delivery]) -> list[bytes | Fault | str]:
        made = await prepare(some)
        for place, delivery in enumerate(some):
            if delivery.subscriber == "id-r5":
                made[place] = fault_of(Border.READER, delivery.email, KeyError("oops"))
            elif delivery.subscriber == "id-r7":
                made[place] = 7  # type: ignore[call-overload]  # what no session can send
        return made

    with fault_server() as faults:
        sent, ledger = send(folder, faults, prepare=broken_for_r5)

    assert sent.outcomes[S.ACCEPTED] == 28
    assert sent.outcomes[S.FAILED] + sent.outcomes[S.UNKNOWN] == 2
    assert sorted(fault.name for fault in sent.faults) == ["r5@big.example", "r7@big.example"]
    assert all(fault.trace and "fault of this program" in fault.problem for fault in sent.faults)
    told = {
        delivery.subscriber: delivery.reason
        for delivery in ledger.deliveries(TODAY, {S.FAILED, S.UNKNOWN})
    }
    assert "a fault of this program (KeyError: 'oops')" in told["id-r5"]
    assert len({recipient for recipient, _ in faults.messages}) == 28


def test_an_address_that_cannot_stand_in_an_envelope_is_its_readers_alone(folder: Path) -> None:
    """Also when its envelope would have left behind another's message."""
    store = open_test_database(folder)
    with store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE delivery SET email = 'a> <b@big.example' WHERE subscriber = 'id-r5'"
        )
    store.close()
    with fault_server() as faults:
        sent, ledger = send(folder, faults, pace=Pace(connections=1))

    assert sent.outcomes == {S.ACCEPTED: 29, S.FAILED: 1}
    assert "cannot stand in an envelope" in ledger.deliveries(TODAY, {S.FAILED})[0].reason


def test_a_fault_in_every_message_stops_the_issue(folder: Path) -> None:
    """That is no reader's: the rest is held until the program is mended."""

    async def broken(some: Sequence[Delivery]) -> list[bytes | Fault | str]:
        return [fault_of(Border.READER, delivery.email, KeyError("oops")) for delivery in some]

    with fault_server() as faults:
        sent, ledger = send(folder, faults, prepare=broken)
        again, _ = send(folder, faults)

    counts = ledger.counts(TODAY)
    assert "one message after the other goes wrong here" in sent.error
    assert "paused" in again.error
    assert counts[S.FAILED] >= 20
    assert sum(counts.values()) == 30


def test_nothing_leaves_with_a_lease_about_to_run_out(folder: Path) -> None:
    """Ten minutes may pass until the answer to a message: the lease has to hold until then."""
    clock = Clock()

    async def slow(some: Sequence[Delivery]) -> list[bytes | Fault | str]:
        clock.now += dt.timedelta(minutes=21)
        return await prepare(some)

    with fault_server() as faults:
        sent, ledger = send(folder, faults, clock=clock, prepare=slow)

    assert faults.messages == []
    assert sent.outcomes == {}
    counts = ledger.counts(TODAY)
    assert (counts[S.PLANNED], counts[S.LEASED]) == (30, 0)


def test_an_issue_is_worth_sending_for_twenty_hours() -> None:
    """After that it expires: the next issue is due a day later."""
    assert dt.timedelta(hours=20) == DEADLINE


def test_a_busy_server_is_given_time_and_no_reader_is_blamed(folder: Path) -> None:
    """421 to every third envelope: slower, and in the end everybody has one."""
    count = [0]

    def sometimes(_address: str) -> str:
        count[0] += 1
        return "421 4.7.0 too fast" if count[0] % 3 == 0 else "250 fine"

    with fault_server(rcpt=sometimes) as faults:
        clock = Clock()
        sent, ledger = send(folder, faults, clock=clock)
        for _ in range(6):
            assert not sent.error
            clock.now += dt.timedelta(hours=2)
            sent, ledger = send(folder, faults, clock=clock)

    assert ledger.counts(TODAY)[S.ACCEPTED] == 30
    assert len({recipient for recipient, _ in faults.messages}) == len(faults.messages) == 30


def test_throttling_halves_and_recovers() -> None:
    """The number of connections is halved when the server is busy, and then grows step by step."""
    now = [0.0]
    throttle = Throttle(connections=8, cooldown=1.0, clock=lambda: now[0])

    throttle.busy()
    throttle.busy()  # of the same moment: one answer among several
    assert throttle.allowed == 4
    assert throttle.wait(0) == 1.0
    now[0] = 1.5
    assert throttle.wait(3) == 0
    assert throttle.wait(4) > 0
    throttle.busy()
    assert throttle.wait(0) == 2.0
    now[0] = 9.0
    for _ in range(60):
        throttle.taken()
    assert throttle.allowed == 8


def test_refusals_of_the_sender_stop_the_issue(folder: Path) -> None:
    """5.7.x again and again is about us: the issue pauses, says why, and nobody is suppressed."""
    with fault_server(answer=lambda _address: "550 5.7.1 rejected by policy") as faults:
        sent, ledger = send(folder, faults)
        again, _ = send(folder, faults)

    counts = ledger.counts(TODAY)
    assert "refuse the sender" in sent.error
    assert "rejected by policy" in sent.error
    assert 5 <= counts[S.FAILED] < 30
    assert counts[S.PLANNED] > 0
    assert "paused" in again.error
    assert again.outcomes == {}
    assert SuppressionStore(ledger._database).learn(TODAY, NOW) == 0
    ledger.resume(TODAY)
    assert ledger.halted(TODAY) == ""


@given(st.lists(st.booleans(), max_size=300))
def test_the_breaker_wants_both_a_number_and_a_share(refusals: list[bool]) -> None:
    """Few refusals, or few among many, stop nothing."""
    breaker = Breaker()
    for place, refused in enumerate(refusals):
        recent = refusals[max(0, place - 199) : place + 1]
        tripped = breaker.note(refused=refused)
        assert tripped == (refused and sum(recent) >= 5 and sum(recent) > 0.05 * len(recent))


@given(st.integers(1, 50), st.integers())
def test_waits_grow_and_differ(attempt: int, seed: int) -> None:
    """Waits go from five minutes to two hours, each up to a fifth longer or shorter."""
    wait = next_attempt(attempt, NOW, random.Random(seed)) - NOW

    assert dt.timedelta(minutes=4) <= wait <= dt.timedelta(minutes=144)


def test_a_suppressed_address_is_not_mailed(folder: Path) -> None:
    """This holds even when it was suppressed after the issue was planned."""
    store = SuppressionStore(open_test_database(folder))
    bounce = Bounce(
        digest="1", email="R3@small.example", verdict="no-mailbox", verified=True, evidence="gone"
    )
    assert store.note([bounce], NOW) == (1, ("r3@small.example",))
    with fault_server() as faults:
        sent, ledger = send(folder, faults)

    counts = ledger.counts(TODAY)
    assert (counts[S.ACCEPTED], counts[S.SUPPRESSED]) == (29, 1)
    assert sum(counts.values()) == 30
    assert sent.outcomes[S.ACCEPTED] == 29


def test_who_leaves_in_the_middle_of_a_run_gets_nothing(folder: Path) -> None:
    """The list is asked again when messages are made."""

    async def without_r5(some: Sequence[Delivery]) -> list[bytes | Fault | str]:
        return [
            LEFT if delivery.subscriber == "id-r5" else b"A: b\r\n\r\nx\r\n" for delivery in some
        ]

    with fault_server() as faults:
        _, ledger = send(folder, faults, prepare=without_r5)

    assert ledger.counts(TODAY)[S.CANCELLED] == 1
    assert not any(recipient.startswith("r5@") for recipient, _ in faults.messages)


def test_a_cancelled_issue_stays_cancelled(folder: Path) -> None:
    """What waits is given up; resuming does not bring it back, and nothing is left to tell of it."""
    with fault_server() as faults:
        ledger = SqlLedger(open_test_database(folder))
        assert ledger.cancel(TODAY, NOW) == 30
        ledger.resume(TODAY)
        sent, _ = send(folder, faults)

    assert sent.error == ""
    assert faults.messages == []


def test_what_a_sender_gives_back_of_a_cancelled_issue_is_given_up(folder: Path) -> None:
    """It was held while the issue was cancelled: nothing may wait for ever."""
    ledger = SqlLedger(open_test_database(folder))
    until = NOW + dt.timedelta(minutes=30)
    held = ledger.claim(TODAY, owner="a:b:1:c", limit=2, now=NOW, until=until)
    ledger.cancel(TODAY, NOW)
    ledger.release([Claim(delivery=delivery, owner="a:b:1:c") for delivery in held], NOW)

    ledger.follow_subscribers(TODAY, NOW)

    assert len(held) == 2
    assert ledger.counts(TODAY)[DeliveryState.CANCELLED] == 30


@pytest.mark.parametrize("jump", [dt.timedelta(hours=-5), dt.timedelta(hours=5)])
def test_a_clock_that_jumps_loses_nothing(folder: Path, jump: dt.timedelta) -> None:
    """Back or forth in the middle of a run: what is too late is given back, and sent by the next."""
    clock = Clock()

    def at_tenth(_recipient: str) -> None:
        if len(faults.messages) == 10:
            clock.now += jump

    with fault_server(on_taken=at_tenth) as faults:
        _, ledger = send(folder, faults, clock=clock)
        clock.now = NOW + dt.timedelta(hours=6)
        send(folder, faults, clock=clock)

    assert ledger.counts(TODAY)[S.ACCEPTED] == 30
    assert len({recipient for recipient, _ in faults.messages}) == len(faults.messages) == 30


def test_a_locked_database_is_one_clear_line_and_loses_nothing(folder: Path) -> None:
    """Another program holds it: the run ends, and the next one sends everything."""
    database = open_test_database(folder)
    blocker = database.engine.raw_connection()
    with fault_server() as faults:
        ledger = SqlLedger(open_test_database(folder))
        (delivery,) = ledger.claim(
            TODAY, owner="me", limit=1, now=NOW, until=NOW + dt.timedelta(hours=1)
        )
        ledger._claims._own.run(lambda cursor: cursor.execute("PRAGMA busy_timeout = 50", {}))
        blocker.cursor().execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another run is writing; try again"):
            ledger.record([Claim(delivery=delivery, owner="me")], [], NOW)
        blocker.rollback()
        blocker.close()
        _, after = send(folder, faults)

    assert after.counts(TODAY)[S.ACCEPTED] == 30
