"""The ledger's rules, by hand and by a machine that tries every order of moves."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from makers import NOW, TODAY, make_delivery, make_edition, make_issue, open_test_database, plan

from newsletter.day.planning import Spool
from newsletter.errors import LedgerError, StaleDraftError, StoreError
from newsletter.model import MOVES, Claim, DeliveryState, Fate, IssueState, Outcome, Settlement
from newsletter.store import Bounce, IssueStore, SqlLedger, SuppressionStore, open_database
from newsletter.store.tables import subscribers

S = DeliveryState
LEASE = dt.timedelta(minutes=30)
READERS = 6


def make_ledger(folder: Path, readers: int = READERS) -> SqlLedger:
    database = open_test_database(folder)
    planned = [make_delivery(f"r{n}") for n in range(readers)]
    plan(database, planned)
    return SqlLedger(database)


def claim(ledger: SqlLedger, owner: str, now: dt.datetime = NOW, limit: int = 1) -> list[Claim]:
    found = ledger.claim(TODAY, owner=owner, limit=limit, now=now, until=now + LEASE)
    return [Claim(delivery=delivery, owner=owner) for delivery in found]


def settled(held: Claim, state: DeliveryState, next_at: dt.datetime | None = None) -> Settlement:
    return Settlement(claim=held, outcome=Outcome(state=state), next_at=next_at)


def test_planning_twice_changes_nothing(tmp_path: Path) -> None:
    """When two runs plan the same issue at once, only one of them does."""
    database = open_test_database(tmp_path)

    assert plan(database, [make_delivery()])
    assert not plan(database, [make_delivery("bo")])
    assert [delivery.email for delivery in SqlLedger(database).deliveries(TODAY)] == [
        "ada@readers.example"
    ]


def test_planning_is_all_or_nothing(tmp_path: Path) -> None:
    """When the papers' offer cannot be written, there is no issue."""
    database = open_test_database(tmp_path)

    def offered() -> Iterator[str]:
        yield "arxiv:1"
        raise RuntimeError("the machine stopped here")

    with pytest.raises(RuntimeError):
        plan(database, [make_delivery()], offered=offered())

    assert IssueStore(database).get(TODAY) is None
    assert SqlLedger(database).deliveries(TODAY) == ()


def test_a_dead_senders_leases_come_back_and_what_had_begun_is_unknown(tmp_path: Path) -> None:
    """Recovery at once when the owner is dead, else when the lease has run out."""
    ledger = make_ledger(tmp_path)
    begun, held = claim(ledger, "dead", limit=2)
    assert ledger.record([begun], [], NOW) == frozenset()

    assert ledger.recover(TODAY, now=NOW, fate_of=lambda _owner: Fate.ALIVE) == (0, 0)
    assert ledger.recover(TODAY, now=NOW, fate_of=lambda _owner: Fate.DEAD) == (1, 1)
    assert ledger.counts(TODAY)[S.UNKNOWN] == 1
    assert ledger.record([held], [], NOW) == {held.delivery.subscriber}


def test_what_a_lost_machine_had_leased_is_unknown_too(tmp_path: Path) -> None:
    """The last that it wrote may be missing: a message may have left of which nothing says so."""
    ledger = make_ledger(tmp_path)
    claim(ledger, "lost", limit=2)
    claim(ledger, "away", limit=1)

    def fate_of(owner: str) -> Fate:
        return Fate.LOST if owner == "lost" else Fate.AWAY

    assert ledger.recover(TODAY, now=NOW, fate_of=fate_of) == (0, 2)
    assert ledger.recover(TODAY, now=NOW + LEASE, fate_of=fate_of) == (0, 1)
    assert ledger.counts(TODAY)[S.UNKNOWN] == 3


def test_a_sender_that_wakes_after_its_lease_cannot_settle(tmp_path: Path) -> None:
    """The attempt number fences off whoever slept: its answer comes too late to count."""
    ledger = make_ledger(tmp_path, readers=1)
    (slept,) = claim(ledger, "sleeper")
    later = NOW + LEASE
    ledger.recover(TODAY, now=later, fate_of=lambda _owner: Fate.ALIVE)
    (again,) = claim(ledger, "sleeper", later)

    assert ledger.record([], [settled(slept, S.FAILED)], later) == {slept.delivery.subscriber}
    assert ledger.record([slept], [], later) == {slept.delivery.subscriber}
    assert ledger.record([], [settled(again, S.ACCEPTED)], later) == frozenset()
    assert ledger.counts(TODAY)[S.ACCEPTED] == 1


