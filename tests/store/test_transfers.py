"""Everything of a database comes into another one of either kind, or nothing does."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import Phase, given, settings
from makers import NOW, TODAY, make_delivery, make_paper, plan
from postgres import BACKEND, BOTH, needs_postgresql
from rows import contents, every_table, fill

from newsletter.errors import StoreError
from newsletter.store import (
    Database,
    Identity,
    PaperStore,
    Query,
    SearchStore,
    SqlLedger,
    Transferred,
    connect,
    open_database,
    recognise,
    replace,
)
from newsletter.store.tables import identities, metadata, notices, papers, picks
from newsletter.store.transfers import Sum


def opened(kind: str, folder: Path, name: str) -> Database:
    """Open a database of a kind."""
    url = BACKEND.url(folder, name) if kind == "postgresql" else f"sqlite:///{name}.db"
    return BACKEND.opened(open_database(url, folder))


def ignore(_done: int, _all: int) -> None:
    pass


@pytest.fixture(params=BOTH, ids=lambda kind: f"to-{kind}")
def pair(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> tuple[Database, Database]:
    """Return two databases, of each kind to each kind."""
    return opened(backend, tmp_path, "source"), opened(request.param, tmp_path, "target")


def plain(value: Any) -> Any:
    """Return what PostgreSQL keeps of a value: no NUL in texts."""
    return value.replace("\0", "") if isinstance(value, str) else value


@pytest.fixture(params=BOTH, ids=lambda kind: f"to-{kind}", scope="module")
def pair_of_many(
    request: pytest.FixtureRequest, backend: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Database, Database]:
    folder = tmp_path_factory.mktemp("pair")
    return opened(backend, folder, "source"), opened(request.param, folder, "target")


@settings(max_examples=10, phases=[Phase.generate])
@given(rows=every_table())
def test_all_that_is_in_every_table_arrives(
    pair_of_many: tuple[Database, Database], rows: dict[str, Any]
) -> None:
    """Whatever stands in a column: every letter, moments of all years, nothing, JSON of any depth."""
    source, target = pair_of_many
    fill(source, rows)
    with target.transaction() as connection:
        connection.execute(identities.delete())  # it is of another newsletter

    done = replace(source, target, force=True, on_rows=ignore)

    assert {table.table for table in done} == set(metadata.tables)
    assert all(table.is_same and table.source.rows for table in done), done
    found, known = contents(target), contents(source)
    for name, there in known.items():
        expected = [{key: plain(value) for key, value in row.items()} for row in there]
        if not target.is_postgresql:
            expected = there
        assert found[name] == expected, name


def test_a_checksum_notices_every_change(pair: tuple[Database, Database]) -> None:
    """One value of one column of one row, in any table."""
    source, target = pair
    keep_some(source)
    before = sums(replace(source, target, force=False, on_rows=ignore))
    with source.transaction() as connection:
        connection.execute(
            papers.update().where(papers.c.id == make_paper(2).id).values(data={"title": "x"})
        )
        connection.execute(notices.update().values(next_at=NOW + dt.timedelta(microseconds=1)))

    after = sums(replace(source, target, force=True, on_rows=ignore))

    assert {name for name in after if after[name] != before[name]} == {"paper", "notice"}


def test_the_copy_goes_on_as_the_original_would(pair: tuple[Database, Database]) -> None:
    """Papers are found by their words, new rows get numbers of their own, and mail goes out."""
    source, target = pair
    keep_some(source)
    replace(source, target, force=False, on_rows=ignore)

    found = SearchStore(target).find(Query(words="case2b"), limit=5)
    assert [paper.id for paper in found.papers] == [make_paper(2).id]
    PaperStore(target).save([make_paper(3)], NOW)
    assert SearchStore(target).find(Query(words="case3b"), limit=5).total == 1
    with target.transaction() as connection:
        connection.execute(notices.insert().values(**NOTICE))
        assert connection.scalars(sa.select(notices.c.number)).all() == [41, 42]
    claimed = SqlLedger(target).claim(
        TODAY, owner="me", limit=9, now=NOW, until=NOW + dt.timedelta(hours=1)
    )
    assert sorted(delivery.subscriber for delivery in claimed) == ["id-ada", "id-bob"]


def test_what_is_there_stays_unless_it_is_to_be_replaced(pair: tuple[Database, Database]) -> None:
    """A target with anything in it is refused; by force, nothing of it is left."""
    source, target = pair
    keep_some(source)
    PaperStore(target).save([make_paper(7)], NOW)
    there = contents(target)

    with pytest.raises(StoreError, match="is not empty; --force replaces what is there"):
        replace(source, target, force=False, on_rows=ignore)
    assert contents(target) == there

    replace(source, target, force=True, on_rows=ignore)
    assert contents(target) == contents(source)
    assert SearchStore(target).find(Query(words="case7b"), limit=5).total == 0


def test_what_arrives_changed_is_told_and_undone(pair: tuple[Database, Database]) -> None:
    """A trigger of the target changes a row: its table differs, and the target stays as it was."""
    source, target = pair
    keep_some(source)
    PaperStore(target).save([make_paper(7)], NOW)
    with target.transaction() as connection:
        for statement in MEDDLING[target.is_postgresql]:
            connection.exec_driver_sql(statement)
    there = contents(target)

    done = replace(source, target, force=True, on_rows=ignore)

    assert [table.table for table in done if not table.is_same] == ["subscriber"]
    assert contents(target) == there
    assert SearchStore(target).find(Query(words="case7b"), limit=5).total == 1


MEDDLING = {
    False: (
        """CREATE TRIGGER meddle AFTER INSERT ON subscriber WHEN new.id = 'id-bob' BEGIN
 UPDATE subscriber SET name = 'Rob' WHERE id = new.id; END""",
    ),
    True: (
        """CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS
 $$ BEGIN IF new.id = 'id-bob' THEN new.name = 'Rob'; END IF; RETURN new; END $$""",
        """CREATE TRIGGER meddle BEFORE INSERT ON subscriber
 FOR EACH ROW EXECUTE FUNCTION meddle()""",
    ),
}


def test_a_number_that_does_not_come_true_is_not_reused(pair: tuple[Database, Database]) -> None:
    """After a copy that was undone, new rows of the target still get numbers of their own."""
    source, target = pair
    with target.transaction() as connection:
        connection.execute(notices.insert(), [NOTICE] * 5)
        last = connection.scalar(sa.select(sa.func.max(notices.c.number)))
        for statement in MEDDLING[target.is_postgresql]:
            connection.exec_driver_sql(statement)
    keep_some(source)
    with source.transaction() as connection:
        connection.execute(notices.update().values(number=1))
    done = replace(source, target, force=True, on_rows=ignore)
    assert not all(table.is_same for table in done)

    with target.transaction() as connection:
        connection.execute(notices.insert().values(**NOTICE))
        assert connection.scalar(sa.select(sa.func.max(notices.c.number))) == last + 1


def test_a_table_that_is_added_later_is_copied_too(pair: tuple[Database, Database]) -> None:
    """What is copied is what `metadata` has, in an order in which keys find what they name."""
    source, target = pair
    later = sa.Table(
        "later",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date")),
    )
    try:
        keep_some(source)
        for database in pair:
            with database.transaction() as connection:
                later.create(connection)
        with source.transaction() as connection:
            connection.execute(later.insert().values(number=5, issue=TODAY))

        done = replace(source, target, force=False, on_rows=ignore)

        assert next(table.target.rows for table in done if table.table == "later") == 1
        assert contents(target)["later"] == [{"number": 5, "issue": TODAY}]
    finally:
        metadata.remove(later)


def test_json_goes_as_it_is_written(pair: tuple[Database, Database]) -> None:
    """The order of keys, numbers of any size, letters in any form."""
    source, target = pair
    text = '{"b": 1.50, "a": 12345678901234567890123, "\\u0000": "\\ud83d", "b2": 1e400, "é": []}'
    with source.transaction() as connection:
        write = sa.text(
            "INSERT INTO paper (id, data, first_seen) VALUES ('x', :data, '2026-03-17 06:00:00')"
        )
        connection.execute(write, {"data": text})

    done = replace(source, target, force=False, on_rows=ignore)

    assert all(table.is_same for table in done)
    with target.reading() as connection:
        assert connection.scalar(sa.select(sa.cast(papers.c.data, sa.Text()))) == text


def test_what_only_one_of_them_keeps_is_no_difference(pair: tuple[Database, Database]) -> None:
    """PostgreSQL keeps no NUL in a text, and JSONB no order of keys; SQLite has no minus zero."""
    source, target = pair
    keep_some(source)
    with source.transaction() as connection:
        pick = picks.insert().values(
            issue=TODAY, number=0, paper="x\0y", topic="\\x00", score=-0.0, data={"b": 1, "a": "\0"}
        )
        connection.execute(pick)
    for database in pair:
        if database.is_postgresql:
            with database.transaction() as connection:
                connection.exec_driver_sql("ALTER TABLE paper ALTER COLUMN data TYPE JSONB")

    done = replace(source, target, force=False, on_rows=ignore)

    assert [table.table for table in done if not table.is_same] == []
    with target.reading() as connection:
        row = connection.execute(sa.select(picks)).one()
        kept = "xy" if source.is_postgresql or target.is_postgresql else "x\0y"
        assert (row.paper, row.topic, row.data) == (kept, "\\x00", {"b": 1, "a": "\0"})


def test_nobody_writes_into_what_is_replaced(pair: tuple[Database, Database]) -> None:
    """Whoever tries meanwhile waits; what is written is not lost between two moments."""
    source, target = pair
    keep_some(source)
    blocked: list[bool] = []

    def look(_done: int, _all: int) -> None:
        with target.engine.connect() as other:
            if not target.is_postgresql:
                driver: Any = other.connection.driver_connection
                driver.execute("PRAGMA busy_timeout = 50")
            try:
                with other.begin():
                    if target.is_postgresql:
                        other.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
                    other.execute(papers.delete())
            except sa.exc.OperationalError:
                blocked.append(True)
            other.invalidate()

    replace(source, target, force=False, on_rows=look)

    assert blocked
    assert contents(target) == contents(source)


@pytest.mark.sqlite
@needs_postgresql
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE paper SET data = '{\"x\": NaN}'", "`paper`: invalid input syntax for type json"),
        ("UPDATE subscriber SET hour = 3000000000", "`subscriber`: integer out of range"),
        ("UPDATE subscriber SET changed_at = 'soon'", "`subscriber`: .*soon"),
        ("UPDATE subscriber SET consent_at = x'ff'", "`subscriber`: .*"),
    ],
)
def test_what_the_other_database_cannot_keep_is_told(
    tmp_path: Path, change: str, told: str
) -> None:
    """The table is named, nothing is written, and it is no fault of this program."""
    source, target = opened("sqlite", tmp_path, "source"), opened("postgresql", tmp_path, "target")
    keep_some(source)
    with source.transaction() as connection:
        connection.exec_driver_sql(change)

    with pytest.raises(StoreError, match=told):
        replace(source, target, force=False, on_rows=ignore)

    assert not any(
        rows for name, rows in contents(target).items() if name not in ("schema", "identity")
    )


def test_an_empty_source_is_refused(backend: str, tmp_path: Path) -> None:
    """Also one of which the tables are not there yet, and one of an older version."""
    target = opened(backend, tmp_path, "target")
    keep_some(target)
    there = contents(target)
    bare = connect("sqlite:///bare.db", tmp_path)
    with bare, pytest.raises(StoreError, match="there is nothing of a newsletter in it"):
        replace(bare, target, force=True, on_rows=ignore)
    old = opened("sqlite", tmp_path, "old")
    with old.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0010'")
    with pytest.raises(StoreError, match=r"is 0010, and .*; run `newsletter db upgrade` first"):
        replace(old, target, force=True, on_rows=ignore)

    assert contents(target) == there


def test_the_database_of_another_newsletter_is_not_replaced(
    pair: tuple[Database, Database],
) -> None:
    """Not by force either; a newsletter that has moved or was renamed is the same."""
    source, target = pair
    keep_some(source)
    ours = Identity(name="Daily", sender="p@example.org", folder="/here/config")
    recognise(source, ours, lambda _folder: False)
    for theirs in (dataclasses.replace(ours, folder="/b"), dataclasses.replace(ours, name="B")):
        with target.transaction() as connection:
            connection.execute(identities.delete())
        recognise(target, theirs, lambda _folder: False)
        replace(source, target, force=True, on_rows=ignore)
    other = Identity(name="Weekly", sender="w@example.org", folder="/there/config")
    with target.transaction() as connection:
        connection.execute(identities.delete())
    recognise(target, other, lambda _folder: False)
    there = contents(target)

    with pytest.raises(StoreError, match=r"belongs to “Weekly”.* and .* to “Daily”"):
        replace(source, target, force=True, on_rows=ignore)

    assert contents(target) == there


def test_progress_reaches_its_end(pair: tuple[Database, Database]) -> None:
    """Each row counts twice: when it is written, and when it is compared."""
    source, target = pair
    keep_some(source)
    told: list[tuple[int, int]] = []

    done = replace(source, target, force=False, on_rows=lambda *both: told.append(both))

    rows = sum(table.source.rows for table in done)
    assert told[-1] == (2 * rows, 2 * rows)
    assert [count for count, _ in told] == sorted(count for count, _ in told)


NOTICE = {
    "subscriber": "id-ada", "kind": "welcome", "state": "waiting", "attempt": 0, "made_at": NOW,
    "next_at": NOW,
}  # fmt: skip


def keep_some(database: Database) -> None:
    """Keep papers, readers, an issue and a notice."""
    PaperStore(database).save([make_paper(1), make_paper(2)], NOW)
    plan(database, [make_delivery("ada"), make_delivery("bob")])
    with database.transaction() as connection:
        connection.execute(notices.insert().values(number=41, **NOTICE))


def sums(done: tuple[Transferred, ...]) -> dict[str, Sum]:
    return {table.table: table.target for table in done}
