"""The queue and what it decides with: turns, rates, what is in hand, and whose fault it was."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, TODAY, make_delivery, open_test_database, plan, run

from newsletter.errors import SendError
from newsletter.model import (
    LEFT,
    Border,
    Claim,
    Delivery,
    DeliveryState,
    Fault,
    Outcome,
    Settlement,
    Verdict,
)
from newsletter.send.budgets import MOST_ASKED, Allowance, Budget
from newsletter.send.guards import GuardedQueue
from newsletter.send.pace import BACKOFF, Breaker, Rate, Throttle, is_busy, next_attempt, parse_rate
from newsletter.send.queues import LEASE, MOST_FAULTS, DeliveryQueue
from newsletter.send.smtp import AFTER_DOT, Parcel
from newsletter.send.turns import LONGEST, TRIES, Turns
from newsletter.store import SqlLedger

S = DeliveryState
HOUR, MICRO = dt.timedelta(hours=1), dt.timedelta(microseconds=1)


@dataclass
class Seconds:
    """A clock that stands still until it is told to go on."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def throttle(connections: int = 4, clock: Seconds | None = None, cooldown: float = 1.0) -> Throttle:
    return Throttle(connections=connections, cooldown=cooldown, clock=clock or Seconds())


# --- How fast -----------------------------------------------------------------------------------


def test_a_busy_server_halves_what_works_at_once() -> None:
    """Down to one connection; each busy answer doubles the rest, up to a minute."""
    clock = Seconds(100.0)
    brake = throttle(8, clock)
    rests = []
    for _ in range(9):
        brake.busy()
        brake.busy()  # of the same moment
        rests.append((brake.allowed, brake.wait(0)))
        clock.now += brake.wait(0)

    assert rests == [
        (4, 1), (2, 2), (1, 4), (1, 8), (1, 16), (1, 32), (1, 60), (1, 60), (1, 60),
    ]  # fmt: skip
    assert brake.wait(0) == 0.0
    assert brake.wait(1) == 0.05


def test_messages_that_are_taken_bring_connections_back() -> None:
    """One more after as many messages as there are connections, and a short rest next time."""
    clock = Seconds()
    brake = throttle(3, clock)
    brake.busy()
    assert brake.allowed == 1.5
    brake.taken()
    assert brake.allowed == 1.5 + 1 / 1.5
    brake.taken()
    brake.taken()
    assert brake.allowed == 3.0
    clock.now = 1.0
    brake.busy()
    assert brake.wait(0) == 1.0


def test_a_connection_that_is_refused_means_fewer_and_no_rest() -> None:
    """Others of the same moment say the same."""
    clock = Seconds(5.0)
    brake = throttle(8, clock)
    brake.refused()
    brake.refused()
    assert (brake.allowed, brake.wait(3), brake.wait(4)) == (4.0, 0.0, 0.05)
    clock.now = 5.9
    brake.refused()
    assert brake.allowed == 4.0
    for after in (2.0, 1.0, 1.0):
        clock.now += 1.1
        brake.refused()
        assert brake.allowed == after


def test_whose_turn_it_is() -> None:
    """Who was refused stands behind the others, and is served from the front again later."""
    turns = Turns(throttle=throttle(3))
    assert [turns.wait(number) for number in range(3)] == [0.0, 0.0, 0.0]

    assert turns.refused(0) == 1.0
    assert [turns.wait(number) for number in range(3)] == [0.05, 0.0, 0.05]
    assert turns.is_anybody_at_work
    turns.left(1)
    assert [turns.wait(number) for number in (2, 0, 1)] == [0.0, 0.05, 0.0]
    turns.left(1)


def test_nobody_had_a_connection_and_nobody_has_one() -> None:
    """The server is of no use then: the last who is refused is told so."""
    turns = Turns(throttle=throttle(2))

    assert turns.refused(0) == 1.0
    assert turns.refused(1) == 0.0
    assert not turns.is_anybody_at_work


