"""PostgreSQL alone: how it is opened, what goes wrong, and many who write at the same time."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from makers import (
    NOW,
    TODAY,
    make_delivery,
    make_issue,
    make_paper,
    make_source,
    open_test_database,
    plan,
)
from postgres import BACKEND, needs_postgresql, server, using

from newsletter.errors import StoreError
from newsletter.model import (
    Claim,
    DeliveryState,
    Fate,
    FeedbackKind,
    Outcome,
    Settlement,
    SignUp,
    SourceReport,
    Wishes,
)
from newsletter.store import (
    Bounce,
    Database,
    FactStore,
    FeedbackStore,
    IssueStore,
    PaperStore,
    RequestStore,
    SourceStore,
    SqlLedger,
    SuppressionStore,
    open_database,
)
from newsletter.store.ledger.senders import beat
from newsletter.store.tables import (
    bounces,
    deliveries,
    facts,
    notices,
    papers,
    senders,
    shards,
    sources,
    subscribers,
    suppressions,
)

pytestmark = [needs_postgresql, pytest.mark.postgresql]
S = DeliveryState
HOUR = dt.timedelta(hours=1)
THREADS = 4


@pytest.fixture(scope="module", autouse=True)
def backend() -> Iterator[str]:
    """Have all databases be PostgreSQL's."""
    with using("postgresql"):
        yield "postgresql"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_test_database(tmp_path)


def count(database: Database, table: sa.Table) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Return what some threads return that begin at the same moment."""
    start = threading.Barrier(THREADS)

    def begin(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


# --- Opening --------------------------------------------------------------------------------------


def test_an_empty_database_gets_its_tables_once(tmp_path: Path) -> None:
    """However many programs open it at the same moment."""
    server().create("empty", "template1")
    try:
        opened = at_once(lambda _number: open_database(server().url("empty"), tmp_path))

        assert all(count(one, papers) == 0 for one in opened)
        for one in opened:
            one.close()
    finally:
        server().drop("empty")


def test_every_way_to_write_its_url(database: Database, tmp_path: Path) -> None:
    """With or without the driver's name."""
    url = BACKEND.url(tmp_path, "test.db")
    plan(database, [make_delivery()])

    for one in (url, url.replace("postgresql://", "postgresql+psycopg://")):
        with open_database(one, tmp_path) as again:
            assert count(again, deliveries) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://u:sesame-open@127.0.0.1:1/x", r"refused; no server answers there; does PostgreSQL run"),
        ("postgresql://u:sesame-open@nowhere.invalid/x", r"no server has this name"),
        ("postgresql://u:sesame-open@/x?host=/nowhere/at/all", r"no server answers there"),
        ("postgresql://postgres:sesame-open@/none?HERE", r'database "none" does not exist; make it with createdb'),
        ("postgresql://nobody:sesame-open@/postgres?HERE", r'role "nobody" does not exist; the server knows no such'),
        ("postgresql://u:sesame-open@127.0.0.1", r"`database` names no database"),
        ("postgresql+psycopg2://u:sesame-open@h/x", r"is of kind `postgresql\+psycopg2`"),
        ("mysql://u:sesame-open@h/x", r"is of kind `mysql`"),
    ],
)  # fmt: skip
def test_a_server_that_cannot_be_used_is_one_clear_line(
    tmp_path: Path, url: str, message: str
) -> None:
    """It says what to do, and no password."""
    here = server().url("x").partition("?")[2]
    with pytest.raises(StoreError, match=message) as caught:
        open_database(url.replace("HERE", here), tmp_path)

    assert "sesame" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "***" not in str(caught.value)


def test_too_many_connections_are_told(tmp_path: Path) -> None:
    """Of a user who may have none."""
    server().execute("CREATE ROLE many LOGIN CONNECTION LIMIT 0")
    url = server().url("postgres").replace("postgres@", "many@")
    try:
        with pytest.raises(StoreError, match="all of its connections are in use"):
            open_database(url, tmp_path)
    finally:
        server().execute("DROP ROLE many")


def test_a_user_without_rights_is_told(database: Database, tmp_path: Path) -> None:
    """What the driver takes for a fault of ours is one of the server's set-up."""
    plan(database, [make_delivery()])
    server().execute("CREATE ROLE guest LOGIN")
    url = BACKEND.url(tmp_path, "test.db").replace("postgres@", "guest@")
    try:
        with pytest.raises(StoreError, match=r"permission denied .*GRANT"):
            open_database(url, tmp_path)
    finally:
        server().execute("DROP ROLE guest")


