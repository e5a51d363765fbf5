"""What a command shows as a whole: the demo, a run, a rehearsal, and the problems of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from newsletter.cli import account
from newsletter.cli.later import words as later_words
from newsletter.cli.picking import why_nothing
from newsletter.cli.terminal import print_json
from newsletter.config.settings import Config
from newsletter.day.drafts import make_draft
from newsletter.day.given import Day, Post
from newsletter.day.pools import window_of
from newsletter.day.readers import as_reader
from newsletter.day.results import Ran
from newsletter.errors import SendError
from newsletter.model import OPEN, Delivery, DeliveryState, SubscriberState, Topic


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
        "Next: [bold]newsletter demo --serve[/] shows the site of this day, "
        "[bold]newsletter init my-letter[/] writes a newsletter of your own\n",
        soft_wrap=True,
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
    account.deliveries(console, ran.counts, ran.later)
    if told := later_words(ran.earlier):
        console.print(f"Of earlier issues, {told}")
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
    """Messages that would be sent now."""
    later: int = 0
    """Messages that would wait for the hour that their readers chose."""
    way: str = ""
    """How they would be sent."""
    problem: str = ""
    """Why they could not be sent, and what to do about it."""
    why: str = ""
    """Why there is nothing to send."""


async def dry_run(
    day: Day, post: Post, email: str | None, again: Collection[DeliveryState]
) -> Rehearsal:
    """Return what sending would do, without sending; this does log in to the mail server.

    `again` are the states of deliveries that would be sent again.
    """
    stores, now = day.stores, day.clock()
    halted, later = "", 0
    if stores.issues.get(day.date):
        halted = stores.ledger.halted(day.date)
        listed = stores.ledger.deliveries(day.date, OPEN | set(again))
        absent = stores.subscribers.absent({delivery.subscriber for delivery in listed})
        meant = [
            delivery
            for delivery in listed
            if email is None or delivery.email.lower() == email.lower()
            if delivery.state in again or delivery.next_at is None or delivery.next_at <= now
            if delivery.subscriber not in absent
        ]
        later = sum(
            delivery.state is DeliveryState.PLANNED
            and delivery.not_before is not None
            and delivery.not_before > now
            for delivery in meant
        )
        waiting = len(meant) - later
    else:
        waiting, later = _would_plan(day, email)
    why = "" if waiting or later or halted else _why_nothing(day, email)
    way, problem = "", f"the issue of {day.date} is {halted}" if halted else ""
    try:
        way = await post.sender.transport.check()
    except SendError as error:
        problem = "\n".join(filter(None, (problem, str(error))))
    counts = {} if halted else {"waiting": waiting, "later": later}
    return Rehearsal(**{"waiting": 0} | counts, date=day.date, way=way, problem=problem, why=why)


def _why_nothing(day: Day, email: str | None) -> str:
    """Return why there is nothing to send."""
    stores = day.stores
    if stores.issues.get(day.date):
        counts = stores.ledger.counts(day.date)
        done = counts[DeliveryState.ACCEPTED]
        whom = f" to {email}" if email else ""
        others = sum(counts.values()) - done - sum(counts[state] for state in OPEN)
        if others or not done:
            return "nothing of it waits any more: `newsletter status` says what became of it"
        return f"everything of it was already sent{whom}"
    if not stores.subscribers.counts()[SubscriberState.ACTIVE]:
        return "nobody is on the list: add yourself to subscribers.yaml"
    window = window_of(day)
    papers, left_out = stores.papers.count(window), stores.papers.left_out(window)
    return why_nothing(papers, left_out, day.config.choice.max_age_days)


def _would_plan(day: Day, email: str | None) -> tuple[int, int]:
    """Return how many would get the issue that is not planned yet: now, and at their hours."""
    draft = make_draft(day)
    kept = day.stores.subscribers.find(email) if email else None
    reader = as_reader(day, kept) if kept else None
    drafted = draft.for_readers([reader] if reader else []) if email else draft.editions()
    getting = {some.readers.audience: some.readers.count for some in drafted}
    hours = day.stores.issues.would_wait(day.clock(), str(day.config.zone), email)
    later = sum(count for audience, count in hours.items() if audience in getting)
    return sum(getting.values()) - later, later


def _plain(markup: str) -> str:
    return Text.from_markup(markup).plain


def show_dry_run(console: Console, errors: Console, found: Rehearsal, *, as_json: bool) -> None:
    """Show what would be sent, and what prevents it from being sent."""
    if as_json:
        print_json(
            {
                "date": found.date,
                "would_send": found.waiting,
                "later": found.later,
                "way": found.way,
                "error": found.problem,
                "why_nothing": _plain(found.why),
            }
        )
    else:
        way = f" by {escape(found.way)}" if found.way else ""
        later = f", and {found.later} later, at the hours of readers" if found.later else ""
        console.print(
            f"{found.date}: would send {found.waiting}{way}{later}; nothing was sent",
            soft_wrap=True,
        )
        if found.why:
            console.print(found.why, soft_wrap=True)
    if found.problem:
        account.problem(errors, found.problem)
