"""Reports that come back, and what a refusal says."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Verdict
from newsletter.send.verdicts import judge
from newsletter.suppress.bounces import read_report
from newsletter.suppress.events import Event, ReportKind
from newsletter.suppress.transcripts import (
    MOST_RECIPIENTS,
    MOST_REPLIES,
    replies_in,
    texts_by_recipient,
)

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
        # One that refuses RCPT before it, and the sender, is told by the command.
        (550, "", "User unknown (in reply to end of DATA) 503 5.5.1 need RCPT", V.NO_MAILBOX),
        (551, "", "no such user here (in reply to MAIL FROM command)", V.POLICY),
        # Class 4, and who asks to try again, say nothing that is final.
        (450, "4.1.1", "Recipient address rejected: User unknown", V.UNKNOWN),
        (550, "4.1.1", "User unknown", V.UNKNOWN),
        (450, "", "no such domain", V.NETWORK),
        (550, "5.1.1", "User unknown, please try again", V.UNKNOWN),
        (550, "5.1.1", "User unknown; check for typos and try again", V.NO_MAILBOX),
        (550, "5.1.1", "User unknown; I'm not going to try again", V.NO_MAILBOX),
        (0, "", "Host or domain name not found. Host not found, try again", V.NETWORK),
        # A number that says the mailbox is there is more careful than the words.
        (550, "5.2.1", "User unknown", V.DISABLED),
        (550, "5.2.1", "User unknown (in reply to RCPT TO command)", V.NO_MAILBOX),
        (550, "5.3.0", "no such user here", V.NO_MAILBOX),
        # Codes alone: servers say 521 and 551 of much that is not the address.
        (551, "", "go away", V.UNKNOWN),
        (521, "", "go away", V.UNKNOWN),
        (556, "", "go away", V.NO_DOMAIN),
        # The type of an address is no format that we broke.
        (550, "", "rfc822; no such user", V.NO_MAILBOX),
        (550, "", "message is not RFC 5322 compliant: no such user", V.CONTENT),
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
        ReportKind.BOUNCE, "ada@readers.example", V.NO_MAILBOX, "5.1.1",
    )  # fmt: skip


def test_a_delay_is_not_a_bounce() -> None:
    """The server goes on trying."""
    raw = DSN.format(action="delayed", status="4.4.1", diagnostic="connection timed out").encode()

    assert read_report(raw)[0].kind is ReportKind.DELAY


def test_a_delay_proves_nothing() -> None:
    """Whatever the server adds to it."""
    raw = DSN.format(action="delayed", status="5.1.1", diagnostic="550 5.1.1 unknown user").encode()

    (event,) = read_report(raw)

    assert (event.kind, event.verdict, event.is_final) == (ReportKind.DELAY, V.SAID_GONE, False)


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

    assert (named.kind, named.email) == (ReportKind.COMPLAINT, "ada@readers.example")
    assert (hidden.kind, hidden.email) == (ReportKind.COMPLAINT, "bo@readers.example")


DAEMON = "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\n"


def said(text: str, head: str = DAEMON + "Subject: Undelivered\n") -> tuple[Event, ...]:
    return read_report(f"{head}\n{text}\n".encode())


def group(text: str) -> bytes:
    """Return a notification with a group of fields."""
    return (
        f"{DAEMON}MIME-Version: 1.0\nContent-Type: multipart/report; "
        "report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nreport\n--b\n"
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{text}\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("fields", "verdict", "is_final"),
    [
        ("Action: failed\nStatus: 5.1.1", V.NO_MAILBOX, True),
        (
            "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 no such user",
            V.NO_MAILBOX,
            True,
        ),
        (
            "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: x; there is no such user",
            V.SAID_GONE,
            False,
        ),
        (
            "Action: failed\nStatus: 4.1.1\nDiagnostic-Code: smtp; 450 4.1.1 unknown user",
            V.UNKNOWN,
            False,
        ),
        (
            "Action: failed\nStatus: 4.1.1\nDiagnostic-Code: smtp; 550 unknown user",
            V.UNKNOWN,
            False,
        ),
        (
            "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 450 unknown user",
            V.UNKNOWN,
            False,
        ),
        (
            (
                "Action: failed\nStatus: 4.4.3\nDiagnostic-Code: X-Postfix; Host or domain name not found."
                " Name service error for name=here.example type=MX: Host not found, try again"
            ),
            V.NETWORK,
            False,
        ),
        (
            "Action: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 550 5.1.1 unknown user",
            V.UNKNOWN,
            False,
        ),
        # A gateway's summary and what it quotes disagree: the reader is spared.
        (
            (
                "Action: failed\nStatus: 5.0.0\n"
                "Diagnostic-Code: smtp; 550 5.1.0 unknown address 552-'5.2.2 mailbox full'"
            ),
            V.FULL,
            False,
        ),
    ],
)
def test_hard_takes_proof_of_kind_and_of_finality(
    fields: str,
    verdict: Verdict,
    *,
    is_final: bool,
) -> None:
    """A code that tells and is of class 5; words alone and class 4 are not enough."""
    (event,) = read_report(group(f"Final-Recipient: rfc822; ada@readers.example\n{fields}\n"))

    assert (event.verdict, event.is_final) == (verdict, is_final)


@pytest.mark.parametrize(
    ("text", "kind", "verdict", "is_final"),
    [
        ("<ada@readers.example>: 550 5.1.1 User unknown", ReportKind.BOUNCE, V.NO_MAILBOX, True),
        (
            "<ada@readers.example>:\n550: <ada@readers.example>: User unknown",
            ReportKind.BOUNCE,
            V.SAID_GONE,
            True,
        ),
        (
            "<ada@readers.example>: sorry, there is no such user",
            ReportKind.BOUNCE,
            V.SAID_GONE,
            False,
        ),
        ("<ada@readers.example>: no such domain", ReportKind.BOUNCE, V.NO_DOMAIN, False),
        ("<ada@readers.example>: 450 4.1.1 User unknown", ReportKind.BOUNCE, V.UNKNOWN, False),
        (
            "<ada@readers.example>: 550 5.1.1 User unknown\n\nWe will keep trying.",
            ReportKind.DELAY,
            V.UNKNOWN,
            False,
        ),
        (
            "ada@readers.example is delayed. 450 user unknown. We will keep trying.",
            ReportKind.DELAY,
            V.UNKNOWN,
            False,
        ),
        (
            "<ada@readers.example>:\nSorry, no mailbox here by that name. (#5.1.1)",
            ReportKind.BOUNCE,
            V.NO_MAILBOX,
            True,
        ),
        (
            "The account is disabled.\n<ada@readers.example>: 550 5.1.1 User unknown",
            ReportKind.BOUNCE,
            V.DISABLED,
            False,
        ),
    ],
)
def test_the_words_of_a_mail_server(
    text: str,
    kind: ReportKind,
    verdict: Verdict,
    *,
    is_final: bool,
) -> None:
    """A reply of class 5 in them is final; words alone may be anybody's summary."""
    (event,) = said(text)

    assert (event.kind, event.email) == (kind, "ada@readers.example")
    assert (event.verdict, event.is_final) == (verdict, is_final)


