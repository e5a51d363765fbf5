"""What providers of mail tell: what is proved, what is refused, and what each event means."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import providers as p
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.settings import Hooks
from newsletter.model import Fault, Verdict
from newsletter.suppress.events import Event, ReportKind
from newsletter.suppress.webhooks.calls import Answer, Call, Proved, Refusal, Wanted
from newsletter.suppress.webhooks.sns import host_of
from newsletter.suppress.webhooks.table import PROVIDERS, read_call
from newsletter.suppress.webhooks.values import address_in, moment, read_json, text_in

HOOKS = Hooks(
    ses=p.TOPIC, sendgrid=p.SENDGRID_KEY, mailgun=p.MAILGUN_KEY, postmark=p.POSTMARK,
    named=("ses", "sendgrid", "mailgun", "postmark"),
)  # fmt: skip
KNOWN = {p.CERTIFICATE: p.PEM}
ANN = "ann@here.test"
K, V = ReportKind, Verdict


def read(
    name: str,
    body: bytes,
    headers: dict[str, str] | None = None,
    *,
    hooks: Hooks = HOOKS,
    now: dt.datetime = p.NOW,
    known: dict[str, bytes] = KNOWN,
    is_secure: bool = True,
) -> Answer | Fault:
    lower = {key.lower(): value for key, value in (headers or {}).items()}
    if name == "postmark" and headers is None:
        lower = {"authorization": p.BASIC}
    return read_call(name, Call(headers=lower, body=body, is_secure=is_secure), hooks, now, known)


def proved(name: str, body: bytes, headers: dict[str, str] | None = None, **more: Any) -> Proved:
    found = read(name, body, headers, **more)
    assert isinstance(found, Proved), found
    return found


def refused(name: str, body: bytes, headers: dict[str, str] | None = None, **more: Any) -> str:
    found = read(name, body, headers, **more)
    assert isinstance(found, Refusal), found
    return found.reason


def event_of(found: Proved) -> Event:
    (told,) = found.told
    return told.event


# --- Proofs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "subject", [{}, {"Subject": "Amazon SES Email Event Notification"}, {"Subject": None}]
)
def test_amazon_signs_in_two_ways_with_a_subject_or_without(
    version: str, subject: dict[str, Any]
) -> None:
    """The last line of what is signed ends like all others; an empty subject is none."""
    found = proved("ses", p.sns(p.ses_bounce(ANN), version=version, **subject))
    assert event_of(found).verdict is V.NO_MAILBOX
    assert found.signs_body


def test_the_certificate_is_asked_for_last() -> None:
    """Nothing is fetched for what would be refused anyway."""
    assert read("ses", p.sns("x"), known={}) == Wanted(p.CERTIFICATE)
    assert isinstance(read("ses", p.sns("x", TopicArn=f"{p.TOPIC}2"), known={}), Refusal)
    assert isinstance(read("ses", p.sns("x", at=p.NOW - dt.timedelta(hours=2)), known={}), Refusal)
    assert isinstance(read("ses", p.sns("x", without=("Message",)), known={}), Refusal)


HOST = "sns.eu-west-1.amazonaws.com"
PATH = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
FORGED = [
    f"http://{HOST}{PATH}",
    f"https://{HOST}@evil.example{PATH}",
    f"https://evil.example/@{HOST}{PATH}",
    f"https://{HOST}.evil.example{PATH}",
    f"https://evil-{HOST}{PATH}",
    f"https://evil.example#{HOST}{PATH}",
    f"https://{HOST}:443{PATH}",
    f"https://{HOST}:8443{PATH}",
    f"https://user:pw@{HOST}{PATH}",
    f"https://{HOST}\\@evil.example{PATH}",
    f"https://{HOST}%2eevil.example{PATH}",
    f"https://sns.us-east-1.amazonaws.com{PATH}",
    f"https://sns.s3.amazonaws.com{PATH}",
    f"https://sns.amazonaws.com{PATH}",
    f"https://s3.amazonaws.com/sns{PATH}",
    f"https://{HOST}.cn{PATH}",
    f"https://{HOST.upper()}{PATH}",
    f"https://{HOST}/?Action=x{PATH}",
    f"https://{HOST}/..{PATH}",
    f"https://{HOST}{PATH}?x=.pem",
    f"https://{HOST}{PATH}#",
    f"https://{HOST}{PATH}\n",
    f"https://{HOST}/a.pem",
    f" https://{HOST}{PATH}",
    f"file://{HOST}{PATH}",
    "https://169.254.169.254/latest/meta-data",
    "",
]


@pytest.mark.parametrize("url", FORGED)
def test_a_certificate_from_elsewhere_is_never_asked_for(url: str) -> None:
    """The host follows from the topic; the message only names the file there."""
    assert "certificate" in refused("ses", p.sns("x", SigningCertURL=url), known={url: p.PEM})


def test_hosts_follow_from_topics() -> None:
    """In every partition; what is no topic has no host."""
    assert host_of("arn:aws-cn:sns:cn-north-1:123456789012:a") == "sns.cn-north-1.amazonaws.com.cn"
    assert (
        host_of("arn:aws-eusc:sns:eusc-de-east-1:123456789012:a")
        == "sns.eusc-de-east-1.amazonaws.eu"
    )
    assert (
        host_of("arn:aws-us-gov:sns:us-gov-west-1:123456789012:a")
        == "sns.us-gov-west-1.amazonaws.com"
    )
    for odd in (
        "arn:aws:sns:s3:123456789012:a",
        "arn:aws:sns:eu-west-1.evil:123456789012:a",
        "",
        p.TOPIC + "\n",
    ):
        assert host_of(odd) == ""


def test_a_signature_must_be_amazons() -> None:
    """By the key of the certificate, over this very text, while the certificate is valid."""
    body = p.sns(p.ses_bounce(ANN))
    other = rsa.generate_private_key(65537, 2048)
    short = rsa.generate_private_key(65537, 1024)
    elliptic = ec.generate_private_key(ec.SECP256R1())
    changed = json.loads(body) | {"Message": json.dumps(p.ses_bounce("bob@here.test"))}
    assert "signature" in refused("ses", json.dumps(changed).encode())
    assert "signature" in refused("ses", p.sns("x", key=other))
    for pem, word in (
        (p.certificate(since=p.NOW - dt.timedelta(days=9), days=8), "valid"),
        (p.certificate(since=p.NOW + dt.timedelta(seconds=1)), "valid"),
        (p.certificate(short), "2,048"),
        (p.certificate(elliptic), "2,048"),
        (b"", "signature"), (b"-----BEGIN CERTIFICATE-----\n", "signature"), (b"\xff" * 99, "signature"),
    ):  # fmt: skip
        assert word in refused("ses", body, known={p.CERTIFICATE: pem})
    for fields in (
        {"SignatureVersion": "3"},
        {"SignatureVersion": 1.5},
        {"Signature": ""},
        {"Signature": "é"},
    ):
        refused("ses", json.dumps(json.loads(body) | fields).encode())
    # Version 2 is not believed with the signature of version 1.
    refused("ses", json.dumps(json.loads(body) | {"SignatureVersion": "2"}).encode())


def test_messages_of_amazon_are_for_an_hour_and_one_topic() -> None:
    """Old ones, those of the future, of other topics and other types prove nothing."""
    for minutes, is_right in ((-59, True), (4, True), (-61, False), (6, False)):
        found = read("ses", p.sns("x", at=p.NOW + dt.timedelta(minutes=minutes)))
        assert isinstance(found, Proved) is is_right
    for fields in (
        {"TopicArn": p.TOPIC.replace("123456789012", "210987654321")},
        {"Timestamp": ""}, {"Timestamp": "2026-11-26T07:00:00+00:00"}, {"Timestamp": "2026-13-45T99:00:00Z"},
        {"Type": "Notification2"}, {"Message": 1}, {"MessageId": None},
    ):  # fmt: skip
        refused("ses", p.sns("x", **fields))
    assert "raw message delivery" in refused("ses", b"{}", {"x-amz-sns-rawdelivery": "true"})
    refused("ses", p.sns("x"), {"x-amz-sns-message-type": "SubscriptionConfirmation"})


def test_a_subscription_is_confirmed_at_amazon_alone() -> None:
    """The address is made of the token; what the message gives as an address is only compared."""
    visit = proved("ses", p.sns("x", kind="SubscriptionConfirmation")).visit
    assert visit.startswith(f"{p.SNS}/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3A")
    for url in [*FORGED[:12], "http://127.0.0.1/", "https://[", "gopher://x"]:
        found = read("ses", p.sns("x", kind="SubscriptionConfirmation", SubscribeURL=url))
        if isinstance(found, Proved):
            assert found.visit == visit
        else:
            assert isinstance(found, Refusal)
    token = "a&TopicArn=arn:aws:sns:eu-west-1:210987654321:evil"
    odd = proved("ses", p.sns("x", kind="SubscriptionConfirmation", Token=token)).visit
    assert odd.count("TopicArn=") == 1
    assert not proved("ses", p.sns("x", kind="UnsubscribeConfirmation")).visit


def test_sendgrid_signs_the_very_bytes() -> None:
    """With line ends between and after events; parsed and written again it is another body."""
    events = [p.sendgrid_event(ANN, "spamreport"), p.sendgrid_event("bob@here.test", "open")]
    found = p.sendgrid(*events)
    assert event_of(proved("sendgrid", found.body, found.headers)).kind is K.COMPLAINT
    refused("sendgrid", found.body.rstrip(), found.headers)
    refused("sendgrid", json.dumps(events).encode(), found.headers)
    refused("sendgrid", found.body, {**found.headers, p.TIMESTAMP: str(int(p.NOW.timestamp()) + 1)})
    assert "turn on" in refused("sendgrid", found.body, {})
    for odd in ("", "x", "AAAA", "é", base64.b64encode(b"\x30\x00").decode()):
        refused("sendgrid", found.body, {**found.headers, p.SIGNATURE: odd})
    other = p.sendgrid(*events, key=ec.generate_private_key(ec.SECP256R1()))
    assert "key" in refused("sendgrid", other.body, other.headers)
    for hours, is_right in ((-24, True), (-26, False), (1, False)):
        late = p.sendgrid(*events, at=p.NOW + dt.timedelta(hours=hours))
        assert isinstance(read("sendgrid", late.body, late.headers), Proved) is is_right


def test_the_other_signature_of_ecdsa_is_the_same_request() -> None:
    """(r, n - s) is valid, too, and anybody can compute it: it must not count as new."""
    found = p.sendgrid(p.sendgrid_event(ANN, "spamreport"))
    r, s = decode_dss_signature(base64.b64decode(found.headers[p.SIGNATURE]))
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    other = base64.b64encode(encode_dss_signature(r, order - s)).decode()
    first = proved("sendgrid", found.body, found.headers)
    assert proved("sendgrid", found.body, {**found.headers, p.SIGNATURE: other}).once == first.once


def test_mailgun_signs_a_token_not_the_body() -> None:
    """So the token is what counts once, whatever comes with it."""
    found = proved("mailgun", p.mailgun(p.mailgun_failed(ANN)))
    assert not found.signs_body
    forged = proved("mailgun", p.mailgun({"event": "complained", "recipient": "bob@here.test"}))
    assert forged.once == found.once
    assert "key" in refused("mailgun", p.mailgun({}, key="key-of-the-api"))
    body = json.loads(p.mailgun({}))
    for name, value in (
        ("token", "1" * 50), ("token", ""), ("token", "x\ud800" * 20), ("timestamp", "0"), ("timestamp", "\ud800"),
        ("signature", ""), ("signature", "é" * 64), ("signature", "A" * 64), ("signature", None), ("timestamp", []),
    ):  # fmt: skip
        refused(
            "mailgun", json.dumps(body | {"signature": body["signature"] | {name: value}}).encode()
        )
    # A time may be moved into the token: the same text is signed.
    at, token = body["signature"]["timestamp"], body["signature"]["token"]
    moved = {"timestamp": at + token[:1], "token": token[1:]}
    refused("mailgun", json.dumps(body | {"signature": body["signature"] | moved}).encode())
    moved = {"timestamp": at[:-1], "token": at[-1] + token}
    refused("mailgun", json.dumps(body | {"signature": body["signature"] | moved}).encode())
    for hours, is_right in ((-11, True), (-13, False), (1, False)):
        late = p.mailgun({}, at=p.NOW + dt.timedelta(hours=hours))
        assert isinstance(read("mailgun", late), Proved) is is_right
    # The kind that Mailgun calls legacy is a form.
    assert "legacy" in refused(
        "mailgun", b"event=bounced&recipient=a%40here.test&timestamp=1&token=2&signature=3"
    )


def test_postmark_knows_the_password_and_comes_by_https() -> None:
    """Anything else proves nothing."""
    body = p.postmark_bounce(ANN)
    assert proved("postmark", body).told
    assert "https" in refused("postmark", body, is_secure=False)

    def basic(text: bytes) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(text).decode()}

    for headers in (
        {}, {"Authorization": ""}, {"Authorization": "Basic"}, {"Authorization": "Basic é"}, {"Authorization": p.POSTMARK},
        basic(b""), basic(b":"), basic(b"newsletter:" + p.POSTMARK.encode()[:-1]), basic(b"newsletter:" + p.POSTMARK.encode() + b" "),
        basic(b"postmark:" + p.POSTMARK.encode()), basic(b"\xff\xfe"),
        {"Authorization": p.BASIC.replace("Basic", "Bearer")},
    ):  # fmt: skip
        assert "password" in refused("postmark", body, headers)
    assert proved("postmark", body, {"Authorization": p.BASIC.replace("Basic", "basic")}).told


@pytest.mark.parametrize("name", PROVIDERS)
def test_without_a_key_nothing_is_proved(name: str) -> None:
    """An empty key signs, and an empty password is known by everybody."""
    signed = p.sendgrid(p.sendgrid_event(ANN, "spamreport"))
    empty = {"Authorization": "Basic " + base64.b64encode(b"").decode()}
    for body, headers in (
        (p.sns(p.ses_complaint(ANN)), {}), (p.sns("x", TopicArn=""), {}), (signed.body, signed.headers),
        (p.mailgun({"event": "complained", "recipient": ANN}, key=""), {}), (p.postmark_bounce(ANN), empty),
        (p.postmark_bounce(ANN), {}),
    ):  # fmt: skip
        assert "no key" in refused(name, body, headers, hooks=Hooks(named=(name,)))


# --- Meanings -------------------------------------------------------------------------------------

SES = [
    (p.ses_bounce(ANN), K.BOUNCE, V.NO_MAILBOX, True),
    (p.ses_bounce(ANN, key="eventType"), K.BOUNCE, V.NO_MAILBOX, True),
    (p.ses_bounce(ANN, subtype="NoEmail", text=""), K.BOUNCE, V.NO_MAILBOX, True),
    (p.ses_bounce(ANN, subtype="OnAccountSuppressionList", text="Amazon SES did not send the message to this address because it is on the suppression list for your account.", status="5.1.1"), K.BOUNCE, V.NO_MAILBOX, True),
    (p.ses_bounce(ANN, text="smtp; 550 5.7.1 Message rejected as spam", status="5.7.1"), K.BOUNCE, None, False),
    (p.ses_bounce(ANN, text="smtp; 552 5.2.2 mailbox is full", status="5.2.2"), K.BOUNCE, V.FULL, False),
    (p.ses_bounce(ANN, kind="Transient", subtype="MailboxFull", text=""), K.BOUNCE, V.FULL, False),
    (p.ses_bounce(ANN, kind="Transient", text=""), K.BOUNCE, V.UNKNOWN, False),
    (p.ses_bounce(ANN, kind="Transient"), K.BOUNCE, V.UNKNOWN, False),
    (p.ses_bounce(ANN, kind="Undetermined", subtype="Undetermined", text=""), K.BOUNCE, V.UNKNOWN, False),
    (p.ses_bounce(ANN, subtype="UnsubscribedRecipient", text=""), K.LEAVING, V.UNKNOWN, False),
    (p.ses_complaint(ANN), K.COMPLAINT, V.UNKNOWN, False),
    (p.ses_complaint(f'"Ann, B" <{ANN}>'), K.COMPLAINT, V.UNKNOWN, False),
    ({"eventType": "Subscription", "subscription": {"newTopicPreferences": {"unsubscribeAll": True}}, "mail": p.ses_mail(ANN)}, K.LEAVING, V.UNKNOWN, False),
]  # fmt: skip
MAILGUN = [
    (p.mailgun_failed(ANN), K.BOUNCE, V.NO_MAILBOX, True),
    (p.mailgun_failed(ANN, **{"delivery-status": None}), K.BOUNCE, V.NO_MAILBOX, True),
    (p.mailgun_failed(ANN, **{"delivery-status": {"code": 605, "message": "", "description": "Not delivering to previously bounced address"}, "reason": "suppress-bounce"}), K.BOUNCE, V.NO_MAILBOX, True),
    (p.mailgun_failed(ANN, reason="suppress-unsubscribe"), K.LEAVING, V.UNKNOWN, False),
    (p.mailgun_failed(ANN, reason="generic", **{"delivery-status": {"code": 607}}), K.COMPLAINT, V.UNKNOWN, False),
    (p.mailgun_failed(ANN, reason="old", **{"delivery-status": {"code": 602, "message": "Too old"}}), K.BOUNCE, V.UNKNOWN, False),
    (p.mailgun_failed(ANN, reason="generic", **{"delivery-status": {"code": 550, "message": "5.7.1 this looks like spam to us"}}), K.BOUNCE, None, False),
    (p.mailgun_failed(ANN, **{"delivery-status": {"code": 550, "bounce-type": "soft", "message": "rejected"}}), K.BOUNCE, V.UNKNOWN, False),
    ({"event": "complained", "recipient": ANN}, K.COMPLAINT, V.UNKNOWN, False),
    ({"event": "unsubscribed", "recipient": ANN}, K.LEAVING, V.UNKNOWN, False),
]  # fmt: skip
SENDGRID = [
    (p.sendgrid_event(ANN, "bounce", type="bounce", status="5.1.1", reason="550 5.1.1 no such user"), K.BOUNCE, V.NO_MAILBOX, True),
    (p.sendgrid_event(ANN, "bounce", type="bounce", status="5.0.0", reason="500 unknown recipient"), K.BOUNCE, V.NO_MAILBOX, True),
    (p.sendgrid_event(ANN, "bounce", type="bounce"), K.BOUNCE, V.NO_MAILBOX, True),
    (p.sendgrid_event(ANN, "bounce", type="bounce", bounce_classification="Reputation"), K.BOUNCE, V.UNKNOWN, False),
    (p.sendgrid_event(ANN, "bounce", type="blocked", status="5.1.1", reason="550 5.1.1 no such user"), K.BOUNCE, V.UNKNOWN, False),
    (p.sendgrid_event(ANN, "dropped", reason="Bounced Address"), K.BOUNCE, V.NO_MAILBOX, True),
    (p.sendgrid_event(ANN, "dropped", reason="Spam Reporting Address"), K.COMPLAINT, V.UNKNOWN, False),
    (p.sendgrid_event(ANN, "dropped", reason="Unsubscribed Address"), K.LEAVING, V.UNKNOWN, False),
    (p.sendgrid_event(ANN, "spamreport"), K.COMPLAINT, V.UNKNOWN, False),
    (p.sendgrid_event(ANN, "group_unsubscribe"), K.LEAVING, V.UNKNOWN, False),
]  # fmt: skip
POSTMARK = [
    (p.postmark_bounce(ANN), K.BOUNCE, V.NO_MAILBOX, True),
    (p.postmark_bounce(ANN, Details=""), K.BOUNCE, V.NO_MAILBOX, True),
    (p.postmark_bounce(ANN, "BadEmailAddress", Details=None), K.BOUNCE, V.NO_MAILBOX, True),
    (p.postmark_bounce(ANN, "SoftBounce"), K.BOUNCE, V.UNKNOWN, False),
    (p.postmark_bounce(ANN, "SoftBounce", Details="smtp;452 4.2.2 mailbox full"), K.BOUNCE, V.FULL, False),
    (p.postmark_bounce(ANN, "SpamNotification", Details=""), K.BOUNCE, V.CONTENT, False),
    (p.postmark_bounce(ANN, "SpamComplaint"), K.COMPLAINT, V.UNKNOWN, False),
    (p.postmark("SpamComplaint", Type="SpamComplaint", Email=ANN, ID=1), K.COMPLAINT, V.UNKNOWN, False),
    (p.postmark("SubscriptionChange", Recipient=ANN, SuppressSending=True, SuppressionReason="HardBounce"), K.BOUNCE, V.NO_MAILBOX, True),
    (p.postmark("SubscriptionChange", Recipient=ANN, SuppressSending=True, SuppressionReason="SpamComplaint"), K.COMPLAINT, V.UNKNOWN, False),
    (p.postmark("SubscriptionChange", Recipient=ANN, SuppressSending=True, SuppressionReason="ManualSuppression", Origin="Recipient"), K.LEAVING, V.UNKNOWN, False),
]  # fmt: skip
ALL: list[tuple[Any, ...]] = [
    *(("ses", p.sns(body), {}, *rest) for body, *rest in SES),
    *(("mailgun", p.mailgun(body), {}, *rest) for body, *rest in MAILGUN),
    *(
        ("sendgrid", s.body, s.headers, *rest)
        for body, *rest in SENDGRID
        for s in [p.sendgrid(body)]
    ),
    *(("postmark", body, {"Authorization": p.BASIC}, *rest) for body, *rest in POSTMARK),
]


@pytest.mark.parametrize("case", ALL)
def test_what_events_mean(case: tuple[Any, ...]) -> None:
    """The words of the mail server count first; a provider's word where they say nothing."""
    name, body, headers, kind, verdict, is_final = case
    event = event_of(proved(name, body, headers))
    assert (event.kind, event.email, event.is_final) == (kind, ANN, is_final)
    assert not event.verdict.is_hard if verdict is None else event.verdict is verdict