def test_a_server_that_answered_before_is_tried_longer() -> None:
    """Each wait twice as long as the one before, up to a minute; then it is given up."""
    turns = Turns(throttle=throttle(1))
    turns.served(0)

    assert [turns.refused(0) for _ in range(TRIES + 1)] == [1.0, 2.0, 4.0, 8.0, 0.0]
    turns.served(0)
    assert turns.is_anybody_at_work
    assert turns.refused(0) == 1.0

    slow = Turns(throttle=throttle(2, cooldown=50.0))
    assert [slow.refused(0) for _ in range(3)] == [50.0, LONGEST, LONGEST]
    slow.left(0)
    slow.left(1)
    assert not slow.is_anybody_at_work


@pytest.mark.parametrize("attempt", range(8))
def test_when_it_is_tried_again(attempt: int) -> None:
    """A fifth more or less than 5, 15, 30, 60, then always 120 minutes."""
    wait = BACKOFF[max(0, min(attempt - 1, 4))]
    chance = random.Random(3)
    expected = NOW + wait * (0.8 + 0.4 * random.Random(3).random())

    found = next_attempt(attempt, NOW, chance)

    assert abs(found - expected) < dt.timedelta(milliseconds=1)
    assert [pause.total_seconds() / 60 for pause in BACKOFF] == [5, 15, 30, 60, 120]


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "of_recipient", "expected"),
    [
        (421, "", "bye", True, True),
        (450, "", "later", False, True),
        (451, "", "later", False, True),
        (452, "", "later", False, True),
        (454, "", "later", False, True),
        (455, "", "later", False, False),
        (450, "", "later", True, False),
        (450, "4.2.2", "too many messages", False, False),
        (450, "4.7.0", "Greylisted: too many", False, False),
        (450, "4.7.0", "gray-listed", False, False),
        (450, "4.7.0", "Too many connections", True, True),
        (450, "4.7.0", "too  fast", True, False),
        (450, "", "your Rate", True, True),
        (450, "", "rate@x.example is away", True, False),
        (450, "", "SLOWDOWN", True, True),
        (450, "", "throttled", True, True),
        (455, "4.3.2", "no", True, True),
        (550, "", "too many", False, False),
        (399, "", "too many", False, False),
    ],
)
def test_who_asks_everybody_to_be_slower(
    code: int, enhanced: str, text: str, *, of_recipient: bool, expected: bool
) -> None:
    """By its number, or in words; of one mailbox only in words."""
    assert is_busy(code, enhanced, text, of_recipient=of_recipient) is expected


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1/second", Rate(count=1, per=dt.timedelta(seconds=1))),
        (" 300 PER Minutes ", Rate(count=300, per=dt.timedelta(minutes=1))),
        ("500 a hour", Rate(count=500, per=dt.timedelta(hours=1))),
        ("123456789/days", Rate(count=123_456_789, per=dt.timedelta(days=1))),
    ],
)
def test_a_rate_in_words(text: str, rate: Rate) -> None:
    """Of any case and number."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["0/second", "1/week", "1234567890/day", "a/day", "1.5/day"])
def test_what_is_no_rate(text: str) -> None:
    """It is told how one is written."""
    with pytest.raises(
        ValueError, match=r"^a rate is written 14/second, 300/minute, 500/hour or 2000/day$"
    ):
        parse_rate(text)


# --- What a rate allows -------------------------------------------------------------------------


READERS = (
    "a1@a.example",
    "a2@a.example",
    "a3@a.example",
    "b1@b.example",
    "b2@b.example",
    "c1@c.example",
)


@pytest.fixture
def ledger(tmp_path: Path) -> SqlLedger:
    """Return the ledger of an issue with six readers of three domains."""
    database = open_test_database(tmp_path)
    planned = [make_delivery(email.partition("@")[0], email=email) for email in READERS]
    plan(database, planned)
    return SqlLedger(database)


def leave(ledger: SqlLedger, *emails: str, at: dt.datetime = NOW) -> None:
    """Let the mails to some readers leave."""
    for email in emails:
        (delivery,) = ledger.claim(TODAY, owner="x", limit=1, now=at, until=at + HOUR, email=email)
        claim = Claim(delivery=delivery, owner="x")
        ledger.record([claim], [], at)
        ledger.record([], [Settlement(claim=claim, outcome=Outcome(state=S.ACCEPTED))], at)


def per(count: int, hours: int = 1) -> Rate:
    return Rate(count=count, per=hours * HOUR)


def budget(ledger: SqlLedger, rate: Rate | None = None, **domains: Rate) -> Budget:
    named = {name if name == "*" else f"{name}.example": limit for name, limit in domains.items()}
    return Budget(ledger=ledger, rate=rate, per_domain=named)


def test_what_may_leave_at_a_moment(ledger: SqlLedger) -> None:
    """As many as are asked for, less what the rate has no room for; a domain's own rates beside."""
    leave(ledger, "a1@a.example", "b1@b.example")
    leave(ledger, "a2@a.example", at=NOW + HOUR)
    now = NOW + HOUR

    assert budget(ledger).allowance(now, 9) == Allowance(limit=9, rooms={}, full=frozenset())
    assert budget(ledger, per(5)).allowance(now, 9).limit == 4
    assert budget(ledger, per(5)).allowance(now, 3).limit == 3
    assert budget(ledger, per(5, 2)).allowance(now, 9).limit == 2
    assert budget(ledger, per(1, 2)).allowance(now, 9).limit == -2
    assert budget(ledger, a=per(1), b=per(1, 2)).allowance(now, 9) == Allowance(
        limit=9, rooms={"a.example": 0, "b.example": 0}, full=frozenset({"a.example", "b.example"})
    )
    assert budget(ledger, a=per(3, 2), b=per(1)).allowance(now, 9) == Allowance(
        limit=9, rooms={"a.example": 1}, full=frozenset()
    )
    assert budget(ledger, **{"a": per(3, 2), "*": per(1, 2)}).allowance(now, 9) == Allowance(
        limit=9, rooms={"a.example": 1, "b.example": 0}, full=frozenset({"b.example"})
    )


