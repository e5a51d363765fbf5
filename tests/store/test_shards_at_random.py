"""Workers, shards, clocks and readers at random: nothing that waits is ever overlooked."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections.abc import Callable
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
from makers import NOW, TODAY, make_delivery, open_test_database, plan

from newsletter.model import OPEN, Claim, DeliveryState, Fate, Outcome, Settlement
from newsletter.store import SqlLedger
from newsletter.store.ledger import shards as ranges
from newsletter.store.tables import deliveries, shards, subscribers

S = DeliveryState
READERS = 4
SIZE = 2
NUMBERS = st.integers(0, 1)
OWNERS = st.sampled_from("abc")
MINUTES = st.sampled_from([-90, -5, 0, 1, 5, 31, 120])
LEASE = dt.timedelta(minutes=30)
LATER = dt.timedelta(hours=3)
LONG = dt.timedelta(days=3)


class ShardMachine(RuleBasedStateMachine):
    """Three workers whose clock jumps, and readers who come and go, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_test_database(Path(self.folder.name))
        domains = itertools.cycle(["readers.example", "others.example"])
        plan(
            self.database,
            [make_delivery(f"r{n}", email=f"r{n}@{next(domains)}") for n in range(READERS)],
        )
        with self.database.transaction() as connection:
            # Two readers have chosen an hour.
            late = deliveries.c.subscriber.in_(["id-r1", "id-r3"])
            connection.execute(deliveries.update().where(late).values(not_before=NOW + LATER))
            ranges.look_again(connection, TODAY)
        self.ledger = SqlLedger(self.database)
        self.now = self.latest = NOW
        self.held: list[tuple[Claim, bool]] = []
        self.until: dict[tuple[str, int], dt.datetime] = {}
        """When the lease of each attempt for a reader ends."""
        self.rests: dict[int, dt.datetime] = {}
        """Until when nobody shall look at a shard."""

    def teardown(self) -> None:
        try:
            self.ends()
        finally:
            self.database.close()
            self.folder.cleanup()

    # --- What happens ---------------------------------------------------------------------------

    @rule(minutes=MINUTES)
    def the_clock_jumps(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)
        self.latest = max(self.latest, self.now)

    @rule(
        owner=OWNERS,
        limit=st.integers(1, 4),
        shard=st.none() | NUMBERS,
        without=st.sampled_from([set(), {"readers.example"}]),
        email=st.sampled_from([None, None, "r2@readers.example"]),
    )
    def somebody_claims(
        self, owner: str, limit: int, shard: int | None, without: set[str], email: str | None
    ) -> None:
        until = self.now + LEASE
        found = self.ledger.claim(
            TODAY, owner=owner, limit=limit, now=self.now, until=until, shard=shard,
            without=without, email=email,
        )  # fmt: skip
        self.held += [(Claim(delivery=one, owner=owner), False) for one in found]
        self.until |= {(one.subscriber, one.attempt): until for one in found}

    @rule(state=st.sampled_from([S.ACCEPTED, S.DEFERRED]))
    def all_that_is_due_is_sent(self, state: DeliveryState) -> None:
        found = self.ledger.claim(
            TODAY, owner="a", limit=READERS + 1, now=self.now, until=self.now + LEASE
        )
        claims = [Claim(delivery=one, owner="a") for one in found]
        self.ledger.record(claims, [], self.now)
        later = self.now + LEASE if state is S.DEFERRED else None
        outcome = Outcome(state=state)
        done = [Settlement(claim=one, outcome=outcome, next_at=later) for one in claims]
        self.ledger.record([], done, self.now)

    @rule(which=st.integers(0, 3))
    def a_message_begins(self, which: int) -> None:
        if which < len(self.held) and not self.held[which][1]:
            delivery = self.held[which][0].delivery
            if self.now > self.until[delivery.subscriber, delivery.attempt]:
                return  # nobody begins a message whose lease is over
            claim, _ = self.held.pop(which)
            if not self.ledger.record([claim], [], self.now):
                self.held.append((claim, True))

    @rule(
        which=st.integers(0, 3),
        state=st.sampled_from([S.ACCEPTED, S.FAILED, S.DEFERRED]),
        minutes=st.sampled_from([None, -5, 5, 120]),
    )
    def a_server_answers(self, which: int, state: DeliveryState, minutes: int | None) -> None:
        if which < len(self.held) and self.held[which][1]:
            claim, _ = self.held.pop(which)
            later = None if minutes is None else self.now + dt.timedelta(minutes=minutes)
            outcome = Outcome(state=state)
            next_at = (later or self.now) if state is S.DEFERRED else None
            self.ledger.record(
                [], [Settlement(claim=claim, outcome=outcome, next_at=next_at)], self.now
            )

    @rule(which=st.integers(0, 3))
    def a_lease_is_given_back(self, which: int) -> None:
        if which < len(self.held) and not self.held[which][1]:
            self.ledger.release([self.held.pop(which)[0]], self.now)

    @rule(dead=st.sets(OWNERS), shard=st.none() | NUMBERS)
    def the_dead_are_found(self, dead: set[str], shard: int | None) -> None:
        self.ledger.recover(TODAY, now=self.now, fate_of=_fates(dead), shard=shard)

    @rule(dead=st.sets(OWNERS))
    def shards_of_the_dead_are_freed(self, dead: set[str]) -> None:
        self.ledger.free_shards(TODAY, self.now, _fates(dead))

    @rule(owner=OWNERS, shard=NUMBERS)
    def a_worker_takes_a_shard(self, owner: str, shard: int) -> None:
        self.ledger.take_shard(TODAY, shard, owner)

    @rule(owner=OWNERS, shard=NUMBERS, minutes=st.sampled_from([None, -5, 1, 600]))
    def a_worker_leaves_a_shard(self, owner: str, shard: int, minutes: int | None) -> None:
        rest = None if minutes is None else self.now + dt.timedelta(minutes=minutes)
        self.ledger.leave_shard(TODAY, shard, owner, rest)
        if rest is not None:
            self.rests[shard] = max(rest, self.rests.get(shard, rest))

    @rule(owner=OWNERS)
    def a_worker_lets_go(self, owner: str) -> None:
        self.ledger.let_go(owner, self.now)

    @rule(name=st.integers(0, READERS - 1))
    def a_reader_leaves_or_comes_back(self, name: int) -> None:
        who = subscribers.c.id == f"id-r{name}"
        flipped = sa.case((subscribers.c.state == "active", "left"), else_="active")
        with self.database.transaction() as connection:
            connection.execute(subscribers.update().where(who).values(state=flipped))
        self.ledger.follow_subscribers(TODAY, self.now)

    @rule(states=st.sets(st.sampled_from([S.FAILED, S.UNKNOWN, S.DEFERRED])))
    def the_operator_sends_again(self, states: set[DeliveryState]) -> None:
        self.ledger.reopen(TODAY, states, self.now)

    @rule(hours=st.sampled_from([20, 1]))
    def old_ones_expire(self, hours: int) -> None:
        self.ledger.expire(TODAY, now=self.now, deadline=NOW + dt.timedelta(hours=hours))

    @rule()
    def the_operator_pauses_for_a_while(self) -> None:
        self.ledger.pause(TODAY, "paused", self.now)
        assert not self.ledger.claim(
            TODAY, owner="a", limit=1, now=self.now, until=self.now + LEASE
        )
        self.ledger.resume(TODAY)

    # --- What always holds ----------------------------------------------------------------------

    @invariant()
    def nobody_is_lost(self) -> None:
        assert sum(self.ledger.counts(TODAY).values()) == READERS

    @invariant()
    def what_is_open_is_looked_at_in_time(self) -> None:
        """A shard is ready when its first delivery is, or when its rest is over."""
        is_open = deliveries.c.state.in_([state.value for state in OPEN])
        query = (
            sa.select(shards.c.number, shards.c.ready_at, sa.func.min(ranges._READY_AT))
            .join(deliveries, ranges.IN_RANGE)
            .where(is_open)
            .group_by(shards.c.number, shards.c.ready_at)
        )
        with self.database.reading() as connection:
            for number, ready_at, due in connection.execute(query):
                assert ready_at is not None, number
                assert ready_at <= max(due, self.rests.get(number, due)), number
                if ready_at <= due:
                    self.rests.pop(number, None)

    @invariant()
    def what_has_left_is_counted_for_rates(self) -> None:
        """Whichever shards are looked at for it."""
        row = deliveries.c
        for minutes in (1, 60, 600):
            since = self.now - dt.timedelta(minutes=minutes)
            left = (row.started_at > since) & (row.started_at <= self.now)
            held = (row.state == S.LEASED.value) & (row.lease_until > since)
            query = sa.select(sa.func.count()).where(left | held)
            last = sa.select(sa.func.min(row.started_at)).where(left)
            with self.database.reading() as connection:
                count, first = connection.scalar(query), connection.scalar(last)
            assert sum(self.ledger.used(since, self.now).values()) >= (count or 0)
            assert self.ledger.departure(since, self.now, 0) == first

    def ends(self) -> None:
        """Long after, with all workers dead, one more sends all that is left."""
        now = self.latest + LONG
        for _ in range(3 * READERS):
            self.ledger.free_shards(TODAY, now, _fates({"a", "b", "c"}))
            for shard in self.ledger.ready_shards(TODAY, now):
                assert self.ledger.take_shard(TODAY, shard, "last")
                self.ledger.recover(TODAY, now=now, fate_of=_fates({"a", "b", "c"}), shard=shard)
                found = self.ledger.claim(
                    TODAY, owner="last", limit=2, now=now, until=now + LEASE, shard=shard
                )
                claims = [Claim(delivery=one, owner="last") for one in found]
                accepted = Outcome(state=S.ACCEPTED)
                assert not self.ledger.record(claims, [], now)
                done = [Settlement(claim=one, outcome=accepted, next_at=None) for one in claims]
                assert not self.ledger.record([], done, now)
                self.ledger.leave_shard(TODAY, shard, "last")
        counts = self.ledger.counts(TODAY)
        assert not any(counts[state] for state in OPEN), counts


def _fates(dead: set[str]) -> Callable[[str], Fate]:
    return lambda owner: Fate.DEAD if owner in dead else Fate.ALIVE


def test_nothing_that_waits_is_ever_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever workers, clocks, readers and the operator do, on both databases."""
    monkeypatch.setattr("newsletter.store.ledger.shards.SIZE", SIZE)
    run_state_machine_as_test(
        ShardMachine, settings=settings(max_examples=20, stateful_step_count=40)
    )
