"""The law of the ledger: whatever stands in the database, no statement makes an illegal move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from makers import NOW, TODAY, make_delivery, plan

from newsletter.errors import LedgerError
from newsletter.model import (
    LEFT,
    MOVES,
    Claim,
    DeliveryState,
    Fate,
    Outcome,
    Settlement,
    allowed,
    before,
)
from newsletter.store import (
    Bounce,
    SqlLedger,
    SuppressionStore,
    open_database,
)

S = DeliveryState
OWNER = "me"
HOUR = dt.timedelta(hours=1)

Statement = Callable[[SqlLedger, Claim], object]


def settling(state: DeliveryState) -> Statement:
    def settle(ledger: SqlLedger, one: Claim) -> object:
        return ledger.record(
            [], [Settlement(claim=one, outcome=Outcome(state=state), next_at=NOW)], NOW
        )

    return settle


def recovering(fate: Fate) -> Statement:
    return lambda ledger, _one: ledger.recover(TODAY, now=NOW, fate_of=lambda _owner: fate)


def reopening(*states: DeliveryState) -> Statement:
    return lambda ledger, _one: ledger.reopen(TODAY, states, NOW)


def following(state: str) -> Statement:
    def follow(ledger: SqlLedger, _one: Claim) -> object:
        with ledger._database.transaction() as connection:
            connection.exec_driver_sql("UPDATE subscriber SET state = ?", (state,))
        ledger.follow_subscribers(TODAY, NOW)
        return None

    return follow


def claiming(ledger: SqlLedger, _one: Claim) -> object:
    return ledger.claim(TODAY, owner="you", limit=9, now=NOW, until=NOW + HOUR)


def claiming_suppressed(ledger: SqlLedger, one: Claim) -> object:
    bounce = Bounce(
        digest="1",
        email=one.delivery.email,
        verdict="no-mailbox",
        verified=True,
        evidence="gone",
    )
    SuppressionStore(ledger._database).note([bounce], NOW)
    return claiming(ledger, one)


STATEMENTS: dict[str, tuple[Statement, dict[DeliveryState, DeliveryState]]] = {
    # What each does to whom; whatever is not named stays as it is.
    "claim": (claiming, {S.PLANNED: S.LEASED, S.DEFERRED: S.LEASED}),
    "claim suppressed": (
        claiming_suppressed,
        {S.PLANNED: S.SUPPRESSED, S.DEFERRED: S.SUPPRESSED},
    ),
    "start": (
        lambda ledger, one: ledger.record([one], [], NOW),
        {S.LEASED: S.DATA_STARTED},
    ),
    "release": (lambda ledger, one: ledger.release([one], NOW), {S.LEASED: S.PLANNED}),
    "recover dead": (
        recovering(Fate.DEAD),
        {S.LEASED: S.PLANNED, S.DATA_STARTED: S.UNKNOWN},
    ),
    "recover lost": (
        recovering(Fate.LOST),
        {S.LEASED: S.UNKNOWN, S.DATA_STARTED: S.UNKNOWN},
    ),
    "recover alive": (recovering(Fate.ALIVE), {}),
    "recover away": (recovering(Fate.AWAY), {}),
    "expire": (
        lambda ledger, _one: ledger.expire(TODAY, now=NOW, deadline=NOW),
        {S.PLANNED: S.EXPIRED, S.DEFERRED: S.EXPIRED},
    ),
    "expire early": (
        lambda ledger, _one: ledger.expire(TODAY, now=NOW, deadline=NOW + HOUR),
        {},
    ),
    "cancel": (
        lambda ledger, _one: ledger.cancel(TODAY, NOW),
        {S.PLANNED: S.CANCELLED, S.DEFERRED: S.CANCELLED},
    ),
    "follow, the reader left": (
        following("left"),
        {S.PLANNED: S.CANCELLED, S.DEFERRED: S.CANCELLED},
    ),
    "follow, the reader is there": (following("active"), {S.CANCELLED: S.PLANNED}),
    "reopen": (
        reopening(S.FAILED, S.UNKNOWN, S.DEFERRED),
        {S.FAILED: S.PLANNED, S.UNKNOWN: S.PLANNED},
    ),
    **{
        f"settle {state.value}": (
            settling(state),
            {one: state for one in (S.LEASED, S.DATA_STARTED) if state in MOVES[one]},
        )
        for state in S
    },
}


def place(folder: Path, state: DeliveryState, reason: str = LEFT) -> tuple[SqlLedger, Claim]:
    """Return a ledger with one delivery in a state, and the claim that its sender believes in."""
    database = open_database("sqlite:///test.db", folder)
    one = make_delivery("ada")
    plan(database, [one])
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE delivery SET state = ?, attempt = 1, lease_owner = ?, lease_until = ?, "
            "next_at = ?, reason = ?",
            (
                state.value,
                OWNER,
                "2026-03-17 07:30:00.000000",
                "2026-03-17 06:30:00.000000",
                reason,
            ),
        )
    ledger = SqlLedger(database)
    (found,) = ledger.deliveries(TODAY)
    return ledger, Claim(delivery=found, owner=OWNER)


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_from_every_state(tmp_path: Path, name: str) -> None:
    """It makes the moves that it is for, all of them legal, and leaves everybody else alone."""
    statement, expected = STATEMENTS[name]
    for state in S:
        folder = tmp_path / state.value
        folder.mkdir()
        ledger, claim = place(folder, state)

        statement(ledger, claim)

        (after,) = ledger.deliveries(TODAY)
        assert after.state is expected.get(state, state), (name, state)
        # A claim settles whom it finds suppressed, in one transaction by way of the lease.
        legal = MOVES[state] | {one for by in MOVES[state] for one in MOVES[by] if by is S.LEASED}
        assert after.state is state or after.state in legal
        ledger._database.close()


def test_every_legal_move_is_made_by_something() -> None:
    """The table allows nothing that no statement needs."""
    made = {(was, now) for _, moves in STATEMENTS.values() for was, now in moves.items()}
    made |= {(S.LEASED, S.SUPPRESSED)}  # within a claim
    made.discard((S.LEASED, S.LEASED))

    assert made == {(was, now) for was, after in MOVES.items() for now in after}


def test_the_law_as_it_is_meant() -> None:
    """What was accepted, expired or suppressed is final; only the operator opens what is in doubt."""
    assert MOVES[S.PLANNED] == {S.LEASED, S.EXPIRED, S.SUPPRESSED, S.CANCELLED}
    assert MOVES[S.DEFERRED] == {S.LEASED, S.EXPIRED, S.SUPPRESSED, S.CANCELLED}
    assert MOVES[S.DATA_STARTED] == {S.ACCEPTED, S.DEFERRED, S.FAILED, S.UNKNOWN}
    assert MOVES[S.LEASED] == set(S) - {S.LEASED, S.EXPIRED}
    assert MOVES[S.FAILED] == MOVES[S.UNKNOWN] == MOVES[S.CANCELLED] == {S.PLANNED}
    assert MOVES[S.ACCEPTED] == MOVES[S.EXPIRED] == MOVES[S.SUPPRESSED] == frozenset()
    with pytest.raises(LedgerError, match="accepted does not become planned"):
        before(S.PLANNED, S.FAILED, S.ACCEPTED)
    assert allowed(S.PLANNED, (S.FAILED, S.ACCEPTED)) == (S.FAILED,)


def test_an_issue_that_was_cancelled_brings_nobody_back(tmp_path: Path) -> None:
    """Only who had left the list comes back to it, and only while there is an issue to get."""
    for reason in ("the issue was cancelled", LEFT):
        folder = tmp_path / str(len(reason))
        folder.mkdir()
        ledger, claim = place(folder, S.CANCELLED, reason)
        if reason == LEFT:
            ledger.cancel(TODAY, NOW)

        following("active")(ledger, claim)

        assert ledger.counts(TODAY)[S.CANCELLED] == 1
        ledger._database.close()


def test_what_is_deferred_is_due_at_once_when_it_is_asked_for(tmp_path: Path) -> None:
    """It stays deferred, with its attempts, and the next claim takes it."""
    ledger, claim = place(tmp_path, S.LEASED)
    later = Settlement(claim=claim, outcome=Outcome(state=S.DEFERRED), next_at=NOW + HOUR)
    ledger.record([], [later], NOW)

    assert claiming(ledger, claim) == ()
    assert not ledger.waits(TODAY, now=NOW)
    assert ledger.reopen(TODAY, {S.DEFERRED}, NOW) == 1
    assert ledger.waits(TODAY, now=NOW)
    (again,) = ledger.claim(TODAY, owner="you", limit=9, now=NOW, until=NOW + HOUR)
    assert again.attempt == 2


def test_a_lease_that_was_given_back_counts_as_no_attempt(tmp_path: Path) -> None:
    """Nothing was tried: the wait after the first refusal is that of the first."""
    ledger, _ = place(tmp_path, S.PLANNED)
    for _ in range(3):
        (one,) = ledger.claim(TODAY, owner="you", limit=9, now=NOW, until=NOW + HOUR)
        assert one.attempt == 2
        for _again in range(2):
            ledger.release([Claim(delivery=one, owner="you")], NOW)
        assert ledger.deliveries(TODAY)[0].attempt == 1