def test_whose_rate_it_is(ledger: SqlLedger) -> None:
    """A domain's own, else that of every other one."""
    found = budget(ledger, **{"a": per(1), "*": per(2)})

    assert (found.rate_of("a.example"), found.rate_of("z.example")) == (per(1), per(2))
    assert budget(ledger, a=per(1)).rate_of("z.example") is None


def after(limit: int, **rooms: int) -> Allowance:
    named = {f"{name}.example": room for name, room in rooms.items()}
    return Allowance(limit=limit, rooms=named, full=frozenset())


@pytest.mark.parametrize(
    ("allowed", "back"),
    [
        (after(0), []),
        (after(5), []),
        (after(-2), ["c1", "b2"]),
        (after(-9), ["c1", "b2", "b1", "a3", "a2", "a1"]),
        (after(3, a=-1), ["a3"]),
        (after(3, a=0, b=1), []),
        (after(3, a=-2, b=-1), ["b2", "a3", "a2"]),
        (after(-1, b=-2), ["c1", "b2", "b1"]),
        (after(-2, b=-1), ["c1", "b2"]),
    ],
)
def test_what_was_claimed_too_many_is_given_back(
    ledger: SqlLedger, allowed: Allowance, back: list[str]
) -> None:
    """The last first, of the domain or of all; what is kept stays in its order."""
    found = [make_delivery(email.partition("@")[0], email=email) for email in READERS]

    kept, over = budget(ledger).within(allowed, found)

    assert [delivery.subscriber.removeprefix("id-") for delivery in over] == back
    assert list(kept) == [delivery for delivery in found if delivery not in over]


def spent(limit: int, *full: str) -> Allowance:
    return Allowance(limit=limit, rooms={}, full=frozenset(full))


@pytest.mark.parametrize(
    ("allowed", "email", "waiting"),
    [
        (spent(0), None, ("*",)),
        (spent(-1, "a.example"), "A1@a.example", ("*",)),
        (spent(0), "nobody@a.example", ()),
        (spent(1), None, ()),
        (spent(1, "b.example", "a.example", "z.example"), None, ("a.example", "b.example")),
        (spent(1, "z.example"), None, ()),
    ],
)
def test_what_waits_for_a_rate(
    ledger: SqlLedger, allowed: Allowance, email: str | None, waiting: tuple[str, ...]
) -> None:
    """All of it, or that of domains whose rate is spent; nothing when nobody would be served."""
    assert budget(ledger).waiting(allowed, TODAY, NOW, email) == waiting
    assert budget(ledger).waiting(allowed, TODAY - dt.timedelta(days=1), NOW, email) == ()


