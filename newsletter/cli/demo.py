"""A complete run on an invented day: real HTTP, real SMTP, nothing outside this machine."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.server
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.day.given import Day, Post, Web
from newsletter.doctor.sample import FEEDS, MORNING, demo_config
from newsletter.model import Delivery, Outcome, SourceReport
from newsletter.world.days import open_day, open_web
from newsletter.world.posts import open_post


@dataclass(slots=True)
class Mailbox:
    """Takes every mail and counts."""

    messages: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Accept one message."""
        content = envelope.content or b""
        self.messages.append(content.encode() if isinstance(content, str) else content)
        return f"250 2.0.0 OK, message {len(self.messages)} of the demo"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012  the class's own way of saying so
        ".xml": "application/xml", ".rdf": "application/rdf+xml", ".json": "application/json",
    }  # fmt: skip

    def log_message(self, *_args: object) -> None:
        """Log nothing: the report of the demo is enough."""


@contextlib.contextmanager
def feed_server(folder: Path) -> Iterator[str]:
    """Serve the files of `folder` over HTTP on loopback; yield the address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[int, Mailbox]]:
    """Run an SMTP server on loopback; yield its port and the mailbox that counts its mail."""
    mailbox = Mailbox()
    protocol = functools.partial(SMTP, mailbox, hostname="demo.localhost")
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDay:
    """The invented day with its servers."""

    day: Day
    web: Web
    post: Post
    mailbox: Mailbox


@contextlib.asynccontextmanager
async def demo_day(
    root: Path,
    *,
    version: str,
    on_source: Callable[[SourceReport], None] = lambda _report: None,
    on_delivery: Callable[[Delivery, Outcome], None] = lambda _delivery, _outcome: None,
) -> AsyncIterator[DemoDay]:
    """Open the invented day, with its servers running; output goes to `root`/outbox."""
    async with contextlib.AsyncExitStack() as stack:
        feeds = stack.enter_context(feed_server(FEEDS))
        port, mailbox = await stack.enter_async_context(mail_server())
        config = replace(demo_config(feeds, port), root=root)
        yield DemoDay(
            day=stack.enter_context(open_day(config, clock=lambda: MORNING)),
            web=await stack.enter_async_context(
                open_web(config, version=version, on_source=on_source)
            ),
            post=await stack.enter_async_context(
                open_post(config, clock=lambda: MORNING, on_delivery=on_delivery)
            ),
            mailbox=mailbox,
        )
