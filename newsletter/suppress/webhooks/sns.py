"""The envelope of Amazon SNS: which topic it is of, and that Amazon has signed it.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. Anybody with an
account there can have messages signed: only the topic tells that they are ours. The host of the
certificate follows from the topic, so that no address in a message decides whom we ask.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
import urllib.parse
from collections.abc import Mapping
from typing import Final

from newsletter.config.values import TOPIC
from newsletter.suppress.webhooks.calls import Call, Refusal, Wanted, is_timely
from newsletter.suppress.webhooks.values import Object, moment, read_json, text_in

OLDEST = dt.timedelta(hours=1)
"""How old a message may be: SNS tries for about an hour."""
CONFIRMATION: Final = "SubscriptionConfirmation"
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
"""What is signed of each type, in this order; the subject only if there is one."""
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{8,64}\.pem")
_ENDS: Final = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
"""Domains of partitions that have one of their own: China, the European Sovereign Cloud."""
SHORTEST_KEY = 2048
"""Bits of an RSA key, at least."""


def host_of(topic: str) -> str:
    """Return the host of SNS in the partition and region of a topic; empty if it is no topic."""
    found = re.fullmatch(TOPIC, topic)
    if found is None:
        return ""
    return f"sns.{found[2]}.{_ENDS.get(found[1], 'amazonaws.com')}"


def read_envelope(
    call: Call, topic: str, now: dt.datetime, certificates: Mapping[str, bytes]
) -> Object | Refusal | Wanted:
    """Return a message of `topic` that SNS has signed, as its fields.

    `certificates` are those known, in PEM, by their addresses. If the one that it names is not
    among them, its address is returned, after all else was found right.
    """
    if call.headers.get("x-amz-sns-rawdelivery", "").lower() == "true":
        return Refusal("raw message delivery is on, which has no signature: turn it off")
    found = read_json(call.body)
    kind, url = text_in(found, "Type"), text_in(found, "SigningCertURL")
    if kind not in _SIGNED or call.headers.get("x-amz-sns-message-type", kind) != kind:
        return Refusal("it is no message of Amazon SNS")
    content = _signed_content(found, kind)
    refused = _why_not_ours(found, topic, now) or ("" if content else "a signed field is missing")
    if content is None or refused:
        return Refusal(refused)
    if url not in certificates:
        return Wanted(url)
    version, signature = text_in(found, "SignatureVersion"), text_in(found, "Signature")
    refused = _why_not_signed(certificates[url], content, version, signature, now)
    return Refusal(refused) if refused else found


def _why_not_ours(found: Object, topic: str, now: dt.datetime) -> str:
    """Return why a message is not worth looking at its signature; empty if it is."""
    if text_in(found, "TopicArn") != topic:
        return "it is of another topic than `ses`"
    if not is_timely(moment(text_in(found, "Timestamp")), now, OLDEST):
        return "it is too old, or the clock of this machine is wrong"
    start, url = f"https://{host_of(topic)}", text_in(found, "SigningCertURL")
    if not url.startswith(start) or not _CERTIFICATE.fullmatch(url[len(start) :]):
        return "its certificate is not at Amazon SNS in the region of the topic"
    return ""


def confirming(found: Object, topic: str) -> str | Refusal:
    """Return the address that confirms the subscription which a signed message asks to confirm.

    It is made of the token: nothing that a message gives as an address is ever visited.
    """
    host = host_of(topic)
    try:
        given = urllib.parse.urlsplit(text_in(found, "SubscribeURL"))
    except ValueError:
        return Refusal("the address to confirm at is none")
    if (given.scheme, given.netloc) != ("https", host):
        return Refusal("the address to confirm at is not Amazon SNS in the region of the topic")
    token = text_in(found, "Token")
    query = {"Action": "ConfirmSubscription", "TopicArn": topic, "Token": token}
    return f"https://{host}/?{urllib.parse.urlencode(query, errors='replace')}"


def _signed_content(found: Object, kind: str) -> bytes | None:
    """Return the bytes that are signed: a line for each name, and one for its value."""
    lines: list[str] = []
    for name in _SIGNED[kind]:
        value = found.get(name)
        if value is None and name == "Subject":
            continue
        if not isinstance(value, str):
            return None
        lines += (name, value)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _why_not_signed(
    certificate: bytes, content: bytes, version: str, signature: str, now: dt.datetime
) -> str:
    """Return why the signature proves nothing; empty if it does."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  slow to load
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    # Version 1 is SHA-1, which topics have until their owner sets version 2.
    algorithm = {"1": SHA1(), "2": SHA256()}.get(version)  # noqa: S303
    if algorithm is None:
        return "the version of its signature is not known"
    try:
        read = load_pem_x509_certificate(certificate)
        key = read.public_key()
        if not read.not_valid_before_utc <= now <= read.not_valid_after_utc:
            return "its certificate is not valid now"
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SHORTEST_KEY:
            return "its certificate has no RSA key of 2,048 bits"
        key.verify(
            base64.b64decode(signature, validate=True), content, padding.PKCS1v15(), algorithm
        )
    except (ValueError, InvalidSignature):
        return "its signature is not Amazon's"
    return ""
