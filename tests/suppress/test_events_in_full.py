"""What a report says, as a whole: every field of every event."""

from __future__ import annotations

from typing import Any

import pytest

from newsletter.model import Verdict
from newsletter.suppress.bounces import EVIDENCE, read_report
from newsletter.suppress.events import Event, ReportKind

V = Verdict
DAEMON = "From: MAILER-DAEMON@mx.example\nTo: bounce@news.example\nSubject: Undelivered\n"
ADA = "ada@x.example"


def event(kind: ReportKind, email: str = ADA, verdict: Verdict = V.UNKNOWN, **more: Any) -> Event:
    return Event(kind=kind, email=email, verdict=verdict, **more)


def read(text: str, head: str = DAEMON) -> tuple[Event, ...]:
    return read_report(f"{head}\n{text}".encode())


def dsn(*groups: str, words: str = "It failed.", head: str = DAEMON, last: str = "") -> bytes:
    """Return a delivery status notification (RFC 3464)."""
    fields = "\n\n".join(("Reporting-MTA: dns; mx.example", *groups))
    return (
        f"{head}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\n{words}\n--b\n"
        f"Content-Type: message/delivery-status\n\n{fields}\n{last}--b--\n"
    ).encode()


def group(
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 user unknown",
    who: str = ADA,
    action: str = "failed",
) -> str:
    return (
        f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: {said}"
    )


RECEIPT = (event(ReportKind.RECEIPT, ""),)


# --- Notifications ------------------------------------------------------------------------------


def bounced(verdict: Verdict, evidence: str, *, is_final: bool = False, **more: Any) -> Event:
    return event(
        ReportKind.BOUNCE, verdict=verdict, evidence=evidence, is_final=is_final,
        **({"beside": ADA, "status": "5.1.1"} | more),
    )  # fmt: skip


