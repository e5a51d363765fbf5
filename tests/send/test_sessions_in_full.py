"""What a session says to a server, and what it tells of each answer, word for word."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from faultserver import DROP, STALL, Faults, fault_server
from makers import ListQueue, make_delivery, make_parcel, run

from newsletter.errors import HeaderError, SendError
from newsletter.model import DeliveryState, Outcome, Verdict
from newsletter.send.connecting import ERRORS, SmtpSettings
from newsletter.send.editions import deliver_one
from newsletter.send.smtp import Parcel, SmtpTransport
from newsletter.send.streams import MAX_LINES, MAX_REPLY, ConnectionBrokenError, Reply, Stream

S = DeliveryState
MESSAGE = b"Subject: x\r\n\r\nx\r\n"
TAKEN = Outcome(state=S.ACCEPTED, reason="2.0.0 taken", code=250)


def transport(faults: Faults, **changes: Any) -> SmtpTransport:
    values: dict[str, Any] = {
        "host": "127.0.0.1", "port": faults.port, "security": "none", "sender": "b@n.example", "timeout": 2.0,
    }  # fmt: skip
    return SmtpTransport(SmtpSettings(**(values | changes)))


def deliver(faults: Faults, *some: str | Parcel, **changes: Any) -> ListQueue:
    """Send messages over one session; return what the queue was told."""
    queue = ListQueue(
        [given if isinstance(given, Parcel) else make_parcel(given, MESSAGE) for given in some]
    )

    async def work() -> None:
        async with transport(faults, **changes).session() as session:
            await session.work(queue)

    run(work())
    return queue


def envelope(name: str) -> list[str]:
    return ["MAIL FROM:<b@n.example>", f"RCPT TO:<{name}@readers.example>", "DATA"]


def said(faults: Faults) -> list[str]:
    """Return the commands of all connections; how we call ourselves is the library's business."""
    return [
        command.partition(" ")[0] if command.startswith("EHLO") else command
        for command in faults.commands
    ]


def answering(name: str, reply: str, usual: str) -> Any:
    return lambda address: reply if address.startswith(f"{name}@") else usual


@pytest.mark.parametrize("pipelining", [True, False])
def test_what_is_said_to_a_server(*, pipelining: bool) -> None:
    """An envelope for each message, and a farewell; nothing else."""
    with fault_server(pipelining=pipelining) as faults:
        queue = deliver(faults, "ada", "bo")

    assert said(faults) == ["EHLO", *envelope("ada"), *envelope("bo"), "QUIT"]
    assert queue.outcomes == {"ada": TAKEN, "bo": TAKEN}


def test_a_recipient_who_is_refused_takes_one_more_round() -> None:
    """RSET begins anew; what was refused is told as the server said it."""
    with fault_server(rcpt=answering("ada", "550 5.1.1 no such user", "250 ok")) as faults:
        queue = deliver(faults, "ada", "bo")

    assert said(faults) == ["EHLO", *envelope("ada"), "RSET", *envelope("bo"), "QUIT"]
    assert queue.outcomes["ada"] == Outcome(
        state=S.FAILED, reason="550 5.1.1 no such user", code=550, verdict=Verdict.NO_MAILBOX
    )
    assert queue.outcomes["bo"] == TAKEN


def test_without_pipelining_a_refusal_ends_the_envelope() -> None:
    """Nothing is said after it but RSET."""
    with fault_server(
        pipelining=False, rcpt=answering("ada", "450 4.2.1 later", "250 ok")
    ) as faults:
        queue = deliver(faults, "ada", "bo")

    assert said(faults) == ["EHLO", *envelope("ada")[:2], "RSET", *envelope("bo"), "QUIT"]
    assert (queue.outcomes["ada"].state, queue.outcomes["ada"].is_busy) == (S.DEFERRED, False)