@pytest.mark.parametrize(
    "text",
    [
        "<bo@readers.example>: 550 5.1.1 User unknown\n<ada@readers.example>: 552 5.2.2 mailbox full",
        "  bo@readers.example\n    550 5.1.1 no such user\n  ada@readers.example\n    552 5.2.2 mailbox full",
        (
            "----- These addresses had permanent fatal errors -----\n<ada@readers.example>\n"
            "<bo@readers.example>\n----- Transcript of session follows -----\n"
            "<<< 550 5.1.1 <bo@readers.example>... User unknown\n"
            "<<< 552 5.2.2 <ada@readers.example>... Mailbox full"
        ),
    ],
)
def test_texts_of_several_recipients_are_cut_apart(text: str) -> None:
    """Each has what is said of it, whatever stands around it."""
    found = {event.email: event.verdict for event in said(text)}

    assert found == {"bo@readers.example": V.NO_MAILBOX, "ada@readers.example": V.FULL}


@pytest.mark.parametrize(
    "raw",
    [
        group(
            "Original-Recipient: rfc822; ada@readers.example\nFinal-Recipient: rfc822; x@else.example\n"
            "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n"
        ),
        group(
            "Final-Recipient: rfc822; ada@readers.example\nX-Actual-Recipient: rfc822; x@else.example\n"
            "Action: failed\nStatus: 5.1.1\n"
        ),
        group(
            "Final-Recipient: rfc822; ada@readers.example\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1 <x@else.example> user unknown\n"
        ),
        group(
            "Final-Recipient: rfc822; ada@readers.example\nAction: relayed\nStatus: 2.0.0\n\n"
            "Final-Recipient: rfc822; x@else.example\nAction: failed\nStatus: 5.1.1\n"
        ),
        f"{DAEMON}\n<x@else.example> (expanded from <ada@readers.example>): 550 5.1.1 no such user".encode(),
        f"{DAEMON}\n  x@else.example\n    (generated from ada@readers.example)\n    550 5.1.1 gone: no such user".encode(),
        f"{DAEMON}\n<ada@readers.example>:\nHost said: 550 5.1.1 <x@else.example> no such user".encode(),
        f"{DAEMON}\nMail to ada@readers.example, forwarded to x@else.example: 550 5.1.1 no such user".encode(),
    ],
)
def test_who_a_reader_forwards_to_is_another(raw: bytes) -> None:
    """Of the reader's own address nothing hard is said when the one it leads to is gone."""
    found = [event for event in read_report(raw) if event.email != "x@else.example"]

    assert not any(event.verdict.is_hard or event.verdict is V.SAID_GONE for event in found)