def test_a_database_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """Names of readers are in all scripts."""
    server().execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(StoreError, match="keeps texts as LATIN1"):
            open_database(server().url("latin"), tmp_path)
    finally:
        server().drop("latin")


def test_a_newer_versions_database_is_refused(database: Database, tmp_path: Path) -> None:
    """With the name of the database, and no password."""
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StoreError, match=r"postgresql://.*: made by a newer newsletter"):
        open_database(BACKEND.url(tmp_path, "test.db"), tmp_path)


def test_a_driver_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StoreError, match=r"pip install 'newsletter\[postgresql\]'"):
        open_database("postgresql://a@127.0.0.1/x", tmp_path)


def test_sqlite_needs_nothing_of_it(tmp_path: Path) -> None:
    """Neither the driver nor SQLAlchemy's dialect is imported."""
    program = (
        "import sys, pathlib; from newsletter.store import open_database, SqlLedger\n"
        "import datetime as dt; now = dt.datetime.now(dt.UTC)\n"
        "ledger = SqlLedger(open_database('sqlite:///x.db', pathlib.Path(sys.argv[1])))\n"
        "with ledger.pulse('me'):\n"
        "    ledger.claim(now.date(), owner='me', limit=1, now=now, until=now)\n"
        "print([name for name in sys.modules if 'psycopg' in name or 'postgresql' in name])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout == "[]\n"


# --- What goes wrong ------------------------------------------------------------------------------


def test_a_server_that_is_restarted_is_found_again(database: Database) -> None:
    """Whoever was at work gets an error; nothing that was written is lost, and they go on."""
    plan(database, [make_delivery(name) for name in ("ada", "bo")])
    ledger, store = SqlLedger(database), IssueStore(database)
    claims = [
        Claim(delivery=one, owner="me")
        for one in ledger.claim(TODAY, owner="me", limit=9, now=NOW, until=NOW + HOUR)
    ]
    assert ledger.record(claims[:1], [], NOW) == frozenset()

    server().restart()

    with pytest.raises(StoreError, match="the server has ended the connection; run again"):
        ledger.record(claims[1:], [], NOW)
    assert store.dates() == (TODAY,)
    assert ledger.counts(TODAY)[S.DATA_STARTED] == ledger.counts(TODAY)[S.LEASED] == 1
    assert ledger.record(claims[1:], [], NOW) == frozenset()
    assert ledger.counts(TODAY)[S.DATA_STARTED] == 2


def test_a_server_that_is_down_is_told_everywhere(database: Database) -> None:
    """Once it is up again, all is as before."""
    plan(database, [make_delivery()])
    ledger = SqlLedger(database)
    server().stop()
    try:
        for call in (
            lambda: ledger.claim(TODAY, owner="me", limit=1, now=NOW, until=NOW + HOUR),
            lambda: ledger.counts(TODAY),
            lambda: ledger.cancel(TODAY, NOW),
        ):
            with pytest.raises(StoreError, match="does PostgreSQL run"):
                call()
    finally:
        server().start()

    assert len(ledger.claim(TODAY, owner="me", limit=1, now=NOW, until=NOW + HOUR)) == 1


def test_a_transaction_that_stands_still_holds_nobody_up(database: Database) -> None:
    """A program that was stopped in the middle of one is cut off by the server in the end."""
    with database.reading() as connection:
        told = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in (
                "idle_in_transaction_session_timeout",
                "lock_timeout",
                "synchronous_commit",
                "transaction_isolation",
                "transaction_read_only",
            )
        }
    with database.transaction() as connection:
        isolation = connection.exec_driver_sql("SHOW transaction_isolation").scalar()

    assert isolation == "read committed"
    assert told == {
        "idle_in_transaction_session_timeout": "5min",
        "lock_timeout": "30s",
        "synchronous_commit": "on",
        "transaction_isolation": "repeatable read",
        "transaction_read_only": "on",
    }