NOTIFICATIONS = [
    (dsn(group()), [bounced(V.NO_MAILBOX, "550 5.1.1 user unknown", is_final=True)]),
    (
        dsn(group("4.1.1", "smtp; 450 4.1.1 user unknown", action="delayed")),
        [event(ReportKind.DELAY, verdict=V.UNKNOWN, beside=ADA, status="4.1.1", evidence="450 4.1.1 user unknown")],
    ),
    (
        dsn(group(action="Delayed (still trying)")),
        [event(ReportKind.DELAY, verdict=V.SAID_GONE, beside=ADA, status="5.1.1", evidence="550 5.1.1 user unknown")],
    ),
    # Without an action it failed; the number of its status is found among words.
    (
        dsn(f"Final-Recipient: rfc822; {ADA}\nStatus: bad (5.2.2)\nDiagnostic-Code: x-y.z ; mailbox full"),
        [bounced(V.FULL, "mailbox full", status="5.2.2")],
    ),
    (
        dsn(f"Original-Recipient: rfc822; {ADA}\nAction:\nStatus: none"),
        [bounced(V.UNKNOWN, "It failed.", status="")],
    ),
    # What says nothing leaves the word to the text for people.
    (
        dsn(group("5.0.0", "smtp; 550"), words="There is no such user."),
        [bounced(V.SAID_GONE, "550", status="5.0.0")],
    ),
    (
        dsn(group("5.0.0", ""), words="<ada@x.example>: 550 5.1.1 no such user"),
        [bounced(V.NO_MAILBOX, "<ada@x.example>: 550 5.1.1 no such user", is_final=True, status="5.0.0")],
    ),
    (
        dsn(group("5.0.0", "") + "\nX-Notes-Error-String: 550 5.1.1 user unknown"),
        [bounced(V.NO_MAILBOX, "550 5.1.1 user unknown", is_final=True, status="5.0.0")],
    ),
    # Whose words are whose.
    (
        dsn(group("5.0.0", ""), group("5.0.0", "", "bo@x.example"),
            words="<bo@x.example>: 552 5.2.2 mailbox full\n<Ada@x.example>: 550 5.1.1 no such user"),
        [
            bounced(V.NO_MAILBOX, "<Ada@x.example>: 550 5.1.1 no such user", is_final=True, status="5.0.0"),
            event(ReportKind.BOUNCE, "bo@x.example", V.FULL, beside="bo@x.example", status="5.0.0",
                  evidence="<bo@x.example>: 552 5.2.2 mailbox full"),
        ],
    ),
    # An explanation knows more than the reply.
    (dsn(group(), words="The account is disabled."), [bounced(V.DISABLED, "550 5.1.1 user unknown")]),
    (dsn(group(), words="The mailbox is full."), [bounced(V.FULL, "550 5.1.1 user unknown")]),
    # The number of the status tells where the reply has none, or a vague one.
    (dsn(group("5.1.1", "smtp; 550 no")), [bounced(V.NO_MAILBOX, "550 no", is_final=True)]),
    (dsn(group("5.1.1", "smtp; 550 5.0.0 no")), [bounced(V.NO_MAILBOX, "550 5.0.0 no", is_final=True)]),
    (dsn(group("5.1.1", "smtp; 550 5.2.2 no")), [bounced(V.FULL, "550 5.2.2 no")]),
    (dsn(group("4.2.2", "smtp; 550 5.1.1 no")), [bounced(V.FULL, "550 5.1.1 no", status="4.2.2")]),
    (dsn(group("5.0.0", "smtp; unknown user")), [bounced(V.SAID_GONE, "unknown user", status="5.0.0")]),
    (dsn(group("5.1.0", "smtp; unknown user")), [bounced(V.NO_MAILBOX, "unknown user", is_final=True, status="5.1.0")]),
    # Class 4 alone is never final, whatever the words are.
    (dsn(group("", "smtp; 450 user unknown")), [bounced(V.UNKNOWN, "450 user unknown", status="")]),
    (dsn(group("", "smtp; 450 no such domain")), [bounced(V.NETWORK, "450 no such domain", status="")]),
    (dsn(group("", "smtp; 4.1.2 no such domain")), [bounced(V.NETWORK, "4.1.2 no such domain", status="")]),
    # Of a domain that is not there nobody can give a number.
    (dsn(group("", "smtp; no such domain")), [bounced(V.NO_DOMAIN, "no such domain", status="")]),
    # Replies that disagree: the first that spares the reader counts.
    (
        dsn(group("5.0.0", "smtp; 550 5.1.1 unknown user; 552 5.2.2 mailbox full; 554 5.7.1 spam")),
        [bounced(V.FULL, "550 5.1.1 unknown user; 552 5.2.2 mailbox full; 554 5.7.1 spam", status="5.0.0")],
    ),
    # Exchange has numbers of its own.
    (
        dsn(group("5.0.0", "smtp; MSEXCH:IMS:Org:Site:SERVER 3550 (000B09B6) Unknown Recipient")),
        [bounced(V.NO_MAILBOX, "MSEXCH:IMS:Org:Site:SERVER 3550 (000B09B6) Unknown Recipient",
                 is_final=True, status="5.0.0")],
    ),
    # The last address is where it failed.
    (
        dsn(group() + "\nX-Actual-Recipient: rfc822; <bo@y.example>"),
        [event(ReportKind.BOUNCE, "bo@y.example", V.NO_MAILBOX, beside="bo@y.example", is_final=True, status="5.1.1",
               evidence="550 5.1.1 user unknown")],
    ),
    (
        dsn(group("5.1.1", "smtp; 550 5.1.1 <bo@y.example> unknown user")),
        [event(ReportKind.BOUNCE, "bo@y.example", V.NO_MAILBOX, beside=ADA, is_final=True, status="5.1.1",
               evidence="550 5.1.1 <bo@y.example> unknown user")],
    ),
    (
        dsn(group("5.2.2", "smtp; 552 5.2.2 <bo@y.example> mailbox full")),
        [bounced(V.FULL, "552 5.2.2 <bo@y.example> mailbox full", status="5.2.2")],
    ),
    # Who is not named there is named in a header, or in the words.
    (
        dsn("Action: failed\nStatus: 5.1.1", head=f"{DAEMON}X-Failed-Recipients: {ADA}\n"),
        [bounced(V.NO_MAILBOX, "It failed.", is_final=True)],
    ),
    (
        dsn("Action: failed\nStatus: 5.1.1", words=f"For {ADA}."),
        [bounced(V.NO_MAILBOX, f"For {ADA}.", is_final=True)],
    ),
    (
        dsn("Action: failed\nStatus: 5.1.1"),
        [event(ReportKind.BOUNCE, "", V.NO_MAILBOX, is_final=True, status="5.1.1", evidence="It failed.")],
    ),
    # What arrived.
    (dsn(group("2.0.0", "", action="delivered")), RECEIPT),
    (dsn(group("2.0.0", "", action="Relayed")), RECEIPT),
    (dsn(group("2.0.0", "", action="expanded")), RECEIPT),
    (
        dsn(group("2.0.0", "", "bo@x.example", action="delivered"), group()),
        [bounced(V.NO_MAILBOX, "550 5.1.1 user unknown", is_final=True)],
    ),
    # The same twice is said once.
    (dsn(group(), group()), [bounced(V.NO_MAILBOX, "550 5.1.1 user unknown", is_final=True)]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "events"), NOTIFICATIONS)