def test_so_many_domains_are_asked_about(ledger: SqlLedger) -> None:
    """The first by name; when none of those waits, they stand for all."""
    many = [f"a{number:02}.example" for number in range(MOST_ASKED)]

    assert budget(ledger).waiting(spent(1, *many[1:], "b.example"), TODAY, NOW, None) == (
        "b.example",
    )
    assert budget(ledger).waiting(spent(1, *many, "b.example"), TODAY, NOW, None) == tuple(many)


def test_when_a_rate_allows_more(ledger: SqlLedger) -> None:
    """When the oldest message that counts has left the rate's period, which is one hour here."""
    leave(ledger, "a1@a.example")
    leave(ledger, "a2@a.example", "b1@b.example", at=NOW + MICRO)
    now = NOW + HOUR - MICRO
    both = budget(ledger, per(3), a=per(2), b=per(1, 3))

    assert both.free_at(now, spent(0), ("*",)) == NOW + HOUR
    assert both.free_at(now, spent(-1), ("*",)) == NOW + MICRO + HOUR
    assert both.free_at(now, spent(-9), ("*",)) == now + HOUR
    rooms = replace(spent(1), rooms={"a.example": 0, "b.example": 0})
    assert both.free_at(now, rooms, ("a.example", "b.example")) == NOW + HOUR
    assert both.free_at(now, rooms, ("b.example",)) == NOW + MICRO + 3 * HOUR
    over = replace(rooms, rooms={"a.example": -1})
    assert both.free_at(now, over, ("a.example",)) == NOW + MICRO + HOUR
    assert both.free_at(now, rooms, ()) == now
    assert both.free_at(now, rooms, ("z.example",)) == now


# --- The queue -----------------------------------------------------------------------------------


@dataclass
class Opened:
    """A queue and what it told."""

    queue: DeliveryQueue
    told: list[tuple[str, DeliveryState]] = field(default_factory=list)
    prepared: list[list[str]] = field(default_factory=list)
    claimed: list[list[str]] = field(default_factory=list)


def opened(ledger: SqlLedger, connections: int = 2, **changes: Any) -> Opened:
    made: list[Opened] = []

    async def prepare(some: Sequence[Delivery]) -> list[bytes | Fault | str]:
        made[0].prepared.append([delivery.subscriber for delivery in some])
        return [b"x" for _ in some]

    async def on_claim(some: Sequence[Delivery]) -> None:
        made[0].claimed.append([delivery.subscriber for delivery in some])

    def on_delivery(delivery: Delivery, outcome: Outcome) -> None:
        made[0].told.append((delivery.subscriber.removeprefix("id-"), outcome.state))

    values: dict[str, Any] = {
        "issue": TODAY, "ledger": ledger, "prepare": prepare, "owner": "me", "clock": lambda: NOW,
        "chance": random.Random(1), "budget": Budget(ledger=ledger), "patience": dt.timedelta(0),
        "turns": Turns(throttle=throttle(connections)), "breaker": Breaker(), "email": None,
        "stop": asyncio.Event(), "on_delivery": on_delivery, "on_claim": on_claim,
    }  # fmt: skip
    made.append(Opened(DeliveryQueue(**(values | changes))))
    return made[0]


def at_queue(ledger: SqlLedger, work: Callable[[Opened], Any], **changes: Any) -> Opened:
    """Do `work` at a queue and close it."""

    async def whole() -> Opened:
        watched = opened(ledger, **changes)
        try:
            await work(watched)
        finally:
            watched.queue.close()
        return watched

    return run(whole())


def states(ledger: SqlLedger) -> dict[str, str]:
    return {
        delivery.subscriber.removeprefix("id-"): str(delivery.state)
        for delivery in ledger.deliveries(TODAY)
    }


