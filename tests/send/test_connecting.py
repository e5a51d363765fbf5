"""What keeps a connection from opening is named with what mends it, within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from faultserver import fault_server
from hypothesis import given
from hypothesis import strategies as st
from makers import run
from servers import smtp_server, trusting

from newsletter.errors import SendError
from newsletter.send import smtp
from newsletter.send.connecting import SmtpSettings
from newsletter.send.sendmail import SendmailTransport
from newsletter.send.smtp import SmtpTransport


def settings(port: int, **changes: Any) -> SmtpSettings:
    values: dict[str, Any] = {
        "host": "127.0.0.1", "port": port, "security": "none", "sender": "b@news.example.org",
        "timeout": 5.0,
    }  # fmt: skip
    return SmtpSettings(**(values | changes))


def check(config: SmtpSettings) -> str:
    return run(SmtpTransport(config).check())


def problem_of(config: SmtpSettings, within: float = 8.0) -> str:
    """Return why a server cannot be used, in one line, and soon."""
    start = time.monotonic()
    with pytest.raises(SendError) as caught:
        check(config)
    assert time.monotonic() - start < within
    assert "\n" not in str(caught.value)
    return str(caught.value)


@contextlib.contextmanager
def talker(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that says to each connection what `talk` does; yield its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            talk(connection)
            stop.wait(20)

    def serve() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listening.accept()
                threads.append(threading.Thread(target=answer, args=(connection,), daemon=True))
                threads[-1].start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        for answering in threads:
            answering.join(5)
        listening.close()


def saying(words: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(words)


def test_all_is_well() -> None:
    """It logs in and says goodbye; no mail is begun."""
    with smtp_server(security="starttls", auth=True) as mail:
        said = check(
            settings(
                mail.port, host="localhost", security="starttls", tls=trusting(mail),
                username="me", password="right",
            )
        )  # fmt: skip
    assert said == f"localhost:{mail.port} (starttls, logged in as me)"
    assert mail.logins == ["me"]
    assert mail.messages == []
    with fault_server() as faults:
        assert check(settings(faults.port)) == f"127.0.0.1:{faults.port} (no TLS)"
    assert [command.split(" ")[0] for command in faults.commands] == ["EHLO", "QUIT"]


@pytest.mark.parametrize(("security", "look"), [("starttls", smtp.LOOK), ("none", 0.2)])
def test_a_port_that_speaks_tls_from_the_start(
    monkeypatch: pytest.MonkeyPatch, security: str, look: float
) -> None:
    """Such a server says nothing to whoever waits for its greeting (465 with STARTTLS)."""
    monkeypatch.setattr(smtp, "LOOK", look)
    with smtp_server(security="tls") as mail:
        told = problem_of(settings(mail.port, host="localhost", security=security, timeout=60))

    assert "speaks TLS from the start; write `security: tls`" in told


def test_tls_on_a_port_that_speaks_plainly() -> None:
    """The port is 587, but the configuration says `security: tls`."""
    with smtp_server(security="starttls") as mail:
        told = problem_of(settings(mail.port, host="localhost", security="tls"))

    assert "port 587 wants `security: starttls`" in told


def test_no_starttls() -> None:
    """The server does not offer STARTTLS."""
    with fault_server() as faults:
        assert "no STARTTLS there" in problem_of(settings(faults.port, security="starttls"))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_wrong_password(security: str) -> None:
    """The error says where to put the right password, and does not show the wrong one."""
    with smtp_server(security=security, auth=True) as mail:
        told = problem_of(
            settings(
                mail.port, host="localhost", security=security, tls=trusting(mail),
                username="me", password="hunter2",
            )
        )  # fmt: skip

    assert "user name or password refused: 535" in told
    assert "mend `username` and `password`" in told
    assert "hunter2" not in told


def test_a_login_that_is_refused_for_now() -> None:
    """The server's own trouble: nobody is told to mend a password that is right."""
    with fault_server(extensions=("AUTH PLAIN",), login="454 4.7.0 try later") as faults:
        told = problem_of(settings(faults.port, username="me", password="hunter2"))

    assert told.endswith("no login for now: 454 4.7.0 try later")


def test_a_login_that_is_not_offered() -> None:
    """A server for everybody, or one that wants TLS first."""
    with fault_server() as faults:
        told = problem_of(settings(faults.port, username="me", password="hunter2"))

    assert "offers no login" in told