def test_a_session_that_need_not_wait_for_the_disk_waits(
    database: Database, tmp_path: Path
) -> None:
    """A server set to forget the last commits in a power cut would send mail twice."""
    with database.reading() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
    server().execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')

    with (
        open_database(BACKEND.url(tmp_path, "test.db"), tmp_path) as again,
        again.reading() as connection,
    ):
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_what_servers_answer_is_kept_without_nul(database: Database) -> None:
    """PostgreSQL keeps none in a text."""
    plan(database, [make_delivery()])
    ledger = SqlLedger(database)
    (found,) = ledger.claim(TODAY, owner="me", limit=1, now=NOW, until=NOW + HOUR)
    refused = Outcome(state=S.FAILED, code=550, reason="no\0body", verdict="no-mailbox")
    ledger.record([], [Settlement(claim=Claim(delivery=found, owner="me"), outcome=refused)], NOW)
    bounce = Bounce(digest="1", email="a@b.c", verdict="full", verified=True, evidence="\0x")
    SuppressionStore(database).note([bounce], NOW)

    assert ledger.deliveries(TODAY)[0].reason == "nobody"


# --- Many at the same time ------------------------------------------------------------------------


def test_reports_that_several_read_are_noted_once(database: Database) -> None:
    """Each counts once, and so does each address that it suppresses."""
    found = [
        Bounce(digest=f"{n}", email=f"r{n}@x.example", verdict="no-mailbox", verified=True, evidence="x")
        for n in range(50)
    ]  # fmt: skip
    store = SuppressionStore(database)

    told = at_once(lambda _number: store.note(found, NOW))

    assert sum(new for new, _ in told) == count(database, bounces) == 50
    assert sum(len(barred) for _, barred in told) == count(database, suppressions) == 50


def test_visits_and_answers_that_several_write_are_kept(database: Database) -> None:
    """The last one counts."""
    health, answers = SourceStore(database), FactStore(database)

    def write(number: int) -> None:
        for n in range(20):
            source = make_source(location=f"https://example.org/{n}")
            report = SourceReport(source=source.name, new=number)
            health.record(source, report, NOW)
        answers.save("service", {f"s{n}": {"by": number} for n in range(50)}, NOW)

    at_once(write)

    assert count(database, sources) == 20
    assert count(database, facts) == 50


def test_papers_that_several_collect_are_kept_once(database: Database) -> None:
    """Also when each knows another name of a paper that the others know."""
    store = PaperStore(database)
    days = [make_paper(n) for n in range(40)]

    def save(number: int) -> int:
        own = [replace(paper, keys=(*paper.keys, f"own:{number}:{paper.id}")) for paper in days]
        return store.save(own, NOW)

    assert sum(at_once(save)) == count(database, papers) == 40


def test_an_issue_that_several_plan_is_planned_once(database: Database) -> None:
    """The others are told; nobody gets two."""
    planned = [make_delivery(f"r{n}") for n in range(20)]
    plan(database, planned, issue=make_issue(date=TODAY - dt.timedelta(days=1), number=6))

    told = at_once(lambda _number: plan(database, planned))

    assert sorted(told) == [False, False, False, True]
    assert SqlLedger(database).counts(TODAY)[S.PLANNED] == 20


def test_requests_that_come_at_once_are_one(database: Database) -> None:
    """One subscriber, and one mail that asks to confirm; confirming twice welcomes once."""
    ids = iter(f"{n:020x}" for n in range(1000))
    store = RequestStore(database, lambda: next(ids))
    sign_up = SignUp(email="ada@readers.example", wishes=Wishes())

    at_once(lambda _number: store.sign_up(sign_up, NOW))
    assert (count(database, subscribers), count(database, notices)) == (1, 1)

    with database.reading() as connection:
        number, who = connection.execute(sa.select(notices.c.number, notices.c.subscriber)).one()
    told = at_once(lambda _number: store.confirm(who, number, NOW))
    assert Counter(one.is_new for one in told) == {True: 1, False: THREADS - 1}
    assert count(database, notices) == 2

    feedback = FeedbackStore(database)
    at_once(lambda _number: feedback.give(who, ["arxiv:1"], FeedbackKind.MORE, NOW))
    assert len(feedback.of(who)) == 1


