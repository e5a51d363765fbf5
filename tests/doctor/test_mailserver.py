"""The mail server: connection, TLS, certificate, login, and what it offers; no mail is sent."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from dataclasses import replace
from typing import Any

import pytest
from faultserver import DROP, STALL, TRICKLE, fault_server
from makers import run
from patients import at, only, sick
from servers import Mail, smtp_server, trusting

from newsletter.doctor.diagnoses import Diagnosis, Level
from newsletter.doctor.mailserver import _certificate, check_server
from newsletter.send.connecting import SmtpSettings, connect, tls_context

NOW = dt.datetime.now(dt.UTC)


def look(
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    largest: int = 60_000,
    seconds: float = 10.0,
    online: bool = True,
    **settings: Any,
) -> list[Diagnosis]:
    values = {
        "host": "localhost",
        "security": "none",
        "sender": "b@news.example.org",
        "timeout": 2.0,
    }
    wanted = SmtpSettings(port=port, tls=tls, **{**values, **settings})

    async def work() -> list[Diagnosis]:
        return [
            diagnosis
            async for diagnosis in check_server(
                wanted,
                # Tests have no other host than this one.
                lambda quick: connect(
                    replace(quick, host=quick.host.replace("far.example", "127.0.0.1")),
                    tls_context(quick),
                ),
                now=NOW,
                largest=largest,
                where=lambda setting: f"newsletter.yaml:{setting}",
                online=online,
                seconds=seconds,
            )
        ]

    return run(work())


def test_a_server_that_is_well() -> None:
    """Over TLS, with a login."""
    with smtp_server(security="starttls", auth=True) as mail:
        found = look(
            mail.port, tls=trusting(mail), security="starttls", username="u", password="right"
        )

    assert sick(found) == []
    assert mail.messages == []
    assert {diagnosis.name for diagnosis in found} == {
        "connection", "certificate", "login", "SIZE", "PIPELINING", "DSN", "sender",
    }  # fmt: skip
    assert "SMTP, TLSv1.3" in only(found, "connection", Level.GOOD).found


def certificate(mail: Mail, **more: Any) -> list[Diagnosis]:
    return look(mail.port, security="tls", tls=trusting(mail), **more)


@pytest.mark.parametrize(
    ("days", "level"),
    [(400, Level.GOOD), (20, Level.GOOD), (10, Level.WARNING), (1, Level.WARNING)],
)
def test_the_days_of_a_certificate_are_counted(days: int, level: Level) -> None:
    """From two weeks before its end somebody should look."""
    with smtp_server(security="tls", until=NOW + dt.timedelta(days=days, hours=1)) as mail:
        found = certificate(mail)

    assert f"good for {days} days" in only(found, "certificate", level).found


def test_a_certificate_for_a_few_days_is_renewed_late() -> None:
    """Of six days, the last day and a half are few."""

    def level(hours: int) -> Level:
        end = NOW + dt.timedelta(hours=hours)
        moments = {"notBefore": end - dt.timedelta(days=6), "notAfter": end}
        form = "%b %d %H:%M:%S %Y GMT"
        return _certificate({key: f"{at_:{form}}" for key, at_ in moments.items()}, NOW).level

    assert [level(40), level(30)] == [Level.GOOD, Level.WARNING]
    assert _certificate({"notAfter": "x"}, NOW).level is Level.NOT_CHECKED


def test_an_expired_certificate_and_one_for_another_name_and_of_nobody() -> None:
    """Each says what to do; nothing is trusted that should not be."""
    with smtp_server(security="tls", until=NOW - dt.timedelta(days=2)) as mail:
        expired = certificate(mail)
    with smtp_server(security="starttls", host="mail.other.example") as mail:
        named = look(mail.port, security="starttls", tls=trusting(mail))
    with smtp_server(security="starttls") as mail:
        unknown = look(mail.port, security="starttls")

    assert "expired" in only(expired, "connection", Level.ERROR).found
    assert (
        "write the name that stands in the certificate"
        in only(named, "connection", Level.ERROR).mend
    )
    assert "whoever signed it is not known" in only(unknown, "connection", Level.ERROR).mend
    assert [len(found) for found in (expired, named, unknown)] == [1, 1, 1]


def test_a_password_that_is_refused_is_not_shown() -> None:
    """The server says no, and repeats nothing of it here."""
    with smtp_server(security="starttls", auth=True) as mail:
        found = look(
            mail.port, security="starttls", tls=trusting(mail), username="u", password="wrong-horse"
        )

    assert "user name or password refused" in only(found, "connection", Level.ERROR).found
    assert "wrong-horse" not in repr(found)


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({"greeting": "421 4.7.0 too busy"}, "421"),
        ({"greeting": "554 5.7.1 no service for you"}, "554"),
        ({"greeting": DROP}, "Unexpected EOF"),
        ({"greeting": STALL}, "it says nothing, or not enough"),
        ({"greeting": "HTTP/1.1 400 Bad Request"}, "no mail server"),
        ({"hello": "502 5.5.1 no EHLO here"}, "refuses our EHLO: 502"),
        ({"hello": STALL}, "it says nothing, or not enough"),
        ({"hello": TRICKLE}, "it says nothing, or not enough"),
    ],
)  # fmt: skip
def test_a_server_that_refuses_or_hangs_is_a_diagnosis(faults: dict[str, str], told: str) -> None:
    """Within a bounded time."""
    with fault_server(**faults) as server:
        found = look(server.port, timeout=1.0)

    assert told in only(found, "connection", Level.ERROR).found
    assert len(found) == 1


def test_a_sender_that_is_refused() -> None:
    """Many relays take mail only from the senders that they know."""
    with fault_server(mail="553 5.7.1 not yours") as server:
        refused = look(server.port)
    with fault_server(mail=DROP) as server:
        cut = look(server.port)

    assert "553 5.7.1 not yours" in only(refused, "sender", Level.ERROR).found
    assert only(refused, "sender", Level.ERROR).where == "newsletter.yaml:delivery.bounce"
    assert "after MAIL" in only(cut, "sender", Level.ERROR).found


def test_what_is_offered_is_told() -> None:
    """A message that is too large is an error; what is missing otherwise is a notice."""
    with fault_server(extensions=("SIZE 50000", "DSN", "AUTH PLAIN")) as server:
        small = look(server.port)
        enough = look(server.port, largest=50_000)
    with fault_server(pipelining=False, extensions=("SIZE 99999999999999999999999",)) as server:
        bare = look(server.port)

    assert "takes 50,000 bytes, and our mails have 60,000" in only(small, "SIZE", Level.ERROR).found
    assert sick(enough) == []
    assert len(at(bare, Level.NOTICE)) == 2
    assert server.messages == []
    assert not [line for line in server.commands if line.startswith(("RCPT", "DATA"))]


def test_without_tls_only_on_this_machine() -> None:
    """Elsewhere somebody may listen; a login that is offered may be needed."""
    with fault_server(extensions=("AUTH PLAIN",)) as server:
        near = look(server.port)
        far = look(server.port, host="far.example")

    assert "on this machine" in only(near, "TLS", Level.GOOD).found
    assert "all on the way can read it" in only(far, "TLS", Level.WARNING).found
    assert "has none" in only(far, "login", Level.NOTICE).found


def test_lmtp_has_no_login_and_no_tls() -> None:
    """A mail store on this machine."""
    with fault_server(extensions=("SIZE 9000000",)) as server:
        found = look(server.port, lmtp=True)

    assert sick(found) == []
    assert "LMTP" in only(found, "connection", Level.GOOD).found
    assert not [diagnosis for diagnosis in found if diagnosis.name == "login"]


def test_nobody_listens_or_there_is_no_such_host() -> None:
    """What is wrong with a setting names its place."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    refused = only(look(port, host="127.0.0.1"), "connection", Level.ERROR)

    assert "connection refused" in refused.found
    assert refused.where == "newsletter.yaml:delivery.host"


def test_an_address_that_this_machine_has_no_way_to() -> None:
    """A host of IPv6 alone, where there is none; without any network it is the network's fault."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("2001:db8::1", 9))
        except OSError:
            pass
        else:
            pytest.skip("this machine has a way to every address of IPv6")
    online = only(look(25, host="2001:db8::1"), "connection", Level.ERROR)
    offline = only(look(25, host="2001:db8::1", online=False), "connection", Level.ERROR)

    assert "IPv6 only" in online.mend
    assert [online.offline, offline.offline] == [False, True]


def test_a_whole_check_has_a_limit() -> None:
    """However slowly a server answers."""
    with fault_server(greeting=STALL) as server:
        found = look(server.port, timeout=60.0, seconds=0.5)

    assert "not ready after" in only(found, "connection", Level.ERROR).found