def test_a_notification_in_full(raw: bytes, events: list[Event]) -> None:
    """ReportKind, address, verdict, whether it is final, its number and its words (RFC 3464)."""
    assert list(read_report(raw)) == list(events)


def test_a_notification_has_ten_recipients_at_most() -> None:
    """Each costs time; what arrived counts among them."""
    many = [group(who=f"r{number}@x.example") for number in range(14)]
    some = [group("2.0.0", "", "z@x.example", action="delivered"), *many]

    assert [told.email for told in read_report(dsn(*many))] == [
        f"r{n}@x.example" for n in range(10)
    ]
    assert [told.email for told in read_report(dsn(*some))] == [f"r{n}@x.example" for n in range(9)]


def test_evidence_is_one_printable_line_of_three_hundred_characters() -> None:
    """However much a server says."""
    (found,) = read_report(dsn(group("5.1.1", "smtp; 550 5.1.1 user unknown " + "x" * 400)))

    assert found.evidence == ("550 5.1.1 user unknown " + "x" * 400)[:EVIDENCE]


# --- Complaints ---------------------------------------------------------------------------------


def complaint(fields: str, copied: str = "", kind: str = "message/feedback-report") -> bytes:
    copy = f"--b\nContent-Type: message/rfc822\n\n{copied}\n" if copied else ""
    return (
        "From: fbl@isp.example\nContent-Type: multipart/report; report-type=feedback-report; "
        f"boundary=b\n\n--b\n\nA complaint.\n--b\nContent-Type: {kind}\n\n{fields}\n{copy}--b--\n"
    ).encode()


def complained(email: str = ADA, said: str = "abuse") -> Event:
    return event(ReportKind.COMPLAINT, email, evidence=f"complaint: {said}")


