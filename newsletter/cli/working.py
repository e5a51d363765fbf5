"""The worker command: one of many processes that make and send issues, on PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import __version__
from newsletter.cli import account
from newsletter.cli.given import load, wait_for
from newsletter.cli.program import ConfigDir, Quiet, app
from newsletter.cli.terminal import errors
from newsletter.config.settings import Config
from newsletter.errors import ConfigError
from newsletter.send.processes import sender_name
from newsletter.world import machine
from newsletter.world.following import Followed
from newsletter.world.posts import stopping

if TYPE_CHECKING:
    from newsletter.work.given import Say


@app.command()
def worker(*, config: ConfigDir = Path("config"), quiet: Quiet = False) -> None:
    """Make and send issues as one of many workers; it goes on until it is stopped.

    Start as many as you like, on as many machines as you like, with the same configuration: each
    takes about 1,000 deliveries at a time. They need `database: postgresql://…`. On Ctrl-C and
    SIGTERM a worker finishes what is in flight, and ends with 0; others do what is left. One that
    dies is noticed within seconds. Start it again whenever it ends (`Restart=always`).

    Examples: `newsletter worker`, `newsletter worker --quiet --config /etc/letter/config`
    """
    settings = load(config)
    if not settings.database.startswith("postgres"):
        raise ConfigError(
            f"{settings.folder / 'newsletter.yaml'}: workers need `database: postgresql://…`; on "
            "one machine `newsletter run` or `newsletter serve --schedule` do the same"
        )
    settings.require_ready()

    def say(text: str, *, problem: bool = True) -> None:
        if problem:
            account.problem(errors(), machine.redactor(settings.secrets)(text))
        elif not quiet:
            errors().print(f"[dim]{machine.utc_now():%H:%M:%S}[/] {text}", highlight=False)

    wait_for(_work(settings, say))


async def _work(config: Config, say: Say) -> None:
    with machine.open_ledger(config) as database:  # says so when the driver is missing
        from newsletter.work.given import Bench  # noqa: PLC0415  needs an optional package
        from newsletter.work.worker import work  # noqa: PLC0415  the same

        stop = asyncio.Event()
        bench = Bench(
            settings=Followed(config.folder, config, say),
            database=database,
            owner=sender_name(),
            version=__version__,
            clock=machine.utc_now,
            stop=stop,
            say=say,
        )
        with stopping(stop):
            await work(bench)
