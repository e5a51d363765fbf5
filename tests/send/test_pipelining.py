"""The transaction, against a server that goes wrong at every step of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from faultserver import DROP, STALL, Faults, fault_server
from hypothesis import given
from hypothesis import strategies as st
from makers import ListQueue, make_parcel, run

from newsletter.errors import SendError
from newsletter.model import DeliveryState
from newsletter.send import smtp as module
from newsletter.send.connecting import SmtpSettings
from newsletter.send.envelopes import stuffed
from newsletter.send.smtp import SmtpTransport

S = DeliveryState


def deliver(faults: Faults, *names: str, lost: str = "", **changes: Any) -> ListQueue:
    """Send a message to each of `names` over one session; return what the queue was told."""
    message = b"Subject: x\r\n\r\n.dot\r\n..two\r\nend\r\n"
    queue = ListQueue([make_parcel(name, message) for name in names], lost=frozenset({lost}))
    values: dict[str, Any] = {
        "host": "127.0.0.1", "port": faults.port, "security": "none", "sender": "b@n.example",
        "timeout": 1.0,
    }  # fmt: skip

    async def work() -> None:
        async with SmtpTransport(SmtpSettings(**(values | changes))).session() as session:
            await session.work(queue)

    run(work())
    return queue


def states(queue: ListQueue) -> dict[str, DeliveryState]:
    return {name: outcome.state for name, outcome in queue.outcomes.items()}


def got(faults: Faults) -> list[str]:
    return [recipient.partition("@")[0] for recipient, _ in faults.messages]


def for_name(name: str, reply: str, usual: str) -> Any:
    return lambda address: reply if address.startswith(f"{name}@") else usual


NAMES = ("ada", "bo", "cy")


@pytest.mark.parametrize("pipelining", [True, False])
def test_messages_arrive_as_they_are(*, pipelining: bool) -> None:
    """Dots at line starts and all, over one connection, with commands sent ahead or not."""
    with fault_server(pipelining=pipelining) as faults:
        queue = deliver(faults, *NAMES)

    assert states(queue) == dict.fromkeys(NAMES, S.ACCEPTED)
    assert got(faults) == list(NAMES)
    assert faults.messages[0][1] == b"Subject: x\r\n\r\n.dot\r\n..two\r\nend\r\n"
    assert faults.connections == 1
    assert faults.commands[-1] == "QUIT"
    assert (max(faults.groups) >= 3) is pipelining


@pytest.mark.parametrize("data", ["354 go on anyway", "503 5.5.1 need RCPT", "554 5.5.1 no"])
@pytest.mark.parametrize(
    ("reply", "state"), [("550 5.1.1 no", S.FAILED), ("450 4.2.0 wait", S.DEFERRED)]
)
def test_a_refused_recipient_within_a_group(data: str, reply: str, state: DeliveryState) -> None:
    """DATA was on its way already: whatever the server says to it, the others get theirs."""
    with fault_server(rcpt=for_name("bo", reply, "250 fine")) as faults:
        faults.data = lambda address: "354 go on" if address else data
        # A server that takes DATA without a recipient is given an empty message.
        queue = deliver(faults, *NAMES)

    assert states(queue) == {"ada": S.ACCEPTED, "bo": state, "cy": S.ACCEPTED}
    assert got(faults) == ["ada", "cy"]
    assert queue.began == ["ada", "cy"]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("554 5.7.1 spam", S.FAILED),
        ("452 4.3.1 no room", S.DEFERRED),
        ("421 4.3.2 closing", S.DEFERRED),
        ("354 what", S.UNKNOWN),
        ("299 odd but fine", S.ACCEPTED),
    ],
)
def test_answers_to_the_dot(answer: str, state: DeliveryState) -> None:
    """Each is its message's own; the next, whose envelope was on its way, is sent once."""
    with fault_server(answer=for_name("bo", answer, "250 taken")) as faults:
        queue = deliver(faults, *NAMES)

    assert states(queue) == {"ada": S.ACCEPTED, "bo": state, "cy": S.ACCEPTED}
    assert got(faults).count("cy") == 1


@pytest.mark.parametrize("taken", [True, False])
def test_dropped_after_the_dot(*, taken: bool) -> None:
    """Nobody can tell whether it was taken: unknown. The next one, already announced, gets one."""
    with fault_server(
        answer=for_name("bo", DROP, "250 taken"), take=lambda _address: taken
    ) as faults:
        queue = deliver(faults, *NAMES)

    assert states(queue) == {"ada": S.ACCEPTED, "bo": S.UNKNOWN, "cy": S.ACCEPTED}
    assert got(faults) == ["ada", "bo", "cy"] if taken else ["ada", "cy"]
    assert faults.connections == 2


@pytest.mark.parametrize("where", ["rcpt", "data"])
@pytest.mark.parametrize("how", [DROP, "421 4.3.2 shutting down"])
def test_dropped_before_anything_left(where: str, how: str) -> None:
    """Safe to try once more on a new connection; the second time it waits for later."""
    once: list[str] = []

    def first_time(address: str) -> str:
        if address.startswith("bo@") and not once:
            once.append(address)
            return how
        return "354 go on" if where == "data" else "250 fine"

    with fault_server(**{where: first_time}) as faults:
        queue = deliver(faults, *NAMES)
    assert states(queue) == dict.fromkeys(NAMES, S.ACCEPTED)
    assert got(faults) == list(NAMES)

    usual = "354 go on" if where == "data" else "250 fine"
    with fault_server(**{where: for_name("bo", how, usual)}) as faults:
        queue = deliver(faults, *NAMES)
    assert states(queue) == {"ada": S.ACCEPTED, "bo": S.DEFERRED, "cy": S.ACCEPTED}
    assert "bo" not in queue.began


