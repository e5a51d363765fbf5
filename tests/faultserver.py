"""An SMTP server that goes wrong on demand, at any step, and remembers every message it took."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Faults:
    """What goes wrong; everything is well without."""

    port: int = 0
    pipelining: bool = True
    extensions: tuple[str, ...] = ()
    """Also offered: `DSN`, `SIZE 1000`, `STARTTLS`, …"""
    greeting: str = "220 faults.localhost"
    hello: str = ""
    """Said to EHLO, LHLO and HELO instead of what is offered."""
    most: int = 0
    """Connections at a time; others are greeted with `refusal`."""
    refusal: str = "421 4.7.0 too many connections"
    refuse_next: int = 0
    """So many connections from now on are refused."""
    open: int = 0
    rcpt: Callable[[str], str] = lambda _address: "250 fine"
    login: str = "235 fine"
    """Answer to AUTH."""
    mail: str = "250 fine"
    data: Callable[[str], str] = lambda _address: "354 go on"
    """Answer to DATA."""
    answer: Callable[[str], str] = lambda _address: "250 2.0.0 taken"
    """Answer to the dot; the mail is taken when it begins with 2."""
    take: Callable[[str], bool] = lambda _address: True
    """Whether a mail is taken although no answer follows (`drop`)."""
    split: int = 0
    """Send replies so many bytes at a time."""
    per_connection: int = 0
    """Answer 421 to MAIL after so many messages."""
    on_taken: Callable[[str], None] = lambda _address: None
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    """Recipient and content of everything that was taken."""
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    groups: list[int] = field(default_factory=list)
    """How many commands had arrived each time that one was read: pipelining shows here."""


DROP, STALL, TRICKLE = "drop", "stall", "trickle"
"""Instead of a reply: cut the connection, say nothing for an hour, or a line now and then."""


class _GoneError(Exception):
    """The connection is cut."""


class _Talk:
    """One connection."""

    def __init__(
        self, faults: Faults, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.faults = faults
        self.reader = reader
        self.writer = writer
        self.taken = 0

    async def say(self, text: str) -> None:
        if text == DROP:
            self.writer.transport.abort()
            raise _GoneError
        if text == STALL:
            await self.reader.read()  # until the client has had enough
            raise _GoneError
        while text == TRICKLE:
            self.writer.write(b"250-wait\r\n")
            await asyncio.sleep(0.05)
        raw = text.encode() + b"\r\n"
        size = self.faults.split or len(raw)
        for start in range(0, len(raw), size):
            self.writer.write(raw[start : start + size])
            if self.faults.split:
                await self.writer.drain()
                await asyncio.sleep(0)
        if text.startswith("421"):
            self.writer.close()
            raise _GoneError

    async def greet(self) -> None:
        faults = self.faults
        faults.connections += 1
        if faults.refuse_next or (faults.most and faults.open > faults.most):
            faults.refuse_next = max(0, faults.refuse_next - 1)
            await self.say(faults.refusal)
            self.writer.close()
            raise _GoneError
        await self.say(faults.greeting)

    async def talk(self) -> None:
        faults = self.faults
        await self.greet()
        recipient = ""
        while True:
            line = (await self.reader.readuntil(b"\r\n")).decode().strip()
            faults.commands.append(line)
            faults.groups.append(1 + self.reader._buffer.count(b"\r\n"))  # type: ignore[attr-defined]
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "LHLO", "HELO"):
                await self.hello()
            elif verb == "STARTTLS":
                await self.say("220 ready")
                self.writer.write(b"this is no TLS\r\n")
            elif verb == "AUTH":
                await self.say(faults.login)
            elif verb == "MAIL":
                recipient = ""
                if faults.per_connection and self.taken >= faults.per_connection:
                    await self.say("421 4.7.0 enough for this connection")
                await self.say(faults.mail)
            elif verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                reply = faults.rcpt(address)
                if reply.startswith("2"):
                    recipient = address
                await self.say(reply)
            elif verb == "DATA":
                await self.data(recipient)
            elif verb == "QUIT":
                await self.say("221 bye")
                return
            else:
                await self.say("250 fine")

    async def hello(self) -> None:
        faults = self.faults
        offered = ["faults.localhost", *faults.extensions]
        offered += ["PIPELINING"] if faults.pipelining else []
        for word in offered[:-1] if not faults.hello else []:
            await self.say(f"250-{word}")
        await self.say(faults.hello or f"250 {offered[-1]}")

    async def data(self, recipient: str) -> None:
        faults = self.faults
        reply = faults.data(recipient) if recipient else "503 5.5.1 need RCPT"
        await self.say(reply)
        if not reply.startswith("354"):
            return
        content = await self.reader.readuntil(b"\r\n.\r\n")
        answer = faults.answer(recipient)
        if answer.startswith("2") or (answer in (DROP, STALL) and faults.take(recipient)):
            self.taken += 1
            faults.messages.append((recipient, content[:-3].replace(b"\r\n..", b"\r\n.")))
            faults.on_taken(recipient)
        await self.say(answer)


@contextlib.contextmanager
def fault_server(**what: object) -> Iterator[Faults]:
    """Run the server in a thread; `what` are fields of Faults."""
    faults = Faults(**what)  # type: ignore[arg-type]
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()
    talking: set[asyncio.Task[None]] = set()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        broken = (ConnectionError, asyncio.IncompleteReadError, _GoneError, asyncio.CancelledError)
        faults.open += 1
        with contextlib.suppress(*broken):
            await _Talk(faults, reader, writer).talk()
        faults.open -= 1
        writer.transport.abort()
        talking.discard(task)

    async def serve() -> None:
        server = await asyncio.start_server(serve_one, "127.0.0.1", faults.port, limit=1 << 20)
        faults.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await stop.wait()
            server.close()
            for task in list(talking):
                task.cancel()
            await asyncio.gather(*talking, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield faults
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
