"""PostgreSQL's ledger is a table for each month, and a month that is over goes as a whole."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from makers import NOW, TODAY, make_delivery, make_issue, open_test_database, plan
from postgres import IN_ONE_TABLE, needs_postgresql, using

from newsletter.model import DeliveryState
from newsletter.store import Database, Retention, SqlLedger, TallyStore
from newsletter.store.migrations.runner import prepare
from newsletter.store.partitions import drop_months, make_months, next_month
from newsletter.store.retention import Cutoffs
from newsletter.store.tables import deliveries, metadata

pytestmark = [needs_postgresql, pytest.mark.postgresql]
APRIL = dt.date(2026, 4, 1)


@pytest.fixture(scope="module", autouse=True)
def backend() -> Iterator[None]:
    """Have all of this file run on PostgreSQL."""
    with using("postgresql"):
        yield


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_test_database(tmp_path)


def months(database: Database) -> list[str]:
    query = (
        "SELECT relid::regclass::text FROM pg_partition_tree('delivery') WHERE isleaf ORDER BY 1"
    )
    with database.reading() as connection:
        return list(connection.scalars(sa.text(query)))


def plan_two(database: Database) -> SqlLedger:
    """Plan an issue in March and one in April, each for the same reader."""
    for number, date in enumerate((TODAY, APRIL), 1):
        plan(
            database, [make_delivery("ada", issue=date)], issue=make_issue(date=date, number=number)
        )
    return SqlLedger(database)


def test_an_issue_is_in_the_table_of_its_month(database: Database) -> None:
    """Which is made when the first of the month is planned, with room for updates."""
    plan_two(database)

    assert months(database) == ["delivery_2026_03", "delivery_2026_04"]
    with database.reading() as connection:
        for month, date in (("03", TODAY), ("04", APRIL)):
            rows = connection.exec_driver_sql(f"SELECT issue FROM delivery_2026_{month}").all()
            assert [row.issue for row in rows] == [date]
        options = connection.exec_driver_sql(
            "SELECT DISTINCT reloptions::text FROM pg_class WHERE relname LIKE 'delivery_2026___'"
        ).all()
        assert [tuple(row) for row in options] == [("{fillfactor=50}",)]
        total = connection.scalar(sa.select(sa.func.count()).select_from(deliveries))
        assert total == 2


def test_months_end_at_their_last_day(database: Database) -> None:
    """December ends with the year, and no day is without a table."""
    assert next_month(dt.date(2026, 12, 31)) == dt.date(2027, 1, 1)
    assert next_month(dt.date(2024, 2, 1)) == dt.date(2024, 3, 1)
    days = [dt.date(2026, 12, 31), dt.date(2027, 1, 1), dt.date(2028, 2, 29)]
    for number, date in enumerate(days, 1):
        plan(
            database, [make_delivery("ada", issue=date)], issue=make_issue(date=date, number=number)
        )
    assert months(database) == ["delivery_2026_12", "delivery_2027_01", "delivery_2028_02"]


def test_a_month_is_made_once_by_many(database: Database) -> None:
    """Workers that plan at the same moment do not get in each other's way."""
    errors: list[Exception] = []

    def make() -> None:
        try:
            with database.transaction() as connection:
                make_months(connection, [TODAY, APRIL])
        except Exception as error:  # noqa: BLE001  told below
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert months(database) == ["delivery_2026_03", "delivery_2026_04"]


def test_a_month_is_made_while_another_is_sent(database: Database) -> None:
    """Nobody waits for those who have written deliveries and have not ended yet."""
    ledger = plan_two(database)
    with database.transaction() as busy:
        busy.execute(deliveries.update().values(changed_at=NOW))
        busy.exec_driver_sql("SELECT * FROM issue")
        with database.transaction() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            make_months(connection, [dt.date(2026, 5, 1)])
    assert "delivery_2026_05" in months(database)
    assert ledger.counts(TODAY)[DeliveryState.PLANNED] == 1


def keep(database: Database, before: dt.date) -> int:
    """Delete what is before a date; return how many deliveries."""
    gone = Retention(database, lambda: None).forget(
        Cutoffs(ledger=before), before, liked=tuple, sources=(), services=()
    )
    return gone.deliveries


def test_a_month_that_is_over_goes_with_its_table(database: Database) -> None:
    """Not one of which something is kept, nor the one that has not ended yet."""
    ledger = plan_two(database)
    ledger.cancel(TODAY, NOW)
    may = dt.date(2026, 5, 2)

    assert keep(database, may) == 0  # neither is closed
    assert len(months(database)) == 2

    TallyStore(database).close(may)
    assert keep(database, TODAY) == 0
    assert keep(database, dt.date(2026, 3, 31)) == 1  # deleted, and March has not ended
    assert len(months(database)) == 2
    assert keep(database, APRIL) == 0
    assert months(database) == ["delivery_2026_04"]
    assert ledger.counts(TODAY)[DeliveryState.CANCELLED] == 1
    assert ledger.counts(APRIL)[DeliveryState.PLANNED] == 1
    # A month that was dropped comes back for whoever plans an old issue.
    old = dt.date(2026, 3, 2)
    plan(database, [make_delivery("ada", issue=old)], issue=make_issue(date=old, number=9))
    assert len(months(database)) == 2


def test_who_reads_a_month_for_long_keeps_it(database: Database) -> None:
    """Nobody waits: it goes with the next run."""
    ledger = plan_two(database)
    ledger.cancel(TODAY, NOW)
    TallyStore(database).close(APRIL)
    with database.reading() as reader:
        reader.exec_driver_sql("SELECT * FROM delivery")
        assert keep(database, APRIL) == 1
        assert len(months(database)) == 2
    assert keep(database, APRIL) == 0
    assert months(database) == ["delivery_2026_04"]


def test_a_ledger_in_one_table_is_divided(database: Database) -> None:
    """As revision 12 had it: everything in it is kept, and claimed as before."""
    ledger = plan_two(database)
    before = ledger.deliveries(TODAY) + ledger.deliveries(APRIL)
    with database.transaction() as connection:
        for statement in (
            *IN_ONE_TABLE,
            "ALTER TABLE shard DROP COLUMN active_until",
            "ALTER TABLE subscriber DROP COLUMN cadence",
            "ALTER TABLE identity DROP COLUMN program",
            "DROP TABLE draft",
            "DROP TABLE sentence",
            "UPDATE alembic_version SET version_num = '0012'",
        ):
            connection.exec_driver_sql(statement)
    with database.transaction() as connection:
        prepare(connection, metadata)

    assert months(database) == ["delivery_2026_03", "delivery_2026_04"]
    assert ledger.deliveries(TODAY) + ledger.deliveries(APRIL) == before
    until = NOW + dt.timedelta(hours=1)
    assert len(ledger.claim(APRIL, owner="me", limit=9, now=NOW, until=until)) == 1
    plan_later = make_issue(date=dt.date(2026, 5, 1), number=9)
    assert plan(database, [make_delivery("ada", issue=plan_later.date)], issue=plan_later)


def test_sqlite_has_no_months(tmp_path: Path) -> None:
    """Asked for, nothing is done."""
    with (
        using("sqlite"),
        open_test_database(tmp_path, "other.db") as database,
        database.transaction() as connection,
    ):
        make_months(connection, [TODAY])
        assert drop_months(connection, APRIL) == 0
        assert "delivery_2026_03" not in sa.inspect(connection).get_table_names()