def leave(ledger: SqlLedger, *ids: str, state: str = "left") -> None:
    with ledger._database.transaction() as connection:
        mine = subscribers.update().where(subscribers.c.id.in_(ids))
        connection.execute(mine.values(state=state))


def test_who_left_the_list_is_cancelled(tmp_path: Path) -> None:
    """An unsubscribe after planning and before sending is honoured."""
    ledger = make_ledger(tmp_path)
    leave(ledger, "id-r0")

    ledger.follow_subscribers(TODAY, NOW)

    assert ledger.counts(TODAY)[S.CANCELLED] == 1
    assert len(claim(ledger, "me", limit=99)) == READERS - 1


def test_who_leaves_while_an_issue_is_sent_is_not_claimed(tmp_path: Path) -> None:
    """The claim itself looks, and settles it: their delivery is cancelled."""
    ledger = make_ledger(tmp_path)
    leave(ledger, "id-r1", "id-r2", state="paused")

    found = claim(ledger, "me", limit=99)

    assert {held.delivery.subscriber for held in found}.isdisjoint({"id-r1", "id-r2"})
    assert ledger.counts(TODAY)[S.CANCELLED] == 2
    leave(ledger, "id-r1", state="active")
    ledger.follow_subscribers(TODAY, NOW)
    assert [held.delivery.subscriber for held in claim(ledger, "me", limit=99)] == ["id-r1"]


def test_only_what_is_not_accepted_can_be_reopened(tmp_path: Path) -> None:
    """Nobody can ask for an accepted mail to go out again."""
    with pytest.raises(LedgerError, match="only failed, unknown and deferred"):
        make_ledger(tmp_path).reopen(TODAY, {S.ACCEPTED}, NOW)


def test_an_outcome_that_no_delivery_comes_to_is_refused(tmp_path: Path) -> None:
    """Then the whole call is refused, and nothing of it is written."""
    ledger = make_ledger(tmp_path)
    first, other = claim(ledger, "me", limit=2)

    with pytest.raises(LedgerError, match="a delivery that is leased cannot become expired"):
        ledger.record([], [settled(first, S.ACCEPTED), settled(other, S.EXPIRED)], NOW)

    assert ledger.counts(TODAY)[S.LEASED] == 2


def test_outcomes_of_every_kind_are_written_in_one_call(tmp_path: Path) -> None:
    """Each delivery gets its own, and only what is another sender's is told."""
    ledger = make_ledger(tmp_path)
    first, second, third, taken, begins = claim(ledger, "me", limit=5)
    ledger.record([taken], [settled(taken, S.ACCEPTED)], NOW)

    lost = ledger.record(
        [begins],
        [
            settled(first, S.ACCEPTED),
            settled(second, S.FAILED),
            settled(third, S.ACCEPTED),
            settled(taken, S.FAILED),
        ],
        NOW,
    )

    assert lost == {taken.delivery.subscriber}
    counts = ledger.counts(TODAY)
    assert (counts[S.ACCEPTED], counts[S.FAILED], counts[S.DATA_STARTED]) == (3, 1, 1)


@pytest.mark.sqlite
def test_cancelling_is_all_or_nothing(tmp_path: Path) -> None:
    """If the deliveries cannot be cancelled, the issue is not cancelled either."""
    ledger = make_ledger(tmp_path)
    with ledger._database.transaction() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON delivery WHEN old.subscriber = 'id-r3' "
            "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )

    with pytest.raises(sa.exc.IntegrityError, match="the disk is full"):
        ledger.cancel(TODAY, NOW)

    assert (ledger.state(TODAY), ledger.halted(TODAY)) == (IssueState.PLANNED, "")
    assert ledger.counts(TODAY)[S.PLANNED] == READERS