def test_an_unknown_authority() -> None:
    """The error names the authority that signed the certificate, and where to add it."""
    with smtp_server(security="tls") as mail:
        told = problem_of(settings(mail.port, host="localhost", security="tls"))

    assert "SSL_CERT_FILE" in told


@pytest.mark.parametrize(
    ("names", "expires", "word"),
    [
        (["mail.other.example"], None, "write the name that stands in the certificate as `host`"),
        (["localhost"], dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "is the clock of this machine"),
    ],
)
def test_a_certificate_for_another_name_or_time(
    names: list[str], expires: dt.datetime | None, word: str
) -> None:
    """The error says whether the host name or the date is wrong."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=expires).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)

    def talk(connection: socket.socket) -> None:
        with server.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(b"220 hello\r\n")

    with talker(talk) as port:
        assert word in problem_of(settings(port, host="localhost", security="tls", tls=client))


def test_no_such_host() -> None:
    """The host name does not exist (RFC 6761 reserves `.invalid` for this)."""
    told = problem_of(settings(587, host="mail.invalid"))

    assert "`host`" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no mail server: it says “SSH-2.0-OpenSSH_9.2”"),
        (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "is `port` right?"),
        (b"+OK POP3 ready\r\n", "is `port` right?"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "is `port` right?"),
        (b"554 5.7.1 not from there\r\n", "refuses this connection: 554 5.7.1 not from there"),
        (b"421 4.3.2 too many connections\r\n", "refuses this connection: 421"),
        (b"220-\r\n" * 20_000, "answers without end"),
        (b"220 hello\r\n", "says nothing, or not enough"),
        (b"", "says nothing, or not enough"),
    ],
)
@pytest.mark.parametrize("lmtp", [True, False])
def test_what_is_no_mail_server(words: bytes, expected: str, *, lmtp: bool) -> None:
    """Other services, refusals, endless greetings and silence: each has its own error."""
    with talker(saying(words)) as port:
        told = problem_of(settings(port, lmtp=lmtp, timeout=1.0), within=6)

    assert lmtp or expected in told


def test_a_greeting_that_trickles_has_a_deadline() -> None:
    """One line more now and then does not keep a run for ever."""

    def drip(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"220-wait\r\n")
            time.sleep(0.02)

    with talker(drip) as port:
        told = problem_of(settings(port, timeout=0.5), within=5)

    assert "says nothing, or not enough" in told


def test_a_handshake_that_never_ends_has_a_deadline() -> None:
    """The server accepts STARTTLS and then says nothing more."""

    def talk(connection: socket.socket) -> None:
        for reply in (b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go on\r\n"):
            connection.sendall(reply)
            connection.recv(1000)

    with talker(talk) as port:
        told = problem_of(settings(port, host="localhost", security="starttls", timeout=0.5))

    assert told


@pytest.mark.parametrize("size", ["9" * 5_000, "²", "x", "-1", ""])
def test_an_odd_size_is_no_size(size: str) -> None:
    """What a server offers is believed only where it makes sense (RFC 1870)."""
    with fault_server(extensions=(f"SIZE {size}",)) as faults:
        assert check(settings(faults.port))


@pytest.mark.slow
@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)))
def test_whatever_a_server_greets_with_is_one_line(lines: list[str]) -> None:
    """As greeting and as answer to EHLO: a connection, or one printable line."""
    words = [line.encode("latin-1") for line in lines]
    greeting = b"".join([b"220-" + word + b"\r\n" for word in words]) + b"220 x\r\n"
    hello = b"".join([b"250-" + word + b"\r\n" for word in words]) + b"250 x\r\n"

    async def work() -> None:
        gone = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            with contextlib.suppress(ConnectionError):
                await reader.readline()
                writer.write(hello)
                await reader.readline()
                writer.write(b"221 bye\r\n")
            writer.close()
            gone.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await SmtpTransport(settings(port, timeout=1.0)).check()
        except SendError as error:
            assert str(error).isprintable()
        await gone.wait()
        server.close()

    run(work())


def test_a_command_is_looked_for(tmp_path: Path) -> None:
    """The transport `sendmail` says whether its command is there."""
    there = tmp_path / "mailer"
    there.write_text("#!/bin/sh\n")
    there.chmod(0o755)

    assert run(SendmailTransport([str(there)], lambda _delivery: "").check()) == str(there)
    with pytest.raises(SendError, match="mend `command`"):
        run(SendmailTransport(["/nowhere/mailer"], lambda _delivery: "").check())
