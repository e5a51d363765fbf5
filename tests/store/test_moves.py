"""The law of the ledger: whatever stands in the database, no statement makes an illegal move."""

from __future__ import annotations

import ast
import contextlib
import datetime as dt
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from makers import NOW, TODAY, make_delivery, open_test_database, plan

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
)
from newsletter.store.ledger.statements import move
from newsletter.store.tables import bounces, deliveries, issues, shards, subscribers, suppressions

S = DeliveryState
PACKAGE = Path(__file__).parents[2] / "newsletter"
SQL = re.compile(
    r"(?i)\b(?:UPDATE(?:\s+OR\s+\w+)?|INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|DELETE\s+FROM)"
    r"\s+delivery\b(?:\s+SET\s+\w+)?"
)
OWNER = "me"
HOUR = dt.timedelta(hours=1)

Call = Callable[[SqlLedger, Claim], object]


def settling(state: DeliveryState) -> Call:
    def settle(ledger: SqlLedger, claim: Claim) -> object:
        return ledger.record(
            [], [Settlement(claim=claim, outcome=Outcome(state=state), next_at=NOW)], NOW
        )

    return settle


def recovering(fate: Fate) -> Call:
    return lambda ledger, _claim: ledger.recover(TODAY, now=NOW, fate_of=lambda _owner: fate)


def reopening(*states: DeliveryState) -> Call:
    return lambda ledger, _claim: ledger.reopen(TODAY, states, NOW)


def claiming(ledger: SqlLedger, _claim: Claim) -> object:
    return ledger.claim(TODAY, owner="you", limit=9, now=NOW, until=NOW + HOUR)


def claiming_suppressed(ledger: SqlLedger, claim: Claim) -> object:
    bounce = Bounce(
        digest="1",
        email=claim.delivery.email,
        verdict="no-mailbox",
        verified=True,
        evidence="gone",
    )
    SuppressionStore(ledger._database).note([bounce], NOW)
    return claiming(ledger, claim)


def become(ledger: SqlLedger, state: str) -> None:
    with ledger._database.transaction() as connection:
        connection.execute(subscribers.update().values(state=state))


def claiming_absent(ledger: SqlLedger, claim: Claim) -> object:
    become(ledger, "left")
    return claiming(ledger, claim)


def following(state: str) -> Call:
    def follow(ledger: SqlLedger, _claim: Claim) -> object:
        become(ledger, state)
        ledger.follow_subscribers(TODAY, NOW)
        return None

    return follow


def pulsing(ledger: SqlLedger, _claim: Claim) -> object:
    with ledger.pulse("somebody"):
        return None


def taken(sender: str, call: Call) -> Call:
    """Return a call that is made when a sender has taken the shard."""

    def work(ledger: SqlLedger, claim: Claim) -> object:
        with ledger._database.transaction() as connection:
            connection.execute(shards.update().values(sender=sender))
        return call(ledger, claim)

    return work


Moves = dict[DeliveryState, tuple[DeliveryState, ...]]
"""The states that a delivery passes through, by the one it was in; it stays in the others."""
WAITS: Moves = {S.PLANNED: (S.CANCELLED,), S.DEFERRED: (S.CANCELLED,)}
NOTHING: Moves = {}

