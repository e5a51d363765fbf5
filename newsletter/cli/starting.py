"""The commands for a first start: demo, init, check."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from newsletter import __version__
from newsletter.cli import account, checking, reports, starter
from newsletter.cli.demo import demo_day
from newsletter.cli.endings import exit_status
from newsletter.cli.given import wait_for
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.progress import show_progress
from newsletter.cli.terminal import console, errors, print_json
from newsletter.day import steps
from newsletter.day.results import Ran
from newsletter.doctor import checks
from newsletter.model import Delivery, SubscriberState, Topic
from newsletter.world import machine


@app.command()
def demo(
    *,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve the site of that day, until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of that site; 0 takes a free one.")] = 8080,
    as_json: AsJson = False,
) -> None:
    """Play the whole path on an invented day, on this machine only.

    Five invented feeds over HTTP, six subscribers, a real SMTP server on loopback; the emails are
    in outbox/2026-03-17/ afterwards. Run it again: nothing is sent twice.

    Examples: `newsletter demo`, `newsletter demo --serve`
    """

    async def play() -> tuple[Ran, Path, int, tuple[Topic, ...], tuple[Delivery, ...]]:
        with show_progress(quiet=as_json) as watch:
            async with demo_day(
                Path.cwd(), version=__version__, on_source=watch.source, on_delivery=watch.delivery
            ) as demo:
                day, settings = demo.day, demo.day.config
                steps.follow_list(day)
                expected = day.stores.subscribers.counts()[SubscriberState.ACTIVE]
                watch.expect(len(settings.collecting.sources), expected)
                ran = await steps.run(day, demo.web, demo.post)
                return (
                    ran,
                    day.folders.outbox.of(day.date),
                    len(demo.mailbox.messages),
                    settings.choice.topics,
                    day.stores.ledger.deliveries(day.date),
                )

    ran, folder, received, topics, listed = wait_for(play())
    if as_json:
        print_json({**account.ran_json(ran), "received": received})
    else:
        reports.show_demo(console(), ran, folder, received, topics, listed)
    if serve:
        from newsletter.cli.serving import serve_demo  # noqa: PLC0415  loads a web server

        serve_demo(Path.cwd(), port)
    raise typer.Exit(exit_status(ran))


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR")] = Path(),
    *,
    templates: Annotated[
        bool, typer.Option("--templates", help="Copy the packaged templates too, to edit them.")
    ] = False,
) -> None:
    """Write a working configuration and an empty outbox into DIR (default: here).

    Files that exist are never overwritten. Without copies of the templates those that come with the
    program are used, and follow it when it is updated.

    Examples: `newsletter init my-letter && cd my-letter && newsletter run`,
    `newsletter init --templates`
    """
    starter.write_starter(console(), directory, templates=templates)


@app.command()
def check(*, config: ConfigDir = Path("config"), as_json: AsJson = False) -> None:
    """Validate configuration and templates, and lint the issue they give. Exit status 1: mistakes.

    Example: `newsletter check --config config`
    """
    found = checks.check(config, os.environ, machine.utc_now())
    if as_json:
        print_json(checking.as_json(found))
    else:
        checking.show(console(), errors(), found)
    raise typer.Exit(DONE if found.ok else NOT_RIGHT)
