"""Providers of mail, as they call: their keys, made here, and bodies like theirs, signed."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

Body = dict[str, Any]
TOPIC = "arn:aws:sns:eu-west-1:123456789012:daily-papers"
SNS = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE = f"{SNS}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
MAILGUN_KEY = "a signing key of tests, for Mailgun"
POSTMARK = "a-password-of-tests"
BASIC = "Basic " + base64.b64encode(f"newsletter:{POSTMARK}".encode()).decode()
NOW = dt.datetime(2026, 11, 26, 7, 0, tzinfo=dt.UTC)
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

_RSA = rsa.generate_private_key(65537, 2048)
_EC = ec.generate_private_key(ec.SECP256R1())
SENDGRID_KEY = base64.b64encode(
    _EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


def certificate(
    key: Any = _RSA, since: dt.datetime = NOW - dt.timedelta(days=9), days: int = 300
) -> bytes:
    """Return a certificate for a key, in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(since)
        .not_valid_after(since + dt.timedelta(days=days))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


PEM = certificate()


# --- Amazon -----------------------------------------------------------------------------------------


def sns(
    message: Body | str,
    *,
    kind: str = "Notification",
    at: dt.datetime = NOW,
    id_: str = "7d2c1a5e-0000-4000-8000-000000000001",
    version: str = "1",
    key: rsa.RSAPrivateKey = _RSA,
    without: tuple[str, ...] = (),
    **fields: Any,
) -> bytes:
    """Return a message of SNS, signed as Amazon documents it; `fields` go in before that."""
    text = message if isinstance(message, str) else json.dumps(message)
    found: Body = {
        "Type": kind,
        "MessageId": id_,
        "TopicArn": TOPIC,
        "Message": text,
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + "123Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
    }
    if kind != "Notification":
        found["Token"] = "2336412f37fb687f5d51e6e2425c" * 4
        query = f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token={found['Token']}"
        found["SubscribeURL"] = f"{SNS}/?{query}"
    found |= fields
    names = ["Message", "MessageId"]
    names += ["Subject"] if found.get("Subject") is not None else []
    names += ["SubscribeURL"] if kind != "Notification" else []
    names += ["Timestamp"]
    names += ["Token"] if kind != "Notification" else []
    names += ["TopicArn", "Type"]
    content = "".join(f"{name}\n{found[name]}\n" for name in names)
    algorithm = SHA1() if version == "1" else SHA256()
    signature = key.sign(content.encode("utf-8", "replace"), padding.PKCS1v15(), algorithm)
    found["Signature"] = base64.b64encode(signature).decode()
    return json.dumps(
        {name: value for name, value in found.items() if name not in without}
    ).encode()


def ses_mail(email: str, message_id: str = "", **more: Any) -> Body:
    """Return what SES says of a mail; with our Message-ID, as where headers are included."""
    mail: Body = {
        "timestamp": "2026-11-26T06:59:00.000Z",
        "messageId": "0102018f00000000-11111111-0000-000000",
        "source": "papers@letters.example",
        "sendingAccountId": "123456789012",
        "destination": [email],
    }
    if message_id:
        headers = [{"name": "From", "value": "x"}, {"name": "Message-ID", "value": message_id}]
        mail |= {"headersTruncated": False, "headers": headers}
        mail["commonHeaders"] = {"from": ["x"], "messageId": message_id}
    return mail | more


def ses_bounce(
    email: str,
    *,
    kind: str = "Permanent",
    subtype: str = "General",
    text: str = "smtp; 550 5.1.1 user unknown",
    status: str = "5.1.1",
    key: str = "notificationType",
    mail: Body | None = None,
) -> Body:
    """Return a bounce as SES tells it; `key` is eventType where events are published."""
    who: Body = {"emailAddress": email}
    if text:
        who |= {"action": "failed", "status": status, "diagnosticCode": text}
    told = {
        "feedbackId": "0102018f-feedback",
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [who],
        "timestamp": "2026-11-26T06:59:30.000Z",
        "reportingMTA": "dsn; b1-2.smtp-out.eu-west-1.amazonses.com",
    }
    return {key: "Bounce", "bounce": told, "mail": mail or ses_mail(email)}


def ses_complaint(*emails: str, mail: Body | None = None, **more: Any) -> Body:
    """Return a complaint as SES tells it."""
    told = {
        "complainedRecipients": [{"emailAddress": email} for email in emails],
        "complaintFeedbackType": "abuse",
        "feedbackId": "0102018f-complaint",
        **more,
    }
    return {
        "notificationType": "Complaint",
        "complaint": told,
        "mail": mail or ses_mail(emails[0]),
    }


# --- The others -------------------------------------------------------------------------------------


def mailgun(
    event: Body,
    *,
    token: str = "0123456789abcdef" * 3 + "01",
    at: dt.datetime = NOW,
    key: str = MAILGUN_KEY,
) -> bytes:
    """Return a webhook of Mailgun, signed."""
    moment = str(int(at.timestamp()))
    signature = hmac.new(key.encode(), f"{moment}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": moment, "token": token, "signature": signature}
    return json.dumps({"signature": signed, "event-data": event}).encode()


def mailgun_failed(email: str, message_id: Any = "", **more: Any) -> Body:
    """Return a failure as Mailgun tells it."""
    return {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "timestamp": 1795676370.1,
        "recipient": email,
        "delivery-status": {
            "code": 550,
            "message": "5.1.1 The email account that you tried to reach does not exist",
            "description": "",
            "attempt-no": 1,
        },
        "message": {"headers": {"message-id": message_id, "to": email}, "size": 111},
        "user-variables": {},
        **more,
    }


@dataclass(frozen=True)
class Signed:
    """A body, and the headers that prove it."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def sendgrid(
    *events: Body,
    at: dt.datetime = NOW,
    key: ec.EllipticCurvePrivateKey = _EC,
    raw: bytes | None = None,
) -> Signed:
    """Return events of SendGrid, one a line as it writes them, signed with the time."""
    lines = ",\r\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    body = f"[{lines}]\r\n".encode() if raw is None else raw
    moment = str(int(at.timestamp()))
    signature = key.sign(moment.encode() + body, ec.ECDSA(SHA256()))
    headers = {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: moment}
    return Signed(body, headers)


def sendgrid_event(email: str, event: str, message_id: str = "", **more: Any) -> Body:
    """Return an event of SendGrid."""
    return {
        "email": email,
        "event": event,
        "timestamp": int(NOW.timestamp()),
        "smtp-id": message_id,
        "sg_event_id": f"{event}-{email}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001",
        **more,
    }


def postmark(kind: str, **more: Any) -> bytes:
    """Return a webhook of Postmark."""
    return json.dumps({"RecordType": kind, "MessageStream": "broadcast", **more}).encode()


def postmark_bounce(email: str, kind: str = "HardBounce", **more: Any) -> bytes:
    """Return a bounce as Postmark tells it."""
    return postmark(
        "Bounce",
        **{
            "ID": 4323372036854775807,
            "Type": kind,
            "TypeCode": 1,
            "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Email": email,
            "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist",
            "Description": "The server was unable to deliver your message",
            **more,
        },
    )
