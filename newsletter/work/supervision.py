"""Supervision: the ledger says what is to be done, and jobs that are missing are made again.

Every worker looks, one at a time. So a worker that died, a job that was lost and an issue that
becomes due are noticed by whoever is there, within a second or two.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import procrastinate
from procrastinate.jobs import Status

from newsletter.day import steps
from newsletter.day.given import Day
from newsletter.errors import StoreError
from newsletter.model import Border, IssueState, fault_of
from newsletter.send.pace import DEADLINE
from newsletter.work.engine import LOST, defer, give_up_stalled, jobs
from newsletter.work.given import Bench

EVERY: Final = 1.0
"""Seconds between looks."""
LATELY: Final = dt.timedelta(days=7)
"""How far back issues are looked for that nobody has closed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task that is to be done."""

    name: str
    date: dt.date
    shard: int | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What the task is given, as JSON."""
        shard = {} if self.shard is None else {"shard": self.shard}
        return {"date": self.date.isoformat(), **shard}


async def supervise(app: procrastinate.App, bench: Bench) -> None:
    """Look once, and have done what is missing."""
    wanted = await asyncio.to_thread(look, bench)
    if wanted is None:
        return
    await give_up_stalled(app)
    known = {
        (job.task_name, job.task_kwargs.get("date"), job.task_kwargs.get("shard"))
        for job in await jobs(app)
        # Of a shard the ledger knows who is at it; the job of a worker that died is there for long.
        if job.task_name != "send" or job.status == Status.TODO.value
    }
    # A plan follows its collection, which must not begin again meanwhile.
    known |= {("collect", date, shard) for name, date, shard in known if name == "plan"}
    for task in wanted:
        if (task.name, task.given["date"], task.shard) not in known:
            await defer(app, task.name, task.given)


def look(bench: Bench) -> tuple[Task, ...] | None:
    """Return what the ledger asks for; None while another worker looks.

    Shards of workers that died are free afterwards. Raises StoreError when the database cannot be
    used.
    """
    bench.let_go()
    with bench.database.alone("supervise") as is_first:
        return tuple(_wanted(bench)) if is_first else None


def _wanted(bench: Bench) -> Iterator[Task]:
    day, now = bench.day(), bench.clock()
    if day.config.missing:
        return
    stores = day.stores
    if stores.issues.get(day.date) is None:
        yield Task(name="collect", date=day.date)
    unfinished = stores.issues.unfinished(day.date + dt.timedelta(days=1))
    for date in unfinished:
        yield from _shards(day, date, now, bench)
    stores.ledger.bury_dead(unfinished, now)
    lately = {date for date in stores.issues.dates() if date >= day.date - LATELY}
    for date in sorted(lately.difference(unfinished, steps.learnt(day, lately))):
        yield Task(name="close", date=date)


def _shards(day: Day, date: dt.date, now: dt.datetime, bench: Bench) -> Iterator[Task]:
    ledger, issue = day.stores.ledger, day.stores.issues.get(date)
    if issue is None or issue.planned_at is None:
        return
    ledger.free_shards(date, now, bench.fate_of)
    if bench.may_expire(date):
        ledger.expire(date, now=now, deadline=issue.planned_at + DEADLINE)
    state = ledger.state(date)
    if state is IssueState.CANCELLED:  # what a sender held then is given up when it is given back
        ledger.cancel(date, now)
    if state is IssueState.PLANNED:
        for shard in ledger.ready_shards(date, now):
            yield Task(name="send", date=date, shard=shard)


async def keep_supervising(app: procrastinate.App, bench: Bench) -> None:
    """Look again and again, until stopped.

    A fault of ours is told, and the next look is another try. Raises StoreError, or what the engine
    raises, when the database is away.
    """
    told = ""
    while not bench.stop.is_set():
        try:
            await supervise(app, bench)
        except (*LOST, StoreError):
            raise
        except Exception as error:  # noqa: BLE001  border: one issue must not stop the others
            fault = fault_of(Border.TASK, "supervision", error)
            if str(fault) != told:
                told = str(fault)
                bench.day().folders.faults.keep(fault)
                bench.say(told)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bench.stop.wait(), EVERY)
