"""What is done when jobs, tables, connections or versions are not as they should be."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from crews import Crew
from faultserver import fault_server
from makers import NOW, TODAY, make_delivery, plan
from postgres import needs_postgresql, server
from procrastinate.jobs import Status

from newsletter.config.files import load_config
from newsletter.errors import OutdatedError
from newsletter.model import Claim, DeliveryState, Fate
from newsletter.store import SqlLedger
from newsletter.store.ledger import senders
from newsletter.work import engine
from newsletter.work.given import Bench
from newsletter.work.supervision import look
from newsletter.world.following import Followed

pytestmark = needs_postgresql
LEASE = dt.timedelta(minutes=30)


@dataclass
class Quiet:
    """Says nothing."""

    def __call__(self, text: str, *, problem: bool = True) -> None:
        """Say nothing."""


def make_bench(crew: Crew) -> Bench:
    """Return what a worker of the newsletter has, at the moment at which tests plan their issue."""
    crew.write(port=1, readers=2, feed="http://127.0.0.1:1")
    config = load_config(crew.folder / "config", os.environ)
    return Bench(
        settings=Followed(config.folder, config, Quiet()),
        database=crew.database,
        owner="me",
        version="1",
        clock=lambda: NOW,
        stop=asyncio.Event(),
        say=Quiet(),
    )


def put(crew: Crew, *some: tuple[str, Mapping[str, Any]]) -> None:
    """Put jobs into the queue."""

    async def defer() -> None:
        async with engine.make_app(crew.database.engine.url).open_async() as app:
            for task, given in some:
                await engine.defer(app, task, given)

    engine.install(crew.database)
    asyncio.run(defer())


def comment(crew: Crew) -> str:
    """Return of which version the engine's tables are."""
    with crew.database.reading() as connection:
        query = "SELECT obj_description(to_regnamespace('procrastinate'), 'pg_namespace')"
        return str(connection.scalar(sa.text(query)))


def test_shards_without_end_take_one_connection(crew: Crew) -> None:
    """The ledger of a task is that of the next one: a worker may have a thousand shards a day."""
    bench = make_bench(crew)
    plan(crew.database, [make_delivery(f"r{n}") for n in range(20)])

    for _ in range(20):
        ledger = bench.day(TODAY).stores.ledger
        assert ledger.claim(TODAY, owner="me", limit=1, now=NOW, until=NOW + LEASE, shard=0)

    assert len(crew.database.kept) == 1


def test_what_is_given_back_of_a_cancelled_issue_is_given_up(crew: Crew) -> None:
    """Otherwise it would wait until the deadline, and the issue would not be closed before."""
    bench = make_bench(crew)
    plan(crew.database, [make_delivery("ada"), make_delivery("bob")])
    found = bench.ledger.claim(TODAY, owner="me", limit=1, now=NOW, until=NOW + LEASE)
    bench.ledger.cancel(TODAY, NOW)
    bench.ledger.release([Claim(delivery=delivery, owner="me") for delivery in found], NOW)
    assert bench.ledger.counts(TODAY)[DeliveryState.PLANNED] == 1

    look(bench)

    assert bench.ledger.counts(TODAY)[DeliveryState.CANCELLED] == 2
    assert [task.name for task in look(bench) or ()] == ["close"]


def test_jobs_of_days_that_are_over_are_forgotten(crew: Crew, feed: str) -> None:
    """Nobody was there for two days: the papers come in the issue that is due, and in no other."""
    today = dt.datetime.now(dt.UTC).date()
    before = [(today - dt.timedelta(days=days)).isoformat() for days in (2, 1)]
    put(crew, ("collect", {"date": before[1]}), ("plan", {"date": before[0], "blind": False}))
    with fault_server() as smtp:
        crew.write(port=smtp.port, readers=3, feed=feed)
        crew.start()
        crew.until(lambda counts: counts.get("accepted") == 3)
        assert crew.stop() == [0], crew.said()

    with crew.database.reading() as connection:
        jobs = "SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE args->>'date' <> :today"
        assert connection.scalar(sa.text(jobs), {"today": today.isoformat()}) == 0
        assert list(connection.scalars(sa.text("SELECT date FROM issue"))) == [today]


def test_the_engines_tables_are_dropped_while_workers_run(crew: Crew, feed: str) -> None:
    """They are made again, and the jobs as well: the ledger knows what is to be done."""
    with fault_server() as smtp:
        crew.write(port=smtp.port, readers=6_000, feed=feed)
        crew.start(2)
        crew.until(lambda counts: counts.get("accepted", 0) > 200)
        with crew.database.transaction() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {engine.SCHEMA} CASCADE")
        crew.until(lambda counts: counts.get("accepted") == 6_000, 90)
        assert crew.stop() == [0, 0], crew.said()
    assert len(smtp.messages) == 6_000
    assert "does not exist" in crew.said()