@pytest.mark.parametrize("size", [7, 1000])
def test_nobody_is_leased_to_two_senders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Whether each finds a shard of its own, or all want the same; none is left."""
    monkeypatch.setattr("newsletter.store.ledger.shards.SIZE", size)
    readers = 400
    with open_test_database(tmp_path) as first:
        plan(first, [make_delivery(f"r{n:04}") for n in range(readers)])

    returned: set[str] = set()

    def send(number: int) -> list[str]:
        """Send all there is: some are refused for now at first, some given back."""
        database = open_database(BACKEND.url(tmp_path, "test.db"), tmp_path)
        ledger, owner, sent = SqlLedger(database), f"sender{number}", []
        while ledger.waits(TODAY, now=NOW):
            found = ledger.claim(TODAY, owner=owner, limit=10, now=NOW, until=NOW + HOUR)
            claims = [Claim(delivery=one, owner=owner) for one in found]
            back = [claim for claim in claims[::3] if claim.delivery.subscriber not in returned]
            returned.update(claim.delivery.subscriber for claim in back)
            ledger.release(back, NOW)
            rest = [claim for claim in claims if claim not in back]
            lost = ledger.record(rest, [], NOW)
            settled = []
            for place, claim in enumerate(rest):
                assert claim.delivery.subscriber not in lost
                again = place % 3 == 1 and claim.delivery.attempt == 1
                state = S.DEFERRED if again else S.ACCEPTED
                outcome = Outcome(state=state, code=451 if again else 250)
                settled.append(
                    Settlement(claim=claim, outcome=outcome, next_at=NOW if again else None)
                )
                sent += [] if again else [claim.delivery.subscriber]
            assert not ledger.record([], settled, NOW)
        database.close()
        return sent

    sent = [name for some in at_once(send) for name in some]

    with open_test_database(tmp_path) as last:
        counts = SqlLedger(last).counts(TODAY)
    assert len(sent) == len(set(sent)) == readers
    assert counts[S.ACCEPTED] == sum(counts.values()) == readers


def test_an_issue_is_cancelled_while_it_is_sent(tmp_path: Path) -> None:
    """Nobody waits for anybody for ever; every delivery ends in one state."""
    with open_test_database(tmp_path) as first:
        plan(first, [make_delivery(f"r{n:04}") for n in range(300)])

    def work(number: int) -> None:
        database = open_database(BACKEND.url(tmp_path, "test.db"), tmp_path)
        ledger, owner = SqlLedger(database), f"sender{number}"
        if number == 0:
            for _ in range(5):
                ledger.follow_subscribers(TODAY, NOW)
                ledger.reopen(TODAY, [S.FAILED, S.DEFERRED], NOW)
            ledger.cancel(TODAY, NOW)
            database.close()
            return
        while found := ledger.claim(TODAY, owner=owner, limit=9, now=NOW, until=NOW + HOUR):
            state = S.FAILED if number == 1 else S.DEFERRED
            settled = [
                Settlement(
                    claim=Claim(delivery=one, owner=owner),
                    outcome=Outcome(state=state, code=451),
                    next_at=NOW if state is S.DEFERRED else None,
                )
                for one in found
            ]
            ledger.record([], settled, NOW)
        database.close()

    at_once(work)

    with open_test_database(tmp_path) as last:
        ledger = SqlLedger(last)
        ledger.cancel(TODAY, NOW)
        counts = ledger.counts(TODAY)
    assert counts[S.CANCELLED] + counts[S.FAILED] == sum(counts.values()) == 300


# --- Senders on other machines --------------------------------------------------------------------


def one_falls_silent(database: Database) -> None:
    """Have two senders say that they are at work, "silent" eleven seconds ago."""
    with database.transaction() as connection:
        # After a start of the server, everybody is given time to come back.
        connection.exec_driver_sql(
            "SELECT pg_sleep(extract(epoch FROM pg_postmaster_start_time() - now()) + 11)"
        )
        beat(connection, "silent")
        beat(connection, "speaking")
        before = senders.c.seen_at - sa.literal(dt.timedelta(seconds=11), sa.Interval())
        silent = senders.update().where(senders.c.name == "silent")
        connection.execute(silent.values(seen_at=before))


def test_the_shard_of_a_forgotten_sender_is_freed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when its process id seems to be there: as a zombie, or as another program."""
    monkeypatch.setattr("newsletter.store.ledger.shards.SIZE", 1)
    plan(database, [make_delivery("ada"), make_delivery("bo")])
    ledger = SqlLedger(database)
    assert ledger.take_shard(TODAY, 0, "silent")
    assert ledger.take_shard(TODAY, 1, "speaking")
    one_falls_silent(database)

    assert ledger.bury_dead([TODAY], NOW) == ("silent",)
    assert ledger.free_shards(TODAY, NOW, lambda _owner: Fate.ALIVE) == (0,)


