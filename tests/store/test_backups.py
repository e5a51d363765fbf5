"""A backup is whole, of one moment, private, and comes back to either kind of database."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from makers import NOW, TODAY, make_delivery, make_paper, open_test_database, plan
from old_databases import make_old
from postgres import BACKEND, BOTH, needs_postgresql
from rows import contents

from newsletter.errors import StoreError
from newsletter.model import Claim, DeliveryState, SubscriberState
from newsletter.store import (
    Database,
    IssueStore,
    PaperStore,
    Query,
    SearchStore,
    SqlLedger,
    SubscriberStore,
    back_up,
    connect,
    open_database,
    restore,
)
from newsletter.store.backups import Restored
from newsletter.store.migrations.runner import HEAD
from newsletter.store.tables import senders

FORCED = "is there already; name another file, or add --force"


def go_on(database: Database, restored: Restored) -> None:
    """Resume what a restored backup has paused, which is all that it does not take as it is."""
    assert restored.paused == (TODAY,)
    assert not SqlLedger(database).claim(TODAY, owner="me", limit=9, now=NOW, until=NOW)
    SqlLedger(database).resume(TODAY)


def ignore(_done: int, _all: int) -> None:
    pass


@pytest.fixture
def database(tmp_path: Path) -> Database:
    found = BACKEND.opened(open_test_database(tmp_path))
    PaperStore(found).save([make_paper(1), make_paper(2)], NOW)
    plan(found, [make_delivery("ada"), make_delivery("bob")])
    return found


@pytest.fixture(params=BOTH, ids=lambda kind: f"to-{kind}")
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Return a database of each kind with nothing in it, nor tables in that of SQLite."""
    if request.param == "sqlite":
        return BACKEND.opened(connect("sqlite:///empty.db", tmp_path))
    return BACKEND.opened(connect(BACKEND.url(tmp_path, "empty"), tmp_path))


def parts(folder: Path) -> list[Path]:
    """Return what a backup may have left."""
    return [path for path in folder.iterdir() if path.name.endswith((".part", "-wal", "-shm"))]


def test_a_backup_comes_back_to_either_database(
    database: Database, empty: Database, tmp_path: Path
) -> None:
    """Every table, and the index of words; the backup itself stays as it is."""
    folder = tmp_path / "backups"
    path = folder / "news letter?.db"

    assert back_up(database, path, force=False, on_step=ignore) == HEAD
    raw = path.read_bytes()
    done = restore(path, empty, force=False, now=NOW, on_rows=ignore)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in folder.iterdir()] == [path.name]
    assert path.read_bytes() == raw
    assert raw[18:20] == b"\1\1"  # no journal beside it: https://sqlite.org/fileformat.html, 1.3.3
    assert all(table.is_same for table in done.tables)
    assert done.kept is None
    go_on(empty, done)
    assert contents(empty) == contents(database)
    assert SearchStore(empty).find(Query(words="case2b"), limit=5).total == 1


def test_nobody_holds_anything_of_a_restored_database(
    database: Database, empty: Database, tmp_path: Path
) -> None:
    """Those who held it when the backup was made may be alive, and do not know of it any more."""
    ledger, path = SqlLedger(database), tmp_path / "backup.db"
    assert ledger.take_shard(TODAY, 0, "me")
    until = NOW + dt.timedelta(hours=1)
    first, _ = ledger.claim(TODAY, owner="me", limit=2, now=NOW, until=until, shard=0)
    ledger.record([Claim(delivery=first, owner="me")], [], NOW)
    with database.transaction() as connection:
        connection.execute(senders.insert().values(name="me", seen_at=NOW))
    back_up(database, path, force=False, on_step=ignore)

    restore(path, empty, force=False, now=NOW, on_rows=ignore)

    there = SqlLedger(empty)
    counts = there.counts(TODAY)
    assert (counts[DeliveryState.UNKNOWN], counts[DeliveryState.PLANNED]) == (1, 1)
    there.resume(TODAY)
    assert there.ready_shards(TODAY, NOW) == (0,)
    assert there.take_shard(TODAY, 0, "you")
    assert len(there.claim(TODAY, owner="you", limit=2, now=NOW, until=until, shard=0)) == 1
    with empty.reading() as connection:
        assert not connection.execute(sa.select(senders)).all()


def test_a_backup_is_never_written_over_another_file(database: Database, tmp_path: Path) -> None:
    """Unless that is asked for; then it is replaced whole."""
    path = tmp_path / "backup.db"
    path.write_text("precious")
    with pytest.raises(StoreError, match=FORCED):
        back_up(database, path, force=False, on_step=ignore)
    assert path.read_text() == "precious"

    back_up(database, path, force=True, on_step=ignore)

    assert path.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.sqlite