def test_two_versions_do_not_take_turns_with_the_engines_tables(crew: Crew, feed: str) -> None:
    """Older tables are replaced; workers that are older than the tables end, and say why."""
    engine.install(crew.database)
    ours = comment(crew)
    with crew.database.transaction() as connection:
        connection.exec_driver_sql(f"COMMENT ON SCHEMA {engine.SCHEMA} IS '3.9.12'")
    engine.install(crew.database)
    assert comment(crew) == ours

    with fault_server() as smtp:
        crew.write(port=smtp.port, readers=3, feed=feed)
        (worker,) = crew.start()
        crew.until(lambda counts: counts.get("accepted") == 3)
        with crew.database.transaction() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {engine.SCHEMA} CASCADE")
            connection.exec_driver_sql(f"CREATE SCHEMA {engine.SCHEMA}")
            connection.exec_driver_sql(f"COMMENT ON SCHEMA {engine.SCHEMA} IS '9.1.0'")
        assert worker.wait(60) == 1
    assert "workers with Procrastinate 9.1.0 use this database" in crew.said()
    assert comment(crew) == "9.1.0"
    with pytest.raises(OutdatedError, match="upgrade this program"):
        engine.install(crew.database)


def test_two_workers_give_up_the_same_jobs(crew: Crew) -> None:
    """Neither is disturbed by what the other one has ended before it."""
    put(crew, *(("send", {"date": "2026-03-17", "shard": number}) for number in range(30)))

    async def give_up() -> int:
        async with engine.make_app(crew.database.engine.url).open_async() as app:
            await asyncio.to_thread(_as_of_a_dead_worker, crew)
            await asyncio.gather(engine.give_up_stalled(app), engine.give_up_stalled(app))
            return len([*await app.job_manager.list_jobs_async(status=Status.DOING.value)])

    assert asyncio.run(give_up()) == 0


def _as_of_a_dead_worker(crew: Crew) -> None:
    with crew.database.transaction() as connection:
        connection.exec_driver_sql(f"SET LOCAL search_path TO {engine.SCHEMA}")
        connection.exec_driver_sql("UPDATE procrastinate_jobs SET status = 'doing'")


def test_a_sender_whose_connection_is_cut_is_not_dead(crew: Crew) -> None:
    """It comes back before anybody believes that it is gone."""
    lock = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = {senders._OURS}"
    ours = "AND database = (SELECT oid FROM pg_database WHERE datname = '{}')"
    ours = ours.format(crew.database.engine.url.database)
    fates: set[Fate] = set()
    end = asyncio.Event()

    async def watch() -> None:
        while not end.is_set():
            with crew.database.transaction() as connection:
                fates.add(senders.fates(connection)["me"])
            await asyncio.sleep(0.02)

    async def cut() -> None:
        for _ in range(3):
            await asyncio.sleep(2.5)
            cutting = f"SELECT pg_terminate_backend(pid) FROM ({lock} {ours}) AS held"
            await asyncio.to_thread(server().execute, cutting)
        await asyncio.sleep(2.5)
        end.set()

    async def both() -> None:
        await asyncio.gather(watch(), cut())

    with senders.pulse(crew.database, "me"):
        asyncio.run(both())
    assert fates == {Fate.ALIVE}


def test_what_was_paused_goes_on_at_once(crew: Crew, feed: str) -> None:
    """Its shards have no rest, as those have whose mail server is away."""
    today = dt.datetime.now(dt.UTC).date()
    with fault_server() as smtp:
        crew.write(port=smtp.port, readers=3_500, feed=feed)
        crew.start()
        crew.until(lambda counts: counts.get("accepted", 0) > 100)
        ledger = SqlLedger(crew.database)
        ledger.pause(today, "paused by the operator", NOW)
        crew.until(lambda counts: set(counts) == {"accepted", "planned"})
        time.sleep(1)  # whoever had a shard has given it back
        ready = "SELECT count(*) FROM shard WHERE sender IS NULL AND ready_at > now()"
        with crew.database.reading() as connection:
            assert connection.scalar(sa.text(ready)) == 0
        ledger.resume(today)
        crew.until(lambda counts: counts.get("accepted") == 3_500)
        assert crew.stop() == [0], crew.said()
    assert len(smtp.messages) == 3_500
