"""One worker: it does tasks until it is told to stop, and outlives a restart of the database."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import procrastinate

from newsletter.errors import OutdatedError, StoreError
from newsletter.work.engine import DONE, HEARTBEAT, LOST, STALLED, install, make_app
from newsletter.work.given import Bench
from newsletter.work.supervision import keep_supervising
from newsletter.work.tasks import add_tasks

GRACE: Final = 120.0
"""Seconds in which a worker that is told to stop may end what it does."""
LONGEST: Final = 30.0
"""The most seconds between tries to reach a database that is away."""
STEADY: Final = 60.0
"""Seconds after which the database counts as there again: the next time is a first time."""


async def work(bench: Bench) -> None:
    """Do tasks until `bench.stop` is set; then end what has been begun.

    While the database is away, it is looked for again and again. Raises StoreError when it cannot
    be used at the start, and OutdatedError once workers of a newer version use it.
    """
    await asyncio.to_thread(install, bench.database)
    loop, tries, is_away = asyncio.get_running_loop(), 0, False
    with bench.ledger.pulse(bench.owner):
        while True:
            began = loop.time()
            try:
                # Perhaps the engine's tables are gone, or new.
                await asyncio.to_thread(install, bench.database)
                if is_away:
                    bench.say("the database is back; going on", problem=False)
                is_away = False
                await _until_lost(bench)
            except OutdatedError:
                raise
            except (*LOST, StoreError) as error:
                # The engine's own errors only say that there was one.
                said = str(error.__cause__ or error).strip() or "the connection was lost"
                if not is_away:
                    bench.say(f"the database is away ({said.splitlines()[0]}); trying again")
                is_away = True
            if bench.stop.is_set():
                return
            tries = 0 if loop.time() - began > STEADY else tries + 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bench.stop.wait(), min(LONGEST, 0.5 * 2 ** min(tries, 6)))


async def _until_lost(bench: Bench) -> None:
    """Do tasks until told to stop, or until the connection to the database is lost."""
    app = make_app(bench.database.engine.url)
    add_tasks(app, bench)
    async with app.open_async():
        tasks = asyncio.create_task(_do_tasks(app, bench))
        looking = asyncio.create_task(keep_supervising(app, bench))
        stopping = asyncio.create_task(bench.stop.wait())
        await asyncio.wait((tasks, looking, stopping), return_when=asyncio.FIRST_COMPLETED)
        for task in (looking, stopping, tasks):  # the engine ends what it does when cancelled
            task.cancel()
        results = await asyncio.gather(looking, tasks, stopping, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _do_tasks(app: procrastinate.App, bench: Bench) -> None:
    await app.run_worker_async(
        name=bench.owner,
        install_signal_handlers=False,  # whoever sets `stop` has them
        shutdown_graceful_timeout=GRACE,
        update_heartbeat_interval=HEARTBEAT,
        stalled_worker_timeout=STALLED,
        fetch_job_polling_interval=1.0,
        delete_jobs=DONE,
    )