def test_what_a_killed_process_left_of_a_backup_is_deleted(
    database: Database, tmp_path: Path
) -> None:
    """It is as large as a backup, and has the addresses of people erased since; others stay."""
    dead, alive, other = (
        tmp_path / name for name in (".papers.db.a1.part", ".papers.db.b2.part", ".else.db.c3.part")
    )
    for folder, age in ((dead, 7_200), (alive, 60), (other, 7_200)):
        folder.mkdir()
        (folder / "papers.db").write_bytes(b"some")
        for path in (folder / "papers.db", folder):
            then = path.stat().st_mtime - age
            os.utime(path, (then, then))

    back_up(database, tmp_path / "papers.db", force=False, on_step=lambda _done, _all: None)

    assert (dead.exists(), alive.exists(), other.exists()) == (False, True, True)


def test_a_database_does_not_take_its_own_file_for_a_backup(tmp_path: Path) -> None:
    """Neither to write it, nor to read it, by whatever path."""
    (tmp_path / "link.db").symlink_to("own.db")
    with open_database("sqlite:///own.db", tmp_path) as database:
        for name in ("own.db", "link.db"):
            with pytest.raises(StoreError, match="is the database itself"):
                back_up(database, tmp_path / name, force=True, on_step=ignore)
            with pytest.raises(StoreError, match="is the database itself"):
                restore(tmp_path / name, database, force=True, now=NOW, on_rows=ignore)