IGNORED = [
    ("ses", p.sns({"notificationType": "Delivery", "mail": p.ses_mail(ANN)})),
    ("ses", p.sns({"eventType": "DeliveryDelay"})), ("ses", p.sns({"notificationType": "AmazonSnsSubscriptionSucceeded"})),
    ("ses", p.sns("Successfully validated SNS topic for Amazon SES event publishing.")),
    ("ses", p.sns({"notificationType": "Bounce", "bounce": None})), ("ses", p.sns({})), ("ses", p.sns("[1]")),
    ("ses", p.sns(p.ses_complaint(ANN, complaintFeedbackType="not-spam"))),
    ("ses", p.sns(p.ses_complaint(ANN, "bob@here.test"))),
    ("mailgun", p.mailgun({"event": "delivered", "delivery-status": None})), ("mailgun", p.mailgun({})),
    ("mailgun", p.mailgun({"event": ["failed"]})),
    ("mailgun", p.mailgun(p.mailgun_failed(ANN, severity="temporary"))),
    ("postmark", p.postmark("Open", Recipient=ANN)), ("postmark", p.postmark("SubscriptionChange")),
    ("postmark", p.postmark_bounce(ANN, "AutoResponder")), ("postmark", p.postmark_bounce(ANN, "Subscribe")),
    ("postmark", p.postmark("SubscriptionChange", Recipient=ANN, SuppressSending=False)),
    ("postmark", p.postmark("SubscriptionChange", Recipient=ANN, SuppressSending=True, SuppressionReason="ManualSuppression", Origin="Customer")),
]  # fmt: skip


