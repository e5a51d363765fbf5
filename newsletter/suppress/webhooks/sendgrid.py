"""SendGrid: the time and the very bytes of the body, signed with ECDSA (SHA-256).

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import Final

from newsletter.config.settings import Hooks
from newsletter.model import Verdict
from newsletter.suppress.events import Event
from newsletter.suppress.webhooks.calls import Call, Proved, Refusal, Told, is_timely
from newsletter.suppress.webhooks.values import (
    Object,
    address_in,
    line_in,
    moment,
    objects_in,
    read_json,
    text_in,
)
from newsletter.suppress.webhooks.verdicts import Said, bounce, complaint, leaving, listed

OLDEST = dt.timedelta(hours=25)
"""How old a signature may be: SendGrid repeats a request that failed for a day."""
SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
_CLASSES = {
    "invalid address": Verdict.NO_MAILBOX,
    "mailbox unavailable": Verdict.DISABLED,
    "": Verdict.NO_MAILBOX,
}
"""What SendGrid's classes of bounces mean; other classes are not about the address."""


def read(call: Call, hooks: Hooks, now: dt.datetime) -> Proved | Refusal:
    """Return what a request of SendGrid says."""
    at, signature = call.headers.get(TIMESTAMP, ""), call.headers.get(SIGNATURE, "")
    if not at or not signature:
        return Refusal("it is not signed: turn on the signed event webhook")
    if not _is_signed(hooks.sendgrid, at.encode("utf-8", "replace") + call.body, signature):
        return Refusal("the signature is not by the key whose public half is `sendgrid`")
    if not is_timely(moment(at), now, OLDEST):
        return Refusal("it is too old, or the clock of this machine is wrong")
    # Not the signature: there are two for each body, and anybody can make the other one.
    once = hashlib.sha256(at.encode() + b"\0" + call.body).hexdigest()
    data = read_json(call.body)
    if not isinstance(data, list):
        return Proved(once=once, problem="this is no list of events")
    told: list[Told] = []
    ignored: list[str] = []
    for found in objects_in(data):
        event = _event(found)
        if event is None:
            ignored.append(line_in(found, "event")[:40] or "without a name")
            continue
        message_id = text_in(found, "smtp-id")
        told.append(
            Told(
                event=event,
                id=text_in(found, "sg_event_id") or f"{once} {len(told)}",
                ours=message_id,
                message_id=message_id,
            )
        )
    problem = "" if all(isinstance(item, dict) and item for item in data) else "one is no event"
    return Proved(once=once, told=tuple(told), ignored=tuple(ignored), problem=problem)


def _is_signed(key: str, content: bytes, signature: str) -> bool:
    """Return whether the owner of a public key (base64, X.509) has signed `content`."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  slow to load
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_der_public_key,
    )

    try:
        public = load_der_public_key(base64.b64decode(key, validate=True))
        if not isinstance(public, ec.EllipticCurvePublicKey):
            return False
        public.verify(base64.b64decode(signature, validate=True), content, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def _event(found: Object) -> Event | None:
    """Return the event; None for one that means nothing for the reader."""
    email, reason = address_in(found, "email"), line_in(found, "reason")
    match text_in(found, "event"):
        case "bounce":
            return _bounced(found, email, reason)
        case "dropped":
            return _dropped(email, reason)
        case "spamreport":
            return complaint(email, "abuse")
        case "unsubscribe" | "group_unsubscribe":
            return leaving(email)
        case _:
            return None


def _bounced(found: Object, email: str, reason: str) -> Event:
    named = text_in(found, "bounce_classification").lower()
    is_lasting = text_in(found, "type") != "blocked"  # a block is about the message, or us
    meant = _CLASSES.get(named, Verdict.UNKNOWN)
    return bounce(
        Said(
            email=email,
            is_lasting=is_lasting,
            otherwise=meant if is_lasting else Verdict.UNKNOWN,
            text=reason,
            status=line_in(found, "status"),
        )
    )


def _dropped(email: str, reason: str) -> Event | None:
    """Return the event of a mail that SendGrid does not try, by its reason."""
    match reason.lower():
        case "bounced address" | "invalid":
            return listed(email, reason)
        case "spam reporting address":
            return complaint(email, "on the list of complaints")
        case "unsubscribed address":
            return leaving(email)
        case _:
            return None
