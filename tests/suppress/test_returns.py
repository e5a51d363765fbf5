"""Mail that came back: whose it is, and what it means for that reader."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import TODAY

from newsletter import links
from newsletter.errors import StoreError
from newsletter.model import Border, Fault, Verdict
from newsletter.store import Bounce
from newsletter.suppress.events import Event, ReportKind
from newsletter.suppress.reports import read_parts
from newsletter.suppress.returns import Proof, Returned, find_proof, read_returned

SECRET = b"a secret that is long enough for all of this"
ADA, BO = "00000000000000000ada", "000000000000000000b0"
LEDGER = {ADA: "ada@readers.example", BO: "bo@readers.example"}
TAG = links.bounce_tag(SECRET, TODAY, ADA)
OURS = f"bounce+{TAG}@news.example.org"
LINK = "https://news.example.org/unsubscribe/" + links.sign(SECRET, "unsubscribe", ADA)
DAEMON = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Undelivered\n"


def address_of(issue: dt.date | None, subscriber: str) -> str | None:
    return LEDGER.get(subscriber) if issue in (None, TODAY) else None


def returned(raw: str | bytes, secret: bytes = SECRET) -> Returned:
    content = raw if isinstance(raw, bytes) else raw.encode()
    return read_returned(
        content,
        "1.eml",
        secrets=[secret] if secret else [],
        own=("bounce@news.example.org",),
        address_of=address_of,
    )


def bounce(to: str = OURS, text: str = "<ada@readers.example>: 550 5.1.1 no such user") -> str:
    return f"{DAEMON}To: <{to}>\n\n{text}\n"


def complaint(fields: str, copy: str, kind: str = "message/rfc822") -> str:
    return (
        "Return-Path: <fbl@isp.example>\nTo: fbl@news.example.org\nFrom: fbl@isp.example\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n"
        f"{fields}\n--b\nContent-Type: {kind}\n\n{copy}\n--b--\n"
    )


def meaning(found: Returned) -> list[tuple[str, str, bool, bool]]:
    return [(noted.email, noted.verdict, noted.verified, noted.is_final) for noted in found.bounces]


def only(found: Returned) -> Bounce:
    (noted,) = found.bounces
    return noted


@pytest.mark.parametrize(
    "head",
    [
        f"To: <{OURS}>",
        f"To: <{OURS.upper()}>",
        f"Delivered-To: {OURS}\nTo: undisclosed-recipients:;",
        f"X-Original-To: {OURS}",
        f"Received: from mx.example by mx.example.org\n for <{OURS}>; Tue, 17 Mar 2026 06:30:00 +0000",
    ],
)
def test_a_report_is_whose_the_envelope_says(head: str) -> None:
    """The address that it came to is ours alone, in whichever header a mail server leaves it."""
    found = returned(f"{DAEMON}{head}\n\n<ada@readers.example>: 550 5.1.1 no such user\n")

    assert meaning(found) == [("ada@readers.example", "no-mailbox", True, True)]
    assert (only(found).issue, only(found).subscriber, found.is_ours) == (TODAY, ADA, True)


@pytest.mark.parametrize(
    ("text", "verdict", "is_final"),
    [
        ("550: <ada@readers.example>: User unknown", "no-mailbox", True),
        ("there is no such user", "said-gone", False),
        ("no such domain", "no-domain", False),
        ("550 5.2.2 mailbox full", "full", False),
        ("450 4.1.1 User unknown", "unknown", False),
        ("550 Nope", "unknown", False),
    ],
)
def test_a_reply_of_class_5_to_a_proved_address_is_enough(
    text: str, verdict: str, *, is_final: bool,
) -> None:  # fmt: skip
    """As good as a notification; words alone are not."""
    assert meaning(returned(bounce(text=f"<ada@readers.example>:\n{text}"))) == [
        ("ada@readers.example", verdict, True, is_final)
    ]


@pytest.mark.parametrize(
    ("to", "secret"),
    [
        ("bounce@news.example.org", SECRET),
        (
            "bounce+"
            + links.bounce_tag(b"another secret, and as long as that", TODAY, ADA)
            + "@news.example.org",
            SECRET,
        ),
        # The tag is good; that such a mail was ever sent, the ledger does not know.
        (
            "bounce+" + links.bounce_tag(SECRET, dt.date(2026, 1, 1), ADA) + "@news.example.org",
            SECRET,
        ),
        ("bounce+" + links.bounce_tag(SECRET, TODAY, "ffff") + "@news.example.org", SECRET),
        # Who has no secret cannot tell a signature from another.
        (OURS, b""),
    ],
)
def test_a_report_without_proof_is_nobodys(to: str, secret: bytes) -> None:
    """It never falls back to the address that it names."""
    found = returned(bounce(to), secret)

    assert [noted.verified for noted in found.bounces] == [False]


@pytest.mark.parametrize(
    "copy",
    [
        f"From: p@news.example.org\nTo: <redacted@isp.example>\nList-Unsubscribe: <{LINK}>\n\nhi\n",
        f"From: p@news.example.org\nTo: <bo@readers.example>\n\nLeave: {LINK}\n",
        f"Return-Path: <{OURS}>\nFrom: p@news.example.org\nTo: <bo@readers.example>\n\nhi\n",
        f"From: p@news.example.org\nContent-Transfer-Encoding: quoted-printable\n\n{LINK[:50]}=\n{LINK[50:]}\n",
        "From: p@news.example.org\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(LINK.encode()).decode(),
    ],
)
def test_a_complaint_is_whose_link_or_tag_it_carries(copy: str) -> None:
    """It counts for that reader, whatever other addresses it names."""
    found = returned(complaint("Original-Rcpt-To: bo@readers.example", copy))

    assert meaning(found) == [("ada@readers.example", "complaint", True, True)]
    assert found.is_ours


def test_a_complaint_without_proof_counts_for_nobody() -> None:
    """Anybody can write one, and name anybody."""
    forged = complaint(
        "Original-Rcpt-To: ada@readers.example",
        "From: p@news.example.org\nTo: <ada@readers.example>\n"
        f"List-Unsubscribe: <{LINK[:-1]}{'A' if LINK[-1] != 'A' else 'B'}>\n\nhi\n",
    )

    assert [noted.verified for noted in returned(forged).bounces] == [False]


def test_what_names_two_readers_is_nobodys() -> None:
    """Two links of two readers in one mail: nobody can tell whose it is."""
    other = links.sign(SECRET, "unsubscribe", BO)
    found = returned(complaint("", f"From: p@news.example.org\n\n{LINK}\n/unsubscribe/{other}\n"))

    assert [noted.verified for noted in found.bounces] == [False]


def test_only_so_many_signatures_are_tried() -> None:
    """A tag has 40 bits: a mail full of guesses must not be worth sending."""
    guesses = " ".join(
        f"<x+{'a' * 20}{chr(97 + n % 26)}{chr(97 + n // 26)}@b.example>" for n in range(30)
    )
    found = returned(
        f"{DAEMON}To: {guesses}, <{OURS}>\n\n<ada@readers.example>: 550 5.1.1 no such user\n"
    )

    assert [noted.verified for noted in found.bounces] == [False]


@pytest.mark.parametrize(
    ("reader", "named", "is_own"),
    [
        ("ada@readers.example", "ada@readers.example", True),
        ("ada@readers.example", "Ada@Readers.Example", True),
        ("ada@readers.example", "ada@mail.readers.example", True),
        ("ada+papers@readers.example", "ada@readers.example", True),
        ("ada@xn--bcher-kva.example", "ada@bücher.example", True),
        ("ada@readers.example", "ada@otherreaders.example", False),
        ("ada@readers.example", "ada@else.example", False),
        ("ada@mail.readers.example", "ada@readers.example", False),
        ("ada@readers.example", "адa@readers.example", False),
    ],
)
def test_a_report_is_about_a_readers_own_mailbox(reader: str, named: str, *, is_own: bool) -> None:
    """That the mailbox is gone to which a reader forwards is nothing that the reader's did."""
    raw = (
        f"{DAEMON}To: <{OURS}>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\n"
        f"Final-Recipient: utf-8; {named}\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    ).encode()
    found = read_returned(raw, "x", secrets=[SECRET], own=(), address_of=lambda *_: reader)

    wanted = ("no-mailbox", True) if is_own else ("unknown", False)
    assert meaning(found) == [(reader, wanted[0], True, wanted[1])]


FORWARDED = "550 5.1.1 user unknown"


@pytest.mark.parametrize(
    "words",
    [
        # Sendmail, Exim, Postfix and what people write into their forwards.
        f"<bo@else.example>\n    (reason: {FORWARDED})\n    (expanded from: <ada@readers.example>)",
        f"bo@else.example\n    (expanded from: ada@readers.example)\n    (reason: {FORWARDED})",
        f"  bo@else.example\n    {FORWARDED}\n    (generated from ada@readers.example)",
        f"<bo@else.example> (expanded from <ada@readers.example>): {FORWARDED}",
        f"<bo@else.example>:\n{FORWARDED}. Mail for ada@readers.example was moved here",
        "<ada@readers.example>: 550 5.1.1 <bo@else.example>: user unknown",
        f"Ihre Nachricht an ada@readers.example wurde an bo@else.example weitergeleitet.\n\n{FORWARDED}",
        f"bo@else.example (reenviado desde ada@readers.example): {FORWARDED}",
    ],
)
@pytest.mark.parametrize("is_notification", [False, True])
def test_where_a_reader_forwards_to_is_not_the_reader(words: str, *, is_notification: bool) -> None:
    """A report that names another address beside the reader's proves nothing of the reader's."""
    raw = bounce(text=words)
    if is_notification:
        raw = (
            f"{DAEMON}To: <{OURS}>\nContent-Type: multipart/report; boundary=b;"
            f" report-type=delivery-status\n\n--b\n\n{words}\n--b\n"
            "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; bo@else.example\n"
            f"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; {FORWARDED} <ada@readers.example>\n"
        )

    found = meaning(returned(raw))
    assert found
    assert {row[1:] for row in found} == {("unknown", True, False)}


@pytest.mark.parametrize(
    ("raw", "is_ours"),
    [
        ("To: Bounces <bounce@news.example.org>\nFrom: a@b.example\n\nhi\n", True),
        ("Delivered-To: bounce+x@news.example.org\nFrom: a@b.example\n\nhi\n", True),
        ("To: other@news.example.org\nFrom: a@b.example\n\nhi\n", False),
        ("To: bounce@elsewhere.example\nFrom: a@b.example\n\nbounce@news.example.org\n", False),
    ],
)
def test_what_came_to_our_address_is_ours(raw: str, *, is_ours: bool) -> None:
    """In a mailbox that others share, only that is to be touched."""
    assert returned(raw).is_ours is is_ours


def test_what_nobody_understands_is_a_fault_that_holds_it() -> None:
    """The mail is kept with the fault, so that somebody can look at it."""
    fault = returned(b"\xff\xfe nothing at all").fault

    assert fault
    assert (fault.border, fault.name, fault.content) == (
        Border.REPORT,
        "1.eml",
        b"\xff\xfe nothing at all",
    )


def test_a_fault_of_ours_is_a_value() -> None:
    """Whatever breaks while one mail is read, the next one is read."""

    def broken(_issue: dt.date | None, _subscriber: str) -> str | None:
        raise RuntimeError("no such table")

    found = read_returned(bounce().encode(), "1.eml", secrets=[SECRET], own=(), address_of=broken)

    assert found.fault
    assert "RuntimeError: no such table" in found.fault.problem
    assert found.fault.trace
    assert found.bounces == ()


def test_a_ledger_that_cannot_be_read_stops_the_reading() -> None:
    """It is no fault of one mail: nothing must be passed over because of it."""

    def gone(_issue: dt.date | None, _subscriber: str) -> str | None:
        raise StoreError("the disk is gone")

    with pytest.raises(StoreError, match="the disk is gone"):
        read_returned(bounce().encode(), "1.eml", secrets=[SECRET], own=(), address_of=gone)


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_no_mail_makes_a_fault_of_ours(before: bytes, after: bytes) -> None:
    """Whatever stands around a report, and in it."""
    raw = bounce().encode()
    for mail in (before + raw + after, raw[:90] + before + raw[90:] + after):
        fault = returned(mail).fault
        assert fault is None or not fault.trace


def digest(raw: str, email: str) -> str:
    return hashlib.sha256(raw.encode() + b"\0" + email.encode()).hexdigest()


def test_what_a_report_means_in_full() -> None:
    """Every field of the bounce that is noted, with and without proof."""
    raw = bounce(text="<Ada@readers.example>: 550 5.1.1 no such user")
    said = "<Ada@readers.example>: 550 5.1.1 no such user"
    event = Event(
        kind=ReportKind.BOUNCE, email="ada@readers.example", beside="ada@readers.example",
        verdict=Verdict.NO_MAILBOX, is_final=True, status="5.1.1", evidence=said,
    )  # fmt: skip

    assert returned(raw) == Returned(
        events=(event,),
        bounces=(
            Bounce(
                digest=digest(raw, "ada@readers.example"), email="ada@readers.example", verdict="no-mailbox",
                verified=True, evidence=said, is_final=True, issue=TODAY, subscriber=ADA,
            ),
        ),
        is_ours=True,
    )  # fmt: skip
    assert returned(raw, b"").bounces == (
        Bounce(
            digest=digest(raw, "ada@readers.example"), email="ada@readers.example", verdict="no-mailbox",
            verified=False, evidence=said, is_final=True, issue=None, subscriber="",
        ),
    )  # fmt: skip


def test_answers_and_receipts_mean_nothing_and_delays_neither() -> None:
    """Only bounces and complaints are noted, whatever else stands beside them."""
    group = "Final-Recipient: rfc822; {}\nAction: {}\nStatus: {}\n\n"
    raw = (
        f"{DAEMON}To: <{OURS}>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\n"
        + group.format("ada@readers.example", "delayed", "4.4.1")
        + group.format("ada@readers.example", "failed", "5.2.2")
        + "--b--\n"
    )

    assert [noted.verdict for noted in returned(raw).bounces] == ["full"]
    assert returned(f"From: a@b.example\nTo: <{OURS}>\n\nhi\n").bounces == ()


def test_a_fault_is_told_in_full() -> None:
    """Which border, which message, what is wrong, and the message itself."""
    raw = "nobody understands this"
    found = returned(raw)

    assert found == Returned(
        events=(Event(kind=ReportKind.UNREADABLE, email="", verdict=Verdict.UNKNOWN),),
        fault=Fault(
            border=Border.REPORT, name="1.eml", content=raw.encode(),
            problem="this message cannot be understood; it counts against no address",
        ),
    )  # fmt: skip

    def broken(_issue: dt.date | None, _subscriber: str) -> str | None:
        raise RuntimeError("no such table")

    fault = read_returned(
        bounce().encode(), "7.eml", secrets=[SECRET], own=(), address_of=broken
    ).fault
    assert fault
    assert (fault.border, fault.name, fault.content) == (Border.REPORT, "7.eml", bounce().encode())


PROOF = Proof(TODAY, ADA)
LINKED = Proof(None, ADA)
OTHERS = f"bounce+{links.bounce_tag(SECRET, TODAY, BO)}@news.example.org"


@pytest.mark.parametrize(
    ("raw", "proof"),
    [
        (f"To: <{OURS}>\n\nhi", PROOF),
        (f"X-Anything: for {OURS.upper()};\n\nhi", PROOF),
        (f"To: x\n\nit went to {OURS} once", PROOF),
        (f"To: x\n\n{LINK}", LINKED),
        (f"To: x\n\n/preferences/{links.sign(SECRET, 'preferences', ADA)}", LINKED),
        (f"To: x\n\n/feedback/{links.sign(SECRET, 'feedback', ADA)}", LINKED),
        (f"To: x\n\n/feedback/{links.sign(SECRET, 'preferences', ADA)}", None),
        (f"To: x\n\n/other/{links.sign(SECRET, 'preferences', ADA)}", None),
        # The envelope that it came to counts before all that it quotes.
        (f"To: <{OURS}>\n\n{OTHERS}", PROOF),
        (f"To: <{OURS}>, <{OTHERS}>\n\n{LINK}", None),
        (f"To: <{OURS}>, <{OURS}>\n\nhi", PROOF),
        (f"To: x\n\n{OURS} {OTHERS}", None),
        (f"To: x\n\n{OTHERS} {LINK}", None),
        (f"To: x\n\n{OURS} {LINK}", PROOF),
        # Some that are none do no harm, as long as there are not too many.
        (f"To: <x+{'a' * 20}@y.example>, <{OURS}>\n\nhi", PROOF),
        (f"To: x\n\n/unsubscribe/{'A' * 23}\n{LINK}", LINKED),
        ("To: x\n\n" + "".join(f"/unsubscribe/{'A' * 22}{n % 10}{n // 10}\n" for n in range(19)) + LINK, LINKED),
        ("To: x\n\n" + "".join(f"/unsubscribe/{'A' * 22}{n % 10}{n // 10}\n" for n in range(20)) + LINK, None),
        ("To: x\n\nhi", None),
    ],
)  # fmt: skip
def test_whose_a_message_is(raw: str, proof: Proof | None) -> None:
    """By a tag or a link that we have signed, of one reader alone."""
    assert find_proof(read_parts(raw.encode()), [SECRET]) == proof
    assert find_proof(read_parts(raw.encode()), []) is None


@pytest.mark.parametrize(
    "name",
    ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To"],
)
def test_every_header_that_says_where_a_message_came_to(name: str) -> None:
    """One of them is enough, in any case, whatever stands behind the `+`."""
    for address, is_ours in (
        ("Bounce@News.example.org", True), ("bounce+a+b@news.example.org", True), ("x@news.example.org", False),
    ):  # fmt: skip
        raw = f"From: a@b.example\n{name}: x@y.example, <{address}>\n\nhi\n"
        found = read_returned(
            raw.encode(), "x", secrets=[SECRET], address_of=address_of,
            own=("other@news.example.org", "BOUNCE@news.example.org"),
        )  # fmt: skip
        assert found.is_ours is is_ours
