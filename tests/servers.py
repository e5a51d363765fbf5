"""Real HTTP and SMTP servers on loopback, with a named switch for each misbehaviour."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import gzip
import http.server
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# --- HTTP -------------------------------------------------------------------------------------


@dataclass
class Page:
    """One answer; `misbehaviour` is one of the names below."""

    body: bytes = b""
    content_type: str = "application/xml"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    misbehaviour: str = ""
    """slow: a byte at a time, for ever · silent: stops in the middle · endless: no end of body · bomb: 50 MB of zeros, gzipped ·
    redirect-loop · hang-up: closes in the middle · not-gzip: says gzip and is not."""
    then: Page | None = None
    """What the same address answers from the next request on."""
    make: Callable[[str], bytes] | None = None
    """Makes the body from the path and query that were asked for, and from what was posted."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer after the first takes 40 ms
    pages: dict[str, Page]
    requests: list[tuple[str, dict[str, str]]]
    stopping: threading.Event

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.requests.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()})
        )
        length = int(self.headers.get("content-length") or 0)
        posted = self.rfile.read(length).decode() if length else ""
        page = self.pages.get(self.path.partition("?")[0], Page(b"not here", status=404))
        if page.make is not None:
            page = replace(page, body=page.make(self.path + posted))
        if page.then is not None:
            self.pages[self.path.partition("?")[0]] = page.then
        with contextlib.suppress(ConnectionError):
            if page.misbehaviour:
                getattr(self, "do_" + page.misbehaviour.replace("-", "_"))(page)
            else:
                self.answer(page)

    def do_POST(self) -> None:
        self.do_GET()

    def answer(self, page: Page) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.body)

    def do_slow(self, _page: Page) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.stopping.wait(0.05):
            self.wfile.write(b" ")

    def do_silent(self, _page: Page) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"<rss>")
        self.stopping.wait(5)

    def do_endless(self, _page: Page) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while not self.stopping.is_set():
            self.wfile.write(b"<item/>" * 10_000)

    def do_bomb(self, _page: Page) -> None:
        packed = gzip.compress(bytes(50_000_000))
        self.answer(Page(packed, headers={"Content-Encoding": "gzip"}))

    def do_redirect_loop(self, _page: Page) -> None:
        self.answer(Page(status=302, headers={"Location": self.path}))

    def do_hang_up(self, _page: Page) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"<rss>")
        self.close_connection = True

    def do_not_gzip(self, _page: Page) -> None:
        self.answer(Page(b"plain words", headers={"Content-Encoding": "gzip"}))


class _Server(http.server.ThreadingHTTPServer):
    """Says nothing of clients that hang up: commands run in this process, and print here."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass
class Web:
    """A running HTTP server."""

    url: str
    pages: dict[str, Page]
    requests: list[tuple[str, dict[str, str]]]


@contextlib.contextmanager
def http_server(**pages: Page) -> Iterator[Web]:
    """Serve `pages` by name (`feed=Page(…)` is /feed)."""
    served = {f"/{name}": page for name, page in pages.items()}
    requests: list[tuple[str, dict[str, str]]] = []
    stopping = threading.Event()
    handler = type(
        "Handler", (_Handler,), {"pages": served, "requests": requests, "stopping": stopping}
    )
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Web(f"http://127.0.0.1:{server.server_address[1]}", served, requests)
    finally:
        stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


# --- SMTP -------------------------------------------------------------------------------------


@dataclass
class Message:
    """One mail that the server took."""

    sender: str
    recipient: str
    content: bytes


@dataclass
class Mail:
    """A running SMTP server: what it took, and how it misbehaves."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    mail_reply: str = ""
    """Said to every MAIL instead of 250."""
    rcpt_replies: dict[str, str] = field(default_factory=dict)
    """Said to RCPT of an address instead of 250."""
    data_reply: str = ""
    """Said after the dot instead of 250; the mail is not taken."""
    after_dot: str = ""
    """`drop`: the mail is taken and the connection cut before the answer; `stall`: no answer."""
    drop_at_mail: bool = False
    """Cut the connection when MAIL comes."""
    drop_after: int = 0
    """Cut idle connections after so many mails each."""
    on_message: Callable[[Message], None] = lambda _message: None
    repeats_password: bool = False
    """Say a wrong password in the refusal, as some servers do in their debugging."""
    tls: trustme.CA | None = None
    logins: list[str] = field(default_factory=list)
    taken: dict[Session, int] = field(default_factory=dict)

    async def handle_MAIL(
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.drop_at_mail:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if self.mail_reply:
            return self.mail_reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address in self.rcpt_replies:
            return self.rcpt_replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data_reply:
            return self.data_reply
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            message = Message(envelope.mail_from or "", recipient, content)
            self.messages.append(message)
            self.on_message(message)
        if self.after_dot == "stall":
            await asyncio.sleep(3600)
        transport = server.transport
        assert isinstance(transport, asyncio.WriteTransport)
        if self.after_dot == "drop":
            transport.abort()
        self.taken[session] = self.taken.get(session, 0) + 1
        if self.drop_after and self.taken[session] >= self.drop_after:
            asyncio.get_running_loop().call_later(0.01, transport.close)
        return f"250 2.0.0 taken as {len(self.messages)}"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        success = data.password == b"right"
        if self.repeats_password and not success:
            said = f"535 5.7.8 {data.password.decode()} is not the password"
            return AuthResult(success=False, handled=False, message=said)
        return AuthResult(success=success, handled=success)


class _Protocol(SMTP):
    """Remembers its connections, so that they can be cut when the server stops."""

    def __init__(self, mail: Mail, connections: set[asyncio.BaseTransport], **options: Any) -> None:
        super().__init__(mail, **options)
        self.connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.connections.add(transport)
        super().connection_made(transport)


@contextlib.contextmanager
def smtp_server(
    *,
    security: str = "none",
    auth: bool = False,
    host: str = "localhost",
    until: dt.datetime | None = None,
    **switches: Any,
) -> Iterator[Mail]:
    """Run an SMTP server in a thread; `switches` are fields of Mail.

    Its certificate is for `host`, and good `until` then.
    """
    mail = Mail(**switches)
    options: dict[str, Any] = {"hostname": "mail.localhost"}
    context = None
    if security != "none":
        mail.tls = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        mail.tls.issue_cert(host, not_after=until).configure_cert(context)
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if auth:
        options |= {
            "authenticator": mail.authenticate,
            "auth_required": True,
            "auth_require_tls": security == "starttls",
        }
    loop = asyncio.new_event_loop()
    ready: threading.Event = threading.Event()
    stop = asyncio.Event()
    connections: set[asyncio.BaseTransport] = set()

    async def serve() -> None:
        protocol = functools.partial(_Protocol, mail, connections, loop=loop, **options)
        server = await loop.create_server(
            protocol, "127.0.0.1", 0, ssl=context if security == "tls" else None
        )
        mail.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await stop.wait()
        for connection in connections:
            assert isinstance(connection, asyncio.WriteTransport)
            connection.abort()
        for task in asyncio.all_tasks(loop) - {asyncio.current_task()}:
            task.cancel()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield mail
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def trusting(mail: Mail) -> ssl.SSLContext:
    """Return a client context that trusts the server's certificate authority."""
    context = ssl.create_default_context()
    assert mail.tls is not None
    mail.tls.configure_trust(context)
    return context