def test_what_was_cancelled_is_neither_paused_nor_resumed(tmp_path: Path) -> None:
    """A pause is a state that ends; a cancellation does not."""
    ledger = make_ledger(tmp_path)
    ledger.pause(TODAY, "paused by the operator", NOW)
    assert (ledger.state(TODAY), claim(ledger, "me")) == (IssueState.PAUSED, [])
    ledger.resume(TODAY)
    assert (ledger.state(TODAY), ledger.halted(TODAY)) == (IssueState.PLANNED, "")

    assert ledger.cancel(TODAY, NOW) == READERS
    ledger.pause(TODAY, "paused by the operator", NOW)
    ledger.resume(TODAY)

    assert (ledger.state(TODAY), ledger.halted(TODAY)) == (IssueState.CANCELLED, "cancelled")
    with pytest.raises(LedgerError, match="cancelled, for good"):
        ledger.reopen(TODAY, {S.FAILED}, NOW)


def test_a_pause_whose_reason_is_cancelled_is_a_pause(tmp_path: Path) -> None:
    """The reason is text for people. The program decides nothing by it."""
    ledger = make_ledger(tmp_path)
    ledger.pause(TODAY, "cancelled", NOW)
    ledger.resume(TODAY)

    assert len(claim(ledger, "me", limit=READERS)) == READERS


def test_two_readers_with_one_suppressed_address_are_both_held_back(tmp_path: Path) -> None:
    """Letters may differ in case: the mailbox is the same."""
    database = open_test_database(tmp_path)
    plan(database, [make_delivery("ada"), make_delivery("twin")])
    with database.transaction() as connection:  # as ledgers of older versions may have it
        connection.exec_driver_sql(
            "UPDATE delivery SET email = 'Ada@readers.example' WHERE subscriber = 'id-twin'"
        )
    bounce = Bounce(
        digest="1",
        email="ada@readers.example",
        verdict="no-mailbox",
        verified=True,
        evidence="gone",
    )
    SuppressionStore(database).note([bounce], NOW)
    ledger = SqlLedger(database)

    assert claim(ledger, "me", limit=9) == []
    assert ledger.counts(TODAY)[S.SUPPRESSED] == 2
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://x/y",
        "postgresql://nobody@127.0.0.1:1/x",
        "nonsense",
        "sqlite:////proc/nowhere/x.db",
    ],
)
def test_a_database_that_cannot_be_used_is_one_clear_line(tmp_path: Path, url: str) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(StoreError) as caught:
        open_database(url, tmp_path)
    assert "\n" not in str(caught.value)