def test_silence_is_waited_for_and_then_left() -> None:
    """Before the dot a minute (here a second) is enough; nothing had left."""
    with fault_server(rcpt=for_name("bo", STALL, "250 fine")) as faults:
        queue = deliver(faults, *NAMES, timeout=0.3)

    assert states(queue) == {"ada": S.ACCEPTED, "bo": S.DEFERRED, "cy": S.ACCEPTED}
    assert "no answer within" in queue.outcomes["bo"].reason


def test_after_the_dot_ten_minutes_are_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 5321 says so, since what was taken in the meantime would be sent twice."""
    assert module.AFTER_DOT == 600
    monkeypatch.setattr(module, "AFTER_DOT", 0.3)
    with fault_server(answer=for_name("bo", STALL, "250 taken")) as faults:
        queue = deliver(faults, *NAMES)

    assert states(queue) == {"ada": S.ACCEPTED, "bo": S.UNKNOWN, "cy": S.ACCEPTED}


def test_replies_a_byte_at_a_time_and_of_many_lines() -> None:
    """Replies are read correctly, however the network splits them."""
    with fault_server(split=1, mail="250-one\r\n250-two\r\n250 three") as faults:
        queue = deliver(faults, *NAMES)

    assert states(queue) == dict.fromkeys(NAMES, S.ACCEPTED)


@pytest.mark.parametrize(
    "garbage", ["HTTP/1.1 400 Bad Request", "\x00\x01", "99 x", "250" + "x" * 99]
)
def test_garbage_is_no_answer(garbage: str) -> None:
    """A server that speaks something else is left alone, and nobody's message is lost."""
    with fault_server(rcpt=for_name("bo", garbage, "250 fine")) as faults:
        queue = deliver(faults, *NAMES)

    assert states(queue) == {"ada": S.ACCEPTED, "bo": S.DEFERRED, "cy": S.ACCEPTED}
    assert "no SMTP" in queue.outcomes["bo"].reason


def test_an_endless_reply_ends() -> None:
    """After 64 kB of one reply the connection is closed."""
    endless = "\r\n".join(["250-" + "x" * 500] * 200)
    with fault_server(rcpt=for_name("bo", endless, "250 fine")) as faults:
        queue = deliver(faults, *NAMES)

    assert states(queue)["bo"] is S.DEFERRED
    assert "without end" in queue.outcomes["bo"].reason


def test_a_limit_of_messages_per_connection() -> None:
    """Ours is kept; the server's (421 to MAIL) costs a connection, not a message."""
    with fault_server() as faults:
        deliver(faults, *NAMES, per_connection=2)
        assert faults.connections == 2
    with fault_server(per_connection=1) as faults:
        queue = deliver(faults, *NAMES)
    assert states(queue) == dict.fromkeys(NAMES, S.ACCEPTED)
    assert got(faults) == list(NAMES)
    assert queue.busy_count >= 1


def test_what_a_server_offers_is_used() -> None:
    """SIZE, DSN with its parameters; a message that is too large is not even offered."""
    with fault_server(extensions=("DSN", "SIZE 1000", "8BITMIME")) as faults:
        queue = deliver(faults, "ada")
    assert states(queue) == {"ada": S.ACCEPTED}
    mail, rcpt = (command for command in faults.commands if command.startswith(("MAIL", "RCPT")))
    assert re.fullmatch(r"MAIL FROM:<b@n\.example> SIZE=\d+ RET=HDRS ENVID=20260317\.id-ada", mail)
    assert (
        rcpt
        == "RCPT TO:<ada@readers.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ada@readers.example"
    )

    with fault_server(extensions=("SIZE 10",)) as faults:
        queue = deliver(faults, "ada")
    assert queue.outcomes["ada"].verdict == "too-big"
    assert not any(command.startswith("MAIL") for command in faults.commands)


def test_tls_that_is_offered_and_fails_sends_nothing() -> None:
    """No mail and no password over a connection that was to be secure and is not."""
    with fault_server(extensions=("STARTTLS",)) as faults, pytest.raises(SendError):
        deliver(faults, "ada", security="starttls")

    assert faults.messages == []


def test_a_lease_that_was_lost_hangs_up_before_the_content() -> None:
    """The server waits for the message, and it must not be sent any more."""
    with fault_server() as faults:
        queue = deliver(faults, *NAMES, lost="bo")

    assert states(queue) == {"ada": S.ACCEPTED, "cy": S.ACCEPTED}
    assert got(faults) == ["ada", "cy"]


def test_lmtp() -> None:
    """The same conversation with LHLO, as to a mail store on this machine."""
    with fault_server() as faults:
        queue = deliver(faults, *NAMES, lmtp=True)

    assert states(queue) == dict.fromkeys(NAMES, S.ACCEPTED)
    assert faults.commands[0] == "LHLO localhost"
    with fault_server(greeting="554 no") as faults, pytest.raises(SendError, match="554 no"):
        deliver(faults, "ada", lmtp=True)


@given(
    st.lists(st.sampled_from([b".", b"..", b"\r\n", b"\n", b"\r", b"a", "ü".encode()])).map(
        b"".join
    )
)
def test_dots_are_doubled_at_line_starts_and_undone_by_any_server(message: bytes) -> None:
    """What a server reads up to the lone dot, one leading dot less a line, is the message."""
    sent = stuffed(message)

    assert sent.endswith(b"\r\n.\r\n") or sent == b".\r\n"
    lines = sent[: -len(b".\r\n")].split(b"\r\n")
    assert b"." not in lines
    read = b"\r\n".join(line.removeprefix(b".") for line in lines)
    assert read in (message, message + b"\r\n")