def test_a_busy_answer_to_rcpt_is_about_that_mailbox() -> None:
    """The same answer to DATA asks everybody to be slower."""
    with fault_server(rcpt=answering("ada", "451 later", "250 ok")) as faults:
        assert not deliver(faults, "ada").outcomes["ada"].is_busy
    with fault_server(data=lambda _address: "451 later") as faults:
        assert deliver(faults, "ada").outcomes["ada"].is_busy
    with fault_server(pipelining=False, mail="451 later") as faults:
        assert deliver(faults, "ada").outcomes["ada"].is_busy
    with fault_server(answer=lambda _address: "451 later") as faults:
        assert deliver(faults, "ada").outcomes["ada"].is_busy


@pytest.mark.parametrize(
    ("reply", "more"),
    [
        ("550 5.7.1 not you", ""),
        ("500 what?", ""),
        ("530 5.7.0 Must issue a STARTTLS command first", "; write `security: starttls`"),
        ("530 5.7.0 Authentication required", "; it wants a login: name `username` and `password`"),
    ],
)
def test_a_sender_who_is_refused_is_told_in_full(reply: str, more: str) -> None:
    """It stops everything: the next message has the same sender."""
    with fault_server(pipelining=False, mail=reply) as faults:
        with pytest.raises(SendError) as caught:
            deliver(faults, "ada", "bo")

        assert str(caught.value) == (
            f"127.0.0.1:{faults.port}: the sender b@n.example is refused: {reply}{more}"
        )
    assert faults.messages == []


@pytest.mark.parametrize("reply", ["552 too big", "554 5.6.1 odd", "450 4.7.1 not now", "499 x"])
def test_a_refusal_at_mail_that_is_of_one_message(reply: str) -> None:
    """Or for now: the next one is tried."""
    with fault_server(pipelining=False, mail=reply) as faults:
        queue = deliver(faults, "ada", "bo")

    assert {outcome.reason for outcome in queue.outcomes.values()} == {reply}
    assert len(queue.outcomes) == 2


def test_a_message_that_cannot_be_offered_says_why_at_its_turn() -> None:
    """What stands behind it is sent; nothing of it is said to the server."""
    big = make_parcel("bo", b"x" * 1_001)
    with fault_server(extensions=("SIZE 1000",)) as faults:
        queue = deliver(faults, "ada", big, "cy")

    assert queue.outcomes["bo"] == Outcome(
        state=S.FAILED, verdict=Verdict.TOO_BIG,
        reason="1,001 bytes; the server takes 1,000 at most (RFC 1870)",
    )  # fmt: skip
    assert [to for to, _ in faults.messages] == ["ada@readers.example", "cy@readers.example"]
    assert "MAIL FROM:<b@n.example> SIZE=1001" not in faults.commands
    assert faults.connections == 1