CALLS: dict[str, tuple[Call, Moves]] = {
    # Every public function of the ledger, before the colon, and each of its ways.
    "claim": (claiming, {S.PLANNED: (S.LEASED,), S.DEFERRED: (S.LEASED,)}),
    "claim: suppressed": (
        claiming_suppressed,
        {S.PLANNED: (S.LEASED, S.SUPPRESSED), S.DEFERRED: (S.LEASED, S.SUPPRESSED)},
    ),
    "claim: left": (
        claiming_absent,
        {S.PLANNED: (S.LEASED, S.CANCELLED), S.DEFERRED: (S.LEASED, S.CANCELLED)},
    ),
    "record: start": (
        lambda ledger, claim: ledger.record([claim], [], NOW),
        {S.LEASED: (S.DATA_STARTED,)},
    ),
    **{
        f"record: settle {state}": (
            settling(state),
            {was: (state,) for was in (S.LEASED, S.DATA_STARTED) if state in MOVES[was]},
        )
        for state in S
    },
    "pulse": (pulsing, NOTHING),
    "ready_shards": (lambda ledger, _claim: ledger.ready_shards(TODAY, NOW), NOTHING),
    "take_shard": (lambda ledger, _claim: ledger.take_shard(TODAY, 0, "you"), NOTHING),
    "leave_shard": (lambda ledger, _claim: ledger.leave_shard(TODAY, 0, "you", NOW), NOTHING),
    "free_shards": (
        taken("gone", lambda ledger, _claim: ledger.free_shards(TODAY, NOW, lambda _: Fate.DEAD)),
        {S.LEASED: (S.PLANNED,), S.DATA_STARTED: (S.UNKNOWN,)},
    ),
    "free_shards: nobody died": (
        taken("you", lambda ledger, _claim: ledger.free_shards(TODAY, NOW, lambda _: Fate.ALIVE)),
        NOTHING,
    ),
    "at_work": (lambda ledger, _claim: ledger.at_work(NOW, lambda _: Fate.ALIVE), NOTHING),
    "bury_dead": (lambda ledger, _claim: ledger.bury_dead([TODAY], NOW), NOTHING),
    "let_go": (
        taken(OWNER, lambda ledger, _claim: ledger.let_go(OWNER, NOW)),
        {S.LEASED: (S.PLANNED,), S.DATA_STARTED: (S.UNKNOWN,)},
    ),
    "let_go: of another": (
        taken("you", lambda ledger, _claim: ledger.let_go("you", NOW)),
        NOTHING,
    ),
    "recover: of a shard": (
        lambda ledger, _claim: ledger.recover(
            TODAY, now=NOW, fate_of=lambda _owner: Fate.DEAD, shard=0
        ),
        {S.LEASED: (S.PLANNED,), S.DATA_STARTED: (S.UNKNOWN,)},
    ),
    "recover: of another shard": (
        lambda ledger, _claim: ledger.recover(
            TODAY, now=NOW, fate_of=lambda _owner: Fate.DEAD, shard=1
        ),
        NOTHING,
    ),
    "release": (lambda ledger, claim: ledger.release([claim], NOW), {S.LEASED: (S.PLANNED,)}),
    "release: nothing": (lambda ledger, _claim: ledger.release([], NOW), NOTHING),
    "recover: dead": (
        recovering(Fate.DEAD),
        {S.LEASED: (S.PLANNED,), S.DATA_STARTED: (S.UNKNOWN,)},
    ),
    "recover: lost": (
        recovering(Fate.LOST),
        {S.LEASED: (S.UNKNOWN,), S.DATA_STARTED: (S.UNKNOWN,)},
    ),
    "recover: alive": (recovering(Fate.ALIVE), NOTHING),
    "recover: away": (recovering(Fate.AWAY), NOTHING),
    "expire": (
        lambda ledger, _claim: ledger.expire(TODAY, now=NOW, deadline=NOW),
        {S.PLANNED: (S.EXPIRED,), S.DEFERRED: (S.EXPIRED,)},
    ),
    "expire: early": (
        lambda ledger, _claim: ledger.expire(TODAY, now=NOW, deadline=NOW + HOUR),
        NOTHING,
    ),
    "cancel": (lambda ledger, _claim: ledger.cancel(TODAY, NOW), WAITS),
    "pause": (lambda ledger, _claim: ledger.pause(TODAY, "why", NOW), NOTHING),
    "resume": (lambda ledger, _claim: ledger.resume(TODAY), NOTHING),
    "follow_subscribers: left": (following("left"), WAITS),
    "follow_subscribers: paused": (following("paused"), WAITS),
    "follow_subscribers: is there": (following("active"), {S.CANCELLED: (S.PLANNED,)}),
    **{
        f"reopen: {state}": (
            reopening(state),
            {state: (S.PLANNED,)} if state in (S.FAILED, S.UNKNOWN) else NOTHING,
        )
        for state in S
    },
    "reopen: all": (
        reopening(S.FAILED, S.UNKNOWN, S.DEFERRED),
        {S.FAILED: (S.PLANNED,), S.UNKNOWN: (S.PLANNED,)},
    ),
    "waits": (lambda ledger, _claim: ledger.waits(TODAY, now=NOW), NOTHING),
    "used": (lambda ledger, _claim: ledger.used(NOW - HOUR, NOW), NOTHING),
    "departure": (lambda ledger, _claim: ledger.departure(NOW - HOUR, NOW, 0), NOTHING),
    "state": (lambda ledger, _claim: ledger.state(TODAY), NOTHING),
    "halted": (lambda ledger, _claim: ledger.halted(TODAY), NOTHING),
    "counts": (lambda ledger, _claim: ledger.counts(TODAY), NOTHING),
    "later": (lambda ledger, _claim: ledger.later(TODAY, NOW), NOTHING),
    "deliveries": (lambda ledger, _claim: ledger.deliveries(TODAY), NOTHING),
    "history": (lambda ledger, _claim: ledger.history("id-ada"), NOTHING),
    "forget_addresses": (
        lambda ledger, _claim: ledger.forget_addresses(TODAY, TODAY + 7 * HOUR * 24),
        NOTHING,
    ),
    "forget_erased": (lambda ledger, _claim: ledger.forget_erased(), NOTHING),
}
JOURNAL = {
    "sqlite": (
        "CREATE TABLE journal (number INTEGER PRIMARY KEY, was TEXT, now TEXT)",
        """CREATE TRIGGER moved AFTER UPDATE OF state ON delivery WHEN old.state != new.state
  BEGIN INSERT INTO journal (was, now) VALUES (old.state, new.state); END""",
        """CREATE TRIGGER removed AFTER DELETE ON delivery
  BEGIN INSERT INTO journal (was, now) VALUES (old.state, ''); END""",
    ),
    "postgresql": (
        "CREATE TABLE journal (number SERIAL PRIMARY KEY, was TEXT, now TEXT)",
        """CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO journal (was, now) VALUES (old.state, coalesce(new.state, '')); RETURN NULL; END $$""",
        """CREATE TRIGGER moved AFTER UPDATE ON delivery FOR EACH ROW
  WHEN (old.state <> new.state) EXECUTE FUNCTION noted()""",
        "CREATE TRIGGER removed AFTER DELETE ON delivery FOR EACH ROW EXECUTE FUNCTION noted()",
    ),
}
"""The database itself notes each move, also one within a transaction that makes several."""


