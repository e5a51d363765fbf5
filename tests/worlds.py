"""A world for tests: a newsletter on disk with a web and a mail server, at a time that they set."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email
import email.policy
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import yaml
from makers import NOW, run, write_newsletter
from servers import Mail, Page, Web, http_server, smtp_server

from newsletter.config.files import load_config
from newsletter.day import given, steps
from newsletter.day.drafts import make_draft
from newsletter.day.given import Day, Post
from newsletter.day.results import Ran
from newsletter.world.days import open_day, open_web
from newsletter.world.posts import open_post

NEWSLETTER = """
name: Daily Papers
from: papers@news.example.org
site: https://news.example.org
secret: ${SECRET}
postal_address: 1 Example Street
delivery: {transport: smtp, host: 127.0.0.1, port: PORT, security: none, connections: 2}
"""
SOURCES = """
timeout: 5
private_networks: [127.0.0.1]
sources:
  - {name: Feed, url: "URL/feed"}
  - {name: Votes, kind: huggingface, url: "URL/votes"}
"""
SUBSCRIBERS = """
subscribers:
  - {email: ada@readers.example, name: Ada Byron, topics: [language-models, agents], timezone: Asia/Tokyo}
  - {email: bo@readers.example, name: 田中 愛子, topics: [agents]}
  - {email: cy@readers.example, topics: [vision]}
  - {email: paused@readers.example, paused: true}
"""
SITELESS = """
name: Daily Papers
from: papers@news.example.org
delivery: {{transport: smtp, host: 127.0.0.1, port: {port}, security: none}}
{more}
"""
TOPICS = """topics:
  - {name: agents, title: Agents, match: [agents], limit: 9, rank: {relevance: 1, trending: 1}}
  - {name: robots, title: Robots, match: [robots], limit: 9}
"""
TITLES = (
    "Agents that plan over snow", "Agents with tools for chemists", "Agents on long talks",
    "Agents at games", "Agents for written proofs", "Agents of the sea", "Robots that walk by night",
)  # fmt: skip


def rss(*titles: str, start: int = 99001) -> Page:
    items = "".join(
        f"<item><title>{title}</title><link>https://arxiv.org/abs/2603.{start + n}v1</link>"
        f"<description>We propose it. It works well on everything that we could think of.</description>"
        "<pubDate>Tue, 17 Mar 2026 04:00:00 GMT</pubDate></item>"
        for n, title in enumerate(titles)
    )
    return Page(f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode())


def votes(**counts: int) -> Page:
    answer = [
        {"paper": {"id": f"2603.{number.removeprefix('n')}", "title": "Voted", "upvotes": count}}
        for number, count in counts.items()
    ]
    return Page(json.dumps(answer).encode())


ENVIRONMENT = {"SECRET": "a secret of tests, of 32 bytes at least"}


class World:
    """A newsletter on disk with its servers, at a time that tests set."""

    def __init__(self, folder: Path, root: Path, web: Web, mail: Mail) -> None:
        self.folder, self.web, self.mail = folder, web, mail
        self.now = NOW
        write_newsletter(
            folder,
            root,
            newsletter=NEWSLETTER.replace("PORT", str(mail.port)),
            sources=SOURCES.replace("URL", web.url),
            subscribers=SUBSCRIBERS,
        )

    @contextlib.asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[tuple[Day, given.Web, Post]]:
        config = load_config(self.folder / "config", ENVIRONMENT)
        with open_day(config, clock=lambda: self.now, **options) as day:
            async with (
                open_web(config, version="0") as web,
                open_post(config, clock=lambda: self.now) as post,
            ):
                yield day, web, post

    def do(self, step: Callable[..., Any], **options: Any) -> Any:
        """Do a step with what it takes of day, web and post, by the names of its arguments."""

        async def work() -> Any:
            async with self.open(**options) as (day, web, post):
                steps.follow_list(day)
                has = {"day": day, "web": web, "post": post}
                wanted = [has[one] for one in inspect.signature(step).parameters if one in has]
                result = step(*wanted)
                return await result if asyncio.iscoroutine(result) else result

        return run(work())

    def picks(self) -> Any:
        return self.do(lambda day: make_draft(day).picks)

    def mails(self) -> dict[str, EmailMessage]:
        found = {}
        for one in self.mail.messages:
            message = email.message_from_bytes(one.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            found[one.recipient.partition("@")[0]] = message
        return found


def body(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def paged(*titles: str, start: int = 99001, day: dt.datetime = NOW) -> Page:
    """Return a feed of papers that were published in the morning of a day, no two alike."""
    text = (
        rss(*titles, start=start).body.decode().replace("Tue, 17 Mar 2026", f"{day:%a, %d %b %Y}")
    )
    first, *rest = text.split("think of.")
    made = [first]
    for number, more in enumerate(rest, start):
        own = " ".join(f"case{number}{letter}" for letter in "abcdefghijklmnopqrst")
        made.append(f"think of. {own}.{more}")
    return Page("".join(made).encode())


def write(world: World, name: str, text: str) -> None:
    (world.folder / "config" / f"{name}.yaml").write_text(text, "utf-8")


def people(world: World, **wishes: Mapping[str, object]) -> None:
    """Write the list: people by name, each with what they want."""
    listed = [{"email": f"{name}@readers.example", **wanted} for name, wanted in wishes.items()]
    write(world, "subscribers", yaml.safe_dump({"subscribers": listed}))


def ran(world: World, at: dt.datetime) -> Ran:
    """Run at a time, as cron does, and return what was done."""
    world.now = at
    world.mail.messages.clear()
    found = world.do(steps.run)
    assert isinstance(found, Ran)
    assert found.faults == ()
    return found


def shown(world: World, name: str) -> list[str]:
    """Return the titles in a reader's mail, in its order."""
    text = " ".join(body(world.mails()[name], "plain").split())
    found = [(text.find(title), title) for title in every_title(world)]
    return [title for place, title in sorted(found) if place >= 0]


def every_title(world: World) -> list[str]:
    return [paper.title for paper in world.do(lambda day: day.stores.papers.last(1_000))]


@contextlib.contextmanager
def seven_papers(folder: Path, root: Path) -> Iterator[World]:
    """Return a newsletter without a site, and TITLES on a Tuesday."""
    ids = {f"n{99001 + place}": 10 * (place + 1) for place in range(6)}
    with http_server(feed=paged(*TITLES), votes=votes(**ids)) as web, smtp_server() as mail:
        found = World(folder, root, web, mail)
        write(found, "newsletter", SITELESS.format(port=mail.port, more=""))
        write(found, "topics", TOPICS)
        yield found
