"""The doctor command: tells whether all that a newsletter needs is in good health."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import account, diagnoses, health
from newsletter.cli.given import load, wait_for
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, Quiet, app
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.values import read_address
from newsletter.doctor.examination import examine
from newsletter.doctor.examinee import PATIENCE, Orders, remembered
from newsletter.world import machine


@app.command()
def doctor(  # noqa: PLR0913  options
    *,
    config: ConfigDir = Path("config"),
    send: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Send one test mail there, marked as a test."),
    ] = None,
    mailbox: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|IMAP",
            help="Read the test mail back there. Default: `returns` of `delivery:`.",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, max=3600, help="Wait so long for it.")
    ] = PATIENCE,
    resolver: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Ask this DNS resolver. Default: this machine's."),
    ] = None,
    backups: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Where backups are, beside those next to config/."),
    ] = None,
    sources: Annotated[
        bool, typer.Option("--sources", help="Show the health of every source, and ask nobody.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Examine all that a newsletter needs: diagnoses, each with how to mend it.

    DNS of the sending domain (SPF, DKIM, DMARC, MX, PTR), the mail server, the site, the
    configuration, the sources, disk, backups and schedule. No mail is sent without `--send`, and
    nothing takes longer than a minute. A password for IMAP is read from NEWSLETTER_IMAP_PASSWORD.

    Exit status 0: all is good, or only notices; 1: something needs a look (a warning or an error).

    Examples: `newsletter doctor`, `newsletter doctor --json`, `newsletter doctor --send
    me@example.org --mailbox imaps://me@mail.example.org`, from cron: `newsletter doctor --quiet`
    """
    if sources:
        _show_sources(config, as_json=as_json)
    orders = Orders(
        send=_address(send),
        mailbox=mailbox or "",
        patience=wait,
        resolver=resolver or "",
        backups=tuple(backups or ()),
    )
    mark = secrets.token_hex(5)
    found = wait_for(examine(config, os.environ, machine.utc_now(), mark, orders))
    sick = found.needs_a_look
    if as_json:
        now = machine.utc_now()
        print_json(
            {
                "ok": not sick,
                "diagnoses": [diagnoses.as_json(diagnosis) for diagnosis in found.diagnoses],
                "sources": [health.as_json(name, known, now) for name, known in found.known],
            }
        )
    else:
        wanted = [diagnosis for diagnosis in found.diagnoses if diagnosis.needs_a_look or not quiet]
        diagnoses.show(console(), wanted)
    if sick:
        needs = "needs" if sick == 1 else "need"
        account.problem(errors(), f"{sick} of {len(found.diagnoses)} diagnoses {needs} a look")
    raise typer.Exit(NOT_RIGHT if sick else DONE)


def _address(text: str | None) -> str:
    """Return the address that a test goes to; exit with wrong usage when it is none."""
    if text is None:
        return ""
    try:
        return read_address(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}", param_hint="--send") from None


def _show_sources(config: Path, *, as_json: bool) -> None:
    settings, now = load(config), machine.utc_now()
    known = remembered(settings, now).known
    sick = [name for name, condition in known if condition.failures or condition.retired]
    if as_json:
        print_json({"sources": [health.as_json(name, condition, now) for name, condition in known]})
    else:
        health.show(console(), known, now)
    if sick:
        account.problem(errors(), f"{len(sick)} of {len(known)} sources need a look")
    raise typer.Exit(NOT_RIGHT if sick else DONE)
