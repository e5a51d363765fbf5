"""Makers of facts: each argument that a test does not name has a plain value."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import json
import tempfile
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from commands import newsletter
from postgres import BACKEND

from newsletter.cli.demo import demo_day
from newsletter.collect.answers import Document
from newsletter.day import steps
from newsletter.day.planning import Spool
from newsletter.day.results import Ran
from newsletter.errors import SendError
from newsletter.model import (
    Claim,
    Delivery,
    Edition,
    Issue,
    Origin,
    Outcome,
    Paper,
    Part,
    Pick,
    Reason,
    ReasonKind,
    Score,
    Sighting,
    SignUp,
    Source,
    Subscriber,
    SubscriberState,
    Subscription,
    Topic,
)
from newsletter.pick.filters.language import parse_match
from newsletter.render.messages import Letterhead, Recipient
from newsletter.render.tokens import Blocks, token
from newsletter.send.smtp import Parcel
from newsletter.store import Database, IssueStore, open_database
from newsletter.store.tables import subscribers
from newsletter.subscribe.audience import subscriber_of

Result = TypeVar("Result")

NOW = dt.datetime(2026, 3, 17, 6, 30, tzinfo=dt.UTC)
TODAY = NOW.date()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, and let connections that failed finish closing."""

    async def whole() -> Result:
        try:
            return await work
        finally:
            watched = vars(asyncio.get_running_loop())["_selector"].get_map()
            for _ in range(20):
                await asyncio.sleep(0.001)
                if len(watched) == 1:  # the loop's own
                    break

    return asyncio.run(whole())


@functools.cache
def _empty_database() -> bytes:
    """Return the file of a database that has its tables, and nothing in them."""
    with tempfile.TemporaryDirectory() as folder:
        open_database("sqlite:///empty.db", Path(folder)).close()
        return (Path(folder) / "empty.db").read_bytes()


def open_test_database(folder: Path, name: str = "test.db") -> Database:
    """Open a database in a folder; a new one gets its tables from a copy, which is quicker."""
    if BACKEND.kind == "postgresql":
        return BACKEND.opened(open_database(BACKEND.url(folder, name), folder))
    path = folder / name
    if not path.exists():
        path.write_bytes(_empty_database())
    return open_database(f"sqlite:///{name}", folder)


@dataclass(frozen=True, kw_only=True)
class Played:
    """What the demo did."""

    ran: Ran
    folder: Path
    """outbox/<date>/."""
    messages: list[bytes]
    """As its SMTP server received them."""


def play_demo(root: Path) -> Played:
    """Play the demo below `root`; in a thread, because playwright runs a loop in this one."""

    async def play() -> Played:
        async with demo_day(root, version="0") as demo:
            ran = await steps.run(demo.day, demo.web, demo.post)
            folder = demo.day.folders.outbox.of(demo.day.date)
            return Played(ran=ran, folder=folder, messages=demo.mailbox.messages)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, play()).result()


def make_paper(number: int = 1, **changes: Any) -> Paper:
    key = f"arxiv:2603.{99000 + number}"
    values: dict[str, Any] = {
        "id": key,
        "keys": (key,),
        "title": f"Paper {number} on language models",
        "url": f"https://arxiv.org/abs/2603.{99000 + number}",
        # Words of its own, so that no two papers say the same by chance.
        "abstract": "We propose a method. It works on every task that we tried. "
        + " ".join(f"case{number}{letter}" for letter in "abcdefghijklmnopqrstuvwx"),
        "authors": ("Ada Byron", "Émilie du Châtelet"),
        "categories": ("cs.CL",),
        "published": NOW - dt.timedelta(hours=6),
        "sightings": (Sighting(source="test", seen_at=NOW, url="https://example.org/feed"),),
    }
    if "keys" in changes and "id" not in changes:
        changes["id"] = changes["keys"][0]
    return Paper(**(values | changes))


def make_topic(
    name: str = "language-models", match: object = "language model", **changes: Any
) -> Topic:
    values: dict[str, Any] = {
        "name": name,
        "title": name.replace("-", " ").capitalize(),
        "match": parse_match(match),
        "weights": (("relevance", 1.0), ("trending", 0.8), ("recency", 0.2)),
        "limit": 6,
    }
    return Topic(**(values | changes))


