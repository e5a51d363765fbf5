"""Claim, send, settle: with a real ledger and a real mail server."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, TODAY, make_delivery, open_test_database, plan, run
from postgres import BOTH, using
from servers import Mail, smtp_server

from newsletter.model import OPEN, Delivery, DeliveryState, Fate, Fault
from newsletter.send.connecting import SmtpSettings
from newsletter.send.editions import Sender, send_editions
from newsletter.send.pace import Pace
from newsletter.send.smtp import SmtpTransport
from newsletter.send.tallies import Sent
from newsletter.store import SqlLedger

S = DeliveryState


@pytest.fixture(scope="module", params=BOTH, autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Send from both kinds of ledger."""
    with using(request.param):
        yield request.param


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    """Return a ledger with an issue planned for ten readers."""
    database = open_test_database(tmp_path)
    planned = [make_delivery(f"r{n}") for n in range(10)]
    plan(database, planned)
    yield SqlLedger(database)
    database.close()


def send(ledger: SqlLedger, mail: Mail, now: dt.datetime = NOW, **changes: Any) -> Sent:
    settings = SmtpSettings(
        host="127.0.0.1", port=mail.port, security="none", sender="b@news.example.org", timeout=5
    )
    values: dict[str, Any] = {
        "owner": "me", "fate_of": lambda _owner: Fate.DEAD, "deadline": NOW + dt.timedelta(hours=20),
        "clock": lambda: now, "chance": random.Random(1),
        "pace": Pace(connections=3, cooldown=0.05),
    }  # fmt: skip
    given = values | changes
    names = {field.name for field in fields(Sender)}
    sender = Sender(
        transport=SmtpTransport(settings), **{name: given[name] for name in names & set(given)}
    )
    rest = {name: value for name, value in given.items() if name not in names}
    return run(send_editions(TODAY, ledger, prepare, sender, **rest))


async def prepare(some: Sequence[Delivery]) -> list[bytes | Fault]:
    return [f"To: {delivery.email}\r\n\r\nx\r\n".encode() for delivery in some]


def test_everybody_gets_one_and_a_second_call_sends_nothing(ledger: SqlLedger) -> None:
    """Ten readers, ten mails; again: none."""
    with smtp_server() as mail:
        first = send(ledger, mail)
        second = send(ledger, mail)

    assert first.outcomes == {S.ACCEPTED: 10}
    assert second.outcomes == {}
    assert sorted(message.recipient for message in mail.messages) == sorted(
        f"r{n}@readers.example" for n in range(10)
    )


def test_a_refusal_for_now_waits_and_is_tried_again(ledger: SqlLedger) -> None:
    """4xx is deferred by some minutes; before that it is left alone, after that it is sent."""
    with smtp_server(rcpt_replies={"r3@readers.example": "450 4.2.0 later"}) as mail:
        assert send(ledger, mail).outcomes == {S.ACCEPTED: 9, S.DEFERRED: 1}
        mail.rcpt_replies.clear()
        assert send(ledger, mail, NOW + dt.timedelta(minutes=3)).outcomes == {}
        assert send(ledger, mail, NOW + dt.timedelta(minutes=7)).outcomes == {S.ACCEPTED: 1}

    assert len(mail.messages) == 10


def test_what_is_deferred_past_the_deadline_expires(ledger: SqlLedger) -> None:
    """A daily issue is not sent a day late."""
    with smtp_server(rcpt_replies={"r3@readers.example": "450 4.2.0 later"}) as mail:
        send(ledger, mail)
        assert send(ledger, mail, NOW + dt.timedelta(hours=21)).expired == 1

    assert ledger.counts(TODAY)[S.EXPIRED] == 1


def test_unknown_is_never_sent_again_unless_asked(ledger: SqlLedger) -> None:
    """Connections cut after the dot: one mail each, held as unknown; reopened on request only."""
    with smtp_server(after_dot="drop") as mail:
        assert send(ledger, mail).outcomes == {S.UNKNOWN: 10}
        mail.after_dot = ""
        assert send(ledger, mail).outcomes == {}
        assert len(mail.messages) == 10
        assert ledger.reopen(TODAY, {S.UNKNOWN}, NOW) == 10
        assert send(ledger, mail).outcomes == {S.ACCEPTED: 10}


def test_an_unusable_server_leaves_everything_planned(ledger: SqlLedger) -> None:
    """A refused sender is one error, and no reader's fault."""
    with smtp_server(mail_reply="550 5.7.1 no") as mail:
        sent = send(ledger, mail)

    assert "is refused" in sent.error
    assert ledger.counts(TODAY)[S.PLANNED] == 10


def test_stopping_gives_the_rest_back(ledger: SqlLedger) -> None:
    """After a stop what is in flight is finished, nothing new begins, and no lease is left."""
    stop = asyncio.Event()
    with smtp_server() as mail:
        sent = send(
            ledger, mail, pace=Pace(connections=1), stop=stop, on_delivery=lambda *_: stop.set()
        )

    # The next envelope is on its way behind the first message already.
    assert 1 <= sent.outcomes[S.ACCEPTED] <= 2
    counts = ledger.counts(TODAY)
    assert counts[S.PLANNED] == 10 - sent.outcomes[S.ACCEPTED]
    assert counts[S.LEASED] == counts[S.DATA_STARTED] == 0


def test_one_address_only(ledger: SqlLedger) -> None:
    """`send --to` touches one delivery."""
    with smtp_server() as mail:
        send(ledger, mail, email="R4@readers.example")

    assert [message.recipient for message in mail.messages] == ["r4@readers.example"]


def test_two_senders_at_once_send_each_mail_once(tmp_path: Path) -> None:
    """Two ledgers on one database, at work together: nobody gets two."""
    database = open_test_database(tmp_path)
    planned = [make_delivery(f"r{n}") for n in range(300)]
    plan(database, planned)
    others = open_test_database(tmp_path)

    async def both(mail: Mail) -> list[Sent]:
        settings = SmtpSettings(
            host="127.0.0.1", port=mail.port, security="none", sender="b@n.example", timeout=5
        )
        return await asyncio.gather(
            *(
                send_editions(
                    TODAY, SqlLedger(store), prepare,
                    Sender(
                        transport=SmtpTransport(settings), owner=name, fate_of=lambda _owner: Fate.ALIVE,
                        clock=lambda: NOW, chance=random.Random(1),
                    ),
                    deadline=NOW + dt.timedelta(hours=1), pace=Pace(connections=2),
                )
                for name, store in (("one", database), ("two", others))
            )
        )  # fmt: skip

    with smtp_server() as mail:
        sent = run(both(mail))

    assert sum(result.outcomes[S.ACCEPTED] for result in sent) == 300
    assert len({message.recipient for message in mail.messages}) == len(mail.messages) == 300
    assert all(result.outcomes[S.ACCEPTED] for result in sent)
    database.close()
    others.close()


def test_the_states_always_add_up(ledger: SqlLedger) -> None:
    """Whatever the server does, sum(states) is the audience and nothing stays leased."""
    replies = {
        f"r{n}@readers.example": reply for n, reply in enumerate(["550 no", "450 later", "250 OK"])
    }
    with smtp_server(rcpt_replies=replies) as mail:
        send(ledger, mail)

    counts = ledger.counts(TODAY)
    assert sum(counts.values()) == 10
    assert counts[S.LEASED] == counts[S.DATA_STARTED] == 0
    assert {S.PLANNED, S.DEFERRED} <= OPEN
