"""A newsletter with a few days of invented issues, and its site on a real port."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email
import email.policy
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import httpx2 as httpx
from makers import make_paper, make_pick
from servers import Mail

from newsletter.config.files import load_config
from newsletter.day.planning import Spool
from newsletter.model import (
    Issue,
    Origin,
    Pick,
    Reason,
    ReasonKind,
    Sighting,
    SignUp,
    SubscriberState,
)
from newsletter.serve.app import site_app
from newsletter.serve.given import Site
from newsletter.serve.hooks import Visit
from newsletter.serve.hosting import SiteHost
from newsletter.serve.listening import server
from newsletter.store import IssueStore, PaperStore
from newsletter.world import machine

SECRET = "a secret of tests, of 32 bytes at least"
MORNING = dt.datetime(2026, 11, 26, 7, 0, tzinfo=dt.UTC)
LAST = MORNING.date()
NEWSLETTER = """
name: Daily Papers
from: papers@letters.example
site: {site}
secret: ${{NEWSLETTER_SECRET}}
database: sqlite:///outbox/site.db
delivery: {{transport: smtp, host: 127.0.0.1, port: {port}, security: none}}
{more}
"""
SOURCES = "sources:\n  - {name: Feed, url: 'https://feeds.example/papers.xml'}\n"
TOPICS = """
topics:
  - {name: language-models, title: Language models, match: [language model, prompt, token]}
  - {name: vision, title: Vision, match: [image, video, pixel]}
  - {name: theory, title: Learning theory, match: [bound, convergence, proof]}
"""
ABSTRACTS = {
    "language-models": (
        ("Small Language Models Learn to Ask Before They Answer",
         "Small language models often answer questions that lack the facts they need. We train them to ask one short question first, and show that a model of 3 billion parameters then beats one of 70 billion on four sets of under-specified tasks. The gain comes from 2,000 examples and costs one hour on one machine."),
        ("Prompt Compression by Forgetting: 4x Shorter Contexts at Equal Accuracy",
         "Long prompts cost time and money. We let a model mark the tokens that it will not need again, and drop them. On twelve benchmarks the context shrinks to a quarter while accuracy falls by 0.3 points."),
        ("Do Preference Models Prefer Length? A Study of 41 Reward Models",
         "Reward models decide what language models learn from people. We measure, over 41 public reward models, how much of their judgement is explained by the length of an answer alone: between 9 and 38 percent. A correction that needs no training halves it."),
    ),
    "vision": (
        ("One Image Is Enough: Scene Reconstruction from a Single Photograph",
         "We reconstruct rooms in three dimensions from a single image, without any depth sensor. A diffusion model proposes what is hidden, and a check of consistency rejects what cannot be. People could not tell our views from photographs in 61 percent of the cases."),
        ("Pixels Without Labels: Segmenting Microscope Images of Any Cell",
         "Cells of many kinds must be segmented in microscope images, and labels are rare. We pre-train on 1.2 million unlabelled images from 40 laboratories, and match supervised models with a hundredth of their labels."),
    ),
    "theory": (
        ("A Simple Proof of Linear Convergence for Alternating Descent",
         "Alternating descent is used everywhere and understood in few cases. We give a proof of linear convergence that needs one page and two assumptions, both of which hold for matrix factorisation."),
        ("Tight Bounds for Learning Halfspaces with Heavy-Tailed Noise",
         "We settle the sample complexity of learning halfspaces when noise has only two moments. The upper and the lower bound agree up to a constant, and the algorithm runs in linear time."),
    ),
}  # fmt: skip


def day_papers(date: dt.date, seed: int = 0) -> list[Pick]:
    """Return the picks of an invented day; the papers of each day are other ones."""
    found: list[Pick] = []
    seen_at = dt.datetime.combine(date, dt.time(5), dt.UTC)
    for topic, papers in ABSTRACTS.items():
        for place, (title, abstract) in enumerate(papers):
            number = seed * 100 + len(found)
            paper = make_paper(
                number,
                title=title if seed == 0 else f"{title} ({date:%d %b})",
                abstract=abstract,
                authors=("Ada Byron", "Émilie du Châtelet", "Kurt Gödel", "Emmy Noether", "Alan Turing")[: place + 2],
                votes=(0, 41, 7)[(place + seed) % 3],
                published=seen_at - dt.timedelta(hours=9),
                pdf_url=f"https://arxiv.org/pdf/2603.{99000 + number}",
                code_url="https://github.com/example/code" if place == 1 else "",
                sightings=(Sighting(source="Feed", seen_at=seen_at, url="https://feeds.example/papers.xml"),),
            )  # fmt: skip
            first, _, _ = abstract.partition(". ")
            reason = Reason(kind=ReasonKind.VOTES, count=paper.votes, name="Feed")
            found.append(
                make_pick(
                    paper,
                    topic=topic,
                    total=0.9 - place / 10,
                    tldr=f"{first}.",
                    reasons=(reason,) if paper.votes else (),
                )
            )
    return found


def write_site(
    folder: Path,
    address: str,
    *,
    mail_port: int = 25,
    days: int = 5,
    last: dt.date = LAST,
    more: str = "",
    subscribers: str = "subscribers: []\n",
    papers: Callable[[dt.date, int], list[Pick]] = day_papers,
) -> None:
    """Write the newsletter's files, and plan an issue without readers for each of some days."""
    (folder / "config").mkdir(parents=True, exist_ok=True)
    texts = {
        "newsletter": NEWSLETTER.format(site=address, port=mail_port, more=more),
        "sources": SOURCES,
        "topics": TOPICS,
        "subscribers": subscribers,
    }
    for name, text in texts.items():
        (folder / "config" / f"{name}.yaml").write_text(text, "utf-8")
    (folder / ".env").write_text(f"NEWSLETTER_SECRET={SECRET}\n")
    (folder / ".env").chmod(0o600)
    config = load_config(folder / "config", {})
    with machine.open_ledger(config) as database:
        store, issues = PaperStore(database), IssueStore(database)
        for seed in range(days):
            date = last - dt.timedelta(days=seed)
            picks = papers(date, seed)
            at = dt.datetime.combine(date, dt.time(6), dt.UTC)
            store.save([pick.paper for pick in picks], at)
            issue = Issue(date=date, number=days - seed, papers=95)
            with Spool() as spool:
                issues.plan(issue, spool, [pick.paper.id for pick in picks], at, shown=picks)


