"""Commands for what comes back: bounces, suppressions."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import os
import re
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import links
from newsletter.cli import world
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app, load
from newsletter.cli.tables import new_table
from newsletter.cli.terminal import console, print_json
from newsletter.config import Config
from newsletter.errors import LinkError
from newsletter.mailboxes import read_mailbox
from newsletter.send.bounces import Event, Kind, read_report
from newsletter.store import Bounce, Suppression, SuppressionStore, open_database
from newsletter.store.outbox import write

PASSWORD = "NEWSLETTER_IMAP_PASSWORD"  # noqa: S105  the name of a variable

_TAG = re.compile(rb"\+([a-z2-7]{20,60})@", re.IGNORECASE)
_LINK = re.compile(rb"/unsubscribe/([A-Za-z0-9_-]{20,120})")
_HEADERS = re.compile(
    rb"^(to|delivered-to|x-original-to|envelope-to|x-envelope-to):", re.IGNORECASE
)


@app.command()
def bounces(
    place: Annotated[
        str, typer.Argument(metavar="PATH|IMAP", help="A file, a folder, or imaps://user@host/Box.")
    ],
    *,
    config: ConfigDir = Path("config"),
    as_json: AsJson = False,
) -> None:
    """Read mail that came back; suppress addresses that are gone for good, and who complained.

    Reading the same mail again changes nothing. What cannot be understood is kept in
    outbox/bounces/. A password for IMAP is read from NEWSLETTER_IMAP_PASSWORD.

    Examples: `newsletter bounces /var/mail/bounce`, `newsletter bounces imaps://me@mail.example.org`
    """
    settings = load(config)
    kinds: Counter[str] = Counter()
    barred: list[str] = []
    new = 0
    with open_database(settings.database, settings.root) as database:
        store = SuppressionStore(database)
        for raw, done in read_mailbox(place, os.environ.get(PASSWORD, "")):
            events = read_report(raw)
            for one in events:
                kinds[one.verdict.value if one.kind is Kind.BOUNCE else one.kind.value] += 1
            if any(one.kind is Kind.UNREADABLE for one in events):
                name = f"{hashlib.sha256(raw).hexdigest()[:16]}.eml"
                write(settings.root / "outbox" / "bounces" / name, raw)
            found = [
                _bounce(settings, raw, one)
                for one in events
                if one.kind in (Kind.BOUNCE, Kind.COMPLAINT)
            ]
            fresh, suppressed = store.note(found, world.utc_now())
            new += fresh
            barred += suppressed
            done()
    if as_json:
        print_json({"read": dict(kinds), "new": new, "suppressed": barred})
        return
    for name, count in kinds.most_common():
        console().print(f"{count:>6}  {name}")
    console().print(f"{new} were new; suppressed from now on: {len(barred)}")
    for address in barred:
        console().print(f"  {escape(address)}", soft_wrap=True)


def _bounce(config: Config, raw: bytes, event: Event) -> Bounce:
    """Return an event with what proves, or does not, that it is about mail of ours."""
    delivery = _delivery(config, raw)
    complaint = event.kind is Kind.COMPLAINT
    verified = delivery is not None
    if complaint and not verified and config.secret:
        verified = any(_is_ours(config, token) for token in _LINK.findall(raw))
    digest = hashlib.sha256(raw + b"\0" + event.email.lower().encode()).hexdigest()
    return Bounce(
        digest=digest,
        email=event.email,
        verdict="complaint" if complaint else event.verdict.value,
        verified=verified,
        evidence=event.evidence,
        issue=delivery[0] if delivery else None,
        subscriber=delivery[1] if delivery else "",
    )


def _delivery(config: Config, raw: bytes) -> tuple[dt.date, str] | None:
    """Return issue and subscriber, when the report came to an envelope sender of ours."""
    head = re.sub(rb"\r?\n[ \t]+", b" ", raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0])
    for line in head.split(b"\n"):
        if _HEADERS.match(line):
            for tag in _TAG.findall(line):
                if found := links.read_bounce_tag(config.secret, tag.decode()):
                    return found
    return None


def _is_ours(config: Config, token: bytes) -> bool:
    try:
        links.verify(config.secret, "unsubscribe", token.decode())
    except LinkError:
        return False
    return True


listing = typer.Typer(
    help="Addresses that must not be mailed: list, export, remove.\n\n"
    "Example: newsletter suppressions list",
    no_args_is_help=True,
)
app.add_typer(listing, name="suppressions")


@listing.command(name="list")
def list_(*, config: ConfigDir = Path("config"), as_json: AsJson = False) -> None:
    """Show every suppressed address, since when, and why.

    Example: `newsletter suppressions list --json`
    """
    found = _all(config)
    if as_json:
        print_json({"suppressions": [asdict(one) for one in found]})
        return
    shown = new_table("Address", "Since", "Why", "What was said")
    for one in found:
        why = f"{one.verdict} ({one.source})"
        shown.add_row(escape(one.email), f"{one.since:%Y-%m-%d}", why, escape(one.evidence[:80]))
    console().print(shown if found else "Nobody is suppressed.")


@listing.command()
def export(*, config: ConfigDir = Path("config")) -> None:
    """Print every suppressed address as CSV.

    Example: `newsletter suppressions export > suppressed.csv`
    """
    writer = csv.writer(sys.stdout)
    writer.writerow(("email", "since", "verdict", "source", "evidence"))
    for one in _all(config):
        cells = (one.email, one.since.isoformat(), one.verdict, one.source, one.evidence)
        # A spreadsheet takes these for formulas, and the evidence is a stranger's.
        writer.writerow([f"'{cell}" if cell[:1] in "=+-@" else cell for cell in cells])


@listing.command()
def remove(
    email: Annotated[str, typer.Argument(metavar="EMAIL")], *, config: ConfigDir = Path("config")
) -> None:
    """Mail an address again.

    Example: `newsletter suppressions remove ada@example.org`
    """
    settings = load(config)
    with open_database(settings.database, settings.root) as database:
        gone = SuppressionStore(database).remove(email)
    console().print(f"{email}: mailed again" if gone else f"{email}: was not suppressed")
    raise typer.Exit(DONE if gone else NOT_RIGHT)


def _all(config: Path) -> tuple[Suppression, ...]:
    settings = load(config)
    with open_database(settings.database, settings.root) as database:
        return tuple(SuppressionStore(database).all())