def name(parcel: Parcel | None) -> str:
    assert parcel is not None
    return parcel.delivery.subscriber.removeprefix("id-")


TAKEN = Outcome(state=S.ACCEPTED, code=250, reason="ok")


def test_what_is_sent_is_written_and_told(ledger: SqlLedger) -> None:
    """In its order, each once; what was not begun is given back at the end."""

    async def work(watched: Opened) -> None:
        queue = watched.queue
        first = await queue.next(0)
        second = queue.next_now(1)
        assert (name(first), name(second)) == ("a1", "a2")
        assert first is not None
        assert second is not None
        assert (first.message, first.until, first.claim.owner) == (b"x", NOW + LEASE, "me")
        assert await queue.begin(first)
        queue.settle(first, TAKEN)
        assert await queue.begin(second)
        queue.settle(second, replace(TAKEN, state=S.UNKNOWN))

    watched = at_queue(ledger, work)

    assert watched.told == [("a1", S.ACCEPTED), ("a2", S.UNKNOWN)]
    assert dict(watched.queue.sent.outcomes) == {S.ACCEPTED: 1, S.UNKNOWN: 1}
    assert states(ledger) == {
        "a1": "accepted", "a2": "unknown", "a3": "planned", "b1": "planned", "b2": "planned", "c1": "planned",
    }  # fmt: skip
    assert not watched.queue.sent.error


def test_who_left_the_list_is_cancelled_and_a_fault_is_its_readers(ledger: SqlLedger) -> None:
    """Neither reaches a session."""
    fault = Fault(border=Border.READER, name="a2@a.example", problem="broken")

    async def prepare(some: Sequence[Delivery]) -> list[bytes | Fault | str]:
        found: list[bytes | Fault | str] = [b"x" for _ in some]
        found[:2] = [LEFT, fault]
        return found

    async def work(watched: Opened) -> None:
        assert name(await watched.queue.next(0)) == "a3"
        await asyncio.sleep(0.05)

    watched = at_queue(ledger, work, prepare=prepare, connections=8)

    assert watched.told == [("a1", S.CANCELLED), ("a2", S.FAILED)]
    assert watched.queue.sent.faults == [fault]
    reasons = {
        row.subscriber: row.reason for row in ledger.deliveries(TODAY, [S.CANCELLED, S.FAILED])
    }
    assert reasons == {"id-a1": LEFT, "id-a2": "broken"}


def test_one_address_and_no_other(ledger: SqlLedger) -> None:
    """The rest of the issue is not touched, nor waited for."""

    async def work(watched: Opened) -> None:
        parcel = await watched.queue.next(0)
        assert name(parcel) == "b2"
        assert parcel is not None
        assert await watched.queue.begin(parcel)
        watched.queue.settle(parcel, TAKEN)
        assert await watched.queue.next(0) is None

    at_queue(ledger, work, email="B2@b.example")

    assert sorted(states(ledger).values()) == ["accepted"] + ["planned"] * 5


@pytest.mark.parametrize(("late", "begins"), [(dt.timedelta(0), True), (MICRO, False)])
def test_a_lease_must_outlast_the_answer(
    ledger: SqlLedger, late: dt.timedelta, *, begins: bool
) -> None:
    """Ten minutes: as long as the answer to a whole message may take."""
    moment = [NOW]

    async def work(watched: Opened) -> None:
        parcel = await watched.queue.next(0)
        assert parcel is not None
        moment[0] = NOW + LEASE - dt.timedelta(seconds=AFTER_DOT) + late
        assert await watched.queue.begin(parcel) is begins

    at_queue(ledger, work, clock=lambda: moment[0])


def test_nothing_begins_once_it_is_halted(ledger: SqlLedger) -> None:
    """By somebody or by the queue; the first reason is kept."""

    async def work(watched: Opened) -> None:
        parcel = await watched.queue.next(0)
        assert parcel is not None
        watched.queue.halt("one")
        watched.queue.halt("two")
        assert watched.queue.halted
        assert not await watched.queue.begin(parcel)
        assert watched.queue.next_now(0) is None
        assert await watched.queue.next(0) is None

    watched = at_queue(ledger, work)
    assert watched.queue.sent.error == "one"
    assert set(states(ledger).values()) == {"planned"}

    async def stopped(watched: Opened) -> None:
        watched.queue.stop.set()
        assert watched.queue.halted
        assert await watched.queue.next(0) is None

    assert not at_queue(ledger, stopped).queue.sent.error


