"""Databases of older versions open, with everything that was in them."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from makers import NOW, TODAY, make_paper, make_source
from old_databases import make_old

from newsletter.errors import StoreError
from newsletter.model import (
    DeliveryState,
    Health,
    IssueState,
    IssueWindow,
    Paper,
    SignUp,
    SubscriberState,
    Synchronised,
)
from newsletter.store import (
    Database,
    IssueStore,
    PaperStore,
    Query,
    SearchStore,
    SourceStore,
    SqlLedger,
    SubscriberStore,
    TallyStore,
    open_database,
)
from newsletter.store.migrations.runner import HEAD, configure
from newsletter.store.sources import visited
from newsletter.store.tables import metadata, shards
from newsletter.store.wishes import read_wishes

URL = "sqlite:///old.db"
LATER = "2026-03-17 07:30:00.000000"


def revision(folder: Path) -> str:
    with sqlite3.connect(folder / "old.db") as opened:
        ((found,),) = opened.execute("SELECT version_num FROM alembic_version").fetchall()
    opened.close()
    return str(found)


@pytest.mark.parametrize("version", range(1, 6))
def test_an_issue_that_an_older_version_planned_is_sent_as_it_was(
    tmp_path: Path, version: int
) -> None:
    """Its editions, whole once, are there in blocks, and its deliveries wait as before."""
    make_old(tmp_path, version).dispose()

    for _ in range(2):  # the second time there is nothing left to do
        database = open_database(URL, tmp_path)
        editions = IssueStore(database).editions(TODAY)
        assert [(edition.html, edition.text) for _, edition in editions] == [
            ("<p>html</p>", "text"),
            ("<p>more</p>", "less"),
        ]
        first, second = SqlLedger(database).deliveries(TODAY)
        assert (first.state, first.language) == (DeliveryState.PLANNED, "en")
        assert (second.state, second.attempt) == (DeliveryState.DEFERRED, 2)
        assert second.next_at == dt.datetime(2026, 3, 17, 7, 30, tzinfo=dt.UTC)
        assert SqlLedger(database).waits(TODAY, now=NOW, domains=["readers.example"])
        assert IssueStore(database).dates() == (TODAY,)
        assert SourceStore(database).remembered()(make_source()) == Health()
        database.close()
        assert revision(tmp_path) == HEAD


def test_readers_of_older_versions_keep_their_ids(tmp_path: Path) -> None:
    """Links and bounce addresses in mail that is out there go on; the list tells who is active."""
    make_old(tmp_path).dispose()
    with open_database(URL, tmp_path) as database:
        store = SubscriberStore(database, lambda: "new")
        assert store.counts()[SubscriberState.LEFT] == 2

        followed = store.follow([SignUp(email="A@readers.example")], NOW)

        assert followed == Synchronised(back=1)
        back = store.find("a@readers.example")
        assert back is not None
        assert (back.id, back.state) == ("id-a", SubscriberState.ACTIVE)
        SqlLedger(database).follow_subscribers(TODAY, NOW)
        states = {
            delivery.subscriber: delivery.state
            for delivery in SqlLedger(database).deliveries(TODAY)
        }
        assert states == {"id-a": DeliveryState.PLANNED, "id-b": DeliveryState.CANCELLED}


@pytest.mark.parametrize("version", range(1, 6))
def test_a_migrated_database_is_as_a_new_one(tmp_path: Path, version: int) -> None:
    """Alembic finds no difference to the tables of the program, nor does SQLite itself."""
    make_old(tmp_path, version).dispose()
    old, new = (open_database(f"sqlite:///{name}.db", tmp_path) for name in ("old", "new"))

    with old.transaction() as connection:
        # The full-text index is SQLite's own; `described` compares how it is made.
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, *_more: not str(name).startswith("paper_search")},
        )
        assert compare_metadata(context, metadata) == []
    assert described(old) == described(new)
    old.close()
    new.close()


def described(database: Database) -> dict[str, object]:
    """Return the columns of each table, and how each index is made."""
    with database.transaction() as connection:
        rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
        found: dict[str, object] = {}
        for kind, name, text in rows:
            if kind == "table":
                about = connection.exec_driver_sql(f"PRAGMA table_info({name})").all()
                found[name] = sorted(tuple(column[1:]) for column in about)
            else:
                found[name] = text
    return found


def test_the_newest_revision_is_known_by_heart() -> None:
    """Opening a database compares with a constant, which is the last of one line of revisions."""
    with sa.create_engine("sqlite://").connect() as connection:
        scripts = ScriptDirectory.from_config(configure(connection))

    assert scripts.get_heads() == [HEAD]
    line = [script.revision for script in scripts.walk_revisions()]
    assert line[::-1] == [f"{number:04}" for number in range(1, int(HEAD) + 1)]


def test_alembic_is_imported_only_where_there_is_something_to_migrate(tmp_path: Path) -> None:
    """Commands that open a database of today, or make one, do not wait for it."""
    program = (
        "import sys, pathlib; from newsletter.store import open_database\n"
        "for _ in range(2): open_database(sys.argv[1], pathlib.Path(sys.argv[2])).close()\n"
        "print('alembic' in sys.modules)"
    )
    make_old(tmp_path).dispose()

    for url, imported in (("sqlite:///new.db", "False\n"), (URL, "True\n"), (URL, "False\n")):
        done = subprocess.run(
            [sys.executable, "-c", program, url, tmp_path],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == (imported, ""), url


def test_of_two_that_open_an_old_database_at_once_one_migrates(tmp_path: Path) -> None:
    """The other waits, and finds nothing left to do."""
    make_old(tmp_path).dispose()
    program = (
        "import sys, pathlib; from newsletter.store import open_database\n"
        "print('opening', flush=True)\n"
        "open_database(sys.argv[1], pathlib.Path(sys.argv[2])).close()\n"
        "print('alembic' in sys.modules)"
    )
    with sqlite3.connect(tmp_path / "old.db", isolation_level=None) as held:
        held.execute("BEGIN IMMEDIATE")
        both = [
            subprocess.Popen(
                [sys.executable, "-c", program, URL, tmp_path],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for _ in range(2)
        ]  # fmt: skip
        for process in both:
            assert process.stdout
            assert process.stdout.readline() == "opening\n"
        held.execute("COMMIT")
    held.close()

    told = [process.communicate(timeout=60) for process in both]
    assert sorted(told) == [("False\n", ""), ("True\n", "")]
    with open_database(URL, tmp_path) as database:
        assert len(list(IssueStore(database).editions(TODAY))) == 2
        with database.transaction() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM block").scalar() == 4


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    """All of it is one transaction: the older program can still use the database."""
    engine = make_old(tmp_path)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE bounce (in_the_way TEXT)")
        before = connection.exec_driver_sql("SELECT sql FROM sqlite_master").all()
    with pytest.raises(StoreError, match="bounce already exists"):
        open_database(URL, tmp_path)

    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT sql FROM sqlite_master").all() == before
        assert connection.exec_driver_sql("SELECT version FROM schema").all() == [(1,)]
    engine.dispose()


@pytest.mark.parametrize(
    "change",
    ["UPDATE alembic_version SET version_num = '0099'", "UPDATE alembic_version SET version_num = 'x'"],
)  # fmt: skip
def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path, change: str) -> None:
    """An older program does not touch what it does not know."""
    with open_database(URL, tmp_path) as database, database.transaction() as connection:
        connection.exec_driver_sql(change)

    with pytest.raises(StoreError, match=r"made by a newer newsletter .*; update this program"):
        open_database(URL, tmp_path)


def test_a_number_that_no_program_gave_a_schema_is_refused(tmp_path: Path) -> None:
    """The table of old holds 1 to 5."""
    with make_old(tmp_path).begin() as connection:
        connection.exec_driver_sql("UPDATE schema SET version = 99")

    with pytest.raises(StoreError, match="made by a newer newsletter"):
        open_database(URL, tmp_path)


def keep_in_old(connection: sa.Connection, paper: Paper) -> None:
    """Write a paper as versions before 0.2 did."""
    data = json.dumps(asdict(paper), default=str)
    connection.exec_driver_sql(
        "INSERT INTO paper (id, data, first_seen) VALUES (?, ?, '2026-03-17 06:00:00')",
        (paper.id, data),
    )
    connection.exec_driver_sql("INSERT INTO paper_key VALUES (?, ?)", (paper.id, paper.id))
    connection.exec_driver_sql(
        "INSERT INTO paper_trace VALUES (?, ?)", (f"near:{paper.title}", paper.id)
    )


def test_papers_of_older_versions_are_found_by_their_words(tmp_path: Path) -> None:
    """Also those in a script without spaces, by any part of their titles."""
    with make_old(tmp_path, 4).begin() as connection:
        for number, title in enumerate(("Plain words", "用于机器学习的模型"), 1):
            keep_in_old(connection, make_paper(number, title=title))

    with open_database(URL, tmp_path) as database:
        search = SearchStore(database)
        for words, title in (("word", "Plain words"), ("机器学习", "用于机器学习的模型")):
            found = search.find(Query(words=words), limit=5)
            assert [paper.title for paper in found.papers] == [title]


def test_identities_of_the_fourth_version_pass_the_gate(tmp_path: Path) -> None:
    """A paper that was sent under an odd name is found, and never sent, under its new one."""
    odd, sent = "url:evil.example/\ue000\x1b", "url:e.example/größe"
    twin, plain = "url:e.example/ü", "url:e.example/%C3%BC"
    with make_old(tmp_path, 4).begin() as connection:
        for name in (odd, sent, twin, plain):
            keep_in_old(connection, make_paper(title=name, id=name, keys=(name,)))
        connection.exec_driver_sql(
            "UPDATE paper SET offered = '2026-03-17' WHERE id IN (?, ?)", (sent, twin)
        )

    database = open_database(URL, tmp_path)
    store = PaperStore(database)
    window = IssueWindow(
        date=TODAY + dt.timedelta(days=1),
        until=NOW + dt.timedelta(days=1),
        oldest=NOW - dt.timedelta(days=100),
    )
    new = "url:e.example/gr%C3%B6%C3%9Fe"

    assert [paper.id for paper in store.candidates(window)] == ["url:evil.example/"]
    assert [paper.id for paper in store.with_keys([new])] == [new]
    assert [paper.id for paper in store.with_keys([plain])] == [plain]
    assert store.known_keys([make_paper(keys=(odd, sent))]) == frozenset()
    database.close()


def test_what_the_fifth_version_said_of_an_issue_is_its_state(tmp_path: Path) -> None:
    """`cancelled` was a word among reasons; every other reason was that of a pause."""
    said = {"": "planned", "cancelled": "cancelled", "paused: cancelled by the server": "paused"}
    with make_old(tmp_path, 5).begin() as connection:
        for day, why in enumerate(said, start=1):
            connection.exec_driver_sql(
                "INSERT INTO issue VALUES (?, ?, 1, '2026-02-01 06:30:00', ?)",
                (f"2026-02-{day:02}", day, why),
            )

    with open_database(URL, tmp_path) as database:
        ledger = SqlLedger(database)
        for day, (why, state) in enumerate(said.items(), start=1):
            date = dt.date(2026, 2, day)
            assert (ledger.state(date), ledger.halted(date)) == (IssueState(state), why)


def test_issues_of_the_tenth_revision_are_open_until_a_run_closes_them(tmp_path: Path) -> None:
    """They keep their contents; what waits in them is unfinished, and is closed when it is sent."""
    make_old(tmp_path, 1).dispose()
    engine = sa.create_engine(f"sqlite:///{tmp_path}/old.db")
    with engine.begin() as connection:
        command.stamp(configure(connection), "0001")
        command.upgrade(configure(connection), "0010")
    engine.dispose()

    with open_database(URL, tmp_path) as database:
        ledger, tomorrow = SqlLedger(database), TODAY + dt.timedelta(days=1)
        assert IssueStore(database).unfinished(tomorrow) == (TODAY,)
        assert TallyStore(database).close(tomorrow) == 0
        ledger.cancel(TODAY, NOW)
        assert TallyStore(database).close(tomorrow) == 1
        assert ledger.counts(TODAY)[DeliveryState.CANCELLED] == 2
        assert IssueStore(database).unfinished(tomorrow) == ()


def test_how_often_people_want_mail_is_copied_for_plans(tmp_path: Path) -> None:
    """Revision 13 reads it out of their wishes; words that look like it do not count."""
    wishes = {
        "daily": "{}",
        "weekly": '{"cadence":"weekly","topics":["agents"]}',
        "weekdays": '{"cadence":"weekdays"}',
        "words": json.dumps({"words": ['"cadence":"weekly"']}, separators=(",", ":")),
    }
    engine = sa.create_engine(f"sqlite:///{tmp_path}/old.db")
    make_old(tmp_path, 1).dispose()
    with engine.begin() as connection:
        command.stamp(configure(connection), "0001")
        command.upgrade(configure(connection), "0012")
        for name, text in wishes.items():
            connection.execute(
                sa.text(
                    "INSERT INTO subscriber (id, address, email, domain, name, wishes, audience, timezone,"
                    " language, state, origin, changed_by, consent_at, consent, changed_at) VALUES (:id,"
                    " :id, :id, 'x', '', :wishes, '*', '', '', 'active', 'site', 'site',"
                    " '2026-03-16 06:30:00', '', '2026-03-16 06:30:00')"
                ),
                {"id": name, "wishes": text},
            )
    engine.dispose()

    with open_database(URL, tmp_path) as database, database.reading() as connection:
        found = connection.execute(sa.text("SELECT id, cadence FROM subscriber"))
        told = {row.id: row.cadence for row in found if row.id in wishes}
    assert told == {name: name if name.startswith("week") else "daily" for name in wishes}


def test_secrets_in_what_the_fourth_version_remembered_are_gone(tmp_path: Path) -> None:
    """Addresses with a login or a key are forgotten, and the habit of the source is not."""
    row = {
        "failures": 2,
        "last_error": "https://bob:s3cret@e.example/: HTTP 503",
        "validators": {"url": "https://e.example/?key=s3cret", "etag": "1"},
        "moved_to": "https://s3cret@e.example/",
        "days": [["2026-03-16", 4]],
    }
    with make_old(tmp_path, 4).begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO source_health VALUES ('1', 'a', ?, '2026-03-17 06:00:00')",
            (json.dumps(row),),
        )

    database = open_database(URL, tmp_path)

    with database.reading() as connection:
        (health,) = visited(connection, NOW).values()
    assert (health.failures, health.days) == (2, ((dt.date(2026, 3, 16), 4),))
    assert "s3cret" not in repr(health)
    with database.transaction() as connection:
        assert "s3cret" not in repr(connection.exec_driver_sql("SELECT * FROM source_health").all())
    database.close()


@pytest.mark.parametrize("is_new", [True, False])
def test_programs_from_before_alembic_refuse_a_database_of_this_one(
    tmp_path: Path, *, is_new: bool
) -> None:
    """They would mail people who have left: they read the number of a schema they do not know."""
    if not is_new:
        make_old(tmp_path).dispose()
    open_database(URL, tmp_path).close()

    with sqlite3.connect(tmp_path / "old.db") as opened:
        assert opened.execute("SELECT version FROM schema").fetchall() == [(99,)]
    opened.close()


def test_what_an_older_version_planned_is_divided_into_shards(tmp_path: Path) -> None:
    """Whatever still waits is found, at its time; issues that nobody opens again get none."""
    waiting = [("planned", None, None), ("planned", None, LATER), ("deferred", LATER, None)]
    with make_old(tmp_path, 10).begin() as connection:
        connection.exec_driver_sql("DELETE FROM delivery")
        for number, day in enumerate(("2025-01-01", "2026-03-16"), start=10):
            connection.exec_driver_sql(
                "INSERT INTO issue (date, number, papers, planned_at, halted) "
                "VALUES (?, ?, 1, '2026-03-16 06:30:00', '')",
                (day, number),
            )
        rows: list[tuple[str | None, ...]] = [("2025-01-01", "old", "accepted", None, None, None)]
        rows += [("2026-03-16", "done", "failed", None, None, None)]
        rows += [("2026-03-17", "held", "leased", None, None, LATER)]
        rows += [
            ("2026-03-17", f"r{n:04}", *waiting[min(n // 1_000, 2)], None) for n in range(2_500)
        ]
        connection.exec_driver_sql(
            "INSERT INTO delivery (issue, subscriber, state, next_at, not_before, lease_until, email, "
            "name, timezone, edition, attempt, code, reason, changed_at) "
            "VALUES (?, ?, ?, ?, ?, ?, '', '', 'UTC', 'x', 0, 0, '', '2026-03-17 06:30:00.000000')",
            rows,
        )

    with open_database(URL, tmp_path) as database:
        ledger, later = SqlLedger(database), NOW + dt.timedelta(hours=1)
        with database.reading() as connection:
            found = connection.execute(
                sa.select(shards.c.issue, shards.c.number, shards.c.deliveries, shards.c.ready_at)
                .order_by(shards.c.issue, shards.c.number)
            ).all()  # fmt: skip
        at_once = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        assert [tuple(row) for row in found] == [
            (TODAY - dt.timedelta(days=1), 0, 1, None),
            (TODAY, 0, 1000, at_once),
            (TODAY, 1, 1000, at_once),
            (TODAY, 2, 501, later),
        ]
        some = {"owner": "me", "limit": 9_999, "until": later}
        assert len(ledger.claim(TODAY, now=NOW, **some)) == 1_000  # type: ignore[arg-type]
        assert len(ledger.claim(TODAY, now=later, **some)) == 1_500  # type: ignore[arg-type]
        assert ledger.reopen(TODAY - dt.timedelta(days=1), [DeliveryState.FAILED], NOW) == 1
        assert ledger.waits(TODAY - dt.timedelta(days=1), now=NOW)


def test_audiences_of_older_versions_get_the_language_of_their_readers(tmp_path: Path) -> None:
    """Revision 15: who shares an edition reads one language; single readers stay as they are."""
    wishes = {
        "plain": ("{}", "*", ""),
        "german": ('{"language":"de","topics":["a","b"]}', "a+b", "de"),
        "brief": ('{"language":"pt-BR","length":"short"}', "*|short", "pt-BR"),
        "alone": ('{"language":"de","mute":["a"]}', "~alone", "de"),
    }
    engine = sa.create_engine(f"sqlite:///{tmp_path}/old.db")
    make_old(tmp_path, 1).dispose()
    with engine.begin() as connection:
        command.stamp(configure(connection), "0001")
        command.upgrade(configure(connection), "0014")
        for name, (text, audience, language) in wishes.items():
            connection.execute(
                sa.text(
                    "INSERT INTO subscriber (id, address, email, domain, name, wishes, audience,"
                    " timezone, language, hour, cadence, state, origin, changed_by, consent_at,"
                    " consent, changed_at) VALUES (:id, :id, :id, 'x', '', :wishes, :audience, '',"
                    " :language, -1, 'daily', 'active', 'site', 'site', '2026-03-16 06:30:00', '',"
                    " '2026-03-16 06:30:00')"
                ),
                {"id": name, "wishes": text, "audience": audience, "language": language},
            )
    engine.dispose()

    with open_database(URL, tmp_path) as database, database.reading() as connection:
        found = connection.execute(sa.text("SELECT id, wishes, audience FROM subscriber"))
        told = {row.id: (row.wishes, row.audience) for row in found if row.id in wishes}
    for name, (text, audience) in told.items():
        assert text == wishes[name][0]
        assert audience == read_wishes(text).audience(name)
