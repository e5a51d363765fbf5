"""The tasks: collect → plan → many shards → close, and what comes back.

Each may be done twice: the ledger knows what is done. Each ends in the same state whichever worker
does it, and whichever worker died in the middle of it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import procrastinate
from procrastinate.jobs import Job

from newsletter.day import steps
from newsletter.day.given import Day
from newsletter.day.returns import read_returns
from newsletter.errors import NewsletterError
from newsletter.model import Border, fault_of
from newsletter.work.engine import defer
from newsletter.work.given import Bench
from newsletter.world.days import open_web
from newsletter.world.mailboxes import mailbox_password

AGAIN: Final = {"hours": 1}
"""How long after a run that planned nothing the sources are asked again."""
SOON: Final = dt.timedelta(minutes=1)
"""How long a shard rests whose mail could not leave: the mail server is away, say."""
LONGEST: Final = 600
"""The most seconds between tries of a task that fails."""
RETURNS: Final = "*/5 * * * *"
"""When the mailbox of returns is read, as cron writes it."""
OLD: Final = "17 3 * * *"
"""When jobs that failed are forgotten, as cron writes it."""
KEPT: Final = 24 * 7
"""Hours for which jobs that failed are kept."""

Work = Callable[..., Coroutine[Any, Any, None]]
"""What is done for a task, given its arguments by name."""


class Patient(procrastinate.BaseRetryStrategy):
    """Tries again for ever, less and less often: what fails today may work when it is mended."""

    def get_retry_decision(
        self,
        *,
        exception: BaseException,  # noqa: ARG002  the engine's signature
        job: Job,
    ) -> procrastinate.RetryDecision:
        """Return when to try again: after 2, 4, 8 … seconds, at most ten minutes."""
        seconds = min(LONGEST, 2 ** min(job.attempts + 1, 10))
        return procrastinate.RetryDecision(retry_in={"seconds": seconds})


class Tasks:
    """What is done for each task, with what is on the worker's bench."""

    def __init__(self, app: procrastinate.App, bench: Bench) -> None:
        """Do tasks that `app` hands out."""
        self._app = app
        self._bench = bench

    def _day(self, date: str) -> Day:
        return self._bench.day(dt.date.fromisoformat(date))

    def _is_over(self, day: Day) -> bool:
        """Return whether a later issue is due, which has all papers; jobs may be days old."""
        is_over = day.date < self._bench.day().date
        if is_over:
            told = f"{day.date}: no issue was made, and the next one is due"
            self._bench.say(told, problem=False)
        return is_over

    async def collect(self, date: str) -> None:
        """Ask the sources for the papers of a day, then have its issue planned."""
        day = self._day(date)
        if day.stores.issues.get(day.date) or self._is_over(day):
            return
        await asyncio.to_thread(steps.begin, day)
        async with open_web(day.config, version=self._bench.version) as web:
            collected = await steps.collect(day, web)
        self._bench.say(f"{date}: {collected.new} new papers", problem=False)
        await defer(self._app, "plan", {"date": date, "blind": collected.all_failed})

    async def plan(self, date: str, *, blind: bool) -> None:
        """Make the issue, of which supervision hands out the shards; or ask the sources later."""
        day = self._day(date)
        if day.stores.issues.get(day.date) is None:
            if self._is_over(day):
                return
            self._bench.say(f"{date}: making the issue", problem=False)
            await asyncio.to_thread(steps.make_issue, day, blind=blind)
        if day.stores.issues.get(day.date) is None:
            told = f"{date}: there is nothing to send; sources are asked again in an hour"
            self._bench.say(told, problem=False)
            await defer(self._app, "collect", {"date": date}, schedule_in=AGAIN)
            return
        self._bench.say(f"{date}: planned", problem=False)

    async def send(self, date: str, shard: int) -> None:
        """Send what can be sent of a shard; nothing, when another worker is at it."""
        day, bench = self._day(date), self._bench
        ledger = day.stores.ledger
        await asyncio.to_thread(bench.let_go)
        bench.is_sending = True
        try:
            if not await asyncio.to_thread(ledger.take_shard, day.date, shard, bench.owner):
                return
            sent = await steps.send_shard(day, bench.post(), shard, bench.personal)
            # What is paused is handed out once it is resumed: without a rest, then.
            is_halted = await asyncio.to_thread(ledger.halted, day.date)
            is_away = sent.error and not is_halted
            rest = sent.resume_at or (bench.clock() + SOON if is_away else None)
            await asyncio.to_thread(ledger.leave_shard, day.date, shard, bench.owner, rest)
        except BaseException:
            bench.left_something = True
            raise
        finally:
            bench.is_sending = False
        if sent.outcomes:
            told = ", ".join(f"{count} {state}" for state, count in sorted(sent.outcomes.items()))
            bench.say(f"{date}, shard {shard}: {told}", problem=False)
        if sent.error:
            bench.say(f"{date}, shard {shard}: {sent.error}")

    async def close(self, date: str) -> None:
        """Learn what an issue that is finished tells about addresses."""
        await asyncio.to_thread(steps.learn, self._day(date))
        self._bench.say(f"{date}: finished", problem=False)

    async def read_returns(self, timestamp: int) -> None:
        """Read the mailbox in which mail comes back, if the settings name one."""
        del timestamp
        day = self._bench.day()
        place = day.config.delivering.returns
        if not place:
            return
        password = mailbox_password(day.config)
        try:
            read = await asyncio.to_thread(read_returns, day, place, password)
        except NewsletterError as error:
            self._bench.say(str(error))  # it is read again soon
            return
        if read.messages:
            told = f"{read.messages} mails came back: {len(read.barred)} addresses suppressed"
            self._bench.say(told, problem=False)

    async def forget_jobs(self, timestamp: int) -> None:
        """Delete jobs that failed long ago."""
        del timestamp
        await self._app.job_manager.delete_old_jobs(
            nb_hours=KEPT, include_failed=True, include_cancelled=True, include_aborted=True
        )


def add_tasks(app: procrastinate.App, bench: Bench) -> None:
    """Have the engine know the tasks."""
    tasks, retry = Tasks(app, bench), Patient()
    for work in (tasks.collect, tasks.plan, tasks.send, tasks.close):
        app.task(name=work.__name__, retry=retry)(_told(work, bench))
    periodic: tuple[tuple[Work, str], ...] = (
        (tasks.read_returns, RETURNS),
        (tasks.forget_jobs, OLD),
    )
    for work, when in periodic:
        # One at a time, and none waits while another does.
        name = work.__name__
        task = app.task(name=name, lock=name, queueing_lock=name)(_told(work, bench))
        app.periodic(cron=when)(task)


def _told(work: Work, bench: Bench) -> Work:
    """Return the work; when it fails, the operator is told, and faults of ours are kept."""

    @functools.wraps(work)
    async def done(**given: Any) -> None:
        try:
            await work(**given)
        except NewsletterError as error:
            bench.say(f"{_named(work, given)}: {error}")
            raise
        except Exception as error:
            fault = fault_of(Border.TASK, _named(work, given), error)
            bench.day().folders.faults.keep(fault)
            bench.say(str(fault))
            raise

    return done


def _named(work: Work, given: Mapping[str, Any]) -> str:
    return " ".join((work.__name__, *map(str, given.values())))
