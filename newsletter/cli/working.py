"""The worker command: one of many processes that make and send issues, on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from newsletter import __version__
from newsletter.cli.given import wait_for
from newsletter.cli.logs import (
    LogForm,
    LogOption,
    MetricsOption,
    errors_logged,
    load_logged,
    speaker,
)
from newsletter.cli.program import ConfigDir, Quiet, app
from newsletter.config.settings import Config
from newsletter.errors import ConfigError
from newsletter.send.processes import sender_name
from newsletter.world import machine
from newsletter.world.following import Followed, Say
from newsletter.world.metrics import serving_metrics
from newsletter.world.posts import stopping


@app.command()
def worker(
    *,
    config: ConfigDir = Path("config"),
    metrics: MetricsOption = None,
    log_form: LogOption = LogForm.TEXT,
    quiet: Quiet = False,
) -> None:
    """Make and send issues as one of many workers; it goes on until it is stopped.

    Start as many as you like, on as many machines as you like, with the same configuration: each
    takes about 1,000 deliveries at a time. They need `database: postgresql://…`. On Ctrl-C and
    SIGTERM a worker finishes what is in flight, and ends with 0; others do what is left. One that
    dies is noticed within seconds. Start it again whenever it ends (`Restart=always`).

    Examples: `newsletter worker`, `newsletter worker --quiet --config /etc/letter/config`
    """
    settings, log = load_logged(config, log_form)
    told, redact = speaker(log, quiet=quiet), machine.redactor(settings.secrets)

    def say(text: str, *, problem: bool = True) -> None:
        told(redact(text), problem=problem)

    with errors_logged(log):
        if not settings.database.startswith("postgres"):
            raise ConfigError(
                f"{settings.folder / 'newsletter.yaml'}: workers need `database: postgresql://…`; "
                "on one machine `newsletter run` or `newsletter serve` do the same"
            )
        settings.require_ready()
        wait_for(_work(settings, say, metrics))


async def _work(config: Config, say: Say, metrics: str | None) -> None:
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(machine.open_ledger(config))  # says which package is missing
        from newsletter.work.given import Bench  # noqa: PLC0415  needs an optional package
        from newsletter.work.worker import work  # noqa: PLC0415  the same

        if metrics is not None:
            there = stack.enter_context(serving_metrics(metrics, database, machine.utc_now))
            say(f"Metrics for Prometheus at {there}", problem=False)
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
        stack.enter_context(stopping(stop))
        await work(bench)