@pytest.mark.parametrize(
    "body",
    [
        "Content-Type: text/plain\n\nHello.\n\n{fields}",
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{fields}",
        (
            "Content-Type: text/plain\n\n    Final-Recipient: rfc822; ada@readers.example\n    Action: failed\n"
            "    Status: 5.1.1\n"
        ),
        "Content-Type: multipart/report; boundary=nowhere\n\n{fields}",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n{fields}\n--b--\n",
    ],
)
def test_fields_are_read_wherever_they_stand(body: str) -> None:
    """Gateways break MIME; what RFC 3464 names is the same in plain text."""
    fields = "Final-Recipient: rfc822; ada@readers.example\nAction: failed\nStatus: 5.1.1\n"

    (event,) = read_report((DAEMON + body.format(fields=fields)).encode())

    assert (event.email, event.verdict, event.is_final) == (
        "ada@readers.example",
        V.NO_MAILBOX,
        True,
    )


def test_fields_that_are_indented_or_quoted_are_fields() -> None:
    """What was delivered is no bounce, whatever stands before each line."""
    for mark in ("    ", "> ", "\t"):
        fields = f"{mark}Final-Recipient: rfc822; a@b.example\n{mark}Action: delivered\n{mark}Status: 2.0.0"

        assert [event.kind for event in said(fields)] == [ReportKind.RECEIPT]


def test_groups_without_an_empty_line_are_told_apart() -> None:
    """A recipient begins a group where a gateway lost what sets them apart."""
    fields = "Original-Recipient: rfc822; {0}@x.example\nFinal-Recipient: rfc822; {0}@x.example\nAction: failed\n"

    found = read_report(
        group(fields.format("ada") + "Status: 5.2.2\n" + fields.format("bo") + "Status: 5.1.1\n")
    )

    assert [(event.email, event.verdict) for event in found] == [
        ("ada@x.example", V.FULL), ("bo@x.example", V.NO_MAILBOX),
    ]  # fmt: skip