class LedgerMachine(RuleBasedStateMachine):
    """Three senders, in any order of claims, crashes, answers and recoveries."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = make_ledger(Path(self.folder.name))
        self.now = NOW
        self.held: list[tuple[Claim, bool]] = []
        self.left: dict[str, int] = {}
        self.before = self.states()

    def teardown(self) -> None:
        self.ledger._database.close()
        self.folder.cleanup()

    def states(self) -> dict[str, DeliveryState]:
        return {delivery.subscriber: delivery.state for delivery in self.ledger.deliveries(TODAY)}

    @rule(owner=st.sampled_from("abc"), limit=st.integers(1, 3))
    def claims(self, owner: str, limit: int) -> None:
        self.held += [(held, False) for held in claim(self.ledger, owner, self.now, limit)]

    @rule(which=st.integers(0, 5))
    def begins(self, which: int) -> None:
        if which < len(self.held) and not self.held[which][1]:
            held = self.held[which][0]
            if self.ledger.record([held], [], self.now):
                self.held.pop(which)
                return
            self.held[which] = (held, True)
            # From here the mail may be in somebody's mailbox.
            self.left[held.delivery.subscriber] = self.left.get(held.delivery.subscriber, 0) + 1

    @rule(which=st.integers(0, 5), state=st.sampled_from([S.ACCEPTED, S.FAILED, S.DEFERRED]))
    def settles(self, which: int, state: DeliveryState) -> None:
        if which < len(self.held):
            held, begun = self.held.pop(which)
            if state is S.ACCEPTED and not begun:
                return
            later = self.now + dt.timedelta(minutes=5) if state is S.DEFERRED else None
            if self.ledger.record([], [settled(held, state, later)], self.now):
                return
            if state is not S.ACCEPTED and begun:
                # The server said no: the mail is in no mailbox.
                self.left[held.delivery.subscriber] -= 1

    @rule(which=st.integers(0, 5))
    def releases(self, which: int) -> None:
        if which < len(self.held) and not self.held[which][1]:
            self.ledger.release([self.held.pop(which)[0]], self.now)

    @rule(
        dead=st.sets(st.sampled_from("abc")),
        minutes=st.sampled_from([0, 5, 40]),
        fate=st.sampled_from([Fate.DEAD, Fate.LOST]),
    )
    def recovers(self, dead: set[str], minutes: int, fate: Fate) -> None:
        self.now += dt.timedelta(minutes=minutes)
        # A dead sender's claims are gone with it; one that only slept keeps believing in its own.
        self.held = [(held, begun) for held, begun in self.held if held.owner not in dead]
        self.ledger.recover(
            TODAY, now=self.now, fate_of=lambda owner: fate if owner in dead else Fate.ALIVE
        )

    @invariant()
    def nobody_is_lost(self) -> None:
        assert sum(self.ledger.counts(TODAY).values()) == READERS

    @invariant()
    def what_is_due_is_found(self) -> None:
        due = [
            delivery.state is S.PLANNED
            or (delivery.next_at is not None and delivery.next_at <= self.now)
            for delivery in self.ledger.deliveries(TODAY, [S.PLANNED, S.DEFERRED])
        ]
        assert self.ledger.waits(TODAY, now=self.now) == any(due)

    @invariant()
    def nobody_gets_two(self) -> None:
        assert all(count <= 1 for count in self.left.values())

    @invariant()
    def only_legal_moves(self) -> None:
        now = self.states()
        reachable = {state: set(after) for state, after in MOVES.items()}
        for subscriber, state in now.items():
            was = self.before[subscriber]
            assert state is was or state in reachable[was], (was, state)
        self.before = now


def test_whatever_happens_nobody_is_lost_and_nobody_gets_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In any order of claims, crashes, answers and recoveries, and in several shards."""
    monkeypatch.setattr("newsletter.store.ledger.shards.SIZE", 2)
    run_state_machine_as_test(
        LedgerMachine, settings=settings(max_examples=40, stateful_step_count=30)
    )


def test_a_claim_goes_on_past_those_who_get_no_mail(tmp_path: Path) -> None:
    """A whole claim of people who have left is not the end: others wait behind them."""
    ledger = make_ledger(tmp_path)
    leave(ledger, *(f"id-r{n}" for n in range(READERS - 1)))

    assert [held.delivery.subscriber for held in claim(ledger, "me", limit=2)] == [
        f"id-r{READERS - 1}"
    ]
    assert ledger.counts(TODAY)[S.CANCELLED] == READERS - 1
    assert claim(ledger, "me", limit=2) == []


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read" * 99])
def test_a_damaged_database_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    """The line says how to repair it."""
    (tmp_path / "x.db").write_bytes(content)

    with pytest.raises(StoreError, match=r"not a database; it is damaged: .* put a backup .* back"):
        open_database("sqlite:///x.db", tmp_path)


def test_a_draft_that_forgets_somebody_is_not_planned(tmp_path: Path) -> None:
    """Readers who came, or chose something else, while the editions were made."""
    database = open_test_database(tmp_path)
    plan(database, [make_delivery("ada")], issue=make_issue(date=TODAY - dt.timedelta(days=1)))
    issues = IssueStore(database)
    with Spool() as spool:
        spool.add("language-models", make_edition())
        known = {"language-models"}
        with database.transaction() as connection:
            connection.exec_driver_sql("UPDATE subscriber SET audience = 'vision'")

        with pytest.raises(StaleDraftError):
            issues.plan(make_issue(number=8), spool, (), NOW, considered=known)
        assert issues.get(TODAY) is None
        assert issues.plan(make_issue(number=8), spool, (), NOW, considered={*known, "vision"})
    assert SqlLedger(database).deliveries(TODAY) == ()
