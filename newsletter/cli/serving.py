"""Commands of the site: serve it, with issues when they are due; or publish it as files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from starlette.types import ASGIApp

from newsletter.cli import account
from newsletter.cli.logs import (
    LogForm,
    LogOption,
    MetricsOption,
    errors_logged,
    load_logged,
    speaker,
)
from newsletter.cli.program import AsJson, ConfigDir, app
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.files import load_config
from newsletter.config.settings import Config
from newsletter.day.trying import PastDays
from newsletter.doctor.hooks import hook_notes
from newsletter.doctor.sample import MORNING, demo_config
from newsletter.errors import StoreError
from newsletter.serve.app import PER_NETWORK, PER_SITE, site_app
from newsletter.serve.given import Site
from newsletter.serve.hosting import SiteHost
from newsletter.serve.listening import server
from newsletter.serve.publishing import publish as publish_site
from newsletter.world import machine
from newsletter.world.days import open_day
from newsletter.world.metrics import serving_metrics


@app.command()
def serve(
    *,
    config: ConfigDir = Path("config"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8080,
    schedule: Annotated[
        bool, typer.Option(help="Make and send each issue when it is due, as cron would.")
    ] = True,
    sign_ups: Annotated[
        float, typer.Option(min=1, help="Most sign-ups in an hour from one network.")
    ] = PER_NETWORK,
    metrics: MetricsOption = None,
    log_form: LogOption = LogForm.TEXT,
) -> None:
    """Serve the newsletter's site: the day's papers, archive, search, subscribe and leave.

    It also makes and sends issues when they are due, and the mails that people ask for. Put a
    server with TLS in front of it, such as Caddy or nginx; docs/how-to/serve.md shows how.

    Examples: `newsletter serve`, `newsletter serve --port 9000 --no-schedule`
    """
    settings, log = load_logged(config, log_form)
    tell = speaker(log)
    with errors_logged(log), contextlib.ExitStack() as beside:
        listening = beside.enter_context(_listen(host, port))
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listening.getsockname()[1]}"
        database = beside.enter_context(machine.open_ledger(settings))
        run_options = ["--quiet"] if log is None else ["--log", LogForm.JSON.value]
        site = SiteHost(config, settings, database, address, machine.utc_now, tell, run_options)
        # What may fail comes first: nothing is served until all of it is ready.
        measured = metrics and beside.enter_context(
            serving_metrics(metrics, database, machine.utc_now)
        )
        tell(f"Serving {settings.letter.name} at {address}/", problem=False)
        for note in _notes(settings):
            tell(note, problem=False)
        if measured:
            tell(f"Metrics for Prometheus at {measured}", problem=False)
        program = site_app(
            site.site,
            site.wake,
            per_network=sign_ups,
            per_site=max(PER_SITE, sign_ups),
            tell=lambda text: tell(text, problem=True),
        )
        asyncio.run(_serve(site, program, listening, schedule=schedule))


def serve_demo(root: Path, port: int) -> None:
    """Serve the site of the invented day, played below `root`; mails go to files in its outbox."""
    listening = _listen("127.0.0.1", port)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    played = demo_config()
    config = replace(
        played,
        root=root,
        letter=replace(played.letter, site=address),
        delivering=replace(played.delivering, transport="outbox"),
    )
    began = machine.utc_now()
    with machine.open_ledger(config) as database:
        site = SiteHost(
            config.folder,
            config,
            database,
            address,
            lambda: MORNING + (machine.utc_now() - began),
            lambda text, *, problem=True: account.problem(errors(), text) if problem else None,
        )
        console().print(
            f"The site of that day is at [bold]{address}/[/]; its mails are written to "
            "outbox/notices/ (Ctrl-C ends it)",
            soft_wrap=True,
        )
        program = site_app(site.site, site.wake)
        asyncio.run(_serve(site, program, listening, schedule=False))


async def _serve(
    site: SiteHost, program: ASGIApp, listening: socket.socket, *, schedule: bool
) -> None:
    working = asyncio.create_task(site.work(schedule=schedule))
    try:
        await server(program).serve(sockets=[listening])
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await site.stop()


def _notes(settings: Config) -> list[str]:
    """Return what an operator should know of what does not work yet."""
    letter = settings.letter
    notes = []
    if not letter.site:
        notes.append(
            "Nobody can subscribe: newsletter.yaml has no `site` (its public address) and `secret`"
        )
    elif not letter.site.startswith("https://") and not letter.site.startswith("http://127."):
        notes.append("`site` is not https: mail programs offer one-click unsubscribing only then")
    if letter.site and settings.delivering.transport == "outbox":
        notes.append(
            "No mail leaves this machine: `delivery` in newsletter.yaml says `transport: outbox`. "
            "Who subscribes waits for a mail that is only a file in outbox/notices/"
        )
    notes.extend((*settings.missing, *hook_notes(settings)))
    return notes


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off, which costs 40 ms an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise StoreError(f"{host}:{port}: {error.strerror}; choose another with --port") from None
    return listening


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files.")],
    *,
    config: ConfigDir = Path("config"),
    address: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where the files will be. Default: `archive` or `site` in YAML."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the site as files, for a web server or GitHub Pages: days, archive, feeds, search.

    Run it after `newsletter run`; only files that change are written.

    Example: `newsletter publish public-site --address https://me.github.io/papers`
    """
    settings = load_config(config, os.environ)
    where = address or settings.letter.archive or settings.letter.site
    if not where.startswith(("https://", "http://")):
        raise typer.BadParameter(
            "say where the files will be: --address https://…", param_hint="--address"
        )
    with open_day(settings) as day:
        site = Site(day=day, past=PastDays(), clock=machine.utc_now, address=where)
        written = list(publish_site(site, folder, where))
    if as_json:
        print_json({"folder": str(folder), "written": len(written)})
        return
    console().print(f"Wrote {len(written)} files into [bold]{folder}[/]", soft_wrap=True)
