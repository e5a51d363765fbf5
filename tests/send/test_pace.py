"""Rates, slowing down and stopping: by themselves, and with a real ledger and server."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from faultserver import Faults, fault_server
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, TODAY, make_delivery, make_edition, make_issue, run

from newsletter.errors import StoreError
from newsletter.model import Claim, Delivery, DeliveryState, Fate, Fault
from newsletter.send import Pace, Sent, SmtpSettings, SmtpTransport, parse_rate, send_editions
from newsletter.send.pace import Breaker, Throttle, next_attempt
from newsletter.store import Bounce, IssueStore, SqlLedger, SuppressionStore, open_database

S = DeliveryState


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with an issue planned for thirty readers of two domains."""
    database = open_database("sqlite:///test.db", tmp_path)
    planned = [
        make_delivery(f"r{n}", email=f"r{n}@{'big' if n % 3 else 'small'}.example")
        for n in range(30)
    ]
    IssueStore(database).plan(make_issue(), [make_edition()], planned, [], NOW)
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


async def prepare(some: Sequence[Delivery]) -> list[bytes | Fault | None]:
    return [b"A: b\r\n\r\nx\r\n" for _ in some]


def send(folder: Path, faults: Faults, **changes: Any) -> tuple[Sent, SqlLedger]:
    ledger = SqlLedger(open_database("sqlite:///test.db", folder), lean=True)
    settings = SmtpSettings(
        host="127.0.0.1", port=faults.port, security="none", sender="b@n.example"
    )
    values: dict[str, Any] = {
        "owner": "me", "fate_of": lambda _owner: Fate.DEAD, "deadline": NOW + dt.timedelta(hours=20),
        "clock": Clock(), "chance": random.Random(1), "pace": Pace(connections=3, cooldown=0.02),
        "prepare": prepare,
    }  # fmt: skip
    values |= changes
    prepared = values.pop("prepare")
    return run(send_editions(TODAY, ledger, SmtpTransport(settings), prepared, **values)), ledger


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
    """As relays write them in their terms."""
    rate = parse_rate(text)

    assert (rate.count, rate.per.total_seconds()) == (count, seconds)


@pytest.mark.parametrize("text", ["fast", "14", "0/second", "-1/hour", "14/fortnight"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """With an example of what is one."""
    with pytest.raises(ValueError, match="14/second"):
        parse_rate(text)


def test_a_rate_is_kept_also_after_a_restart(folder: Path) -> None:
    """The budget is what the ledger says has left: a second run finds it used up."""
    clock = Clock()
    pace = Pace(connections=3, rate=parse_rate("10/hour"))
    with fault_server() as faults:
        for expected in (10, 10):
            stop = asyncio.Event()
            run(_stopped(folder, faults, clock, pace, stop))
            assert len(faults.messages) == expected
        clock.now += dt.timedelta(hours=1, seconds=1)
        run(_stopped(folder, faults, clock, pace, asyncio.Event()))

    assert len(faults.messages) == 20


async def _stopped(
    folder: Path, faults: Faults, clock: Clock, pace: Pace, stop: asyncio.Event
) -> None:
    """Send for a moment: a rate makes a run wait, and a wait can be interrupted."""
    ledger = SqlLedger(open_database("sqlite:///test.db", folder))
    settings = SmtpSettings(
        host="127.0.0.1", port=faults.port, security="none", sender="b@n.example"
    )
    asyncio.get_running_loop().call_later(1.0, stop.set)
    await send_editions(
        TODAY, ledger, SmtpTransport(settings), prepare, owner="me", fate_of=lambda _o: Fate.DEAD,
        deadline=NOW + dt.timedelta(hours=20), clock=clock, chance=random.Random(1), pace=pace, stop=stop,
    )  # fmt: skip
    counts = ledger.counts(TODAY)
    assert counts[S.LEASED] == counts[S.DATA_STARTED] == 0


def test_a_domain_has_a_rate_of_its_own(folder: Path) -> None:
    """What is over it waits, and does not keep others from being sent."""
    pace = Pace(connections=3, per_domain=(("big.example", parse_rate("4/day")),))
    with fault_server() as faults:
        run(_stopped(folder, faults, Clock(), pace, asyncio.Event()))

    by_domain = [recipient.partition("@")[2] for recipient, _ in faults.messages]
    assert by_domain.count("small.example") == 10
    assert 4 <= by_domain.count("big.example") <= 7


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
    """Additive increase, multiplicative decrease."""
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
    with fault_server(answer=lambda _one: "550 5.7.1 rejected by policy") as faults:
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
    """From five minutes to two hours, a fifth more or less."""
    wait = next_attempt(attempt, NOW, random.Random(seed)) - NOW

    assert dt.timedelta(minutes=4) <= wait <= dt.timedelta(minutes=144)


def test_a_suppressed_address_is_not_mailed(folder: Path) -> None:
    """Also when it was suppressed after the issue was planned."""
    store = SuppressionStore(open_database("sqlite:///test.db", folder))
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

    async def without_r5(some: Sequence[Delivery]) -> list[bytes | Fault | None]:
        return [None if one.subscriber == "id-r5" else b"A: b\r\n\r\nx\r\n" for one in some]

    with fault_server() as faults:
        _, ledger = send(folder, faults, prepare=without_r5)

    assert ledger.counts(TODAY)[S.CANCELLED] == 1
    assert not any(recipient.startswith("r5@") for recipient, _ in faults.messages)


def test_a_cancelled_issue_stays_cancelled(folder: Path) -> None:
    """What waits is given up; resuming does not bring it back."""
    with fault_server() as faults:
        ledger = SqlLedger(open_database("sqlite:///test.db", folder))
        assert ledger.cancel(TODAY, NOW) == 30
        ledger.resume(TODAY)
        sent, _ = send(folder, faults)

    assert sent.error == "cancelled"
    assert faults.messages == []


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
    database = open_database("sqlite:///test.db", folder)
    blocker = database.engine.raw_connection()
    with fault_server() as faults:
        ledger = SqlLedger(open_database("sqlite:///test.db", folder))
        (one,) = ledger.claim(
            TODAY, owner="me", limit=1, now=NOW, until=NOW + dt.timedelta(hours=1)
        )
        cursor = ledger._own.cursor()  # type: ignore[union-attr]
        cursor.execute("PRAGMA busy_timeout = 50")
        blocker.cursor().execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another run is writing; try again"):
            ledger.record([Claim(delivery=one, owner="me")], [], NOW)
        blocker.rollback()
        blocker.close()
        _, after = send(folder, faults)

    assert after.counts(TODAY)[S.ACCEPTED] == 30