@pytest.fixture(scope="module")
def law(backend: str, tmp_path_factory: pytest.TempPathFactory) -> SqlLedger:
    """Return the ledger of a database with one delivery, which notes each move of it."""
    found = open_test_database(tmp_path_factory.mktemp(f"moves-{backend}"))
    plan(found, [make_delivery("ada")])
    with found.transaction() as connection:
        for statement in JOURNAL[backend]:
            connection.exec_driver_sql(statement)
    return SqlLedger(found)


def stand(ledger: SqlLedger, state: DeliveryState, reason: str = LEFT) -> tuple[SqlLedger, Claim]:
    """Return the ledger with its delivery in a state, and the claim that its sender believes in."""
    with ledger._database.transaction() as connection:
        connection.execute(bounces.delete())
        connection.execute(suppressions.delete())
        connection.execute(subscribers.update().values(state="active"))
        connection.execute(issues.update().values(state="planned", halted=""))
        connection.execute(shards.update().values(ready_at=NOW - 24 * HOUR))
        connection.execute(
            deliveries.update().values(
                email="ada@readers.example",
                state=state.value,
                attempt=1,
                lease_owner=OWNER,
                lease_until=NOW + HOUR,
                next_at=NOW,
                reason=reason,
            )
        )
        connection.exec_driver_sql("DELETE FROM journal")
    (found,) = ledger.deliveries(TODAY)
    return ledger, Claim(delivery=found, owner=OWNER)


