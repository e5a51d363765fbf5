"""What the ledger asks for becomes jobs: those that are missing, and no others."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from crews import Crew
from faultserver import fault_server
from makers import make_delivery, plan
from postgres import needs_postgresql
from procrastinate.jobs import Job

from newsletter.config.files import load_config
from newsletter.model import Claim, DeliveryState, Outcome, Settlement
from newsletter.store import SqlLedger
from newsletter.work.engine import install, jobs, make_app
from newsletter.work.given import Bench
from newsletter.work.supervision import look, supervise
from newsletter.work.tasks import LONGEST, Patient, add_tasks
from newsletter.world.following import Followed

pytestmark = needs_postgresql
TODAY = dt.date(2026, 3, 17)
NOW = dt.datetime(2026, 3, 17, 7, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def bench(crew: Crew) -> Iterator[Bench]:
    """Return the bench of a worker that is not running, at seven in the morning."""
    with fault_server() as server:
        crew.write(port=server.port, readers=1, feed="http://127.0.0.1:9")
        config = load_config(crew.folder / "config", {})
        install(crew.database)

        def say(text: str, *, problem: bool = True) -> None:
            raise AssertionError((text, problem))

        yield Bench(
            settings=Followed(config.folder, config, say), database=crew.database, owner="me",
            version="0", clock=lambda: NOW, stop=asyncio.Event(), say=say,
        )  # fmt: skip


def quietly(text: str, *, problem: bool = True) -> None:
    """Say nothing."""
    assert text
    assert not problem


def wanted(bench: Bench) -> list[str]:
    """Return what is to be done, in a few words."""
    return [" ".join((task.name, *map(str, task.given.values()))) for task in look(bench) or ()]


def waiting(bench: Bench, times: int = 1) -> list[str]:
    """Return which jobs wait after so many looks."""

    async def work() -> list[str]:
        app = make_app(bench.database.engine.url)
        add_tasks(app, bench)
        async with app.open_async():
            for _ in range(times):
                await supervise(app, bench)
            return [f"{job.task_name} {job.task_kwargs}" for job in await jobs(app)]

    return asyncio.run(work())


def test_an_issue_that_is_due_is_collected_once(bench: Bench) -> None:
    """However often, and by however many, it is looked for."""
    assert wanted(bench) == ["collect 2026-03-17"]
    assert waiting(bench, times=3) == ["collect {'date': '2026-03-17'}"]


def test_ready_shards_are_sent_and_those_at_which_somebody_is_are_not(bench: Bench) -> None:
    """A shard is free again when its sender is dead, and rests when its mail could not leave."""
    plan(bench.database, [make_delivery("ada")])
    ledger = SqlLedger(bench.database)
    assert wanted(bench) == ["send 2026-03-17 0"]

    assert ledger.take_shard(TODAY, 0, "somebody")
    with bench.database.transaction() as connection:
        connection.execute(
            sa.text("INSERT INTO sender VALUES ('somebody', timezone('UTC', clock_timestamp()))")
        )
    assert wanted(bench) == []

    # After a start of the server, everybody is given time to come back.
    with bench.database.transaction() as connection:
        connection.exec_driver_sql(
            "SELECT pg_sleep(extract(epoch FROM pg_postmaster_start_time() - now()) + 11)"
        )
        connection.exec_driver_sql("UPDATE sender SET seen_at = seen_at - interval '1 minute'")
    assert wanted(bench) == ["send 2026-03-17 0"]

    assert ledger.take_shard(TODAY, 0, "me")
    ledger.leave_shard(TODAY, 0, "me", NOW + HOUR)
    assert wanted(bench) == []


def test_what_a_dead_run_held_is_free_at_once(bench: Bench) -> None:
    """`newsletter run` beside workers takes no shard: its leases would last for half an hour."""
    plan(bench.database, [make_delivery("ada"), make_delivery("bo")])
    ledger = SqlLedger(bench.database)
    (first, _) = ledger.claim(TODAY, owner="run", limit=9, now=NOW, until=NOW + HOUR)
    ledger.record([Claim(delivery=first, owner="run")], [], NOW)
    assert wanted(bench) == []
    with bench.database.transaction() as connection:
        connection.exec_driver_sql(
            "SELECT pg_sleep(extract(epoch FROM pg_postmaster_start_time() - now()) + 11)"
        )
        connection.exec_driver_sql(
            "INSERT INTO sender VALUES"
            " ('run', timezone('UTC', clock_timestamp()) - interval '1 minute')"
        )

    assert wanted(bench) == []
    assert wanted(bench) == ["send 2026-03-17 0"]
    counts = ledger.counts(TODAY)
    assert (counts[DeliveryState.PLANNED], counts[DeliveryState.UNKNOWN]) == (1, 1)
    with bench.database.reading() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM sender")) == 0


@pytest.mark.parametrize("halt", ["pause", "cancel"])
def test_nothing_is_sent_of_a_halted_issue(bench: Bench, halt: str) -> None:
    """Paused, it waits; cancelled, it is finished, and what it tells is learnt."""
    plan(bench.database, [make_delivery("ada")])
    ledger = SqlLedger(bench.database)
    if halt == "pause":
        ledger.pause(TODAY, "paused", NOW)
        assert wanted(bench) == []
    else:
        ledger.cancel(TODAY, NOW)
        assert wanted(bench) == ["close 2026-03-17"]


def test_a_finished_issue_is_closed_once(bench: Bench) -> None:
    """The last delivery is settled: what became of them is learnt, and not asked for again."""
    plan(bench.database, [make_delivery("ada")])
    ledger = SqlLedger(bench.database)
    (delivery,) = ledger.claim(TODAY, owner="me", limit=9, now=NOW, until=NOW + HOUR)
    claim = Claim(delivery=delivery, owner="me")
    ledger.record([claim], [], NOW)
    accepted = Outcome(state=DeliveryState.ACCEPTED, code=250, reason="taken")
    ledger.record([], [Settlement(claim=claim, outcome=accepted)], NOW)

    assert wanted(bench) == ["close 2026-03-17"]
    app = make_app(bench.database.engine.url)
    add_tasks(app, bench)
    bench.say = quietly
    asyncio.run(app.tasks["close"].func(date="2026-03-17"))
    assert wanted(bench) == []


def test_only_one_worker_looks_at_a_time(bench: Bench) -> None:
    """Another one that looks meanwhile leaves it at that."""
    with bench.database.alone("supervise") as is_first:
        assert is_first
        assert look(bench) is None


def test_the_engine_is_made_anew_for_another_version(bench: Bench) -> None:
    """Its jobs follow from the ledger, so nothing is lost with its tables."""
    assert waiting(bench) == ["collect {'date': '2026-03-17'}"]
    install(bench.database)
    assert waiting(bench, times=0) == ["collect {'date': '2026-03-17'}"]
    with bench.database.transaction() as connection:
        connection.exec_driver_sql("COMMENT ON SCHEMA procrastinate IS '2.0'")
    install(bench.database)
    assert waiting(bench, times=0) == []
    assert waiting(bench) == ["collect {'date': '2026-03-17'}"]


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2), (1, 4), (5, 64), (50, LONGEST)])
def test_what_fails_is_tried_again_less_and_less_often(attempts: int, seconds: int) -> None:
    """For ever, but at least every ten minutes."""
    job: Any = Job(
        id=1, queue="default", lock=None, queueing_lock=None, task_name="plan", attempts=attempts
    )
    decision = Patient().get_retry_decision(exception=ValueError(), job=job)
    assert decision.retry_at is not None
    left = (decision.retry_at - dt.datetime.now(dt.UTC)).total_seconds()
    assert seconds - 5 < left <= seconds
