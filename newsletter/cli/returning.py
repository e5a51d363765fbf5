"""The bounces command: reads mail that came back, and complaints."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli import account
from newsletter.cli.given import load
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.environment import read_environment
from newsletter.config.settings import Config
from newsletter.model import Fault
from newsletter.store import (
    FactStore,
    FaultStore,
    RequestStore,
    SuppressionStore,
)
from newsletter.suppress.imap import PASSWORD
from newsletter.suppress.mailboxes import MOST, Mail, name_of, read_mailbox
from newsletter.suppress.returns import NOTED, read_returned
from newsletter.world import machine

MARKS = "mailbox"
"""The name under which the fact store keeps the mark of each mailbox: how far it was read."""


@app.command()
def bounces(
    place: Annotated[
        str, typer.Argument(metavar="PATH|IMAP", help="A file, a folder, or imaps://user@host/Box.")
    ],
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
    now = machine.utc_now()
    name = name_of(place)
    read = _Read()
    folder = settings.root / "outbox" / "faults"
    faults = FaultStore(folder, machine.redactor(settings.secrets))
    with machine.open_ledger(settings) as database:
        marks = FactStore(database)
        known = {} if again else marks.known(MARKS, [name], dt.datetime.min.replace(tzinfo=dt.UTC))
        after = str(known.get(name, {}).get("mark", ""))
        password = read_environment(settings.root, os.environ).get(PASSWORD, "")
        found = read_mailbox(place, password, after=after, now=now)
        try:
            requests = RequestStore(database, machine.new_id)
            _read_all(found, settings, SuppressionStore(database), faults, requests, now, read)
        finally:
            if read.mark:
                marks.save(MARKS, {name: {"mark": read.mark}}, now)
    _tell(read, len(faults.seen), as_json=as_json)
    if not settings.letter.secret:
        told = "no `secret` in newsletter.yaml: nobody can tell whose a report is, so none counts"
        account.problem(errors(), told)
    if faults.seen:
        many = "1 message" if len(faults.seen) == 1 else f"{len(faults.seen)} messages"
        told = f"{many} could not be read or understood; kept in {folder.as_posix()}/"
        account.problem(errors(), told)
    raise typer.Exit(NOT_RIGHT if faults.seen else DONE)


@dataclass(slots=True)
class _Read:
    """What this run of the command has found so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    new: int = 0
    barred: list[str] = field(default_factory=list)
    mark: str = ""


def _read_all(
    found: Iterable[Mail | Fault],
    settings: Config,
    store: SuppressionStore,
    faults: FaultStore,
    requests: RequestStore,
    now: dt.datetime,
    read: _Read,
) -> None:
    letter = settings.letter
    own = {letter.bounce, letter.complaints} - {"", letter.sender}
    for mail in found:
        if isinstance(mail, Fault):
            faults.keep(mail)
            continue
        read.messages += 1
        returned = read_returned(
            mail.raw,
            mail.name,
            secrets=settings.letter.secrets,
            own=own,
            address_of=store.address_of,
        )
        read.kinds.update(bounce.verdict for bounce in returned.bounces)
        others = (event.kind for event in returned.events if event.kind not in NOTED)
        read.kinds.update(kind.value for kind in others)
        if returned.fault:
            faults.keep(returned.fault)
        if not settings.letter.secret:
            continue
        new, barred = store.note(returned.bounces, now)
        read.new += new
        if returned.leaves and new:  # read again, it does not undo that they came back
            requests.leave(returned.leaves, now)
        read.barred += barred
        if returned.is_ours:
            mail.done()
        read.mark = mail.mark


def _tell(read: _Read, faults: int, *, as_json: bool) -> None:
    if as_json:
        told = {"read": dict(read.kinds), "new": read.new, "suppressed": read.barred}
        print_json({**told, "faults": faults})
        return
    for kind, count in read.kinds.most_common():
        console().print(f"{count:>6}  {kind}")
    console().print(f"{read.new} were new; suppressed from now on: {len(read.barred)}")
    for address in read.barred:
        console().print(f"  {escape(address)}", soft_wrap=True)
    if read.messages == MOST:
        console().print(f"{MOST} were read; run it again for the rest")