def test_where_nothing_can_be_written_the_folder_is_named(
    database: Database, tmp_path: Path
) -> None:
    """A file in the place of the folder; nothing is left behind."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/backup.db: .*mend its permissions"):
        back_up(database, tmp_path / "file" / "backup.db", force=False, on_step=ignore)


@pytest.mark.sqlite
def test_nothing_is_backed_up_of_what_is_no_newsletter(tmp_path: Path) -> None:
    """An empty file of SQLite is no backup."""
    bare = BACKEND.opened(connect("sqlite:///bare.db", tmp_path))
    with pytest.raises(StoreError, match="there is nothing of a newsletter in it"):
        back_up(bare, tmp_path / "backup.db", force=False, on_step=ignore)
    bare.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare.db"]


def test_a_restored_database_is_the_backup_and_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    """What came after the backup is gone; of SQLite, it is kept in a backup of its own."""
    path = tmp_path / "backup.db"
    back_up(database, path, force=False, on_step=ignore)
    before = contents(database)
    PaperStore(database).save([make_paper(3)], NOW)
    after = contents(database)

    with pytest.raises(StoreError, match="is not empty; --force replaces what is there"):
        restore(path, database, force=False, now=NOW, on_rows=ignore)
    assert contents(database) == after
    done = restore(path, database, force=True, now=NOW, on_rows=ignore)

    go_on(database, done)
    assert contents(database) == before
    assert SearchStore(database).find(Query(words="case3b"), limit=5).total == 0
    if database.is_postgresql:
        assert done.kept is None
    else:
        assert done.kept == tmp_path / "test-before-restore-2026-03-17-063000.db"
        again = restore(done.kept, database, force=True, now=NOW + dt.timedelta(1), on_rows=ignore)
        go_on(database, again)
        assert contents(database) == after


@pytest.mark.sqlite
@pytest.mark.parametrize("version", [1, 4, 9])
def test_a_backup_of_an_older_version_is_migrated(
    empty: Database, tmp_path: Path, version: int
) -> None:
    """The file stays of its version; an older program could still read it."""
    make_old(tmp_path, version).dispose()
    raw = (tmp_path / "old.db").read_bytes()

    restore(tmp_path / "old.db", empty, force=False, now=NOW, on_rows=ignore)

    assert (tmp_path / "old.db").read_bytes() == raw
    assert IssueStore(empty).dates() == (TODAY,)
    assert SubscriberStore(empty, lambda: "new").counts()[SubscriberState.LEFT] == 2
    empty.close()
    assert parts(tmp_path) == []


def test_what_is_no_sound_backup_is_refused(database: Database, tmp_path: Path) -> None:
    """Each is told in its own words, and the database stays as it was."""
    good, there = tmp_path / "good.db", contents(database)
    back_up(database, good, force=False, on_step=ignore)
    raw = good.read_bytes()
    texts = tmp_path / "texts.db"
    texts.write_text("no database at all " * 99)
    cut = tmp_path / "cut.db"
    cut.write_bytes(raw[: len(raw) // 2])
    torn = tmp_path / "torn.db"
    torn.write_bytes(raw[:8192] + bytes(8192) + raw[16384:])
    newer = tmp_path / "newer.db"
    shutil.copy(good, newer)
    with closing(sqlite3.connect(newer)) as changed, changed:
        changed.execute("UPDATE alembic_version SET version_num = '0099'")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as changed:
        changed.execute("CREATE TABLE recipe (cake TEXT)")
    for path, told in (
        (texts, "texts.db: is no backup, or is damaged .*; take another backup"),
        (cut, "cut.db: is (no backup, or is )?damaged .*; take another backup"),
        (torn, "torn.db: is (no backup, or is )?damaged .*; take another backup"),
        (newer, r"made by a newer newsletter \(schema 0099.*; update this program"),
        (other, "other.db: there is nothing of a newsletter in it"),
        (tmp_path / "none.db", "none.db: there is no such file"),
        (tmp_path, "there is no such file"),
    ):
        with pytest.raises(StoreError, match=told):
            restore(path, database, force=True, now=NOW, on_rows=ignore)
        assert contents(database) == there
    assert not list(tmp_path.glob("*before-restore*"))


@pytest.mark.sqlite
def test_a_damaged_database_is_not_backed_up_nor_replaced(tmp_path: Path) -> None:
    """It is told, with what to do: a backup of it would only look like one."""
    with open_database("sqlite:///own.db", tmp_path) as database:
        PaperStore(database).save([make_paper(number) for number in range(50)], NOW)
        back_up(database, tmp_path / "good.db", force=False, on_step=ignore)
    raw = (tmp_path / "own.db").read_bytes()
    own = tmp_path / "own.db"
    own.write_bytes(raw[:20480] + b"x" * 40960 + raw[61440:])

    with connect("sqlite:///own.db", tmp_path) as database:
        with pytest.raises(StoreError, match="the copy is damaged, and so is the database"):
            back_up(database, tmp_path / "bad.db", force=False, on_step=ignore)
        with pytest.raises(StoreError, match="move the database away, with the files -wal"):
            restore(tmp_path / "good.db", database, force=True, now=NOW, on_rows=ignore)
    assert not (tmp_path / "bad.db").exists()
    assert not list(tmp_path.glob("*before-restore*"))


def test_progress_reaches_its_end(database: Database, tmp_path: Path) -> None:
    """What is done comes up to all there is."""
    told: list[tuple[int, int]] = []

    back_up(database, tmp_path / "b.db", force=False, on_step=lambda *both: told.append(both))

    assert told
    assert told[-1][0] == told[-1][1] > 0


WRITER = """
import datetime as dt, itertools, sys
from pathlib import Path
import sqlalchemy as sa
from newsletter.store import open_database
from newsletter.store.backups import Restored
from newsletter.store.migrations.runner import HEAD
from newsletter.store.partitions import make_months
from newsletter.store.tables import deliveries, issues
now = dt.datetime(2026, 3, 17, tzinfo=dt.UTC)
with open_database(sys.argv[1], Path(sys.argv[2])) as database:
    for turn in itertools.count():
        date = dt.date(2026, 3, 18) + dt.timedelta(turn)
        with database.transaction() as connection:
            make_months(connection, [date])
            connection.execute(issues.insert().values(
                date=date, number=100 + turn, papers=50, planned_at=now))
            connection.execute(deliveries.insert(), [
                dict(issue=date, subscriber=f"id{n:03}", email="a@example.org", name="",
                     timezone="UTC", edition="e", state="planned", changed_at=now)
                for n in range(50)])
        for state in ("leased", "data_started", "accepted"):
            with database.transaction() as connection:
                connection.execute(deliveries.update().where(deliveries.c.issue == date)
                                   .values(state=state))
        print(turn, flush=True)