def test_a_service_tells_it_as_json() -> None:
    """Amazon SES mails the fields of a notification as JSON, inside of a string."""
    notice = json.dumps(
        {"bounce": {"bouncedRecipients": [
            {"emailAddress": "ada@readers.example", "action": "failed", "status": "5.1.1",
             "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]}}
    )  # fmt: skip

    (event,) = said(
        json.dumps({"Message": notice}), "From: no-reply@sns.example\nSubject: Notice\n"
    )

    assert (event.kind, event.email, event.verdict) == (
        ReportKind.BOUNCE,
        "ada@readers.example",
        V.NO_MAILBOX,
    )


def test_exim_marks_its_reports_as_answers() -> None:
    """What a mail server says that it is counts more than `Auto-Submitted: auto-replied`."""
    head = DAEMON + "Auto-Submitted: auto-replied\nX-Failed-Recipients: ada@readers.example\n"

    (unknown,) = said(
        "  ada@readers.example\n    error after RCPT TO:<ada@readers.example>: 550 Nope.", head
    )
    (gone,) = said("  ada@readers.example\n    550 5.1.1 Unknown user", head)

    rewritten = head.replace("Return-Path: <>", "Return-Path: <mailer-daemon@mx.example>")
    (again,) = said("  ada@readers.example\n    550 5.1.1 Unknown user", rewritten)
    by_hand = rewritten.replace("X-Failed-Recipients", "X-Nothing")
    (answer,) = said("This is postmaster's answering machine: 550 5.1.1 Unknown user", by_hand)

    assert (again.kind, again.verdict) == (ReportKind.BOUNCE, V.NO_MAILBOX)
    assert answer.kind is ReportKind.REPLY
    assert (unknown.kind, unknown.verdict) == (ReportKind.BOUNCE, V.UNKNOWN)
    assert (gone.kind, gone.verdict) == (ReportKind.BOUNCE, V.NO_MAILBOX)


def test_a_receipt_is_no_bounce() -> None:
    """Delivered and read, and the kinds of feedback that complain of nobody."""
    delivered = group(
        "Final-Recipient: rfc822; ada@readers.example\nAction: delivered\nStatus: 2.0.0\n"
    )
    read = (
        b"From: ada@readers.example\nContent-Type: multipart/report; boundary=b;\n"
        b" report-type=disposition-notification\n\n--b\nContent-Type: text/plain\n\n550 5.1.1 no such user\n"
        b"--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; a@b.example\n--b--\n"
    )
    praised = (
        b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n"
        b"Content-Type: message/feedback-report\n\nFeedback-Type: not-spam\n--b--\n"
    )

    assert [event.kind for event in read_report(delivered)] == [ReportKind.RECEIPT]
    assert [event.kind for event in read_report(read)] == [ReportKind.REPLY]
    assert [event.kind for event in read_report(praised)] == [ReportKind.RECEIPT]


@pytest.mark.parametrize(
    "text",
    [
        "Our office has relocated to Newtown. I read mail every Friday.",
        "Please write to my colleague, whose new address is c@readers.example.",
        "This is a ticket system; it does not accept e-mail attachments.",
        "I was told: 550 5.1.1 User unknown. What does that mean?",
        "Final-Recipient: rfc822; ada@readers.example\nAction: failed\nStatus: 5.1.1\n",
    ],
)
@pytest.mark.parametrize(
    "head",
    [
        "Return-Path: <ada@readers.example>\nFrom: Ada <ada@readers.example>\nSubject: Re: Papers\n",
        "From: Ada <ada@readers.example>\nSubject: Undeliverable: papers\n",
        "From: =?utf-8?b?QWRh?= <ada@readers.example>\nAuto-Submitted: auto-replied\nSubject: x\n",
    ],
)
def test_an_answer_is_never_hard(head: str, text: str) -> None:
    """No null return path, no mail server, no part of a notification: somebody wrote this."""
    (event,) = said(text, head)

    assert (event.kind, event.verdict) == (ReportKind.REPLY, V.UNKNOWN)


@pytest.mark.parametrize(
    "mark",
    ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Subject: Automatic reply: papers"],
)
def test_an_answering_machine_has_the_null_return_path_too(mark: str) -> None:
    """RFC 3834, 3.3: what says that it answers is no report."""
    head = f"Return-Path: <>\nFrom: Ada <ada@readers.example>\n{mark}\n"

    (event,) = said("I have moved, ada@readers.example is unknown here. Bye", head)

    assert event.kind is ReportKind.REPLY


def test_a_report_that_somebody_sends_on_is_an_answer() -> None:
    """What stands in an attached message is not what its sender's mail server says."""
    report = group("Final-Recipient: rfc822; ada@readers.example\nAction: failed\nStatus: 5.1.1\n")
    raw = (
        b"Return-Path: <ada@readers.example>\nFrom: Ada <ada@readers.example>\nSubject: What is this?\n"
        b"Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/plain\n\nLook!\n--c\n"
        b"Content-Type: message/rfc822\n\n" + report + b"\n--c--\n"
    )

    assert [event.kind for event in read_report(raw)] == [ReportKind.REPLY]


@pytest.mark.parametrize("text", ["550 5.1.1 User unknown", "User unknown", "Status: 5.1.1"])
def test_who_does_not_say_who_wrote_it_is_not_believed(text: str) -> None:
    """Neither a mail server nor a null return path, and nobody's name."""
    assert not any(
        event.verdict.is_hard for event in said(f"<ada@b.example>: {text}", "Subject: x\n")
    )


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

    assert event.kind is ReportKind.REPLY


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

    assert [(event.email, event.verdict) for event in read_report(raw)] == [
        ("ada@readers.example", V.NO_MAILBOX), ("bo@readers.example", V.FULL),
    ]  # fmt: skip


PIECES = st.sampled_from(
    [b"\n", b"\n\n", b"\r", b"--b\n", b"--b--\n", b"Content-Type: multipart/mixed; boundary=b\n",
     b"Content-Type: message/rfc822\n\n", b"Content-Type: message/delivery-status\n\n", b"From: ",
     b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n",
     b"Content-Type: text/plain; charset=", b"utf-16", b"punycode", b"idna", b"hex", b"undefined",
     b"=?utf-8?b?a?=", b"=?x?q?=ZZ?=", b"Subject: ", b"Return-Path: <>\n", b"Return-Path: \x80\n",
     b"MAILER-DAEMON@x.example\n", b"550 5.1.1 ", b"(#5.1.1)", b"user unknown ", b"<a@b.example>",
     b"Final-Recipient: rfc822; a@b.example\n", b"Action: failed\n", b"Status: 5.1.1\n", b"\xff", b"\0"]
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=40), max_size=60).map(b"".join))
def test_anything_is_read_without_an_error(raw: bytes) -> None:
    """Bytes of any kind give events in printable lines, never a traceback."""
    for mail in (raw, DSN.encode() + raw, DAEMON.encode() + raw):
        events = read_report(mail)

        assert events
        assert all(event.evidence.isprintable() for event in events)


def test_a_broken_header_is_no_reason_to_stop() -> None:
    """Python's own parser raises on the first, and recurses without end into the last."""
    assert (
        read_report(b"From: a@x.example\nSubject: =?utf-8?b?a?=\n\nhello\n")[0].kind
        is ReportKind.REPLY
    )
    assert (
        read_report(b"From: a@x.example\nReturn-Path: \x80\n\nhello\n")[0].kind is ReportKind.REPLY
    )
    nested = b"Content-Type: message/rfc822\n\n" * 1_000
    assert read_report(nested)[0].kind is ReportKind.UNREADABLE


def test_so_many_replies_and_recipients_are_looked_at() -> None:
    """The first ones say what is wrong; each costs time."""
    words = "".join(f"<r{n}@x.example>: 55{n % 2} no such user\n" for n in range(100))

    assert len(replies_in(words)) == MOST_REPLIES
    assert len(texts_by_recipient(words, frozenset())) == MOST_RECIPIENTS
    assert len(said(words)) == MOST_RECIPIENTS


def filled(piece: bytes, head: str = DAEMON) -> bytes:
    return f"{head}\n".encode() + piece * (2_000_000 // len(piece))


BOMBS = {
    "headers": b"X: y\n" * 400_000,
    "folded": b"X: y\n" + b" z\n" * 600_000,
    "nested": b"Content-Type: message/rfc822\n\n" * 60_000,
    "boundaries": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(35_000)
    ),
    "parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 400_000,
    "dashes": b"Content-Type: multipart/mixed; boundary=-\n\n" + b"-" * 2_000_000,
    "encoded words": b"Return-Path: <>\nSubject: " + b"=?utf-8?b?YQ==?= " * 110_000,
    "letters": filled(b"a"),
    "addresses": filled(b"a@b.example: "),
    "ats": filled(b"@"),
    "brackets": filled(b"<", f"{DAEMON}Content-Type: text/html\n"),
    "words": filled(b"user account mailbox "),
    "replies": filled(b"550 user\n551 unknown user\n"),
    "numbers": filled(b"5.1.1."),
    "base64": filled(b"YWFh\n", f"{DAEMON}Content-Transfer-Encoding: base64\n"),
    "punycode": filled(b"a-", f"{DAEMON}Content-Type: text/plain; charset=punycode\n"),
    "recipients": filled(
        b"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n\n"
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_cut(name: str) -> None:
    """Two megabytes of anything are read in no time: the bound is 20 times what is needed."""
    before = time.process_time()
    read_report(BOMBS[name])

    assert time.process_time() - before < 10


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
        is_hard = any(label["hard"] for label in events)
        hard[is_hard] += 1
        called[is_hard] += any(
            event.kind is ReportKind.BOUNCE and event.verdict.is_hard for event in found
        )
        address += any(event.email for event in found)

    assert called[False] / hard[False] <= 0.03
    assert called[True] / hard[True] >= 0.85
    assert address / len(labels) >= 0.9


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Risposta automatica: Papers", "La mia casella ada@readers.example è piena"),
        (
            "Automatische Antwort",
            "Mein Postfach ist voll. ada@readers.example existiert nicht mehr",
        ),
        ("Respuesta automática: Papers", "Mi buzón está lleno: ada@readers.example"),
        ("自動返信: Papers", "ada@readers.example は存在しません。550 5.1.1 user unknown"),
        ("자동 회신: Papers", "용량 초과. ada@readers.example 계정은 존재하지 않습니다"),
        ("Автоматический ответ", "Ящик ada@readers.example переполнен"),
        ("away", "My account ada@readers.example is disabled until May, the mailbox is full"),
    ],
)
@pytest.mark.parametrize(
    "head",
    [
        "From: Ada <ada@readers.example>\n",
        "",
        "From: Postmaster Ada <ada@readers.example>\nAuto-Submitted: auto-replied\n",
    ],
)
def test_an_answer_that_nobody_can_answer_says_nothing(head: str, subject: str, words: str) -> None:
    """A machine that answers for somebody has no return path, and is no mail server (RFC 3834)."""
    raw = f"Return-Path: <>\n{head}To: b@news.example\nSubject: {subject}\n\n{words}\n"
    found = read_report(raw.encode())

    assert {event.verdict for event in found} == {V.UNKNOWN}


@pytest.mark.parametrize(
    "field",
    ['"emailAddress": "\\ud800@b.example"', '"emailAddress": "a@b.example", "x": ' + "[" * 1500],
)
def test_a_service_may_write_any_json(field: str) -> None:
    """Half of a surrogate pair, or a thousand brackets, make no traceback."""
    raw = f'From: a@b.example\n\n{{"bouncedRecipients": [{{{field}, "action": "failed", "status": "5.1.1"}}]}}'

    assert [event.email.encode() for event in read_report(raw.encode())]


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("550 Nope, see https://help.example", V.UNKNOWN),
        ("It did not arrive.", V.SAID_GONE),
    ],
)
def test_what_stands_before_one_address_is_about_it(said: str, verdict: Verdict) -> None:
    """Unless a reply is quoted: it says all that the server said."""
    raw = (
        "From: MAILER-DAEMON@mx.example\nTo: b@news.example\n\nThere is no such user here.\n\n"
        f"<ada@readers.example>: {said}\n"
    )
    (found,) = read_report(raw.encode())

    assert (found.email, found.verdict) == ("ada@readers.example", verdict)


@pytest.mark.parametrize(
    "words",
    [
        "Ainda não foi entregue; novas tentativas serão feitas.",
        "La consegna è in ritardo; ulteriori tentativi seguiranno.",
        "De bezorging is vertraagd; er wordt opnieuw geprobeerd.",
        "Dostarczenie opóźnione; kolejne próby zostaną podjęte.",
        "Leveransen är försenad; nya försök görs.",
        "배달이 지연되고 있습니다. 다시 시도합니다.",
        "投遞延遲，系統將繼續嘗試。",
    ],
)
def test_who_goes_on_trying_is_understood_in_many_languages(words: str) -> None:
    """Nothing is final before they give up."""
    raw = f"From: MAILER-DAEMON@mx.example\n\n{words}\n\n<ada@readers.example>: 550 5.1.1 unknown\n"
    (found,) = read_report(raw.encode())

    assert (found.kind, found.verdict.is_hard, found.is_final) == (ReportKind.DELAY, False, False)
