"""The site while it runs: settings as they are now, waiting mails, issues when they are due."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Final, Protocol

from newsletter.config.settings import Config
from newsletter.day.keeping import forget
from newsletter.day.trying import PastDays
from newsletter.errors import NewsletterError
from newsletter.model import Border, fault_of
from newsletter.schedule import due_date
from newsletter.serve.given import DAYS, Site
from newsletter.store import Database
from newsletter.world.days import day_of
from newsletter.world.following import Followed
from newsletter.world.posts import send_waiting_notices

TICK: Final = 5.0
"""Seconds between looks at settings, waiting mails and the schedule."""
AGAIN: Final = dt.timedelta(hours=1)
"""How long after a run that planned nothing the sources are asked again."""
SOON: Final = dt.timedelta(minutes=1)
"""How long after a run that left mail waiting another one begins."""
IN_DOUBT: Final = dt.timedelta(minutes=30)
"""How long a mail may take to leave: one that began before that may have left."""
DAY: Final = dt.timedelta(days=1)


class Say(Protocol):
    """Tells the operator something."""

    def __call__(self, text: str, *, problem: bool = True) -> None:
        """Tell it as a problem, or as a note."""
        ...


class SiteHost:
    """Holds the site, and does what has to be done beside answering requests."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        database: Database,
        address: str,
        clock: Callable[[], dt.datetime],
        say: Say,
        run_options: Sequence[str] = ("--quiet",),
    ) -> None:
        """Host the newsletter of `folder`, whose `database` is open; `say` tells the operator.

        `newsletter run` is given `run_options`.
        """
        self._run_options = run_options
        self._folder = folder
        self._database = database
        self._address = address
        self._clock = clock
        self._say = say
        self._site = self._made(config)
        self._settings = Followed(folder, config, say)
        self._waiting = asyncio.Event()
        self._running: asyncio.subprocess.Process | None = None
        self._last_run: dict[dt.date, dt.datetime] = {}
        self._last_clean: dt.datetime | None = None
        self._warm: tuple[dt.date, ...] = ()
        self._warming: asyncio.Task[None] | None = None

    def site(self) -> Site:
        """Return the site as it is configured now."""
        return self._site

    def wake(self) -> None:
        """Send waiting mails at once; may be called from any task."""
        self._waiting.set()

    # --- Settings -------------------------------------------------------------------------------

    def _made(self, config: Config) -> Site:
        return Site(
            day=day_of(config, self._database, clock=self._clock),
            past=PastDays(),
            clock=self._clock,
            address=config.letter.site or self._address,
        )

    def follow_settings(self) -> None:
        """Read the settings again if a file was changed; while one is wrong, the old ones hold."""
        if self._settings.follow():
            self._site, self._warm = self._made(self._settings.config), ()
            self._say("the settings were changed, and are in use", problem=False)

    # --- Work -----------------------------------------------------------------------------------

    async def work(self, *, schedule: bool) -> None:
        """Do what is due, until cancelled; with `schedule`, also make and send issues.

        Each work has a task of its own: one that waits, or fails, holds up no other.
        """
        works = [self._follow, self._send_notices, self._tidy]
        if schedule:
            works.append(self._run_if_due)
        await asyncio.gather(*(self._again_and_again(work) for work in works))

    async def _again_and_again(self, work: Callable[[], Awaitable[None]]) -> None:
        told = ""
        while True:
            try:
                await work()
                told = ""
            except NewsletterError as error:  # the disk is full, or the database in use
                if str(error) != told:
                    told = str(error)
                    self._say(told)
            except Exception as error:  # noqa: BLE001  a fault here must not end all later work
                fault = fault_of(Border.PAGE, "work beside the pages", error)
                self._site.day.folders.faults.keep(fault)
                if str(fault) != told:
                    told = str(fault)
                    self._say(told)
            if work == self._send_notices:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._waiting.wait(), TICK)
                self._waiting.clear()
            else:
                await asyncio.sleep(TICK)

    async def _follow(self) -> None:
        self.follow_settings()
        self._warm_up()

    async def _tidy(self) -> None:
        await asyncio.to_thread(self._clean)

    async def _send_notices(self) -> None:
        now = self._clock()
        await asyncio.to_thread(self._site.day.stores.notices.recover, now - IN_DOUBT)
        # In a thread of its own: it writes to the database, which another program may hold.
        while await _apart(lambda: send_waiting_notices(self._site.day, self._clock)):
            pass

    async def _run_if_due(self) -> None:
        """Start a run in a process of its own, unless one is going on or nothing is due."""
        if self._running is not None:
            if self._running.returncode is None:
                return
            self._finish(self._running.returncode)
        date = await asyncio.to_thread(self._due)
        if date is None:
            return
        self._last_run[date] = self._clock()
        self._running = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "newsletter", "run", *self._run_options, "--config", str(self._folder)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=None,  # its problems are told where ours are
        )

    def _warm_up(self) -> None:
        """Make the drafts of the last issues known, so that the first who tries need not wait."""
        site = self._site
        newest = site.picks.dates()[:DAYS]
        if newest == self._warm or (self._warming is not None and not self._warming.done()):
            return
        self._warm = newest
        work = asyncio.to_thread(site.past.of, site.day, newest)
        self._warming = asyncio.create_task(_quietly(work))

    def _due(self) -> dt.date | None:
        """Return the date whose issue is to be made, or has mail to send; None when none is."""
        now, day = self._clock(), self._site.day
        date = due_date(day.config.schedule, now)
        last = self._last_run.get(date)
        if day.stores.issues.get(date) is None:
            return date if last is None or now - last >= AGAIN else None
        if last is not None and now - last < SOON:
            return None
        dates: Sequence[dt.date] = day.stores.issues.unfinished(date + DAY)
        waits = (issue for issue in dates if day.stores.ledger.waits(issue, now=now))
        return date if next(waits, None) else None

    def _finish(self, status: int) -> None:
        self._running = None
        if status not in (0, 3):
            self._say(f"`newsletter run` ended with status {status}; it is tried again")

    async def stop(self) -> None:
        """Let a run that is going on finish what is in flight."""
        if self._running is not None and self._running.returncode is None:
            self._running.terminate()
            await self._running.wait()

    def _clean(self) -> None:
        """Forget, once a day, what is kept for a limited time only."""
        now = self._clock()
        if self._last_clean is not None and now - self._last_clean < DAY:
            return
        self._last_clean = now
        forget(self._site.day)


async def _apart(work: Callable[[], Coroutine[object, object, int]]) -> int:
    """Return what a coroutine returns that runs in a thread, with a loop of its own.

    The thread holds up neither pages nor the end of the program, which may come meanwhile.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[int] = loop.create_future()

    def tell(result: int, error: Exception | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(result)

    def run() -> None:
        result, failed = 0, None
        try:
            result = asyncio.run(work())
        except Exception as error:  # noqa: BLE001  raised again where it is waited for
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(tell, result, failed)

    threading.Thread(target=run, daemon=True).start()
    return await done


async def _quietly(work: Awaitable[object]) -> None:
    """Do what only saves time later; where it fails, whoever needs it is told then."""
    with contextlib.suppress(Exception):
        await work
