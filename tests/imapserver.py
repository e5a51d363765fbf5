"""A mailbox over IMAP (RFC 3501), as far as reading what nobody has read needs it."""

from __future__ import annotations

import contextlib
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import trustme


@dataclass
class Box:
    """What the server has and what was asked of it."""

    messages: dict[int, bytes]
    password: str = "secret"
    port: int = 0
    seen: set[int] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    authority: trustme.CA = field(default_factory=trustme.CA)


class _Session(socketserver.StreamRequestHandler):
    """One client; it may do nothing before TLS and a login."""

    server: _Server

    def handle(self) -> None:
        self.is_open = False
        if self.server.implicit:
            self.secure()
        self.say("* OK ready")
        while line := self.rfile.readline():
            tag, _, words = line.decode().strip().partition(" ")
            self.server.box.commands.append(words)
            name = words.upper().removeprefix("UID ").split(" ")[0]
            if name == "LOGOUT":
                self.say("* BYE")
                self.say(f"{tag} OK done")
                return
            answer = getattr(self, f"do_{name.lower()}")(words)
            self.say(f"{tag} {answer}")
            if name == "STARTTLS":
                self.secure()

    def secure(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.box.authority.issue_cert("localhost").configure_cert(context)
        # The files of the plain socket go with it: a wrapped one takes its place.
        self.rfile.close()
        self.wfile.close()
        self.request = context.wrap_socket(self.request, server_side=True)
        self.setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def do_capability(self, _words: str) -> str:
        self.say("* CAPABILITY IMAP4rev1 STARTTLS")
        return "OK done"

    def do_starttls(self, _words: str) -> str:
        return "OK begin"

    def do_login(self, words: str) -> str:
        if not isinstance(self.request, ssl.SSLSocket):
            return "BAD not in the clear"
        if words.rsplit(" ", maxsplit=1)[-1].strip('"') != self.server.box.password:
            return "NO wrong password"
        self.is_open = True
        return "OK done"

    def do_select(self, words: str) -> str:
        if not self.is_open or "Nowhere" in words:
            return "NO no such mailbox"
        self.say(f"* {len(self.server.box.messages)} EXISTS")
        return "OK [READ-WRITE]"

    def do_search(self, _words: str) -> str:
        box = self.server.box
        self.say(" ".join(["* SEARCH", *(str(n) for n in box.messages if n not in box.seen)]))
        return "OK done"

    def do_fetch(self, words: str) -> str:
        number = int(words.split(" ")[2])
        raw = self.server.box.messages[number]
        self.wfile.write(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (number, number, len(raw)))
        self.wfile.write(raw + b")\r\n")
        if "PEEK" not in words:
            self.server.box.seen.add(number)
        return "OK done"

    def do_store(self, words: str) -> str:
        found = re.fullmatch(r"UID STORE (\d+) \+FLAGS \(\\Seen\)", words)
        assert found, words
        self.server.box.seen.add(int(found[1]))
        return "OK done"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, box: Box, *, implicit: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.box, self.implicit = box, implicit

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that hang up because they do not trust us."""


@contextlib.contextmanager
def imap_server(box: Box, *, implicit: bool = True) -> Iterator[Box]:
    """Serve `box` with TLS from the start, or after STARTTLS."""
    with _Server(box, implicit=implicit) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join(5)