def make_pick(
    paper: Paper | None = None, topic: str = "language-models", total: float = 0.5, **changes: Any
) -> Pick:
    paper = paper or make_paper()
    reason = Reason(kind=ReasonKind.IN_TITLE, words=("x",))
    part = Part(signal="relevance", value=total, points=total, reason=reason)
    values: dict[str, Any] = {
        "paper": paper,
        "topic": topic,
        "score": Score(total=total, parts=(part,), overall=total, about=total),
        "reasons": (reason,),
        "tldr": "We propose a method.",
        "details": tuple(f"{part}." for part in paper.abstract.split(". ")[1:]),
    }
    return Pick(**(values | changes))


def make_issue(**changes: Any) -> Issue:
    values: dict[str, Any] = {"date": TODAY, "number": 7, "papers": 95, "planned_at": NOW}
    return Issue(**(values | changes))


UNSUBSCRIBE = "https://news.example.org/unsubscribe/{tag}"


def make_edition(key: str = "language-models", **changes: Any) -> Edition:
    unsubscribe, greeting = UNSUBSCRIBE.replace("{tag}", token("unsubscribe")), token("greeting")
    values: dict[str, Any] = {
        "key": key,
        "subject": "Daily Papers, 17 Mar: A paper",
        "html": f'<html lang="en"><h1>Hi</h1><p>{greeting}</p><a href="{unsubscribe}">out</a></html>',
        "text": f"Hi\n{greeting}.\nUnsubscribe: {unsubscribe}\n",
    } | changes
    blocks = Blocks()
    values["html_blocks"] = blocks.numbers([values.pop("html")])
    values["text_blocks"] = blocks.numbers([values.pop("text")])
    return Edition(**values, blocks=blocks.table)


def make_subscriber(name: str = "ada", **changes: Any) -> Subscriber:
    values: dict[str, Any] = {
        "id": f"id-{name}",
        "email": f"{name}@readers.example",
        "name": name.capitalize(),
        "topics": ("language-models",),
    }
    return Subscriber(**(values | changes))


def as_kept(listed: SignUp) -> Subscription:
    """Return an entry of a list as the store keeps it."""
    return Subscription(
        id="1639bd1d3165c8edf56d",
        email=listed.email,
        name=listed.name,
        wishes=listed.wishes,
        state=SubscriberState.ACTIVE,
        paused_until=None,
        origin=Origin.YAML,
        changed_by="yaml",
        consent_at=NOW,
        consent="",
        changed_at=NOW,
    )


def as_subscriber(listed: SignUp) -> Subscriber:
    """Return an entry of a list as stages see it."""
    return subscriber_of(as_kept(listed), listed.wishes.topics, timezone="UTC", language="en")


def make_delivery(name: str = "ada", **changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "issue": TODAY,
        "subscriber": f"id-{name}",
        "email": f"{name}@readers.example",
        "name": name.capitalize(),
        "timezone": "UTC",
        "edition": "language-models",
    }
    return Delivery(**(values | changes))


def plan(
    database: Database,
    planned: Sequence[Delivery],
    *,
    editions: Sequence[Edition] = (),
    offered: Iterable[str] = (),
    issue: Issue | None = None,
) -> bool:
    """Plan an issue in which subscribers of these ids and addresses get these deliveries."""
    with database.transaction() as connection:
        known = set(connection.scalars(sa.select(subscribers.c.id)))
        rows = [
            {
                "id": delivery.subscriber,
                "address": delivery.email.lower(),
                "email": delivery.email,
                "domain": delivery.domain,
                "name": delivery.name,
                "wishes": "{}",
                "audience": delivery.edition,
                "timezone": delivery.timezone,
                "language": delivery.language,
                "state": "active",
                "origin": "yaml",
                "changed_by": "yaml",
                "consent_at": NOW,
                "consent": "",
                "changed_at": NOW,
            }
            for delivery in planned
            if delivery.subscriber not in known
        ]
        if rows:
            connection.execute(subscribers.insert(), rows)
    with Spool() as spool:
        for edition in editions or [make_edition()]:
            spool.add(edition.key, edition)
        return IssueStore(database).plan(issue or make_issue(), spool, offered, NOW)


