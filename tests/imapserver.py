"""A mailbox over IMAP (RFC 3501), as far as reading what nobody has read needs it."""

from __future__ import annotations

import base64
import contextlib
import re
import socketserver
import ssl
import threading
import time
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
    validity: int | None = 7
    """UIDVALIDITY; None leaves it and UIDNEXT out."""
    instead: dict[str, bytes] = field(default_factory=dict)
    """Bytes that are sent in place of the answer to a command, by its name; `TAG` is its tag."""
    pause: float = 0
    """Seconds between those bytes; 0 sends them at once."""
    authority: trustme.CA = field(default_factory=trustme.CA)


class _Session(socketserver.StreamRequestHandler):
    """One client; it may do nothing before TLS and a login."""

    disable_nagle_algorithm = True  # else an answer in several pieces takes 40 ms

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
            if name in self.server.box.instead:
                self.say_instead(self.server.box.instead[name].replace(b"TAG", tag.encode()))
                if name == "STARTTLS":
                    self.secure()
                continue
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

    def say_instead(self, answer: bytes) -> None:
        pause = self.server.box.pause
        size = 1 if pause else len(answer)
        for start in range(0, len(answer), size):
            self.wfile.write(answer[start : start + size])
            time.sleep(pause)

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
        box = self.server.box
        self.say(f"* {len(box.messages)} EXISTS")
        if box.validity is not None:
            self.say(f"* OK [UIDVALIDITY {box.validity}] valid")
            self.say(f"* OK [UIDNEXT {max(box.messages, default=0) + 1}] next")
        return "OK [READ-WRITE]"

    def do_authenticate(self, _words: str) -> str:
        self.say("+ ")
        _, _user, password = base64.b64decode(self.rfile.readline()).decode().split("\0")
        self.is_open = password == self.server.box.password
        return "OK done" if self.is_open else "NO wrong password"

    def do_search(self, words: str) -> str:
        box = self.server.box
        if asked := re.fullmatch(r'UID SEARCH SUBJECT "(\w+)"', words):
            wanted = re.compile(rb"(?im)^Subject:.*" + asked[1].encode())
            heads = {n: raw.partition(b"\n\n")[0] for n, raw in box.messages.items()}
            named = (n for n, head in heads.items() if wanted.search(head))
            self.say(" ".join(["* SEARCH", *map(str, named)]))
            return "OK done"
        found = re.fullmatch(r"UID SEARCH UID (\d+):(\d+|\*) UNSEEN", words)
        assert found, words
        last = max(box.messages, default=0)
        # A `*` is the last message, also before the number that the range begins with.
        end = max(last, int(found[1])) if found[2] == "*" else int(found[2])
        begin = min(last, int(found[1])) if found[2] == "*" else int(found[1])
        some = (n for n in box.messages if n not in box.seen and begin <= n <= end)
        self.say(" ".join(["* SEARCH", *map(str, some)]))
        return "OK done"

    def do_fetch(self, words: str) -> str:
        found = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", words)
        assert found, words
        number = int(found[1])
        raw = self.server.box.messages[number][: int(found[2])]
        self.wfile.write(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n" % (number, number, len(raw)))
        self.wfile.write(raw + b")\r\n")
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
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join(5)
