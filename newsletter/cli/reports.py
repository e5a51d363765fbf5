"""What a command shows as a whole: the demo, a run, a rehearsal, and the problems of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from newsletter.cli import account
from newsletter.cli.terminal import print_json
from newsletter.config.settings import Config
from newsletter.day.drafts import as_reader, make_draft
from newsletter.day.given import Day, Post
from newsletter.day.results import Ran
from newsletter.errors import SendError
from newsletter.model import OPEN, Delivery, DeliveryState, Topic


def show_demo(
    console: Console,
    ran: Ran,
    folder: Path,
    received: int,
    topics: Sequence[Topic],
    listed: Sequence[Delivery],
) -> None:
    """Show the report of the demo, and where to look next."""
    console.print(f"\n[bold]Daily Papers[/], {account.explain_date(ran.date)} (an invented day)\n")
    if ran.collected and ran.rendered:
        account.sources(console, ran.collected)
        console.print(f"  {account.collected_line(ran.collected)}\n")
        account.picks_by_topic(console, ran.rendered.editions, topics)
        console.print()
    else:
        console.print(f"[green]{account.ran_line(ran).partition(': ')[2].capitalize()}.[/]")
        console.print("The mail server received nothing this time. Nothing is sent twice.\n")
    account.readers(console, listed, ran.rendered.contents if ran.rendered else ())
    if received:
        console.print(f"  A real SMTP server on this machine received {received} messages.\n")
    else:
        console.print()
    account.where_to_look(console, folder)
    console.print(
        "Next: [bold]newsletter init my-letter[/] writes a newsletter of your own\n", soft_wrap=True
    )


def show_run(console: Console, ran: Ran, folder: Path) -> None:
    """Show the report of a run on a terminal."""
    if ran.collected:
        account.sources(console, ran.collected)
        console.print(f"  {account.collected_line(ran.collected)}\n")
    if not ran.counts:
        console.print("Nothing to send: no picks for anybody, or nobody on the list")
        return
    console.print(account.ran_line(ran))
    account.deliveries(console, ran.counts)
    account.where_to_look(console, folder)


def show_problems(console: Console, ran: Ran, config: Config, *, shown: bool, nobody: bool) -> None:
    """Print to the error stream what a person must look at, even with `--quiet`.

    `shown`: the table of sources, with their failures, is already on the screen. `nobody`: no
    subscriber gets mail.
    """
    for report in ran.collected.reports if ran.collected else ():
        if report.error and not shown:
            console.print(
                f"[yellow]source failed:[/] {escape(report.source)}: {escape(report.error)}",
                soft_wrap=True,
            )
    if ran.collected and ran.collected.all_failed:
        account.problem(console, "every source failed; nothing that was known before is lost")
    account.unasked(console, config)
    account.faults(console, ran.faults, config.root / "outbox" / "faults")
    if nobody:
        account.problem(console, "nobody is on the list: add yourself to subscribers.yaml")
    for note in account.sent_notes(ran.sent):
        console.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)
    for date in ran.unfinished:
        console.print(f"[yellow]note:[/] some mail of {date} still waits: run again later")
    if ran.sent.error:
        mend = (
            f"`newsletter resume {ran.date}` goes on"
            if ran.sent.error.startswith("paused")
            else "run again"
        )
        account.problem(console, f"{ran.sent.error}\nwhat was not sent is still planned: {mend}")
    failed = ran.sent.outcomes[DeliveryState.FAILED] + ran.sent.outcomes[DeliveryState.UNKNOWN]
    if failed:
        account.problem(console, f"{failed} deliveries went wrong: see `newsletter status`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What sending would do."""

    date: dt.date
    waiting: int
    """Messages that would be sent."""
    way: str = ""
    """How they would be sent."""
    problem: str = ""
    """Why they could not be sent, and what to do about it."""


async def dry_run(
    day: Day, post: Post, email: str | None, again: Collection[DeliveryState]
) -> Rehearsal:
    """Return what sending would do, without sending; this does log in to the mail server.

    `again` are the states of deliveries that would be sent again.
    """
    stores, now = day.stores, day.clock()
    halted = ""
    if stores.issues.get(day.date):
        halted = stores.ledger.halted(day.date)
        listed = stores.ledger.deliveries(day.date, OPEN | set(again))
        absent = stores.subscribers.absent({delivery.subscriber for delivery in listed})
        waiting = sum(
            (email is None or delivery.email.lower() == email.lower())
            and (delivery.state in again or delivery.next_at is None or delivery.next_at <= now)
            and delivery.subscriber not in absent
            for delivery in listed
        )
    elif email is None:
        waiting = sum(drafted.readers.count for drafted in make_draft(day).editions())
    else:
        kept = stores.subscribers.find(email)
        reader = as_reader(day, kept) if kept else None
        waiting = len(make_draft(day).for_readers([reader])) if reader else 0
    way, problem = "", f"the issue of {day.date} is {halted}" if halted else ""
    try:
        way = await post.sender.transport.check()
    except SendError as error:
        problem = "\n".join(filter(None, (problem, str(error))))
    return Rehearsal(date=day.date, waiting=0 if halted else waiting, way=way, problem=problem)


def show_dry_run(console: Console, errors: Console, found: Rehearsal, *, as_json: bool) -> None:
    """Show what would be sent, and what prevents it from being sent."""
    if as_json:
        print_json(
            {
                "date": found.date,
                "would_send": found.waiting,
                "way": found.way,
                "error": found.problem,
            }
        )
    else:
        way = f" by {escape(found.way)}" if found.way else ""
        console.print(
            f"{found.date}: would send {found.waiting}{way}; nothing was sent", soft_wrap=True
        )
    if found.problem:
        account.problem(errors, found.problem)