"""
"""Plans issues of 50 deliveries, whose states change together, as `papers` tells their number."""


@pytest.fixture
def writer(database: Database, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start another process that writes all the time."""
    url = database.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_backup_is_of_one_moment_while_others_write(
    database: Database, writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Every issue in it has all of its deliveries, in one state; and the writer goes on."""
    assert writer.stdout
    seen = []
    for turn in range(4):
        writer.stdout.readline()
        path = tmp_path / f"backup{turn}.db"
        back_up(database, path, force=False, on_step=ignore)
        with closing(sqlite3.connect(path)) as copy:
            rows = copy.execute(
                "SELECT count(*), count(DISTINCT delivery.state) FROM issue JOIN delivery ON issue = date "
                "WHERE number >= 100 GROUP BY date"
            ).fetchall()
            ((planned,),) = copy.execute("SELECT count(*) FROM issue WHERE number >= 100")
        assert rows == [(50, 1)] * planned
        seen.append(planned)
    assert writer.poll() is None
    assert seen == sorted(seen)
    assert len(set(seen)) > 1  # it was written meanwhile


KILLED = """
import datetime as dt, sys
from pathlib import Path
from newsletter.store import back_up, connect, replace, restore
work, origin, destination, folder, share = sys.argv[1:]
now, here = dt.datetime(2026, 3, 17, tzinfo=dt.UTC), Path(folder)
def told(done, total):
    if done >= total * float(share):
        print(done, total, flush=True)
        sys.stdin.read()
if work == "backup":
    back_up(connect(origin, here), Path(destination), force=True, on_step=told)
elif work == "restore":
    restore(Path(origin), connect(destination, here), force=True, now=now, on_rows=told)
else:
    replace(connect(origin, here), connect(destination, here), force=True, on_rows=told)
"""
"""Stops when a share of the work is done, to be killed."""


def kill(work: str, origin: object, destination: object, folder: Path, share: float) -> None:
    """Begin some work, and kill it where it is when a share of it is done."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, work, str(origin), str(destination), str(folder), str(share)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline(), "it ended before it was killed"
        process.kill()


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("share", [0.1, 0.5, 1])
def test_a_backup_that_is_killed_leaves_the_one_before(
    database: Database, tmp_path: Path, share: float
) -> None:
    """What it had written is beside it, under another name."""
    folder = tmp_path / "backups"
    path = folder / "backup.db"
    back_up(database, path, force=False, on_step=ignore)
    raw = path.read_bytes()

    kill("backup", url_of(database), path, tmp_path, share)

    assert path.read_bytes() == raw
    assert {found.name for found in folder.iterdir() if found.suffix != ".part"} == {"backup.db"}
    back_up(database, path, force=True, on_step=ignore)


@pytest.mark.parametrize("share", [0.1, 0.5, 1])
@pytest.mark.parametrize("work", ["restore", "copy"])
def test_what_is_killed_leaves_the_database_as_it_was(
    database: Database, tmp_path: Path, work: str, share: float
) -> None:
    """Restoring, or copying into it; afterwards it is used as before, and the work can be done."""
    there = contents(database)
    with open_database("sqlite:///other.db", tmp_path) as other:
        PaperStore(other).save([make_paper(number) for number in range(9)], NOW)
        back_up(other, tmp_path / "backup.db", force=False, on_step=ignore)
        wanted = contents(other)
    origin = tmp_path / "backup.db" if work == "restore" else "sqlite:///other.db"

    kill(work, origin, url_of(database), tmp_path, share)

    assert contents(database) == there
    assert SearchStore(database).find(Query(words="case2b"), limit=5).total == 1
    PaperStore(database).save([make_paper(30)], NOW)
    restore(tmp_path / "backup.db", database, force=True, now=NOW, on_rows=ignore)
    assert contents(database) == wanted


MANY = """
import datetime as dt, resource, sys
from pathlib import Path
import sqlalchemy as sa
from newsletter.store import back_up, open_database, replace, restore
from newsletter.store.tables import deliveries, issues
now, here = dt.datetime(2026, 3, 17, tzinfo=dt.UTC), Path(sys.argv[3])
source, target = (open_database(url, here) for url in sys.argv[1:3])
def work():
    ignore = lambda done, total: None
    done = replace(source, target, force=True, on_rows=ignore)
    back_up(target, here / "backup.db", force=True, on_step=ignore)
    now = dt.datetime.now(dt.UTC)
    restored = restore(here / "backup.db", source, force=True, now=now, on_rows=ignore)
    assert all(table.is_same for table in (*done, *restored.tables))
def keep(first, last):
    with source.transaction() as connection:
        for start in range(first, last, 1000):
            connection.execute(deliveries.insert(), [
                dict(issue=now.date(), subscriber=f"id{n:07}", email=f"r{n}@example.org", name="",
                     timezone="UTC", edition="e", state="accepted", changed_at=now, reason="x" * 200)
                for n in range(start, start + 1000)])
with source.transaction() as connection:
    connection.execute(issues.insert().values(date=now.date(), number=1, papers=1, planned_at=now))
keep(0, 5_000)
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
keep(5_000, 100_000)
work()
with target.reading() as connection:
    print(connection.scalar(sa.select(sa.func.count()).select_from(deliveries)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
"""Copies, backs up and restores 5,000 deliveries, then 100,000; prints by how many kB it grew."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.sqlite
@needs_postgresql
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """A list of these rows would take some hundred MB."""
    urls = ["sqlite:///source.db", BACKEND.url(tmp_path, "target")]
    done = subprocess.run(
        [sys.executable, "-c", MANY, *urls, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=280,
    )  # fmt: skip

    rows, grown = map(int, done.stdout.split())
    assert rows == 100_000
    assert grown < 30_000
