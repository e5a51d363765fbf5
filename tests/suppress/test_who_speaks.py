"""Who speaks in a mail that came back, by its headers alone."""

from __future__ import annotations

import pytest

from newsletter.suppress.answers import is_answer, is_daemon, is_report, is_unanswerable, sender_of
from newsletter.suppress.reports import MessagePart, read_parts

NULL = "Return-Path: <>\n"
ADA = "From: Ada <ada@x.example>\n"


def mail(head: str, body: str = "hello") -> list[MessagePart]:
    return read_parts(f"{head}\n{body}\n".encode())


REPORT = (
    "Content-Type: multipart/Report; Report-Type=Delivery-Status; boundary=b\n",
    "--b\n\nx\n--b--",
)
STATUS = (
    "Content-Type: multipart/mixed; boundary=b\n",
    "--b\nContent-Type: message/delivery-status\n\nx\n--b--",
)
COPIED = (
    "Content-Type: multipart/mixed; boundary=b\n",
    (
        "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n"
        "--c\nContent-Type: message/delivery-status\n\nx\n--c--\n--b--"
    ),
)
READ = (
    "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n",
    "--b\nContent-Type: message/disposition-notification\n\nx\n--b--",
)
SES = ("Subject: x\n", '{"bouncedRecipients": []}')


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (REPORT, True),
        (STATUS, True),
        (SES, True),
        (COPIED, False),
        (READ, False),
        (("Content-Type: multipart/report; boundary=b\n", "delivery-status"), False),
        (("Content-Type: multipart/mixed; x=delivery-status; boundary=b\n", ""), False),
        (("Content-Type: text/plain\n", "delivery-status"), False),
    ],
)
def test_a_report_by_its_kind(parts: tuple[str, str], *, expected: bool) -> None:
    """What only mail servers write, unless it stands in the message that was sent on."""
    assert is_report(mail(ADA + parts[0], parts[1])) is expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("From: x\n", False),
        (ADA, False),
        ("X-Failed-Recipients: ada@x.example\n", True),
        ("X-Failed-Recipients:\n", False),
        (REPORT[0], True),
        # By address, of the writer or of who sent it for him.
        ("From: MAILER-DAEMON@mx.example\n", True),
        ("From: x <Mailer-Daemon@mx.example>\n", True),
        ("Sender: postmaster@mx.example\nFrom: Ada <ada@x.example>\n", True),
        ("From: =?utf-8?q?postmaster=40mx=2Eexample?=\n", True),
        ("From: mdaemon-2@mx.example\n", True),
        ("From: postmasters@mx.example\n", False),
        ("From: a.postmaster@mx.example\n", False),
        ("Reply-To: postmaster@mx.example\n" + ADA, False),
        ("From: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example\n", True),
        # By name.
        ("From: Mail Delivery Subsystem <x@mx.example>\n", True),
        ('From: "Mail Delivery System" <x@mx.example>\n', True),
        ("From: =?utf-8?q?Mail_Delivery_System?= <x@mx.example>\n", True),
        ("From: Postmaster <x@mx.example>\n", True),
        ("From: Postmaster Ada <x@mx.example>\n", False),
        ("From: the Mail Delivery System <x@mx.example>\n", False),
        # By the subject, where nobody can answer and no machine answers.
        (NULL + "Subject: Undelivered Mail\n" + ADA, True),
        (NULL + "Subject:   =?utf-8?q?Delivery_Status_Notification?=\n" + ADA, True),
        (NULL + "Subject: Re: Undelivered\n" + ADA, False),
        (NULL + "Subject: hello\n" + ADA, False),
        ("Return-Path: <a@x.example>\nSubject: Undelivered Mail\n" + ADA, False),
        (NULL + "Subject: Undelivered Mail\nAuto-Submitted: auto-replied\n" + ADA, False),
        (NULL + "Subject: Undelivered Mail\nX-Autoreply: yes\n" + ADA, False),
        (NULL + "Subject: Undelivered Mail\nAuto-Submitted: auto-generated\n" + ADA, True),
    ],
)
def test_a_mail_server_speaks(head: str, *, expected: bool) -> None:
    """It says so by its address, by its name, or in a subject that nobody can answer."""
    assert is_daemon(mail(head)) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("<>", True), ("< >", True), ("<a@x.example>", False), ("", False), ("<> x", False)],
)
def test_the_null_return_path(path: str, *, expected: bool) -> None:
    """Nobody can answer mail with an empty return path (RFC 5321, 4.5.5)."""
    assert is_unanswerable(mail(f"Return-Path: {path}\n")[0]) is expected


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (ADA, "x", True),
        ("", "x", False),
        (NULL + ADA, "x", False),
        # Machines that answer for somebody (RFC 3834, 5).
        (NULL + ADA + "Auto-Submitted: Auto-Replied (vacation)\n", "x", True),
        (NULL + ADA + "Auto-Submitted: auto-generated\n", "x", False),
        (NULL + "X-Autoreply: yes\n", "x", True),
        (NULL + "X-Autorespond: x\n", "x", True),
        (NULL + "X-Auto-Reply-From: x\n", "x", True),
        (NULL + "Subject: Out of office: papers\n", "x", True),
        (NULL + "Subject: =?utf-8?q?Abwesenheit?=\n", "x", True),
        (NULL + "Subject: papers\n", "x", False),
        # Read, and no more.
        (READ[0] + "X-Failed-Recipients: ada@x.example\n", READ[1], True),
        # Reports, however they are marked.
        (ADA + "X-Failed-Recipients: ada@x.example\nAuto-Submitted: auto-replied\n", "x", False),
        (ADA + REPORT[0] + "Auto-Submitted: auto-replied\n", REPORT[1], False),
        ("From: postmaster@x.example\n", "x", False),
        ("From: postmaster@x.example\nAuto-Submitted: auto-replied\n", "x", False),
        (NULL + "From: postmaster@x.example\nAuto-Submitted: auto-replied\n", "x", False),
        ("Return-Path: <p@x.example>\nFrom: postmaster@x.example\nX-Autoreply: 1\n", "x", True),
        ("Return-Path: <p@x.example>\nFrom: postmaster@x.example\n", "x", False),
    ],
)
def test_somebody_answers(head: str, body: str, *, expected: bool) -> None:
    """A person, or a machine in a person's place; a mail server's report is no answer."""
    assert is_answer(mail(head, body)) is expected


@pytest.mark.parametrize(
    ("head", "who"),
    [
        (ADA, "ada@x.example"),
        ("From: a@x.example, b@x.example\n", "a@x.example"),
        ("From: no-reply@x.example, b@x.example\n", "b@x.example"),
        ("From: MAILER-DAEMON@x.example\n", ""),
        ("Sender: a@x.example\n", ""),
        ("From: nobody\n", ""),
    ],
)
def test_who_wrote_it(head: str, who: str) -> None:
    """The first address of `From` that is a person's."""
    assert sender_of(mail(head)[0]) == who
