"""Why no mail leaves, in one whole line with what mends it; and what a single answer means."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from makers import TODAY, make_delivery, make_parcel, run

from newsletter.errors import HeaderError, SendError
from newsletter.model import DeliveryState, Outcome, Verdict
from newsletter.send.connecting import ERRORS, Connection, SmtpSettings, connect, tls_context
from newsletter.send.diagnoses import explain
from newsletter.send.envelopes import commands, stuffed, unfit, xtext
from newsletter.send.outcomes import advice, is_of_message, outcome_of
from newsletter.send.sendmail import SendmailTransport
from newsletter.send.streams import Reply, Stream, printable

S = DeliveryState


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "failed")
    error.verify_code, error.verify_message = code, "what it says"
    return error


def handshake(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "told\x07so")
    error.reason = reason
    return error


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


def around(error: Exception, by: Exception) -> Exception:
    error.__context__ = by
    return error


CERTIFICATE = "its certificate is not valid for this host (what it says); "
NAME = CERTIFICATE + "write the name that stands in the certificate as `host`"
CLOCK = CERTIFICATE + "is the clock of this machine right? Else the server needs a new one"
SIGNER = CERTIFICATE + (
    "whoever signed it is not known here: add that authority to this machine's "
    "(update-ca-certificates), or name its file in SSL_CERT_FILE"
)
NO_TLS = (
    "it does not speak TLS from the start; port 587 wants `security: starttls`, and `tls` is for "
    "port 465"
)
REFUSED = "connection refused; is the host and port in newsletter.yaml right?"
NOBODY = (
    "nobody answers there; is the host and port in newsletter.yaml right, and does no firewall "
    "stand between (many providers block port 25)?"
)
NO_HOST = "there is no host of that name; is `host` in newsletter.yaml right?"
NOT_NOW = "its name cannot be looked up now; is `host` right, and the network up?"
LOGIN = "; mend `username` and `password` (some providers want an app password)"


@pytest.mark.parametrize(
    ("error", "security", "said"),
    [
        (certificate(62), "tls", NAME),
        (certificate(64), "tls", NAME),
        (certificate(10), "tls", CLOCK),
        (certificate(9), "tls", CLOCK),
        (certificate(18), "starttls", SIGNER),
        (certificate(63), "starttls", SIGNER),
        (handshake("WRONG_VERSION_NUMBER"), "tls", NO_TLS),
        (handshake("UNEXPECTED_EOF_WHILE_READING"), "tls", NO_TLS),
        (handshake("WRONG_VERSION_NUMBER"), "starttls", "no TLS with this server (WRONG_VERSION_NUMBER)"),
        (handshake("OTHER"), "tls", "no TLS with this server (OTHER)"),
        (handshake(""), "tls", "no TLS with this server (told so)"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "tls", NO_HOST),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "tls", NOT_NOW),
        (ConnectionRefusedError(), "tls", REFUSED),
        (caused(OSError("x"), ConnectionRefusedError()), "tls", REFUSED),
        (around(OSError("x"), around(OSError("y"), certificate(62))), "tls", NAME),
        (aiosmtplib.SMTPConnectTimeoutError("Timed out connecting to x"), "tls", NOBODY),
        (
            aiosmtplib.SMTPConnectTimeoutError("Timed out waiting for server ready message"),
            "tls",
            ("it says nothing, or not enough (Timed out waiting for server ready message); "
            "is `port` that of a mail server?"),
        ),
        (TimeoutError(), "tls", "it says nothing, or not enough (TimeoutError); is `port` that of a mail server?"),
        (
            aiosmtplib.SMTPReadTimeoutError("Timed out connecting"),
            "tls",
            "it says nothing, or not enough (Timed out connecting); is `port` that of a mail server?",
        ),
        (
            aiosmtplib.SMTPAuthenticationError(535, "5.7.8 no\x07pe"),
            "tls",
            "user name or password refused: 535 5.7.8 no pe" + LOGIN,
        ),
        (aiosmtplib.SMTPAuthenticationError(454, "4.7.0 la\x07ter"), "tls", "no login for now: 454 4.7.0 la ter"),
        (aiosmtplib.SMTPAuthenticationError(500, "x"), "tls", "user name or password refused: 500 x" + LOGIN),
        (
            aiosmtplib.SMTPConnectResponseError(554, "5.7.1 not\x07you"),
            "tls",
            "the server refuses this connection: 554 5.7.1 not you",
        ),
        (
            aiosmtplib.SMTPResponseException(-1, "Malformed SMTP response line: HTTP/1.1 400"),
            "tls",
            "that is no mail server: it says “HTTP/1.1 400”; is `port` right?",
        ),
        (
            aiosmtplib.SMTPException("Malformed, line: " + "x" * 80),
            "tls",
            f"that is no mail server: it says “{'x' * 60}”; is `port` right?",
        ),
        (aiosmtplib.SMTPException("malformed"), "tls", "that is no mail server: it says “malformed”; is `port` right?"),
        (
            aiosmtplib.SMTPException("Response too long"),
            "tls",
            "that is no mail server: it answers without end; is `port` right?",
        ),
        (
            aiosmtplib.SMTPException("SMTP STARTTLS extension not supported"),
            "starttls",
            ("no STARTTLS there (SMTP STARTTLS extension not supported); port 465 wants `security: tls`, "
            "and a server on this machine may do with `none`"),
        ),
        (
            aiosmtplib.SMTPException("No suitable authentication method"),
            "tls",
            ("it offers no login that we know (No suitable authentication method); take out `username` and "
            "`password`, or use the port for submission (587, or 465 with `security: tls`)"),
        ),
        (OSError("some\x07thing"), "tls", "some thing"),
        (OSError(), "tls", "OSError"),
    ],
)  # fmt: skip
def test_why_there_is_no_connection(error: Exception, security: str, said: str) -> None:
    """The message explains the first cause in plain words, and says what to change."""
    assert explain(error, security) == said


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(530, "5.7.0 Must issue a StartTLS command first"), "; write `security: starttls`"),
        (Reply(530, "5.7.0 Authentication required"), "; it wants a login: name `username` and `password`"),
        (Reply(550, "STARTTLS"), ""),
    ],
)  # fmt: skip
def test_what_mends_a_refusal_of_everybody(reply: Reply, said: str) -> None:
    """Reply 530 means that another step must come first (RFC 4954, 6; RFC 3207, 4)."""
    assert advice(reply) == said


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(552, "too big"), True),
        (Reply(552, "5.3.4 too big"), True),
        (Reply(552, "5.2.3 too big"), True),
        (Reply(554, "5.6.1 no"), True),
        (Reply(552, "5.2.2 full"), False),
        (Reply(554, "5.3.5 no"), False),
        (Reply(550, "no"), False),
        (Reply(553, "no"), False),
    ],
)
def test_a_refusal_of_one_message(reply: Reply, *, expected: bool) -> None:
    """It is about size or content. Any other refusal at MAIL is about the sender."""
    assert is_of_message(reply) is expected


@pytest.mark.parametrize(
    ("reply", "of_recipient", "outcome"),
    [
        (Reply(250, "2.0.0 queued"), False, Outcome(state=S.ACCEPTED, reason="2.0.0 queued", code=250)),
        (Reply(299, "x"), True, Outcome(state=S.ACCEPTED, reason="x", code=299)),
        (
            Reply(450, "4.2.1 later"), True,
            Outcome(state=S.DEFERRED, reason="450 4.2.1 later", code=450, verdict=Verdict.DISABLED),
        ),
        (
            Reply(451, "later"), False,
            Outcome(state=S.DEFERRED, reason="451 later", code=451, verdict=Verdict.UNKNOWN, is_busy=True),
        ),
        (
            Reply(451, "later"), True,
            Outcome(state=S.DEFERRED, reason="451 later", code=451, verdict=Verdict.UNKNOWN),
        ),
        (
            Reply(550, "5.1.1 no such user"), True,
            Outcome(state=S.FAILED, reason="550 5.1.1 no such user", code=550, verdict=Verdict.NO_MAILBOX),
        ),
        (Reply(354, "go on"), False, Outcome(state=S.UNKNOWN, reason="go on", code=354, verdict=Verdict.UNKNOWN)),
        (Reply(399, "x"), False, Outcome(state=S.UNKNOWN, reason="x", code=399, verdict=Verdict.UNKNOWN)),
        (Reply(400, ""), True, Outcome(state=S.DEFERRED, reason="400", code=400, verdict=Verdict.UNKNOWN)),
    ],
)  # fmt: skip
def test_what_an_answer_means(reply: Reply, *, of_recipient: bool, outcome: Outcome) -> None:
    """RFC 5321, 4.2.1: 2xx taken, 4xx for now, 5xx for good, and anything else in doubt."""
    assert outcome_of(reply, of_recipient=of_recipient) == outcome


# --- Envelopes ----------------------------------------------------------------------------------


def connection(**changes: Any) -> Connection:
    values: dict[str, Any] = {
        "stream": Stream(), "pipelining": True, "dsn": False, "smtputf8": False, "max_size": 0, "most": 3,
    }  # fmt: skip
    return Connection(**(values | changes))


@pytest.mark.parametrize(
    ("email", "offered", "expected"),
    [
        ("ada@x.example", {}, "MAIL FROM:<b@n.example>\r\nRCPT TO:<ada@x.example>\r\nDATA\r\n"),
        (
            "ada@x.example", {"max_size": 1},
            "MAIL FROM:<b@n.example> SIZE=77\r\nRCPT TO:<ada@x.example>\r\nDATA\r\n",
        ),
        (
            "a+b@x.example", {"dsn": True},
            (f"MAIL FROM:<b@n.example> RET=HDRS ENVID={TODAY:%Y%m%d}.id-ada\r\n"
            "RCPT TO:<a+b@x.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@x.example\r\nDATA\r\n"),
        ),
        (
            "é@x.example", {"smtputf8": True},
            "MAIL FROM:<b@n.example> SMTPUTF8\r\nRCPT TO:<é@x.example>\r\nDATA\r\n",
        ),
    ],
)  # fmt: skip
def test_an_envelope_in_full(email: str, offered: dict[str, Any], expected: str) -> None:
    """With what the server offers, and nothing else (RFC 3461, 1870, 6531)."""
    found = commands(make_delivery(email=email), 77, "b@n.example", connection(**offered))

    assert found.decode() == expected


@pytest.mark.parametrize(
    ("email", "sender", "said"),
    [
        ("a b@x.example", "b@n.example", "'a b@x.example': ' ' cannot stand in an envelope"),
        ("a@x.example\r\nDATA", "b@n.example", "'a@x.example\\r\\nDATA': '\\r' cannot stand in an envelope"),
        ("a@x.example", "b>@n.example", "'a@x.example': '>' cannot stand in an envelope"),
    ],
)  # fmt: skip
def test_what_cannot_stand_in_an_envelope(email: str, sender: str, said: str) -> None:
    """It could smuggle in a command."""
    with pytest.raises(HeaderError) as caught:
        commands(make_delivery(email=email), 77, sender, connection())
    assert str(caught.value) == said


def test_what_a_server_does_not_take_is_not_offered() -> None:
    """One byte too many, or letters that it does not know."""
    ada, other = make_delivery(), make_delivery(email="é@x.example")

    assert unfit(ada, 9_999, connection()) is None
    assert unfit(ada, 1_000, connection(max_size=1_000)) is None
    assert unfit(ada, 1_001, connection(max_size=1_000)) == Outcome(
        state=S.FAILED, verdict=Verdict.TOO_BIG,
        reason="1,001 bytes; the server takes 1,000 at most (RFC 1870)",
    )  # fmt: skip
    assert unfit(other, 1, connection(smtputf8=True)) is None
    assert unfit(other, 1, connection()) == Outcome(
        state=S.FAILED, verdict=Verdict.UNKNOWN,
        reason="the server takes no addresses outside of ASCII (no SMTPUTF8, RFC 6531)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"", b"\r\n.\r\n"),
        (b".a\r\n", b"..a\r\n.\r\n"),
        (b"a\r\n.\r\n..b\r\n", b"a\r\n..\r\n...b\r\n.\r\n"),
        (b"a.\r\nb.c\r\n", b"a.\r\nb.c\r\n.\r\n"),
    ],
)
def test_a_message_as_data_wants_it(message: bytes, expected: bytes) -> None:
    """Dots at line starts doubled, and one at its end (RFC 5321, 4.5.2); then what follows."""
    assert stuffed(message) == expected
    assert stuffed(message, b"MAIL\r\n") == expected + b"MAIL\r\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a@x!~*,<>-", "a@x!~*,<>-"), ("a+b=c d", "a+2Bb+3Dc+20d"), ("\x7f\n", "+7F+0A"), ("", "")],
)
def test_text_as_a_parameter_has_it(text: str, expected: str) -> None:
    """RFC 3461, 4."""
    assert xtext(text) == expected


def test_a_connection_wears_out() -> None:
    """After many messages or refusals a new one is opened: servers punish many refusals on one."""
    assert not connection(sent=2, errors=ERRORS - 1).is_worn
    assert connection(sent=3).is_worn
    assert connection(errors=ERRORS).is_worn


def settings(**changes: Any) -> SmtpSettings:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 9,
        "security": "tls",
        "sender": "b@n.example",
    }
    return SmtpSettings(**(values | changes))


def test_certificates_are_always_checked() -> None:
    """Against our own authorities or the system's. Without TLS there is no certificate."""
    own = ssl.create_default_context()

    assert tls_context(settings(tls=own)) is own
    usual = tls_context(settings(security="starttls"))
    assert usual is not None
    assert (usual.verify_mode, usual.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert tls_context(settings(security="none", tls=own)) is None
    assert tls_context(settings(lmtp=True, tls=own)) is None
    assert (settings().place, settings(host="/run/lmtp").place) == ("127.0.0.1:9", "/run/lmtp")


def lmtp(folder: Path, *answers: bytes) -> tuple[Connection | str, list[bytes]]:
    """Connect to an LMTP server at a socket; return the connection, or what is said, and its input."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in enumerate(answers):
            if number:
                got.append(await reader.readline())
            writer.write(answer)
        await writer.drain()
        await reader.read()
        writer.close()

    async def connected() -> Connection | str:
        path = str(folder / "socket")
        server = await asyncio.start_unix_server(serve, path)
        async with server:
            try:
                found = await connect(settings(host=path, lmtp=True, timeout=5.0), None)
            except SendError as error:
                return str(error)
            found.stream.abort()
            return found

    return run(connected()), got


def test_what_an_lmtp_server_offers(tmp_path: Path) -> None:
    """RFC 2033: its greeting, and the list of what it can, in any case."""
    hello = b"250-mx.example\r\n250-Pipelining\r\n250-DSN\r\n250-SMTPUTF8\r\n250 SIZE 1234\r\n"

    found, got = lmtp(tmp_path, b"220 mx.example\r\n", hello)

    assert got == [b"LHLO localhost\r\n"]
    assert isinstance(found, Connection)
    assert (found.pipelining, found.dsn, found.smtputf8, found.max_size) == (True, True, True, 1234)
    assert (found.most, found.sent, found.errors) == (100, 0, 0)


def test_an_lmtp_server_that_offers_nothing(tmp_path: Path) -> None:
    """A bare `SIZE` without a number gives no limit."""
    found, _ = lmtp(tmp_path, b"220 mx.example\r\n", b"250-mx.example\r\n250 SIZE\r\n")

    assert isinstance(found, Connection)
    assert (found.pipelining, found.dsn, found.smtputf8, found.max_size) == (False,) * 3 + (0,)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((b"421 4.3.2 not now\r\n", b"250 x\r\n"), "421 4.3.2 not now"),
        ((b"220 x\r\n", b"500 what?\r\n"), "500 what?"),
        ((b"554 go\r\n", b"500 what?\r\n"), "554 go"),
    ],
)
def test_an_lmtp_server_that_refuses(tmp_path: Path, answers: tuple[bytes, ...], said: str) -> None:
    """The error is its first refusal, with the address of the server."""
    assert lmtp(tmp_path, *answers)[0] == f"{tmp_path}/socket: {said}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a b ", "a b"), ("a  b", "a b"), ("a\r\nb\tc", "a b c"), ("\x1b[31m", "[31m"), ("é ü", "é ü"), ("", ""),
    ],
)  # fmt: skip
def test_any_answer_is_one_printable_line(text: str, line: str) -> None:
    """Whatever characters a server sends."""
    assert printable(text) == line


@pytest.mark.parametrize(
    ("text", "enhanced", "shown"),
    [
        ("5.1.1 no", "5.1.1", "550 5.1.1 no"), ("  4.20.300", "4.20.300", "550   4.20.300"), ("5.1.1x", "", "550 5.1.1x"),
        ("3.1.1 no", "", "550 3.1.1 no"), ("no 5.1.1", "", "550 no 5.1.1"), ("", "", "550"),
    ],
)  # fmt: skip
def test_a_reply_tells_its_numbers(text: str, enhanced: str, shown: str) -> None:
    """RFC 3463: at the beginning of its text, if at all."""
    assert (Reply(550, text).enhanced, str(Reply(550, text))) == (enhanced, shown)


# --- A command on this machine ------------------------------------------------------------------


def sendmail(folder: Path, script: str, timeout: float = 30.0) -> Outcome | str:
    """Send one message by a shell script; return what became of it, or the error."""
    path = folder / "sendmail"
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    transport = SendmailTransport([str(path), "-own"], lambda _delivery: "b@n.example", timeout)
    try:
        return run(transport._run(make_parcel("ada", b"A: b\r\n\r\nx\r\n")))
    except SendError as error:
        return str(error).replace(str(path), "SENDMAIL")


@pytest.mark.parametrize(
    ("script", "state", "reason", "code"),
    [
        ("exit 0", S.ACCEPTED, "taken by {}", 0),
        (
            "echo no; echo ' bad\taddress' >&2; exit 67",
            S.FAILED,
            "{} ended with status 67: bad address",
            67,
        ),
        ("exit 1", S.FAILED, "{} ended with status 1", 1),
        ("echo later >&2; exit 75", S.DEFERRED, "{} ended with status 75: later", 75),
        ("kill -9 $$", S.UNKNOWN, "{} was killed by signal 9", 0),
    ],
)
def test_how_a_command_ends(
    tmp_path: Path, script: str, state: DeliveryState, reason: str, code: int
) -> None:
    """sysexits.h: 75 is for now, others for good; killed, nobody can tell."""
    told = reason.format(tmp_path / "sendmail")

    assert sendmail(tmp_path, script) == Outcome(state=state, reason=told, code=code)


def test_a_command_that_does_not_end(tmp_path: Path) -> None:
    """It is killed. Whether it sent the mail is unknown."""
    assert sendmail(tmp_path, "exec sleep 60", 0.2) == Outcome(
        state=S.UNKNOWN, reason=f"{tmp_path}/sendmail did not end within 0.2 seconds"
    )


@pytest.mark.parametrize("status", [126, 127])
def test_a_command_that_cannot_run_is_nobodys_refusal(tmp_path: Path, status: int) -> None:
    """The run stops: the command would fail for the next reader too."""
    said = sendmail(tmp_path, f"echo missing >&2; exit {status}")

    assert said == f"SENDMAIL ended with status {status}: missing"


def test_what_a_command_is_given(tmp_path: Path) -> None:
    """Its own arguments, the sender, the recipient behind `--`, and lines that end as files' do."""
    sendmail(tmp_path, f'printf "%s|" "$@" > {tmp_path}/args; cat > {tmp_path}/message')

    assert (tmp_path / "args").read_text() == "-own|-i|-f|b@n.example|--|ada@readers.example|"
    assert (tmp_path / "message").read_bytes() == b"A: b\n\nx\n"


def test_a_command_is_there_or_not(tmp_path: Path) -> None:
    """This is checked before anything is sent. The error names the setting."""

    def check(name: str) -> str:
        return run(SendmailTransport([name], lambda _delivery: "x").check())

    assert check("/bin/sh") == "/bin/sh"
    with pytest.raises(SendError) as caught:
        check(f"{tmp_path}/none")
    assert str(caught.value) == (
        f"{tmp_path}/none: no such command, or nobody may run it; mend `command` of `delivery` in "
        "newsletter.yaml"
    )
    with pytest.raises(SendError) as caught:
        run(SendmailTransport([f"{tmp_path}/none"], lambda _delivery: "x")._run(make_parcel()))
    assert str(caught.value) == f"{tmp_path}/none: No such file or directory"
    assert dt.timedelta(
        seconds=SendmailTransport(["x"], lambda _delivery: "x")._timeout
    ) == dt.timedelta(minutes=10)
