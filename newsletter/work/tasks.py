"""The tasks: collect → plan → many shards → close, and what comes back.

Each may be done twice: the ledger knows what is done. Each ends in the same state whichever worker
does it, and whichever worker died in the middle of it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from typing import Any, Final

import procrastinate
from procrastinate.jobs import Job

from newsletter.config.environment import read_environment
from newsletter.day import steps
from newsletter.day.returns import read_returns
from newsletter.errors import NewsletterError
from newsletter.suppress.imap import PASSWORD
from newsletter.work.engine import defer
from newsletter.work.given import Bench
from newsletter.world.days import open_web

AGAIN: Final = dt.timedelta(hours=1)
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


def add_tasks(app: procrastinate.App, bench: Bench) -> None:
    """Have the engine know the tasks, done with what is on `bench`."""
    retry = Patient()

    @app.task(name="collect", retry=retry, pass_context=False)
    async def collect(date: str) -> None:
        """Ask the sources for the papers of a day, then have its issue planned."""
        day = bench.day(dt.date.fromisoformat(date))
        if day.stores.issues.get(day.date):
            return
        await asyncio.to_thread(steps.begin, day)
        async with open_web(day.config, version=bench.version) as web:
            collected = await steps.collect(day, web)
        bench.say(f"{date}: {collected.new} new papers", problem=False)
        await defer(app, "plan", [{"date": date, "blind": collected.all_failed}])

    @app.task(name="plan", retry=retry)
    async def plan(date: str, blind: bool) -> None:  # noqa: FBT001  jobs have arguments by name
        """Make the issue, and divide it into shards; later again, when there is none."""
        day = bench.day(dt.date.fromisoformat(date))
        if day.stores.issues.get(day.date) is None:
            await asyncio.to_thread(steps.make_issue, day, blind=blind)
        if day.stores.issues.get(day.date) is None:
            await defer(app, "collect", [{"date": date}], schedule_in={"seconds": AGAIN.seconds})
            return
        bench.say(f"{date}: planned", problem=False)
        ready = await asyncio.to_thread(day.stores.ledger.ready_shards, day.date, bench.clock())
        await defer(app, "send", [{"date": date, "shard": shard} for shard in ready])

    @app.task(name="send", retry=retry)
    async def send(date: str, shard: int) -> None:
        """Send what can be sent of a shard; nothing, when another worker is at it."""
        day = bench.day(dt.date.fromisoformat(date))
        ledger = day.stores.ledger
        if not await asyncio.to_thread(ledger.take_shard, day.date, shard, bench.owner):
            return
        rest: dt.datetime | None = bench.clock() + SOON
        try:
            sent = await steps.send_shard(day, bench.post(), shard)
            rest = sent.resume_at or (bench.clock() + SOON if sent.error else None)
            if sent.error:
                bench.say(f"{date}, shard {shard}: {sent.error}")
        finally:
            await asyncio.to_thread(ledger.leave_shard, day.date, shard, bench.owner, rest)

    @app.task(name="close", retry=retry)
    async def close(date: str) -> None:
        """Learn what an issue that is finished tells about addresses."""
        day = bench.day(dt.date.fromisoformat(date))
        await asyncio.to_thread(steps.close, day)
        bench.say(f"{date}: finished", problem=False)

    @app.periodic(cron=RETURNS)
    @app.task(name="read_returns", queueing_lock="read_returns", lock="read_returns")
    async def returns(timestamp: int) -> None:
        """Read the mailbox in which mail comes back, if the settings name one."""
        del timestamp
        day = bench.day()
        place = day.config.delivering.returns
        if not place:
            return
        password = read_environment(day.config.root, os.environ).get(PASSWORD, "")
        try:
            read = await asyncio.to_thread(read_returns, day, place, password)
        except NewsletterError as error:
            bench.say(str(error))  # it is read again soon
            return
        if read.messages:
            told = f"{read.messages} mails came back: {len(read.barred)} addresses suppressed"
            bench.say(told, problem=False)

    @app.periodic(cron=OLD)
    @app.task(name="forget_jobs", queueing_lock="forget_jobs", pass_context=True)
    async def forget_jobs(context: Any, timestamp: int) -> None:
        """Delete jobs that failed long ago."""
        del timestamp
        await context.app.job_manager.delete_old_jobs(
            nb_hours=KEPT, include_failed=True, include_cancelled=True, include_aborted=True
        )