def test_a_paused_issue_says_why(ledger: SqlLedger) -> None:
    """Where something waits; an address that has its mail already waits for nothing."""
    leave(ledger, "a1@a.example")
    ledger.pause(TODAY, "paused: lunch", NOW)

    async def work(watched: Opened) -> None:
        assert await watched.queue.next(0) is None

    assert at_queue(ledger, work).queue.sent.error == "paused: lunch"
    assert at_queue(ledger, work, email="a1@a.example").queue.sent.error == ""
    assert at_queue(ledger, work, email="a2@a.example").queue.sent.error == "paused: lunch"


def test_refusals_of_the_sender_pause_the_issue(ledger: SqlLedger) -> None:
    """With what the last server said; other refusals do not count."""
    policy = Outcome(state=S.FAILED, code=550, reason="550 no", verdict=Verdict.POLICY)

    async def work(watched: Opened) -> None:
        for outcome in (replace(policy, verdict=Verdict.NO_MAILBOX), policy, TAKEN, policy):
            parcel = await watched.queue.next(0)
            assert parcel is not None
            assert not watched.queue.halted
            watched.queue.settle(parcel, outcome)

    watched = at_queue(ledger, work, breaker=Breaker(least=2, share=0.0))

    told = "paused: mail servers refuse the sender, not single readers: 550 no"
    assert (watched.queue.sent.error, ledger.halted(TODAY)) == (told, told)


def test_what_is_refused_for_now_is_tried_later(ledger: SqlLedger) -> None:
    """By the number of its attempt; only who is busy slows everybody down."""
    later = Outcome(state=S.DEFERRED, code=450, reason="450 later")

    async def work(watched: Opened) -> None:
        for outcome in (later, replace(later, is_busy=True), TAKEN):
            parcel = await watched.queue.next(0)
            assert parcel is not None
            before = watched.queue.turns.throttle.allowed
            watched.queue.settle(parcel, outcome)
            allowed = watched.queue.turns.throttle.allowed
            assert allowed == (
                before / 2 if outcome.is_busy else min(2.0, before + (outcome is TAKEN))
            )
            watched.queue.turns.throttle._until = 0.0

    at_queue(ledger, work)

    chance = random.Random(1)
    wanted = {f"id-{reader}": next_attempt(1, NOW, chance) for reader in ("a1", "a2")}
    assert {
        delivery.subscriber: delivery.next_at for delivery in ledger.deliveries(TODAY, [S.DEFERRED])
    } == wanted


def test_twenty_faults_in_a_row_stop_the_issue(ledger: SqlLedger) -> None:
    """Faults of this program; an answer of a server in between begins the count anew."""
    fault = Fault(border=Border.READER, name="x", problem="broken", trace="line 1")
    bare = replace(fault, trace="", name="y")

    async def work(watched: Opened) -> None:
        parcel = await watched.queue.next(0)
        assert parcel is not None
        for _ in range(MOST_FAULTS - 1):
            watched.queue.fail(parcel, fault, S.FAILED)
        watched.queue.fail(parcel, bare, S.FAILED)
        assert not watched.queue.halted
        watched.queue.settle(parcel, TAKEN)
        for _ in range(MOST_FAULTS - 1):
            watched.queue.fail(parcel, fault, S.FAILED)
        assert not watched.queue.halted
        watched.queue.fail(parcel, fault, S.FAILED)
        assert watched.queue.halted

    watched = at_queue(ledger, work)

    told = "paused: one message after the other goes wrong here: broken"
    assert (watched.queue.sent.error, ledger.halted(TODAY)) == (told, told)
    assert watched.queue.sent.faults == [fault, bare]