OURS = "From: p@news.example\nTo: <bo@x.example>\n\nHi"


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        (complaint(f"Feedback-Type: abuse\nOriginal-Rcpt-To: <{ADA}>", OURS), [complained()]),
        (complaint(f"Feedback-Type: abuse\n\nOriginal-Rcpt-To: {ADA}"), [complained()]),
        (complaint(f"Feedback-Type: fraud\nRemoval-Recipient: {ADA}"), [complained(said="fraud")]),
        (complaint(f"Original-Recipient: rfc822;{ADA}"), [complained()]),
        (
            complaint(f"Original-Rcpt-To: {ADA}\nRemoval-Recipient: cy@x.example"),
            [complained(), complained("cy@x.example")],
        ),
        (complaint(f"Original-Rcpt-To: {ADA}\nRemoval-Recipient: {ADA}"), [complained()]),
        (complaint("Feedback-Type: abuse", OURS), [complained("bo@x.example")]),
        (complaint("Feedback-Type: abuse"), [complained("")]),
        (complaint(f"Feedback-Type: {'a' * 50}"), [complained("", "a" * 40)]),
        (complaint("Feedback-Type: a\x07b"), [complained("", "a b")]),
        (complaint("Feedback-Type: NOT-SPAM"), RECEIPT),
        (complaint("Feedback-Type: dkim"), RECEIPT),
        (complaint("Feedback-Type: auth-failure"), RECEIPT),
        # Where MIME is broken the fields stand in the text, or nowhere.
        (complaint(f"Feedback-Type: fraud\nOriginal-Rcpt-To: {ADA}", kind="text/plain"), [complained(said="fraud")]),
        (complaint("nothing", OURS, kind="text/plain"), [complained("bo@x.example")]),
    ],
)  # fmt: skip
def test_a_complaint_in_full(raw: bytes, events: list[Event]) -> None:
    """RFC 5965: of whom, and what is complained of."""
    assert list(read_report(raw)) == list(events)


# --- Answers ------------------------------------------------------------------------------------


def test_an_answer_in_full() -> None:
    """Whose it is, and nothing of what it says."""
    head = "From: Ada <ada@x.example>\nSubject: Re: papers\n"

    assert read("550 5.1.1 user unknown", head) == (
        event(ReportKind.REPLY, ADA, evidence="an answer"),
    )  # fmt: skip


# --- Words --------------------------------------------------------------------------------------


def told(verdict: Verdict, text: str, *, is_final: bool = False, **more: Any) -> Event:
    return event(
        ReportKind.BOUNCE,
        verdict=verdict,
        evidence=text,
        is_final=is_final,
        **({"beside": ADA} | more),
    )


