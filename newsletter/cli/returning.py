"""The bounces command: reads mail that came back, and complaints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli import account
from newsletter.cli.given import load
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.terminal import console, errors, print_json
from newsletter.day.returns import ReadReturns, read_returns
from newsletter.suppress.events import ReportKind
from newsletter.suppress.mailboxes import MOST
from newsletter.world import days
from newsletter.world.mailboxes import mailbox_password

IGNORED = {
    ReportKind.REPLY.value: "somebody, or their machine, answered: ignored",
    ReportKind.RECEIPT.value: "it arrived, or is about no reader: ignored",
    ReportKind.DELAY.value: "their server keeps trying: ignored",
    ReportKind.UNREADABLE.value: "not understood: counts against nobody",
}
"""What means nothing for the reader, and why."""


@app.command()
def bounces(
    place: Annotated[
        str | None,
        typer.Argument(
            metavar="PATH|IMAP",
            help="A file, a folder, or imaps://user@host/Box. Default: `returns` of `delivery:`.",
            show_default=False,
        ),
    ] = None,
    *,
    config: ConfigDir = Path("config"),
    again: Annotated[bool, typer.Option("--again", help="Read what was read before, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read mail that came back; suppress addresses that are gone for good, and who complained.

    Mails that programs send for readers who unsubscribe are read too: their readers leave.

    Reads what came since the last time, at most 10,000 messages; the same mail counts once. What
    cannot be read or understood is kept in outbox/faults/, and the exit status is 1. A password for
    IMAP is read from NEWSLETTER_IMAP_PASSWORD.

    Examples: `newsletter bounces /var/mail/bounce`, `newsletter bounces imaps://me@mail.example.org`
    """
    settings = load(config)
    where = place or settings.delivering.returns
    if not where:
        raise typer.BadParameter(
            "which mailbox? Name it here, or under `delivery:` as `returns:`",
            param_hint="PATH|IMAP",
        )
    with days.open_day(settings) as day:
        read = read_returns(day, where, mailbox_password(settings), again=again)
        faults = len(day.folders.faults.seen)
    _tell(read, faults, as_json=as_json)
    if not settings.letter.secret:
        told = "no `secret` in newsletter.yaml: nobody can tell whose a report is, so none counts"
        account.problem(errors(), told)
    if faults:
        many = "1 message" if faults == 1 else f"{faults} messages"
        folder = (settings.root / "outbox" / "faults").as_posix()
        told = f"{many} could not be read or understood; kept in {folder}/"
        account.problem(errors(), told)
    raise typer.Exit(NOT_RIGHT if faults else DONE)


def _tell(read: ReadReturns, faults: int, *, as_json: bool) -> None:
    others = max(0, read.messages - read.kinds.total())
    if as_json:
        told = {"read": dict(read.kinds), "new": read.new, "suppressed": read.barred}
        print_json({**told, "messages": read.messages, "no_reports": others, "faults": faults})
        return
    for kind, count in read.kinds.most_common():
        why = f" ({IGNORED[kind]})" if kind in IGNORED else ""
        console().print(f"{count:>6}  {kind}{why}")
    if others:
        console().print(f"{others:>6}  other mail (no report: ignored)")
    if not read.messages:
        console().print("Nothing came since the last time (--again reads all of it)")
        return
    counted = sum(count for kind, count in read.kinds.items() if kind not in IGNORED)
    console().print(
        f"{read.messages} messages were read; of {counted} reports {read.new} were new, and "
        f"{counted - read.new} were known or prove nothing; suppressed from now on: "
        f"{len(read.barred)}",
        soft_wrap=True,
    )
    for address in read.barred:
        console().print(f"  {escape(address)}", soft_wrap=True)
    if read.messages == MOST:
        console().print(f"{MOST} were read; run it again for the rest")