def test_an_address_that_cannot_be_written_is_a_fault_at_its_turn() -> None:
    """And not while the message before it is sent."""
    odd = make_parcel("bo", MESSAGE)
    odd.claim = type(odd.claim)(delivery=make_delivery("bo", email="b o@x.example"), owner="me")
    queue = ListQueue([make_parcel("ada", MESSAGE), odd])

    async def work(faults: Faults) -> None:
        async with transport(faults).session() as session:
            await session.work(queue)

    with fault_server() as faults, pytest.raises(HeaderError, match="cannot stand in an envelope"):
        run(work(faults))
    assert queue.outcomes == {"ada": TAKEN}


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"rcpt": DROP}, "127.0.0.1:{}: the server hung up"),
        ({"rcpt": "421 4.3.2 closing"}, "421 4.3.2 closing"),
        ({"rcpt": STALL, "timeout": 0.2}, "127.0.0.1:{}: no answer within 0.2 seconds"),
        ({"rcpt": "garbage"}, "127.0.0.1:{}: it answers what is no SMTP: garbage"),
    ],
)
def test_a_server_that_hangs_up_before_anything_left(what: dict[str, Any], why: str) -> None:
    """It is tried once more on a new connection, and then later; who says 421 is busy, too."""
    reply, changes = what["rcpt"], {name: value for name, value in what.items() if name != "rcpt"}
    with fault_server(rcpt=answering("ada", reply, "250 ok")) as faults:
        queue = deliver(faults, "ada", "bo", **changes)
        told = why.format(faults.port)

    assert queue.outcomes["ada"].reason.startswith(
        "the server hung up before anything left: " + told
    )
    assert (queue.outcomes["ada"].state, queue.outcomes["ada"].verdict) == (
        S.DEFERRED,
        Verdict.NETWORK,
    )
    assert queue.outcomes["bo"] == TAKEN
    assert faults.connections == 3
    assert queue.busy_count == (2 if reply.startswith("421") else 0)
    assert queue.began == ["bo"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [(DROP, "the server hung up"), ("nonsense", "it answers what is no SMTP: nonsense")],
)
def test_a_connection_that_breaks_while_a_message_leaves(answer: str, why: str) -> None:
    """Nobody can tell whether it was taken; the one behind it is offered again."""
    with fault_server(answer=answering("ada", answer, "250 2.0.0 taken")) as faults:
        queue = deliver(faults, "ada", "bo")

    assert queue.outcomes["ada"] == Outcome(
        state=S.UNKNOWN, reason=f"the connection broke while the message was leaving: {why}"
    )
    assert queue.outcomes["bo"] == TAKEN
    assert (faults.connections, queue.began) == (2, ["ada", "bo"])


def test_a_server_that_closes_after_a_message_is_called_again() -> None:
    """421 to the dot is that message's answer; the next one needs another connection."""
    with fault_server(answer=answering("ada", "421 4.3.2 closing", "250 2.0.0 taken")) as faults:
        queue = deliver(faults, "ada", "bo")

    assert queue.outcomes["ada"] == Outcome(
        state=S.DEFERRED,
        reason="421 4.3.2 closing",
        code=421,
        verdict=Verdict.THROTTLED,
        is_busy=True,
    )
    assert queue.outcomes["bo"] == TAKEN
    assert faults.connections == 2


def test_a_connection_with_many_refusals_is_opened_anew() -> None:
    """A message that is taken begins the count anew."""
    names = [f"r{number}" for number in range(2 * ERRORS + 2)]

    def rcpt(address: str) -> str:
        return "250 ok" if address.startswith(("r0@", f"r{ERRORS}@")) else "550 5.1.1 no"

    with fault_server(pipelining=False, rcpt=rcpt) as faults:
        deliver(faults, *names)
    assert faults.connections == 2

    with fault_server(pipelining=False, rcpt=lambda _address: "550 5.1.1 no") as faults:
        deliver(faults, *names[:ERRORS])
        assert faults.connections == 1
        deliver(faults, *names[: ERRORS + 1])
    assert faults.connections == 3

    with fault_server(pipelining=False, answer=lambda _address: "554 5.6.0 no") as faults:
        deliver(faults, *names[: ERRORS + 1])
    assert faults.connections == 2


def test_a_connection_carries_so_many_messages() -> None:
    """The last of them has no other behind it."""
    with fault_server() as faults:
        queue = deliver(faults, "ada", "bo", "cy", per_connection=2)

    assert set(queue.outcomes.values()) == {TAKEN}
    assert said(faults) == [
        "EHLO", *envelope("ada"), *envelope("bo"), "QUIT", "EHLO", *envelope("cy"), "QUIT",
    ]  # fmt: skip