@pytest.mark.parametrize("case", IGNORED)
def test_what_means_nothing_is_taken_and_counted(case: tuple[str, bytes]) -> None:
    """Also what nobody has heard of: providers invent new kinds."""
    found = proved(*case)
    assert found.told == ()
    assert len(found.ignored) == 1 or case[0] == "ses"


def test_every_event_of_a_batch_counts() -> None:
    """One that is odd costs itself."""
    found = p.sendgrid(
        p.sendgrid_event(ANN, "processed"), p.sendgrid_event(ANN, "spamreport"),
        {"event": 7}, {}, p.sendgrid_event("bob@here.test", "unsubscribe"), {"event": "bounce", "email": None},
    )  # fmt: skip
    read_ = proved("sendgrid", found.body, found.headers)
    assert [told.event.email for told in read_.told] == [ANN, "bob@here.test", ""]
    assert read_.ignored == ("processed", "7", "without a name")


@pytest.mark.parametrize(
    "odd", ['{"event":"bounce","event":"open"}', '{"a":NaN}', '{"a":' + "9" * 9_000 + "}", "7"]
)
def test_an_event_that_is_no_json_costs_itself(odd: str) -> None:
    """A complaint beside it counts, and what was not understood is kept."""
    good = json.dumps(p.sendgrid_event(ANN, "spamreport"))
    found = p.sendgrid(raw=f"[{odd},{good}]".encode())
    read_ = proved("sendgrid", found.body, found.headers)
    assert event_of(read_).kind is K.COMPLAINT
    assert bool(read_.problem) == ("a" not in odd or "event" in odd)


