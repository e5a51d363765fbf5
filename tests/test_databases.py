"""`newsletter db` as people run it: what is printed, the exit status, and what it refuses."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from commands import Done, newsletter
from makers import NOW, TODAY, make_delivery, make_paper, plan, write_newsletter
from old_databases import make_old
from postgres import BACKEND, IN_ONE_TABLE, needs_postgresql, using
from rows import contents

from newsletter.send.processes import boot_id
from newsletter.store import (
    Database,
    PaperStore,
    Query,
    SearchStore,
    SqlLedger,
    connect,
    open_database,
    restore,
)
from newsletter.store.migrations.runner import HEAD
from newsletter.store.tables import deliveries, metadata, shards

SECRET = "s3cr3t-w0rd"
LIVING = f"{socket.gethostname()}:{boot_id()}:{os.getppid()}:0"
"""The name of a sender whose process is there."""


@pytest.fixture(autouse=True)
def databases() -> Iterator[None]:
    with using("sqlite"):
        yield


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """Return a newsletter with a database that has something in it."""
    letter(tmp_path, root, "sqlite:///old.db")
    with open_database("sqlite:///old.db", tmp_path) as database:
        keep_some(database)
    return tmp_path


def letter(folder: Path, root: Path, url: str) -> None:
    text = f"name: Daily\nfrom: p@news.example.org\ndatabase: '{url}'\n"
    write_newsletter(folder, root, newsletter=text)


def keep_some(database: Database) -> None:
    PaperStore(database).save([make_paper(1), make_paper(2)], NOW)
    plan(database, [make_delivery("ada"), make_delivery("bob")])


def contents_of(url: str, folder: Path) -> object:
    with connect(url, folder) as database:
        return contents(database)


def no_traceback(done: Done) -> str:
    """Return what a command said on standard error, in one line."""
    assert "Traceback" not in done.stderr
    assert "fault of this program" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_database_is_backed_up_restored_and_used(folder: Path) -> None:
    """The default name has the date; a second backup of a day asks for --force."""
    there = contents_of("sqlite:///old.db", folder)
    made = newsletter("db", "backup", cwd=folder)
    (path,) = folder.glob("newsletter-*.db")
    assert (made.returncode, made.stderr) == (0, "")
    assert path.name in made.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = newsletter("db", "backup", cwd=folder)
    assert again.returncode == 1
    assert "is there already; name another file, or add --force" in no_traceback(again)
    forced = newsletter("db", "backup", "--force", "--json", cwd=folder)
    assert json.loads(forced.stdout) == {
        "file": str(path), "bytes": path.stat().st_size, "schema": HEAD,
    }  # fmt: skip

    with open_database("sqlite:///old.db", folder) as database:
        PaperStore(database).save([make_paper(3)], NOW)
    refused = newsletter("db", "restore", path.name, cwd=folder)
    assert refused.returncode == 1
    assert "is not empty; --force replaces what is there" in no_traceback(refused)
    restored = newsletter("db", "restore", path.name, "--force", "--json", cwd=folder)

    assert (restored.returncode, restored.stderr) == (0, "")
    said = json.loads(restored.stdout)
    assert said["same"] is True
    assert Path(said["kept"]).name.startswith("old-before-restore-")
    assert {table["table"] for table in said["tables"]} == set(metadata.tables)
    # What was not sent when the backup was made may have been since: somebody has to decide.
    assert said["paused"] == [TODAY.isoformat()]
    with open_database("sqlite:///old.db", folder) as database:
        assert "does not know what left" in SqlLedger(database).halted(TODAY)
        SqlLedger(database).resume(TODAY)
    assert contents_of("sqlite:///old.db", folder) == there
    assert newsletter("status", cwd=folder).returncode == 3  # its deliveries are not final
    # An issue that was planned since is not in it at all.
    Path(said["kept"]).unlink()
    told = newsletter("db", "restore", path.name, "--force", cwd=folder)
    assert "has no issue of today" in told.stdout
    assert "let nothing run before tomorrow" in told.stdout
    resumed = newsletter("resume", TODAY.isoformat(), cwd=folder)
    (waiting,) = re.findall(r": (\d+) mails go on", resumed.stdout)
    assert int(waiting) > 0
    assert f"come a second time: all {waiting} at most" in resumed.stdout


def test_there_is_nothing_to_back_up_before_there_is_a_database(tmp_path: Path, root: Path) -> None:
    """And none is made by asking."""
    letter(tmp_path, root, "sqlite:///old.db")
    done = newsletter("db", "backup", cwd=tmp_path)
    assert done.returncode == 1
    assert "there is no database yet" in no_traceback(done)
    assert not list(tmp_path.glob("*.db"))


def test_an_upgrade_makes_a_backup_and_says_what_it_did(tmp_path: Path, root: Path) -> None:
    """It is beside the database, of the revision before, and can be restored."""
    letter(tmp_path, root, "sqlite:///old.db")
    make_old(tmp_path, 9).dispose()

    done = newsletter("db", "upgrade", "--json", cwd=tmp_path)

    said = json.loads(done.stdout)
    path = tmp_path / "old-0009.db"
    assert said == {"before": "0009", "after": HEAD, "backup": str(path)}
    again = newsletter("db", "upgrade", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, f"nothing to do: the schema is {HEAD} already\n")
    assert len(list(tmp_path.glob("old-*.db"))) == 1
    there = contents_of("sqlite:///old.db", tmp_path)
    with connect("sqlite:///new.db", tmp_path) as database:
        done_again = restore(path, database, force=False, now=NOW, on_rows=lambda _done, _all: None)
        for date in done_again.paused:
            SqlLedger(database).resume(date)
        assert contents(database) == there


def test_an_upgrade_without_a_backup_is_none(tmp_path: Path, root: Path) -> None:
    """A file that is in the way of the backup keeps the database from being migrated."""
    letter(tmp_path, root, "sqlite:///old.db")
    make_old(tmp_path, 9).dispose()
    (tmp_path / "mine.db").write_text("mine")

    done = newsletter("db", "upgrade", "--backup", "mine.db", cwd=tmp_path)

    assert done.returncode == 1
    assert "mine.db: is there already" in no_traceback(done)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/old.db")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version FROM schema").scalar() == 9
        assert not sa.inspect(connection).has_table("shard")
    engine.dispose()
    named = newsletter("db", "upgrade", "--backup", "yours.db", cwd=tmp_path)
    assert named.stdout == f"backed up to yours.db\nmigrated from schema 0009 to {HEAD}\n"


def test_an_old_database_without_anything_in_it_is_not_backed_up(
    tmp_path: Path, root: Path
) -> None:
    """Its tables are migrated all the same."""
    letter(tmp_path, root, "sqlite:///old.db")
    engine = make_old(tmp_path)
    with engine.begin() as connection:
        for table in ("delivery", "edition", "issue", "source"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    engine.dispose()

    done = newsletter("db", "upgrade", "--json", cwd=tmp_path)

    assert json.loads(done.stdout) == {"before": "0001", "after": HEAD, "backup": None}
    assert [path.name for path in tmp_path.glob("*.db")] == ["old.db"]


@pytest.mark.parametrize(
    ("words", "told"),
    [(["backup"], "backing up"), (["copy", "sqlite:///new.db"], "copying")],
)
def test_a_bar_is_shown_on_a_terminal_alone(folder: Path, words: list[str], told: str) -> None:
    """In a pipe, and for cron, nothing is said until the end."""
    shown = newsletter("db", *words, cwd=folder, FORCE_COLOR="1")
    assert told in shown.stderr
    assert "100%" in shown.stderr
    silent = newsletter("db", *words, "--force", cwd=folder)
    assert (silent.returncode, silent.stderr) == (0, "")


def test_an_upgrade_of_nothing_makes_the_tables(tmp_path: Path, root: Path) -> None:
    """There is nothing to back up."""
    letter(tmp_path, root, "sqlite:///old.db")
    done = newsletter("db", "upgrade", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"made the tables, at schema {HEAD}\n")
    assert [path.name for path in tmp_path.glob("*.db")] == ["old.db"]


@needs_postgresql
def test_a_newsletter_moves_to_postgresql_and_back(folder: Path, root: Path) -> None:
    """One command and one line; the table says what came over, and no password is shown."""
    there = contents_of("sqlite:///old.db", folder)
    url = BACKEND.url(folder, "target").replace("postgres@", f"postgres:{SECRET}@")

    moved = newsletter("db", "copy", url, cwd=folder)

    assert (moved.returncode, moved.stderr) == (0, "")
    rows = {line.split()[0]: line.split()[1:3] for line in moved.stdout.splitlines()[1:]}
    assert set(rows) == set(metadata.tables)
    assert rows["delivery"] == ["2", "2"]
    assert contents_of(url, folder) == there
    letter(folder, root, url)
    assert newsletter("status", cwd=folder).returncode == 3
    told = newsletter("db", "upgrade", cwd=folder)
    assert "that is for pg_dump, or `--backup FILE`" in no_traceback(told)
    backed = newsletter("db", "upgrade", "--backup", "pg.db", cwd=folder)
    assert (backed.returncode, "backed up to pg.db" in backed.stdout) == (0, True)
    refused = newsletter("db", "copy", url, "sqlite:///old.db", "--json", cwd=folder)
    assert refused.returncode == 1
    back = newsletter("db", "copy", url, "sqlite:///old.db", "--json", "--force", cwd=folder)
    assert json.loads(back.stdout)["same"] is True
    restored = newsletter("db", "restore", "pg.db", "--force", cwd=folder)
    assert restored.returncode == 0
    for done in (moved, told, backed, refused, back, restored):
        assert SECRET not in done.stdout + done.stderr
        no_traceback(done)


@needs_postgresql
def test_postgresql_of_an_older_revision_is_backed_up_before_it_is_migrated(
    folder: Path, root: Path
) -> None:
    """The backup has its revision; restored to either database, it is as the migrated one."""
    url = BACKEND.url(folder, "target")
    assert newsletter("db", "copy", url, cwd=folder).returncode == 0
    with open_database(url, folder) as database, database.transaction() as connection:
        for statement in (
            *IN_ONE_TABLE,
            "ALTER TABLE issue DROP COLUMN closed",
            "ALTER TABLE shard DROP COLUMN active_until",
            "ALTER TABLE subscriber DROP COLUMN cadence",
            "ALTER TABLE identity DROP COLUMN program",
            "DROP TABLE tally, paper_forgotten, draft, sentence",
            "UPDATE alembic_version SET version_num = '0011'",
        ):
            connection.exec_driver_sql(statement)
    letter(folder, root, url)

    ahead = newsletter("upgrade-check", cwd=folder)
    done = newsletter("db", "upgrade", "--backup", "pg.db", cwd=folder)

    assert ahead.returncode == 0
    assert f"migrates it to {HEAD}, without a backup: that is for pg_dump" in ahead.stdout
    assert done.stdout == f"backed up to pg.db\nmigrated from schema 0011 to {HEAD}\n"
    there = contents_of(url, folder)
    for other in ("sqlite:///new.db", BACKEND.url(folder, "other")):
        letter(folder, root, other)
        restored = newsletter("db", "restore", "pg.db", cwd=folder)
        assert (restored.returncode, no_traceback(restored)) == (0, "")
        with open_database(other, folder) as database:
            SqlLedger(database).resume(TODAY)
        assert contents_of(other, folder) == there
        with open_database(other, folder) as database:
            found = SearchStore(database).find(Query(words="case2b"), limit=5)
            assert found.total == 1


@needs_postgresql
def test_what_differs_is_shown_and_fails(folder: Path) -> None:
    """The table is named, nothing is left in the target, and the exit status is 1."""
    url = BACKEND.url(folder, "target")
    with open_database(url, folder) as target, target.transaction() as connection:
        connection.exec_driver_sql(
            "CREATE RULE lose AS ON INSERT TO delivery WHERE new.subscriber = 'id-bob' "
            "DO INSTEAD NOTHING"
        )

    done = newsletter("db", "copy", url, cwd=folder)

    assert done.returncode == 1
    assert "what was written is not what was read: it was undone" in no_traceback(done)
    (line,) = [line for line in done.stdout.splitlines() if "differs" in line]
    assert line.split()[:3] == ["delivery", "2", "1"]
    with connect(url, folder) as target:
        assert not contents(target)["paper"]


def lease(database: Database, owner: str, until: dt.datetime) -> None:
    claimed = SqlLedger(database).claim(TODAY, owner=owner, limit=1, now=NOW, until=until)
    assert len(claimed) == 1


@pytest.mark.parametrize(
    ("owner", "hours", "refused"),
    [
        (LIVING, 1, True),  # its process is there
        (LIVING.replace(str(os.getppid()), "4194304"), 1, False),  # no process has this number
        ("elsewhere:boot:1:0", 1, True),  # nobody knows, and its lease holds
        ("elsewhere:boot:1:0", -1, False),  # its lease has run out
    ],
)
def test_nothing_is_copied_while_somebody_sends(
    folder: Path, owner: str, hours: int, *, refused: bool
) -> None:
    """A run is going on when who holds deliveries may be alive; --force does not look."""
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    with open_database("sqlite:///old.db", folder) as database:
        lease(database, owner, until)

    done = newsletter("db", "copy", "sqlite:///new.db", cwd=folder)

    assert (done.returncode == 1) is refused
    if refused:
        assert f"1 sender at work ({owner}): stop `newsletter run`" in no_traceback(done)
        assert newsletter("db", "copy", "sqlite:///new.db", "--force", cwd=folder).returncode == 0
    there, copied = (contents_of(f"sqlite:///{name}.db", folder) for name in ("old", "new"))
    assert copied == there


def test_nothing_is_restored_under_a_sender(folder: Path) -> None:
    """Nor with --force: what it holds would be somebody else's, or nobody's."""
    assert newsletter("db", "backup", "good.db", cwd=folder).returncode == 0
    with open_database("sqlite:///old.db", folder) as database:
        lease(database, LIVING, dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    there = contents_of("sqlite:///old.db", folder)

    for more in ((), ("--force",)):
        done = newsletter("db", "restore", "good.db", *more, cwd=folder)
        assert done.returncode == 1
        assert f"1 sender at work ({LIVING}): stop `newsletter run`" in no_traceback(done)
    assert contents_of("sqlite:///old.db", folder) == there


@needs_postgresql
def test_senders_on_other_machines_are_known_by_their_word(folder: Path) -> None:
    """PostgreSQL is told by each sender that it is at work, and when it ends."""
    url = BACKEND.url(folder, "target")
    with open_database(url, folder) as database:
        keep_some(database)
        ledger = SqlLedger(database)
        with ledger.pulse("far:away:1:0"):
            lease(database, "far:away:1:0", NOW + dt.timedelta(hours=1))
            done = newsletter("db", "copy", url, "sqlite:///new.db", cwd=folder)
            assert "1 sender at work (far:away:1:0)" in no_traceback(done)
        with database.transaction() as connection:
            connection.execute(deliveries.update().values(state="planned", lease_owner=None))
            connection.execute(shards.update().values(sender="far:away:2:0"))
        with ledger.pulse("far:away:2:0"):
            done = newsletter("db", "copy", url, "sqlite:///new.db", cwd=folder)
            assert "1 sender at work (far:away:2:0)" in no_traceback(done)
    assert not (folder / "new.db").exists()

    assert newsletter("db", "copy", url, "sqlite:///new.db", cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["sqlite:///old.db"], 1, "both URLs lead to the same database"),
        (["sqlite:///none.db", "sqlite:///new.db"], 1, "none.db: there is no such database"),
        (["mysql://x/y"], 1, "the URL to copy to is of kind `mysql`"),
        (["old.db", "sqlite:///new.db"], 1, "is not a URL such as sqlite:///"),
        ([f"postgresql://bob:{SECRET}@127.0.0.1:1/x"], 1, "does PostgreSQL run"),
        ([f"oracle://bob:{SECRET}@h/x"], 1, "is of kind `oracle`"),
        (["sqlite:///a", "sqlite:///b", "sqlite:///c"], 2, "give two URLs at most"),
    ],
)
def test_what_cannot_be_copied_is_told(
    folder: Path, words: list[str], status: int, told: str
) -> None:
    """In words that say what is wrong; nothing is made, and no password is shown."""
    done = newsletter("db", "copy", *words, cwd=folder)

    assert done.returncode == status
    assert told in no_traceback(done)
    assert SECRET not in done.stdout + done.stderr
    assert [path.name for path in folder.glob("*.db")] == ["old.db"]