def test_a_sender_of_its_own_for_each_delivery() -> None:
    """As bounce addresses are; the message for one is not another's."""
    queue = ListQueue([make_parcel(name, MESSAGE) for name in ("ada", "bo")])

    async def work(faults: Faults) -> None:
        settings = SmtpSettings(host="127.0.0.1", port=faults.port, security="none", sender="x")
        own = SmtpTransport(settings, lambda delivery: f"b+{delivery.subscriber}@n.example")
        async with own.session() as session:
            await session.work(queue)

    with fault_server() as faults:
        run(work(faults))

    assert [command for command in faults.commands if command.startswith("MAIL")] == [
        "MAIL FROM:<b+id-ada@n.example>", "MAIL FROM:<b+id-bo@n.example>",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({}, "no TLS"),
        ({"username": "me", "password": "word"}, "no TLS, logged in as me"),
        ({"lmtp": True}, "LMTP"),
    ],
)
def test_how_mail_would_leave(changes: dict[str, Any], how: str) -> None:
    """Server, encryption and login, once all of it works; then goodbye is said."""
    with fault_server(extensions=("AUTH PLAIN",)) as faults:
        assert run(transport(faults, **changes).check()) == f"127.0.0.1:{faults.port} ({how})"
    assert faults.commands[-1] == "QUIT"


def test_one_message_apart_from_every_ledger() -> None:
    """What the server said to it, or why it has not taken it."""
    with fault_server(rcpt=answering("bo", "550 5.1.1 no", "250 ok")) as faults:
        ada, bo = make_delivery("ada"), make_delivery("bo")

        told = run(deliver_one(transport(faults), ada, MESSAGE))
        with pytest.raises(SendError) as caught:
            run(deliver_one(transport(faults), bo, MESSAGE))

    assert told == "sent to ada@readers.example: 2.0.0 taken"
    assert str(caught.value) == "bo@readers.example: failed: 550 5.1.1 no"
    assert faults.messages == [("ada@readers.example", MESSAGE)]
    with fault_server(refuse_next=1, refusal="554 5.7.1 not you") as faults:
        with pytest.raises(SendError) as caught:
            run(deliver_one(transport(faults), ada, MESSAGE))
        assert str(caught.value) == (
            f"127.0.0.1:{faults.port}: the server refuses this connection: 554 5.7.1 not you"
        )


# --- Streams ------------------------------------------------------------------------------------


def heard(*data: bytes, ended: bool = False, wait: float = 0.05) -> tuple[list[Reply], str]:
    """Return the replies that some bytes are, and how the connection ended."""

    async def work() -> tuple[list[Reply], str]:
        ours, theirs = socket.socketpair()
        _, stream = await asyncio.get_running_loop().create_connection(Stream, sock=ours)
        replies: list[Reply] = []
        with theirs:
            for piece in data:
                theirs.sendall(piece)
                await asyncio.sleep(0.01)
            if ended:
                theirs.shutdown(socket.SHUT_WR)
            try:
                while True:
                    replies.append(await stream.reply(wait))
            except ConnectionBrokenError as error:
                assert not stream.is_open
                return replies, str(error)
            finally:
                stream.abort()
                await asyncio.sleep(0)

    return run(work())


@pytest.mark.parametrize(
    ("data", "replies", "end"),
    [
        ([b"250 ok\r\n"], [Reply(250, "ok")], "no answer within 0.05 seconds"),
        ([b"250\n"], [Reply(250, "")], "no answer within 0.05 seconds"),
        ([b"2", b"50 o", b"k\r", b"\n"], [Reply(250, "ok")], "no answer within 0.05 seconds"),
        ([b"250-a\r\n250-b\r\n250 c\r\n"], [Reply(250, "a b c")], "no answer within 0.05 seconds"),
        ([b"250-a\r\n250 b\r\n250 c\r\n"], [Reply(250, "a b"), Reply(250, "c")], "no answer within 0.05 seconds"),
        ([b"250 caf\xc3\xa9 \xff\x07x\r\n"], [Reply(250, "café \ufffd x")], "no answer within 0.05 seconds"),
        ([b"200 x\r\n599 y\r\n"], [Reply(200, "x"), Reply(599, "y")], "no answer within 0.05 seconds"),
        ([b"199 x\r\n"], [], "it answers what is no SMTP: 199 x"),
        ([b"600 x\r\n"], [], "it answers what is no SMTP: 600 x"),
        ([b"250=x\r\n"], [], "it answers what is no SMTP: 250=x"),
        ([b"\r\n"], [], "it answers what is no SMTP: "),
        ([b"HTTP/1.1 400 Bad\x07Request\r\n"], [], "it answers what is no SMTP: HTTP/1.1 400 Bad Request"),
        ([b"y" * 300 + b"\r\n"], [], "it answers what is no SMTP: " + "y" * 80),
        ([b"250 ok\r\nx\r\n250 no\r\n"], [Reply(250, "ok")], "it answers what is no SMTP: x"),
        ([b"250-x\r\n" * (MAX_LINES + 1)], [], "it answers without end"),
        ([b"250 " + b"x" * (MAX_REPLY + 1) + b"\r\n"], [], "it answers without end"),
        ([b"250 " + b"x" * MAX_REPLY], [], "it answers without end"),
    ],
)  # fmt: skip
def test_what_a_server_said_and_how_it_ended(
    data: list[bytes], replies: list[Reply], end: str
) -> None:
    """RFC 5321, 4.2, cut anywhere; what is no reply ends the connection with its beginning."""
    assert heard(*data) == (replies, end)