WORDS = [
    (
        f"<{ADA}>: 550 5.1.1 user unknown",
        [told(V.NO_MAILBOX, f"<{ADA}>: 550 5.1.1 user unknown", is_final=True, status="5.1.1")],
    ),
    # A number that says no more than that it was refused proves nothing of a mailbox.
    (f"<{ADA}>: 550 user unknown", [told(V.SAID_GONE, f"<{ADA}>: 550 user unknown", is_final=True)]),
    (
        f"<{ADA}>: 550 5.0.0 user unknown",
        [told(V.SAID_GONE, f"<{ADA}>: 550 5.0.0 user unknown", is_final=True, status="5.0.0")],
    ),
    (f"<{ADA}>: user unknown", [told(V.SAID_GONE, f"<{ADA}>: user unknown")]),
    (f"<{ADA}>: 552 5.2.2 full", [told(V.FULL, f"<{ADA}>: 552 5.2.2 full", status="5.2.2")]),
    (f"<{ADA}>: no such domain", [told(V.NO_DOMAIN, f"<{ADA}>: no such domain")]),
    # Of one address speaks all that is said.
    (f"No such user here.\n\n<{ADA}>: Sorry.", [told(V.SAID_GONE, f"<{ADA}>: Sorry.")]),
    (f"No such user here.\n\n<{ADA}>: 550 Nope", [told(V.UNKNOWN, f"<{ADA}>: 550 Nope")]),
    # Who goes on trying says nothing final.
    (
        f"We will keep trying.\n<{ADA}>: 550 5.1.1 user unknown",
        [event(ReportKind.DELAY, verdict=V.UNKNOWN, beside=ADA, status="5.1.1", evidence=f"<{ADA}>: 550 5.1.1 user unknown")],
    ),
    (
        f"We will keep trying.\n<{ADA}>: 552 5.2.2 full",
        [event(ReportKind.DELAY, verdict=V.FULL, beside=ADA, status="5.2.2", evidence=f"<{ADA}>: 552 5.2.2 full")],
    ),
    # Another address that one leads to.
    (
        f"<{ADA}>: 550 5.1.1 <bo@y.example> user unknown",
        [told(V.NO_MAILBOX, f"<{ADA}>: 550 5.1.1 <bo@y.example> user unknown", is_final=True,
              status="5.1.1", email="bo@y.example")],
    ),
    # Exchange's numbers.
    (
        f"{ADA}\n  MSEXCH:IMS:Org:Site:SERVER 3550 (000B09B6) Unknown Recipient",
        [told(V.NO_MAILBOX, f"{ADA} MSEXCH:IMS:Org:Site:SERVER 3550 (000B09B6) Unknown Recipient", is_final=True)],
    ),
    # Nobody's name.
    ("550 5.1.1 user unknown", [event(ReportKind.BOUNCE, "", V.NO_MAILBOX, is_final=True, status="5.1.1",
                                      evidence="550 5.1.1 user unknown")]),
    ("It failed.", [event(ReportKind.UNREADABLE, "")]),
    # Addresses that it came to are not meant.
    ("<bounce@news.example>: 550 5.1.1 user unknown", [
        event(ReportKind.BOUNCE, "", V.NO_MAILBOX, is_final=True, status="5.1.1",
              evidence="<bounce@news.example>: 550 5.1.1 user unknown"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "events"), WORDS)
def test_the_words_of_a_server_in_full(text: str, events: list[Event]) -> None:
    """Address, verdict, whether it is final, its number, and the words themselves."""
    assert list(read(text)) == events


@pytest.mark.parametrize("name", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_whom_a_report_came_to_is_not_whom_it_is_about(name: str) -> None:
    """Each header that a mail server writes that into; one case is as good as the other."""
    head = f"From: MAILER-DAEMON@mx.example\n{name}: <Box@news.example>\n"

    (found,) = read(f"<box@news.example>: 550 5.1.1 unknown user\n<{ADA}>: 552 5.2.2 full", head)

    assert (found.email, found.verdict) == (ADA, V.FULL)


def test_the_subject_tells_of_a_delay_as_well() -> None:
    """Encoded or not."""
    head = "From: MAILER-DAEMON@mx.example\nSubject: =?utf-8?q?Delayed_mail_=28still_being_tried=29?=\n"

    (found,) = read(f"<{ADA}>: 550 5.1.1 user unknown", head)

    assert (found.kind, found.verdict, found.is_final) == (ReportKind.DELAY, V.UNKNOWN, False)


@pytest.mark.parametrize(
    ("raw", "emails"),
    [
        (f"{DAEMON}X-Failed-Recipients: {ADA}, bo@x.example\n\n550 5.1.1 user unknown", [ADA, "bo@x.example"]),
        (f"{DAEMON}\nIt failed, and that is final: 550 5.1.1 user unknown\n--- original message ---\nTo: Ada <{ADA}>\n", [ADA]),
        (f"{DAEMON}\nIt failed, and that is final: 550 5.1.1 user unknown\n--- original message ---\nto: {ADA}\n", [ADA]),
        (f"{DAEMON}\nIt failed, and that is final: 550 5.1.1 user unknown\n--- original message ---\nX-To: {ADA}\n", [""]),
        (
            (f"{DAEMON}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n550 5.1.1 user unknown\n--b\n"
            f"Content-Type: message/rfc822\n\nFrom: p@news.example\nTo: {ADA}, bo@x.example\n\nTo: cy@x.example\n--b--\n"),
            [ADA, "bo@x.example"],
        ),
    ],
)  # fmt: skip
def test_whom_a_report_without_names_is_about(raw: str, emails: list[str]) -> None:
    """A header of Exim's names them, or the message that came back, whose reader it was."""
    found = read_report(raw.encode())

    assert [told.email for told in found] == emails
    assert {told.verdict for told in found} == {V.NO_MAILBOX}


def test_of_several_that_an_alias_leads_to_nothing_hard_is_said() -> None:
    """Which of them is gone is not told."""
    found = read(
        f"Forwarded:\n<{ADA}>: 550 5.1.1 forwarded to <bo@y.example>: user unknown\n"
        "<cy@x.example>: 552 5.2.2 full"
    )

    assert [(told.email, told.verdict, told.is_final) for told in found] == [
        (ADA, V.UNKNOWN, False), ("cy@x.example", V.FULL, False),
    ]  # fmt: skip


def test_who_says_not_to_be_a_server_proves_nothing() -> None:
    """No mail server's name, and nobody to answer: words, and no more."""
    (found,) = read(f"<{ADA}>: 550 5.1.1 user unknown", "Subject: x\n")

    assert found == told(
        V.UNKNOWN, f"<{ADA}>: 550 5.1.1 user unknown", status="5.1.1"
    )  # fmt: skip


FIELDS = f"Final-Recipient: rfc822; {ADA}\nAction: failed\nStatus: 5.1.1"


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ("Status: 5.1.1", [ReportKind.UNREADABLE]),
        ("Action: failed", [ReportKind.UNREADABLE]),
        (f"Final-Recipient: rfc822; {ADA}", [ReportKind.UNREADABLE]),
        (f"Original-Recipient: rfc822; {ADA}", [ReportKind.UNREADABLE]),
        ("Action: failed\nStatus: 5.1.1", [ReportKind.BOUNCE]),
        (f"Final-Recipient: rfc822; {ADA}\nAction: failed", [ReportKind.BOUNCE]),
        (f"Final-Recipient: rfc822; {ADA}\nStatus: 5.1.1", [ReportKind.BOUNCE]),
        (f"Original-Recipient: rfc822; {ADA}\nAction: failed", [ReportKind.BOUNCE]),
        (f"Original-Recipient: rfc822; {ADA}\nStatus: 5.1.1", [ReportKind.BOUNCE]),
    ],
)
def test_which_fields_are_those_of_a_recipient(fields: str, kinds: list[ReportKind]) -> None:
    """Two of the three that RFC 3464 asks for: gateways lose some."""
    assert [told.kind for told in read_report(dsn(fields))] == kinds


def test_all_that_arrives_is_one_receipt() -> None:
    """Delivered, passed on and given to a list."""
    groups = [group("2.0.0", "", action=action) for action in ("delivered", "relayed", "expanded")]

    assert read_report(dsn(*groups)) == RECEIPT


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("Return-Path: <>\nSubject: x\n", ReportKind.BOUNCE),
        ("From: MAILER-DAEMON@mx.example\nReturn-Path: <x@mx.example>\n", ReportKind.BOUNCE),
        ("From: Ada <ada@x.example>\nReturn-Path: <ada@x.example>\n", ReportKind.REPLY),
    ],
)
def test_fields_in_plain_text_count_when_a_machine_wrote_them(head: str, kind: ReportKind) -> None:
    """A mail server, or whoever has no return path."""
    (found,) = read(FIELDS, head)

    assert (found.kind, found.email) == (kind, ADA)


@pytest.mark.parametrize(
    ("copied", "email"),
    [
        ("From: p@news.example\nTo: ada@x.example\n\nhi", ADA),
        ("To: bo@x.example\n\nhi", ""),
        ("From: p@news.example\n\nhi", ""),
        ("From: p@news.example\nCc: bo@x.example\n\nhi", ""),
    ],
)
def test_whose_mail_is_complained_of(copied: str, email: str) -> None:
    """The one whom the copy names as its reader, in a head that has both, as that of our mail."""
    assert [told.email for told in read_report(complaint("Feedback-Type: abuse", copied))] == [
        email
    ]