def test_a_spent_rate_is_told_with_its_end(ledger: SqlLedger) -> None:
    """When nobody has the patience to wait for it."""
    leave(ledger, "a1@a.example")

    async def work(watched: Opened) -> None:
        assert await watched.queue.next(0) is None

    watched = at_queue(ledger, work, budget=budget(ledger, per(1)), patience=HOUR - MICRO)

    assert (watched.queue.sent.resume_at, watched.queue.sent.error) == (NOW + HOUR, "")


# --- A guard at the queue -------------------------------------------------------------------------


def test_what_goes_wrong_is_put_down_to_the_message_in_hand(ledger: SqlLedger) -> None:
    """Before it left it is failed; the others in hand go back, in their order."""

    async def work(watched: Opened) -> None:
        guarded = GuardedQueue(watched.queue, 1)
        assert not guarded.blame(ValueError("nothing in hand"))
        first, second = await guarded.next(), await guarded.next()
        third = guarded.next_now()
        assert [name(parcel) for parcel in (first, second, third)] == ["a1", "a2", "a3"]
        assert guarded.blame(ValueError("odd"))
        assert not guarded.blame(ValueError("nothing in hand"))
        assert [name(watched.queue.next_now(0)) for _ in range(2)] == ["a2", "a3"]

    watched = at_queue(ledger, work, connections=4)

    (fault,) = watched.queue.sent.faults
    delivery = make_delivery("a1", email="a1@a.example", state=S.LEASED, attempt=1)
    assert (fault.border, fault.name) == (Border.READER, "a1@a.example")
    assert fault.problem == "a fault of this program (ValueError: odd)"
    assert fault.content == repr(delivery).encode()
    assert "ValueError: odd" in fault.trace
    assert watched.told == [("a1", S.FAILED)]


def test_a_message_that_had_begun_to_leave_is_unknown(ledger: SqlLedger) -> None:
    """Nobody can tell whether it arrived; an answer ends that."""

    async def work(watched: Opened) -> None:
        guarded = GuardedQueue(watched.queue, 0)
        for settled in (True, False):
            parcel = await guarded.next()
            assert parcel is not None
            assert await guarded.begin(parcel)
            assert guarded.is_leaving
            if settled:
                guarded.settle(parcel, TAKEN)
                assert not guarded.is_leaving
        assert guarded.blame(ValueError("odd"))
        assert not guarded.is_leaving

    assert at_queue(ledger, work).told == [("a1", S.ACCEPTED), ("a2", S.UNKNOWN)]


def test_what_must_not_leave_is_in_hand_no_more(ledger: SqlLedger) -> None:
    """Nothing is put down to it afterwards."""

    async def work(watched: Opened) -> None:
        guarded = GuardedQueue(watched.queue, 0)
        parcel = await guarded.next()
        assert parcel is not None
        watched.queue.halt("enough")
        assert not await guarded.begin(parcel)
        assert not guarded.is_leaving
        assert not guarded.blame(ValueError("odd"))
        assert await guarded.next() is None
        assert guarded.next_now() is None

    at_queue(ledger, work)


def test_a_server_counts_as_serving_once_it_answered(ledger: SqlLedger) -> None:
    """Then a connection that is refused is tried again; an outcome without a code is no answer."""
    error = SendError("refused")

    async def work(watched: Opened) -> None:
        guarded = GuardedQueue(watched.queue, 0)
        for outcome in (replace(TAKEN, code=0, state=S.DEFERRED), TAKEN):
            parcel = await guarded.next()
            assert parcel is not None
            if outcome.code == 0:
                guarded.settle(parcel, outcome)
                other = await guarded.next()
                assert other is not None
                with pytest.raises(SendError, match="refused"):
                    await guarded.refused(other, error)
                watched.queue.turns._refused.clear()
                guarded._in_hand.clear()
            else:
                guarded.settle(parcel, outcome)
        parcel = await guarded.next()
        assert parcel is not None
        watched.queue.turns.throttle.cooldown = 0.01
        await guarded.refused(parcel, error)
        assert name(watched.queue.next_now(0)) == name(parcel)
        assert not guarded.blame(ValueError("nothing in hand"))
        guarded.busy()
        assert watched.queue.turns.throttle.wait(0) > 0

    at_queue(ledger, work, connections=1)
