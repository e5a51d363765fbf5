"""A site with pages for editors, and with readers, deliveries, bounces and faults to look at."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import httpx2 as httpx
import sqlalchemy as sa
from makers import make_edition
from sites import LAST, MORNING, Running, day_papers, free_socket, running_site, write_site

from newsletter.config.files import load_config
from newsletter.day.planning import Spool
from newsletter.model import (
    FeedbackKind,
    Issue,
    Origin,
    Pick,
    SignUp,
    SourceReport,
    SubscriberState,
    Wishes,
)
from newsletter.render.tokens import token
from newsletter.serve.passwords import hash_password
from newsletter.store import Bounce, Database
from newsletter.store.tables import deliveries, subscribers
from newsletter.world import machine
from newsletter.world.days import day_of

PASSWORD = "correct horse battery staple"
HASHED = hash_password(PASSWORD, b"salt of the tests")
BY_PASSWORD = "serve: {admin_password: '${NEWSLETTER_ADMIN_PASSWORD}'}"
EVIL = "<script>alert(1)</script>"
NEW = LAST + dt.timedelta(days=1)
"""The date of the issue that has readers."""
STATES = ("accepted", "accepted", "failed", "unknown", "deferred", "planned")
NAMES = ("ada", "bo", "cleo", "dan", "eve", "finn")


def write_desk(folder: Path, address: str, more: str = BY_PASSWORD, *, mail_port: int = 25) -> None:
    """Write a site whose newsletter.yaml also has `more`, and fill its database."""
    write_site(folder, address, mail_port=mail_port, papers=evil_papers)
    settings = folder / "config" / "newsletter.yaml"
    settings.write_text(f"{settings.read_text('utf-8')}\n{more}\n", "utf-8")
    set_password(folder, HASHED)
    config = load_config(folder / "config", {})
    with machine.open_ledger(config) as database:
        fill(folder, database)


def evil_papers(date: dt.date, seed: int) -> list[Pick]:
    """Return the picks of an invented day; the first paper has a title that browsers might run."""
    first, *others = day_papers(date, seed)
    return [replace(first, paper=replace(first.paper, title=f"{EVIL} {seed}")), *others]


def set_password(folder: Path, hashed: str) -> None:
    """Make a hash that of the editors' password."""
    file = folder / ".env"
    lines = [line for line in file.read_text("utf-8").splitlines() if "_ADMIN_" not in line]
    file.write_text("\n".join([*lines, f"NEWSLETTER_ADMIN_PASSWORD='{hashed}'", ""]), "utf-8")


def fill(folder: Path, database: Database) -> None:
    """Give a newsletter readers, an issue to them, and what goes wrong with it."""
    config = load_config(folder / "config", {})
    day = day_of(config, database, clock=lambda: MORNING)
    stores = day.stores
    who = [
        SignUp(
            email=f"{name}@readers.example",
            name=EVIL if name == "ada" else name.capitalize(),
            wishes=Wishes(topics=("vision",), words=["<b>words</b>"] if name == "bo" else None),
            consent_at=MORNING - dt.timedelta(days=number),
            consent="=asked at the fair",
        )
        for number, name in enumerate(NAMES)
    ]
    stores.subscribers.bring(who, Origin.IMPORT, MORNING)
    audiences = {found.audience for found in stores.subscribers.all()}
    with Spool() as spool:
        for number, name in enumerate(sorted(audiences)):
            out = f"<a href='{config.letter.site}/u/{token('unsubscribe')}'>out</a>"
            html = f"<html lang='en'><title>x</title><h1>Hi</h1>{EVIL}{out}</html>"
            key = f"edition-{number}"
            spool.add(name, make_edition(key, subject=f"Papers {EVIL} {number}", html=html))
        issue = Issue(date=NEW, number=99, papers=7)
        stores.issues.plan(issue, spool, [], MORNING)
    with database.transaction() as connection:
        for name, state in zip(NAMES, STATES, strict=True):
            connection.execute(
                deliveries.update()
                .where(deliveries.c.issue == NEW, deliveries.c.email.startswith(f"{name}@"))
                .values(state=state, reason="" if state == "accepted" else f"@{EVIL} 550 no")
            )
    ada = stores.subscribers.find("ada@readers.example")
    assert ada is not None
    paper = stores.picks.of(LAST)[0].paper.id
    stores.feedback.give(ada.id, [paper], FeedbackKind.MORE, MORNING)
    said = Bounce(
        digest="d1",
        email="cleo@readers.example",
        verdict="no-mailbox",
        verified=True,
        evidence=f"-{EVIL}",
        issue=NEW,
    )
    stores.suppressions.note([said], MORNING)
    for source in config.collecting.sources:
        stores.sources.record(source, SourceReport(source=source.name, error=EVIL), MORNING)
    stores.subscribers.change(
        "finn@readers.example", SubscriberState.PAUSED, Origin.COMMAND.value, MORNING
    )
    faults = folder / "outbox" / "faults"
    faults.mkdir(parents=True)
    (faults / "source-1.txt").write_text(f"source Feed: {EVIL}\n\ntrace", "utf-8")


@contextlib.contextmanager
def editors_site(
    folder: Path,
    more: str = BY_PASSWORD,
    *,
    mail_port: int = 25,
) -> Iterator[Running]:
    """Serve a filled newsletter with pages for editors."""
    listening = free_socket()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    write_desk(folder, address, more, mail_port=mail_port)
    with running_site(folder, listening) as running:
        yield running


def form_of(page: httpx.Response) -> str:
    """Return the token of a page's form."""
    found = re.search(r'name="form" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def log_in(site: Running, password: str = PASSWORD, **headers: str) -> httpx.Response:
    """Send the password, as the page would; the client keeps the cookie."""
    form = form_of(site.get("/admin/log-in"))
    fields = {"password": password, "form": form}
    return site.client.post(
        "/admin/log-in", data=fields, headers={"Origin": site.address, **headers}
    )


def send(site: Running, path: str, **fields: str) -> httpx.Response:
    """Send a form with the token of the session, as a page for editors would."""
    return site.post(path, form=form_of(site.get("/admin/bounces")), **fields)


def reader_id(site: Running, name: str) -> str:
    """Return the id of a reader."""
    found = site.site.day.stores.subscribers.find(f"{name}@readers.example")
    assert found is not None
    return found.id


def with_ids(site: Running, path: str) -> str:
    """Return an address with the ids of readers whose names stand in it."""
    for name in ("ada", "cleo"):
        path = path.replace(f"readers/{name}", f"readers/{reader_id(site, name)}")
    return path


def snapshot(site: Running) -> Mapping[str, object]:
    """Return what buttons of editors can change, to see that nothing did."""
    stores = site.site.day.stores
    with stores.accounts._database.reading() as connection:
        rows = connection.execute(
            sa.select(subscribers.c.id, subscribers.c.state, subscribers.c.changed_at)
        ).all()
        states = connection.execute(
            sa.select(deliveries.c.subscriber, deliveries.c.state).order_by(deliveries.c.subscriber)
        ).all()
    return {
        "readers": sorted(map(tuple, rows)),
        "deliveries": [tuple(row) for row in states],
        "issues": stores.accounts.issues(100),
        "suppressions": tuple(stores.suppressions.all()),
    }