def moves_of(law: SqlLedger, call: Call, state: DeliveryState) -> list[tuple[str, str]]:
    """Return the moves that a call makes with a delivery in a state, in their order."""
    ledger, claim = stand(law, state)
    # A call for what nobody may ask raises this, and has to leave the row alone as well.
    with contextlib.suppress(LedgerError):
        call(ledger, claim)
    with ledger._database.reading() as connection:
        journal = connection.exec_driver_sql("SELECT was, now FROM journal ORDER BY number").all()
        stands = connection.scalar(sa.select(deliveries.c.state))
    made = [(row.was, row.now) for row in journal]
    assert stands == (made[-1][1] if made else state)
    return made


@pytest.mark.parametrize("name", CALLS)
def test_every_call_from_every_state(law: SqlLedger, name: str) -> None:
    """It makes the moves that it is for, each of them legal, and leaves everybody else alone."""
    call, expected = CALLS[name]
    for state in S:
        made = moves_of(law, call, state)

        path = (state, *expected.get(state, ()))
        assert made == list(pairwise(path)), state
        assert all(now in MOVES[DeliveryState(was)] for was, now in made)


def test_every_public_function_is_tried() -> None:
    """Each new function of the ledger must be listed above, with the moves that it makes."""
    public = {name for name in vars(SqlLedger) if not name.startswith("_")}

    assert {name.partition(":")[0] for name in CALLS} == public


def test_every_legal_move_is_made_by_something() -> None:
    """The table of moves allows none that no call makes."""
    made = {
        pair for _, moves in CALLS.values() for was, path in moves.items() for pair in pairwise((was, *path))
    }  # fmt: skip

    assert made == {(was, now) for was, after in MOVES.items() for now in after}


@pytest.mark.parametrize("was", S)
@pytest.mark.parametrize("now", S)
def test_a_statement_is_made_for_legal_moves_only(
    law: SqlLedger, was: DeliveryState, now: DeliveryState
) -> None:
    """Of every two states the database goes from one to the other, or there is no statement."""
    ledger, _ = stand(law, was)
    if now in MOVES[was]:
        with ledger._database.transaction() as connection:
            connection.execute(move(now, was))
        assert ledger.deliveries(TODAY)[0].state is now
    else:
        with pytest.raises(LedgerError, match=f"a delivery that is {was} cannot become {now}"):
            move(now, was)
        # Nor may it hide among others that are legal.
        with pytest.raises(LedgerError):
            move(now, *(other for other in S if now in MOVES[other]), was)


def test_a_statement_moves_nobody_from_another_state(law: SqlLedger) -> None:
    """It names the states that it starts from, whatever else is asked of it."""
    for state in S:
        ledger, _ = stand(law, state)
        others = [(was, now) for was in S if was is not state for now in MOVES[was]]

        with ledger._database.transaction() as connection:
            moved = [connection.execute(move(now, was)).rowcount for was, now in others]

        assert moved == [0] * len(others)


def test_nothing_else_in_the_program_moves_deliveries() -> None:
    """Only `ledger/statements.py` makes statements that change rows of the table `delivery`."""
    found = {
        str(path.relative_to(PACKAGE)): changes
        for path in PACKAGE.rglob("*.py")
        if (changes := changes_of_deliveries(path.read_text("utf-8")))
    }

    assert found.pop("store/ledger/statements.py") == ["deliveries.update", "deliveries.update"]
    assert found.pop("store/issues.py") == ["deliveries.insert"]  # planning an issue
    # Frozen, and about other columns, or all of them as they are.
    assert found == {
        "store/migrations/versions/0004_refusals.py": ["UPDATE delivery SET domain"],
        "store/migrations/versions/0013_drafts.py": ["INSERT INTO delivery"],
    }