@dataclass
class ListQueue:
    """A queue of some messages, for sessions without a ledger."""

    parcels: list[Parcel]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    began: list[str] = field(default_factory=list)
    busy_count: int = 0
    lost: frozenset[str] = frozenset()

    async def next(self) -> Parcel | None:
        return self.next_now()

    def next_now(self) -> Parcel | None:
        return self.parcels.pop(0) if self.parcels else None

    async def begin(self, parcel: Parcel) -> bool:
        name = parcel.delivery.subscriber.removeprefix("id-")
        if name in self.lost:
            return False
        self.began.append(name)
        return True

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        self.outcomes[parcel.delivery.subscriber.removeprefix("id-")] = outcome

    async def refused(self, _parcel: Parcel, error: SendError) -> None:
        raise error

    def busy(self) -> None:
        self.busy_count += 1


def make_parcel(name: str = "ada", message: bytes = b"Subject: x\r\n\r\nx\r\n") -> Parcel:
    claim = Claim(delivery=make_delivery(name), owner="me")
    return Parcel(claim=claim, message=message, until=NOW + dt.timedelta(hours=1))


def make_letterhead(**changes: Any) -> Letterhead:
    values = {
        "name": "Daily Papers",
        "sender": "papers@news.example.org",
        "reply_to": "editors@news.example.org",
        "language": "en",
        "unsubscribe": UNSUBSCRIBE,
    }
    return Letterhead(**(values | changes))


def make_recipient(**changes: Any) -> Recipient:
    values: dict[str, Any] = {
        "id": "1639bd1d3165c8edf56d",
        "email": "ada@readers.example",
        "name": "Ada Byron",
        "unsubscribe": "AQAxNjM5YmQxZDMxNjVjOGVkZjU2ZA",
        "preferences": "AQExNjM5YmQxZDMxNjVjOGVkZjU2ZA",
        "feedback": "AQExNjM5YmQxZDMxNjVjOGVkZjU2ZA",
        "shown_date": "Tuesday, March 17, 2026",
        "date": NOW,
    }
    name = changes.get("name", values["name"])
    values["greeting"] = f"Hello {name}" if name else "Hello"
    return Recipient(**(values | changes))


def make_source(**changes: Any) -> Source:
    return Source(
        **({"name": "test", "kind": "feed", "location": "https://example.org/f"} | changes)
    )


def make_document(
    content: str | bytes, url: str = "https://example.org/feed", content_type: str = ""
) -> Document:
    raw = content.encode() if isinstance(content, str) else content
    return Document(url=url, content=raw, content_type=content_type)


def write_newsletter(folder: Path, root: Path, **files: str) -> Path:
    """Copy the shipped config and templates into `folder`, with some YAML files replaced."""
    for part in ("config", "templates"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for source in (root / part).rglob("*.*"):
            target = folder / part / source.relative_to(root / part)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text("utf-8"), "utf-8")
    for name, text in files.items():
        (folder / "config" / f"{name}.yaml").write_text(text, "utf-8")
    return folder


def write_letter(folder: Path, root: Path, feed: str, delivery: str, readers: int) -> None:
    """Write a newsletter with one source and many readers, its ledger beside its outbox."""
    people = "".join(f"  - {{email: r{n}@readers.example}}\n" for n in range(readers))
    write_newsletter(
        folder,
        root,
        newsletter="name: Daily\nfrom: p@news.example.org\ndatabase: sqlite:///ledger.db\n"
        f"delivery: {delivery}\n",
        sources=f"private_networks: [127.0.0.1]\nsources:\n  - {{name: Feed, url: '{feed}/feed'}}\n",
        subscribers=f"subscribers:\n{people}",
    )


def over_smtp(port: int, connections: int) -> str:
    """Return a delivery to a mail server of the tests, as YAML."""
    return (
        f"{{transport: smtp, host: 127.0.0.1, port: {port}, security: none, "
        f"connections: {connections}}}"
    )


def counts_of(folder: Path) -> dict[str, int]:
    """Return the ledger's counts of a newsletter in `folder`, as the program tells them."""
    done = newsletter("status", "--json", cwd=folder)
    counts: dict[str, int] = json.loads(done.stdout)["deliveries"]
    return counts