def test_what_is_signed_and_no_json_is_a_fault_not_an_error() -> None:
    """It would not be better if it were sent again."""
    for raw in (
        b"",
        b"{}",
        b"null",
        b"[" * 100_000,
        b'[{"a":1,"a":2}]',
        b"\xff\xfe",
        b"[NaN]",
        b"[" + b"9" * 9_000 + b"]",
    ):
        found = p.sendgrid(raw=raw)
        assert proved("sendgrid", found.body, found.headers).problem
    assert proved("postmark", b"[]").problem
    assert proved("postmark", b"{}").problem


# --- Anything -------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from(["authorization", p.SIGNATURE.lower(), p.TIMESTAMP.lower(), "x-amz-sns-message-type"]),
    st.text(st.characters(max_codepoint=255), max_size=99),
)  # fmt: skip


@given(
    st.sampled_from(list(PROVIDERS)),
    st.binary(max_size=300) | JSON.map(lambda v: json.dumps(v).encode()),
    HEADERS,
)
def test_any_bytes_are_refused(name: str, body: bytes, headers: dict[str, str]) -> None:
    """Never an error, and never an event."""
    assert isinstance(read(name, body, headers), Refusal)


SHAPES: dict[str, list[Any]] = {
    "ses": [body for body, *_ in SES], "mailgun": [body for body, *_ in MAILGUN],
    "sendgrid": [body for body, *_ in SENDGRID], "postmark": [json.loads(body) for body, *_ in POSTMARK],
}  # fmt: skip