def test_the_longest_replies_that_are_read() -> None:
    """So many lines, and so many characters: exactly as many are still an answer."""
    lines = b"250-x\r\n" * (MAX_LINES - 1) + b"250 x\r\n"
    assert heard(lines)[0] == [Reply(250, " ".join(["x"] * MAX_LINES))]
    long = b"250-" + b"x" * (MAX_REPLY - 8) + b"\r\n250 \r\n"
    assert len(heard(long)[0]) == 1
    assert heard(b"250-" + b"x" * (MAX_REPLY - 7) + b"\r\n250 \r\n") == (
        [],
        "it answers without end",
    )


def test_how_a_connection_ends_is_told() -> None:
    """By the server, by ourselves; the first reason is kept."""
    assert heard(b"250 ok\r\n", ended=True) == ([Reply(250, "ok")], "the server hung up")

    async def lost(error: Exception | None, *, aborted: bool) -> str:
        ours, theirs = socket.socketpair()
        with theirs:
            _, stream = await asyncio.get_running_loop().create_connection(Stream, sock=ours)
            if aborted:
                stream.abort()
            stream.connection_lost(error)
            stream.abort()
            with pytest.raises(ConnectionBrokenError) as caught:
                await stream.drain(1.0)
            return str(caught.value)

    assert run(lost(OSError("reset"), aborted=False)) == "the connection was lost (reset)"
    assert run(lost(None, aborted=False)) == "the server hung up"
    assert run(lost(OSError("reset"), aborted=True)) == "closed"


def test_a_busy_connection_is_waited_for() -> None:
    """Until it takes more; in vain, it is given up."""

    async def work(*, resumes: bool) -> str:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        with theirs:
            _, stream = await loop.create_connection(Stream, sock=ours)
            await stream.drain(0.0)
            stream.pause_writing()
            if resumes:
                loop.call_later(0.02, stream.resume_writing)
            try:
                await stream.drain(0.1)
            except ConnectionBrokenError as error:
                return str(error)
            finally:
                stream.abort()
            return "drained"

    assert run(work(resumes=True)) == "drained"
    assert run(work(resumes=False)) == "no answer within 0.1 seconds"


def test_each_answer_has_its_own_time() -> None:
    """A short wait after a long one ends in time, and a long one after a short one is not cut."""

    async def work(first: float, second: float, after: float) -> str:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        with theirs:
            _, stream = await loop.create_connection(Stream, sock=ours)
            theirs.sendall(b"250 one\r\n")
            assert (await stream.reply(first)).text == "one"
            loop.call_later(after, theirs.sendall, b"250 two\r\n")
            try:
                return (await stream.reply(second)).text
            except ConnectionBrokenError as error:
                return str(error)
            finally:
                stream.abort()

    assert run(work(60.0, 0.1, 5.0)) == "no answer within 0.1 seconds"
    assert run(work(0.1, 5.0, 0.3)) == "two"
