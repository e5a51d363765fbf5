"""Sessions with a real SMTP server that misbehaves on demand."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from faultserver import Faults, fault_server
from makers import ListQueue, make_parcel, run
from servers import Mail, smtp_server, trusting

from newsletter.errors import SendError
from newsletter.model import DeliveryState, Outcome
from newsletter.send.connecting import SmtpSettings
from newsletter.send.smtp import SmtpTransport

MESSAGE = b"Subject: x\r\n\r\n.leading dot\r\n..two\r\nend\r\n"


def settings(mail: Mail | Faults, **changes: Any) -> SmtpSettings:
    values: dict[str, Any] = {
        "host": "127.0.0.1", "port": mail.port, "security": "none", "sender": "bounce@news.example.org",
        "timeout": 5.0,
    }  # fmt: skip
    return SmtpSettings(**(values | changes))


def deliver(config: SmtpSettings, *names: str) -> tuple[list[Outcome], list[str]]:
    """Send one message to each of `names` over one session; return outcomes and who began."""
    queue = ListQueue([make_parcel(name, MESSAGE) for name in names])

    async def work() -> None:
        async with SmtpTransport(config).session() as session:
            await session.work(queue)

    run(work())
    return [queue.outcomes[name] for name in names], queue.began


def test_messages_arrive_byte_for_byte_over_one_connection() -> None:
    """Dots at line starts, CRLF and envelope addresses arrive as they were meant."""
    with smtp_server() as mail:
        outcomes, began = deliver(settings(mail), "ada", "bo")

    assert [outcome.state for outcome in outcomes] == [DeliveryState.ACCEPTED] * 2
    assert began == ["ada", "bo"]
    assert [message.recipient for message in mail.messages] == [
        "ada@readers.example",
        "bo@readers.example",
    ]
    assert mail.messages[0].content == MESSAGE
    assert mail.messages[0].sender == "bounce@news.example.org"
    assert "taken as 1" in outcomes[0].reason


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ("550 5.1.1 no such user", DeliveryState.FAILED),
        ("450 4.2.0 greylisted", DeliveryState.DEFERRED),
    ],
)
def test_a_refused_recipient_is_its_own_and_the_next_goes_through(
    reply: str, state: DeliveryState
) -> None:
    """4xx is for now, 5xx for good; DATA never begins; the connection stays usable."""
    with smtp_server(rcpt_replies={"ada@readers.example": reply}) as mail:
        outcomes, began = deliver(settings(mail), "ada", "bo")

    assert [outcome.state for outcome in outcomes] == [state, DeliveryState.ACCEPTED]
    assert outcomes[0].code == int(reply[:3])
    assert reply[4:] in outcomes[0].reason
    assert began == ["bo"]


@pytest.mark.parametrize(
    ("reply", "state"),
    [("554 5.7.1 spam", DeliveryState.FAILED), ("451 4.3.0 later", DeliveryState.DEFERRED)],
)
def test_a_refusal_after_the_dot_is_no_doubt(reply: str, state: DeliveryState) -> None:
    """An answer after the dot settles the matter: the server did not take it."""
    with smtp_server(data_reply=reply) as mail:
        outcomes, _ = deliver(settings(mail), "ada")

    assert outcomes[0].state is state
    assert mail.messages == []


def test_a_connection_cut_after_the_dot_is_unknown() -> None:
    """The server took it or not: nobody can tell, so nobody may send it again on its own."""
    with smtp_server(after_dot="drop") as mail:
        outcomes, began = deliver(settings(mail), "ada")

    assert outcomes[0].state is DeliveryState.UNKNOWN
    assert began == ["ada"]


def test_a_server_that_hangs_up_between_messages_is_called_again() -> None:
    """A limit of one mail per connection costs a new connection, not a mail."""
    with smtp_server(drop_after=1) as mail:
        outcomes, _ = deliver(settings(mail), "ada", "bo", "cy")

    assert [outcome.state for outcome in outcomes] == [DeliveryState.ACCEPTED] * 3
    assert len(mail.messages) == 3


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encryption_and_login(security: str) -> None:
    """With TLS from the start or by STARTTLS, and a password."""
    with smtp_server(security=security, auth=True) as mail:
        outcomes, _ = deliver(
            settings(
                mail,
                host="localhost",
                security=security,
                tls=trusting(mail),
                username="me",
                password="right",
            ),
            "ada",
        )

    assert outcomes[0].state is DeliveryState.ACCEPTED
    assert mail.logins == ["me"]


def test_a_wrong_password_stops_everything_and_is_not_shown() -> None:
    """It concerns every reader, so no delivery is settled; the message does not hold the secret."""
    with (
        smtp_server(security="tls", auth=True) as mail,
        pytest.raises(SendError, match="user name or password refused") as caught,
    ):
        deliver(
            settings(
                mail,
                host="localhost",
                security="tls",
                tls=trusting(mail),
                username="me",
                password="hunter2",
            ),
            "ada",
        )

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(settings(mail, password="hunter2"))


def test_an_unknown_certificate_is_refused() -> None:
    """There is no way to skip verification."""
    with (
        smtp_server(security="tls") as mail,
        pytest.raises(SendError, match="certificate is not valid"),
    ):
        deliver(settings(mail, host="localhost", security="tls"), "ada")


def test_starttls_is_never_skipped() -> None:
    """A server (or a man in the middle) that does not offer STARTTLS gets no mail."""
    with smtp_server() as mail, pytest.raises(SendError, match="STARTTLS"):
        deliver(settings(mail, security="starttls"), "ada")

    assert mail.messages == []


def test_a_refused_sender_stops_everything() -> None:
    """550 to MAIL is about us, not about a reader."""
    with (
        smtp_server(mail_reply="550 5.7.1 not you") as mail,
        pytest.raises(SendError, match=r"sender .* is refused: 550"),
    ):
        deliver(settings(mail), "ada")


@pytest.mark.parametrize("reply", ["552 5.3.4 too big", "552 too big", "550 5.6.7 not in ASCII"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_message_refused_with_its_sender_is_no_refusal_of_the_sender(
    reply: str, *, pipelining: bool,
) -> None:  # fmt: skip
    """What answers MAIL may be about the size of one message, or what it consists of."""
    nobody = {"rcpt": lambda _address: "503 5.5.1 MAIL first", "pipelining": pipelining}
    with fault_server(mail=reply, **nobody) as faults:
        outcomes, began = deliver(settings(faults), "ada", "bo")

    assert [outcome.state for outcome in outcomes] == [DeliveryState.FAILED] * 2
    assert began == []


def test_no_server_at_all() -> None:
    """A refused connection names the address and what to look at."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mail = Mail(port=closed.getsockname()[1])
    with pytest.raises(
        SendError, match=r"127\.0\.0\.1:\d+: connection refused; is the host and port"
    ):
        deliver(settings(mail), "ada")


def test_a_server_that_hangs_up_at_once_defers() -> None:
    """Cut at MAIL, twice: nothing was sent, so the delivery waits and nothing is unknown."""
    with smtp_server(drop_at_mail=True) as mail:
        outcomes, began = deliver(settings(mail), "ada")

    assert outcomes[0].state is DeliveryState.DEFERRED
    assert "hung up" in outcomes[0].reason
    assert began == []