def damaged(value: Any, data: st.DataObject) -> Any:
    """Return a value with something else in one of its places."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return value | {key: damaged(value[key], data)}
    if isinstance(value, list) and value:
        return [damaged(value[0], data), *value[1:]]
    return data.draw(JSON)


@given(st.sampled_from(list(SHAPES)), st.data())
def test_signed_bodies_of_any_shape_are_read(name: str, data: st.DataObject) -> None:
    """What is proved to be the provider's may still have anything in any place."""
    body = damaged(data.draw(st.sampled_from(SHAPES[name])), data)
    signed = p.sendgrid(body)
    made: dict[str, tuple[bytes, dict[str, str]]] = {
        "ses": (p.sns(json.dumps(body)), {}),
        "mailgun": (p.mailgun(body), {}),
        "sendgrid": (signed.body, signed.headers),
        "postmark": (json.dumps(body).encode(), {"Authorization": p.BASIC}),
    }
    found = proved(name, *made[name])
    for told in found.told:
        for text in (told.event.email, told.event.evidence, told.event.status, *found.ignored):
            text.encode()
            assert text.isprintable()


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_json_is_a_value_or_none(raw: bytes) -> None:
    """As the values in it are text, or empty."""
    value = read_json(raw)
    assert isinstance(text_in(value, "a", "b"), str)
    assert isinstance(address_in(value, "a"), str)


def test_moments_and_addresses() -> None:
    """Within what a machine can hold, and as readers are listed."""
    assert moment("1795676400") == p.NOW
    assert moment("2026-11-26T07:00:00.5Z") == p.NOW
    for odd in (
        "",
        "99999999999999",
        "-1",
        "1.5",
        "٣",
        "2026-02-30T00:00:00Z",
        "2026-11-26T07:00:00",
    ):
        assert moment(odd) is None
    assert address_in({"a": "Ann <ANN@Here.test>"}, "a") == ANN
    assert address_in({"a": "ann@bücher.example"}, "a") == "ann@xn--bcher-kva.example"
    assert address_in({"a": "x@" + "ü" * 300}, "a") == ""