def changes_of_deliveries(source: str) -> list[str]:
    """Return what in a module changes the table: methods of it, functions for it, and SQL."""
    made = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ("update", "insert", "delete"):
            if "deliveries" in ast.unparse(node.value).split("."):
                made.append(ast.unparse(node))
        elif isinstance(node, ast.Call) and any(
            "deliveries" in ast.unparse(argument).split(".") for argument in node.args
        ):
            if re.search(r"(update|insert|delete)$", ast.unparse(node.func)):
                made.append(ast.unparse(node.func))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            made += SQL.findall(node.value)
    return made


@pytest.mark.parametrize(
    "source",
    [
        "deliveries.update().values(state='x')",
        "tables.deliveries.delete()",
        "sa.update(deliveries)",
        "insert(database.deliveries)",
        "cursor.execute('UPDATE delivery SET state = 1')",
        'f"""REPLACE INTO delivery VALUES ({x})"""',
        "'delete  from delivery'",
    ],
)
def test_a_change_of_deliveries_is_seen(source: str) -> None:
    """The search in the test above finds every way to change the table."""
    assert len(changes_of_deliveries(source)) == 1


def test_the_law_as_it_is_meant() -> None:
    """What was accepted, expired or suppressed is final; only the operator opens what is in doubt."""
    assert MOVES[S.PLANNED] == MOVES[S.DEFERRED] == {S.LEASED, S.EXPIRED, S.CANCELLED}
    assert MOVES[S.DATA_STARTED] == {S.ACCEPTED, S.DEFERRED, S.FAILED, S.UNKNOWN}
    assert MOVES[S.LEASED] == set(S) - {S.LEASED, S.EXPIRED}
    assert MOVES[S.FAILED] == MOVES[S.UNKNOWN] == MOVES[S.CANCELLED] == {S.PLANNED}
    assert MOVES[S.ACCEPTED] == MOVES[S.EXPIRED] == MOVES[S.SUPPRESSED] == frozenset()
    with pytest.raises(LedgerError, match="accepted cannot become planned"):
        before(S.PLANNED, S.FAILED, S.ACCEPTED)
    assert allowed(S.PLANNED, (S.FAILED, S.ACCEPTED)) == (S.FAILED,)


def test_an_issue_that_was_cancelled_brings_nobody_back(law: SqlLedger) -> None:
    """Only who had left the list comes back to it, and only while there is an issue to get."""
    for reason in ("the issue was cancelled", LEFT):
        ledger, claim = stand(law, S.CANCELLED, reason)
        if reason == LEFT:
            ledger.cancel(TODAY, NOW)

        following("active")(ledger, claim)

        assert ledger.counts(TODAY)[S.CANCELLED] == 1


def test_what_is_deferred_is_due_at_once_when_it_is_asked_for(law: SqlLedger) -> None:
    """It stays deferred, with its attempts, and the next claim takes it."""
    ledger, claim = stand(law, S.LEASED)
    later = Settlement(claim=claim, outcome=Outcome(state=S.DEFERRED), next_at=NOW + HOUR)
    ledger.record([], [later], NOW)

    assert claiming(ledger, claim) == ()
    assert not ledger.waits(TODAY, now=NOW)
    assert ledger.reopen(TODAY, {S.DEFERRED}, NOW) == 1
    assert ledger.waits(TODAY, now=NOW)
    (again,) = ledger.claim(TODAY, owner="you", limit=9, now=NOW, until=NOW + HOUR)
    assert again.attempt == 2


def test_a_lease_that_was_given_back_counts_as_no_attempt(law: SqlLedger) -> None:
    """Nothing was tried: the wait after the first refusal is that of the first."""
    ledger, _ = stand(law, S.PLANNED)
    for _ in range(3):
        (delivery,) = ledger.claim(TODAY, owner="you", limit=9, now=NOW, until=NOW + HOUR)
        assert delivery.attempt == 2
        for _again in range(2):
            ledger.release([Claim(delivery=delivery, owner="you")], NOW)
        assert ledger.deliveries(TODAY)[0].attempt == 1