def test_who_falls_silent_is_dead_by_the_servers_clock(database: Database) -> None:
    """Whatever time the machines think it is, and whatever is known of processes there."""
    plan(database, [make_delivery(name) for name in ("ada", "bo", "cy")])
    ledger = SqlLedger(database)
    for owner in ("silent", "speaking", "unheard"):
        (one,) = ledger.claim(TODAY, owner=owner, limit=1, now=NOW, until=NOW + HOUR)
        if owner == "silent":
            ledger.record([Claim(delivery=one, owner=owner)], [], NOW)
    one_falls_silent(database)

    def fate_of(owner: str) -> Fate:
        assert owner == "unheard"
        return Fate.ALIVE

    assert ledger.recover(TODAY, now=NOW + HOUR / 2, fate_of=fate_of) == (0, 1)
    # A machine whose clock is hours ahead takes leases for ended: the sender is fenced.
    assert ledger.recover(TODAY, now=NOW + 9 * HOUR, fate_of=fate_of) == (2, 0)
    assert ledger.record(
        [Claim(delivery=make_delivery("bo", attempt=1), owner="speaking")], [], NOW
    ) == {"id-bo"}


# --- What it costs --------------------------------------------------------------------------------


def test_updates_of_deliveries_touch_no_index(database: Database) -> None:
    """Most find room on the page of their row (HOT): the table and its index stay small."""
    plan(database, [make_delivery(f"r{n:05}") for n in range(3_000)])
    ledger = SqlLedger(database)
    while found := ledger.claim(TODAY, owner="me", limit=250, now=NOW, until=NOW + HOUR):
        claims = [Claim(delivery=one, owner="me") for one in found]
        ledger.record(claims, [], NOW)
        accepted = Outcome(state=S.ACCEPTED, code=250, reason="2.0.0 Ok: queued as 4AB2C41F")
        ledger.record([], [Settlement(claim=claim, outcome=accepted) for claim in claims], NOW)
    database.close()  # statistics of a session are told when it ends

    with database.reading() as connection:
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        all_, hot = connection.exec_driver_sql(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
            f" WHERE relname = 'delivery_{TODAY:%Y_%m}'"
        ).one()

    assert all_ == 9_000
    assert hot / all_ >= 0.6


def test_a_shard_is_left_when_nobody_is_about_to_claim_of_it(database: Database) -> None:
    """What another sender leases at that moment counts for rates until its lease ends."""
    plan(database, [make_delivery("ada"), make_delivery("bo")])
    ledger, until = SqlLedger(database), NOW + 2 * HOUR
    assert ledger.take_shard(TODAY, 0, "me")
    leaving = threading.Thread(target=ledger.leave_shard, args=(TODAY, 0, "me"))
    with database.transaction() as other:
        other.execute(sa.select(shards.c.number).with_for_update()).all()
        leaving.start()
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not other.scalar(sa.text(waits)):
            leaving.join(0.01)
        ada = deliveries.c.subscriber == "id-ada"
        other.execute(deliveries.update().where(ada).values(state="leased", lease_until=until))
        other.execute(shards.update().values(active_until=until))
    leaving.join(30)

    assert sum(ledger.used(NOW + HOUR, NOW + HOUR + dt.timedelta(minutes=1)).values()) == 1


def test_old_issues_are_not_read(database: Database) -> None:
    """A call for an issue finds its rows by the key, however many issues there are."""
    days = [TODAY - dt.timedelta(days=n) for n in range(30, -1, -1)]
    people = [make_delivery(f"r{n:03}") for n in range(200)]
    for number, day in enumerate(days, 1):
        plan(database, people, issue=make_issue(date=day, number=number))
    server_side: list[tuple[str, Any]] = []
    ledger, store = SqlLedger(database), IssueStore(database)
    with database.transaction() as connection:
        connection.execute(
            deliveries.update().where(deliveries.c.issue < TODAY).values(state="accepted")
        )
        connection.execute(shards.update().where(shards.c.issue < TODAY).values(ready_at=None))
        connection.exec_driver_sql("ANALYZE delivery, shard")

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if "delivery" in statement:
            server_side.append((statement, values))

    ledger.counts(TODAY)
    ledger.later(TODAY, NOW)
    ledger.used(NOW - HOUR, NOW)
    ledger.departure(NOW - HOUR, NOW, 0)
    ledger.history("id-r001")
    ledger.recover(TODAY, now=NOW, fate_of=lambda _owner: Fate.DEAD)
    ledger.follow_subscribers(TODAY, NOW)
    ledger.expire(TODAY, now=NOW + 30 * HOUR, deadline=NOW)
    store.unfinished(TODAY)
    sa.event.remove(database.engine, "before_cursor_execute", note)

    assert len(server_side) >= 9
    with database.reading() as connection:
        for statement, values in server_side:
            lines = connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
            assert not any("Seq Scan on delivery" in line for line in lines), "\n".join(lines)
