"""A site, and the plainest answer that Starlette can give, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from corpora.papers import NOW
from newsletter.config.files import load_config
from newsletter.day.planning import Spool
from newsletter.links import sign
from newsletter.model import Issue, Paper, Pick, Score
from newsletter.store import IssueStore, PaperStore
from newsletter.world import machine

SECRET = "a secret of a benchmark, 32 bytes"
TODAY = NOW.date()
SCORE = Score(total=0.5, parts=(), overall=0.5)
PICKS = 15
"""Papers on the page of a day."""

STATIC = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
answer = HTMLResponse(open(sys.argv[1], 'rb').read())
async def page(_request):
    return answer
app = Starlette(routes=[Route('/', page)])
config = uvicorn.Config(app, http='h11', access_log=False, log_level='critical')
import socket
listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listening.bind(('127.0.0.1', int(sys.argv[2])))
listening.listen(1024)
uvicorn.Server(config).run(sockets=[listening])
"""
"""The baseline: the same bytes, with nothing around them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that answers."""

    port: int
    folder: Path


def write_newsletter(folder: Path, port: int, papers: Sequence[Paper]) -> None:
    """Write a newsletter whose site is at a port, with one issue."""
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "newsletter.yaml").write_text(
        f"name: Daily Papers\nfrom: papers@letters.example\nsite: http://127.0.0.1:{port}\n"
        "secret: ${NEWSLETTER_SECRET}\ndelivery: {transport: outbox}\n"
    )
    (config / "sources.yaml").write_text("sources: [{name: F, url: 'https://feeds.example/f'}]\n")
    (config / "topics.yaml").write_text("topics: [{name: all, title: All, match: [model]}]\n")
    (config / "subscribers.yaml").write_text("subscribers: []\n")
    env = folder / ".env"
    env.write_text(f"NEWSLETTER_SECRET={SECRET}\n")
    env.chmod(0o600)
    shown = [
        Pick(
            paper=paper,
            topic="all",
            score=Score(total=0.5, parts=(), overall=0.5),
            reasons=(),
            tldr=paper.title,
        )
        for paper in papers[:PICKS]
    ]
    with machine.open_ledger(load_config(config, {})) as database, Spool() as spool:
        PaperStore(database).save([pick.paper for pick in shown], NOW)
        issue = Issue(date=TODAY, number=1, papers=len(papers))
        IssueStore(database).plan(issue, spool, (), NOW, shown=shown)


@contextlib.contextmanager
def site(papers: Sequence[Paper]) -> Iterator[Served]:
    """Serve a newsletter with one issue of some papers."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        write_newsletter(folder, port, papers)
        words = ["-m", "newsletter", "serve", "--port", str(port), "--no-schedule"]
        with _running([*words, "--sign-ups", "1000000"], port, folder):
            yield Served(port=port, folder=folder)


@contextlib.contextmanager
def static(content: bytes) -> Iterator[Served]:
    """Serve the same bytes always."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "page.html").write_bytes(content)
        with _running(["-c", STATIC, str(folder / "page.html"), str(port)], port, folder):
            yield Served(port=port, folder=folder)


@contextlib.contextmanager
def _running(words: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, *words], cwd=folder, stdout=subprocess.DEVNULL, env=dict(os.environ)
    )
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def requests_per_second(port: int, seconds: float, connections: int = 16) -> float:
    """Return how often a page is answered: each connection asks again when it has the answer."""
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

    async def ask(deadline: float) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        while time.monotonic() < deadline:
            writer.write(request)
            status, _ = await _answer(reader)
            if status != 200:
                raise RuntimeError(f"the server answers {status}")
            count += 1
        writer.close()
        return count

    async def whole() -> float:
        began = time.monotonic()
        counts = await asyncio.gather(*(ask(began + seconds) for _ in range(connections)))
        return sum(counts) / (time.monotonic() - began)

    return asyncio.run(whole())


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return status and content of an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


def sign_up_all(port: int, count: int, connections: int, on_answer: Callable[[str], None]) -> float:
    """Sign up so many people at once; return the seconds that it took."""
    waiting = iter(range(count))
    until = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=10) + dt.timedelta(hours=24)
    token = sign(SECRET.encode(), "form", "subscribe", until=until)

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in waiting:
            email = f"reader{number}@crowd{number % 50}.example"
            body = urlencode({"email": email, "form": token}).encode()
            writer.write(
                b"POST /subscribe HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            status, _ = await _answer(reader)
            if status == 200:
                on_answer(email)
        writer.close()

    async def whole() -> float:
        began = time.monotonic()
        await asyncio.gather(*(ask() for _ in range(connections)))
        return time.monotonic() - began

    return asyncio.run(whole())


def pending(served: Served) -> set[str]:
    """Return the addresses of everybody in the newsletter's database."""
    from newsletter.world.days import open_day  # noqa: PLC0415  loads what only this needs

    with open_day(load_config(served.folder / "config", {})) as day:
        return {found.email for found in day.stores.subscribers.all()}