@dataclass(slots=True)
class Clock:
    """A clock that a test moves."""

    now: dt.datetime = MORNING

    def __call__(self) -> dt.datetime:
        """Return the moment."""
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(**by)


@dataclass(slots=True)
class Running:
    """A site that answers."""

    address: str
    host: SiteHost
    client: httpx.Client
    clock: Clock
    said: list[str] = field(default_factory=list)
    """What it told the operator."""

    @property
    def site(self) -> Site:
        """What its pages are made from."""
        return self.host.site()

    def get(self, path: str, **options: object) -> httpx.Response:
        """Get a page."""
        return self.client.get(path, **options)  # type: ignore[arg-type]

    def post(self, path: str, **fields: object) -> httpx.Response:
        """Send a form, as our own page would."""
        return self.client.post(path, data=fields, headers={"Origin": self.address})

    def form_token(self, path: str) -> str:
        """Return the token of the form on a page."""
        found = re.search(r'name="form" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def subscribe(self, email: str, **fields: object) -> httpx.Response:
        """Subscribe as a person does, who takes a few seconds."""
        token = self.form_token("/subscribe")
        self.clock.forward(seconds=5)
        return self.post("/subscribe", email=email, form=token, **fields)

    def path_of(self, link: str) -> str:
        """Return the path of one of our own addresses."""
        assert link.startswith(self.address), link
        return link.removeprefix(self.address)


def free_socket() -> socket.socket:
    """Return a socket that listens on a free port of this machine."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    return listening


@contextlib.contextmanager
def running_site(
    folder: Path,
    listening: socket.socket,
    *,
    per_network: float = 100_000.0,
    per_site: float = 1_000_000.0,
    visiting: Visit | None = None,
) -> Iterator[Running]:
    """Serve the newsletter of `folder` in a thread, with its mails but without a schedule.

    `visiting` stands for the hosts of providers of mail.
    """
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    config = load_config(folder / "config", os.environ)
    said: list[str] = []
    clock = Clock()

    def say(text: str, *, problem: bool = True) -> None:
        said.append(text if problem else f"note: {text}")

    with machine.open_ledger(config) as database:
        host = SiteHost(folder / "config", config, database, address, clock, say)
        loop = asyncio.new_event_loop()
        program = server(
            site_app(
                host.site,
                host.wake,
                per_network=per_network,
                per_site=per_site,
                tell=said.append,
                visiting=visiting,
            )
        )

        async def serve() -> None:
            work = asyncio.create_task(host.work(schedule=False))
            await program.serve(sockets=[listening])
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
        thread.start()
        with httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
            try:
                yield Running(address=address, host=host, client=client, clock=clock, said=said)
            finally:
                program.should_exit = True
                thread.join(20)
                loop.close()


def read_mail(mail: Mail, to: str, count: int = 1, seconds: float = 10.0) -> list[EmailMessage]:
    """Return the mails to an address, when there are `count` of them."""
    end = time.monotonic() + seconds
    while True:
        found = [sent for sent in list(mail.messages) if sent.recipient.lower() == to.lower()]
        if len(found) >= count or time.monotonic() > end:
            assert len(found) >= count, f"{len(found)} of {count} mails to {to}"
            return [parsed(sent.content) for sent in found]
        time.sleep(0.02)


def parsed(content: bytes) -> EmailMessage:
    """Return a mail as its reader's program reads it."""
    return email.message_from_bytes(content, policy=email.policy.default)


def text_of(message: EmailMessage) -> str:
    """Return the text part of a mail."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link_in(message: EmailMessage, purpose: str) -> str:
    """Return the link for a purpose in the text of a mail."""
    found = re.search(rf"https?://\S+/{purpose}/[A-Za-z0-9_-]+", text_of(message))
    assert found is not None, text_of(message)
    return found[0]


def reader(web: Running, email: str) -> str:
    """Make somebody a subscriber; return their id."""
    subscribers = web.site.day.stores.subscribers
    subscribers.bring([SignUp(email=email, consent="a test")], Origin.IMPORT, web.clock())
    found = subscribers.find(email)
    assert found is not None
    return found.id


def state(web: Running, email: str) -> SubscriberState | None:
    """Return the state of who has an address; None when nobody has it."""
    found = web.site.day.stores.subscribers.find(email)
    return found.state if found else None
