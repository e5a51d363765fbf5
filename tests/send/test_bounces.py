"""Reports that come back, and what a refusal says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Verdict
from newsletter.send.bounces import Kind, read_report
from newsletter.send.verdicts import judge

V = Verdict


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "verdict"),
    [
        (
            550,
            "5.1.1",
            "<ada@e.org>: Recipient address rejected: User unknown in virtual table",
            V.NO_MAILBOX,
        ),
        (550, "5.1.1", "The email account that you tried to reach does not exist", V.NO_MAILBOX),
        (550, "5.1.2", "Host unknown (Name server: e.org: host not found)", V.NO_DOMAIN),
        (556, "5.1.10", "e.org does not accept mail (nullMX)", V.NO_DOMAIN),
        (551, "5.1.6", "The user has moved to another address", V.MOVED),
        (550, "5.2.1", "The email account that you tried to reach is disabled", V.DISABLED),
        (552, "5.2.2", "The email account that you tried to reach is over quota", V.FULL),
        (552, "5.3.4", "Message size exceeds fixed maximum message size", V.TOO_BIG),
        (554, "5.7.1", "Your message looks like spam", V.CONTENT),
        (
            550,
            "5.7.26",
            "Unauthenticated email is not accepted due to the domain's DMARC policy",
            V.POLICY,
        ),
        (554, "5.7.1", "Relay access denied", V.POLICY),
        (550, "5.7.1", "<ada@e.org>: Recipient address rejected: User unknown", V.POLICY),
        (554, "5.7.1", "Client host [192.0.2.1] blocked using zen.spamhaus.org", V.REPUTATION),
        (421, "4.7.0", "Too many connections from your host", V.THROTTLED),
        (450, "4.2.0", "Greylisted, see the manual", V.THROTTLED),
        (451, "4.4.1", "Connection timed out", V.NETWORK),
        (550, "", "nothing that anybody has ever said before", V.UNKNOWN),
        (550, "", "User unknown (in reply to end of DATA command)", V.CONTENT),
        # An address is no word: its local part says nothing.
        (550, "5.6.0", "<user.unknown@spam.example>: Media error", V.CONTENT),
    ],
)
def test_what_a_refusal_says(code: int, enhanced: str, text: str, verdict: Verdict) -> None:
    """Words first, then numbers; what is ours is never the reader's."""
    assert judge(code, enhanced, text) is verdict
    assert verdict.is_hard is (verdict in (V.NO_MAILBOX, V.NO_DOMAIN, V.MOVED))


DSN = """From: MAILER-DAEMON@mx.example.org
To: bounce@news.example.org
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ada@readers.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

Final-Recipient: rfc822; bo@readers.example
Action: delivered
Status: 2.0.0
--b--
"""


def test_a_notification() -> None:
    """RFC 3464: each recipient's own group; what was delivered is no bounce."""
    raw = DSN.format(action="failed", status="5.1.1", diagnostic="550 5.1.1 User unknown").encode()

    (event,) = read_report(raw)

    assert (event.kind, event.email, event.verdict, event.status) == (
        Kind.BOUNCE, "ada@readers.example", V.NO_MAILBOX, "5.1.1",
    )  # fmt: skip


def test_a_delay_is_not_a_bounce() -> None:
    """The server goes on trying."""
    raw = DSN.format(action="delayed", status="4.4.1", diagnostic="connection timed out").encode()

    assert read_report(raw)[0].kind is Kind.DELAY


def test_a_complaint() -> None:
    """RFC 5965: whose mail it was stands in the report, or in the copy of our mail."""
    head = (
        "From: fbl@isp.example\nTo: fbl@news.example.org\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n"
        "Content-Type: text/plain\n\nA complaint.\n--b\nContent-Type: message/feedback-report\n\n"
        "Feedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\n{more}\n--b\n"
        "Content-Type: message/rfc822\n\nFrom: p@news.example.org\nTo: <bo@readers.example>\n\nHi\n--b--\n"
    )

    (named,) = read_report(
        head.format(kind="abuse", more="Original-Rcpt-To: <ada@readers.example>\n").encode()
    )
    (hidden,) = read_report(head.format(kind="abuse", more="").encode())

    assert (named.kind, named.email) == (Kind.COMPLAINT, "ada@readers.example")
    assert (hidden.kind, hidden.email) == (Kind.COMPLAINT, "bo@readers.example")


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied\nSubject: Re: papers",
        "Subject: Out of office: papers",
        "X-Autoreply: yes\nSubject: hi",
    ],
)
def test_answers_by_machines_are_no_reports(head: str) -> None:
    """Somebody is on holiday: nothing is wrong with the address (RFC 3834)."""
    (event,) = read_report(
        f"From: ada@readers.example\n{head}\n\nI am away until Monday.\n".encode()
    )

    assert event.kind is Kind.REPLY


def test_an_odd_format() -> None:
    """Words and an address, as mail servers of all ages write them, the copy of our mail left out."""
    raw = (
        b"From: MAILER-DAEMON@mx.example.org\nSubject: failure notice\n\n"
        b"Hi. This is the qmail-send program at mx.example.org.\n\n"
        b"<ada@readers.example>:\n192.0.2.1 failed after I sent RCPT.\n"
        b"Remote host said: 550 5.1.1 no such user here\n\n"
        b"<bo@readers.example>:\nRemote host said: 552 5.2.2 mailbox full\n\n"
        b"--- Below this line is a copy of the message.\n\nTo: cy@readers.example\nspam virus\n"
    )

    assert [(one.email, one.verdict) for one in read_report(raw)] == [
        ("ada@readers.example", V.NO_MAILBOX), ("bo@readers.example", V.FULL),
    ]  # fmt: skip


@given(st.binary(max_size=3_000))
def test_anything_is_read_without_an_error(raw: bytes) -> None:
    """Bytes of any kind give events, never a traceback."""
    assert read_report(raw)
    assert read_report(DSN.encode() + raw)


def test_bombs_are_cut() -> None:
    """Nesting without end and lines without end are read as far as is reasonable."""
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500)
    )

    assert read_report(nested)[0].kind is Kind.UNREADABLE
    assert read_report(b"Subject: x\n\n" + b"a@b.example: " * 500_000)


@pytest.mark.data
def test_real_reports_are_understood(data: Path) -> None:
    """The bounds that are promised: few readers are called dead who are not, most who are are found."""
    folder = data / "bounces"
    labels = json.loads((folder / "set-of-emails.labels.json").read_text("utf-8"))
    hard = {True: 0, False: 0}
    called = {True: 0, False: 0}
    address = 0
    for name, events in labels.items():
        found = read_report((folder / "set-of-emails" / name).read_bytes())
        is_hard = any(one["hard"] for one in events)
        hard[is_hard] += 1
        called[is_hard] += any(one.kind is Kind.BOUNCE and one.verdict.is_hard for one in found)
        address += any(one.email for one in found)

    assert called[False] / hard[False] <= 0.03
    assert called[True] / hard[True] >= 0.85
    assert address / len(labels) >= 0.9
