"""Postmark: a password (HTTP Basic, RFC 7617) proves who calls; nothing is signed.

https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac

from newsletter.config.settings import Hooks
from newsletter.model import Verdict
from newsletter.suppress.events import Event
from newsletter.suppress.webhooks.calls import Call, Proved, Refusal, Told
from newsletter.suppress.webhooks.values import (
    Object,
    address_in,
    line_in,
    read_json,
    text_in,
)
from newsletter.suppress.webhooks.verdicts import Said, bounce, complaint, leaving, listed

USER = "newsletter"
_LASTING = ("HardBounce", "BadEmailAddress")
_PASSING = {
    "SoftBounce": Verdict.UNKNOWN,
    "Undeliverable": Verdict.UNKNOWN,
    "Unknown": Verdict.UNKNOWN,
    "DnsError": Verdict.NETWORK,
    "SpamNotification": Verdict.CONTENT,
    "VirusNotification": Verdict.CONTENT,
    "Blocked": Verdict.POLICY,
    "DMARCPolicy": Verdict.POLICY,
}
"""Postmark's kinds of bounces that are not for good, or not about the address."""


def read(call: Call, hooks: Hooks, _now: dt.datetime) -> Proved | Refusal:
    """Return what a request of Postmark says."""
    if not call.is_secure:
        return Refusal(
            "the password did not come by https, or no trusted proxy says so (`serve: proxies:`)"
        )
    if not _knows_password(call.headers.get("authorization", ""), hooks.postmark):
        return Refusal("the user is not `newsletter`, or the password is not that of `postmark`")
    once = hashlib.sha256(call.body).hexdigest()
    data = read_json(call.body)
    if not isinstance(data, dict) or not data:
        return Proved(once=once, problem="this is no event")
    event = _event(data)
    if event is None:
        kind = f"{line_in(data, 'RecordType')} {line_in(data, 'Type')}".strip()
        return Proved(once=once, ignored=(kind[:40] or "without a name",))
    # Only bounces may hold a copy of our mail; Postmark gives each mail a Message-ID of its own.
    told = Told(event=event, id=_id(data) or once, ours=text_in(data, "Content"))
    return Proved(once=once, told=(told,))


def _knows_password(given: str, wanted: str) -> bool:
    """Return whether a header says user and password, in a time that tells nothing."""
    kind, _, encoded = given.partition(" ")
    try:
        told = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        told = b""
    is_same = hmac.compare_digest(
        hashlib.sha256(told).digest(), hashlib.sha256(f"{USER}:{wanted}".encode()).digest()
    )
    return is_same and kind.lower() == "basic" and bool(wanted)


def _id(data: Object) -> str:
    kind, number = text_in(data, "RecordType"), text_in(data, "ID")
    if number:
        return f"{kind} {number}"
    message, at = text_in(data, "MessageID"), text_in(data, "ChangedAt")
    return f"{kind} {message} {at}" if message and at else ""


def _event(data: Object) -> Event | None:
    """Return the event; None for one that means nothing for the reader."""
    match text_in(data, "RecordType"):
        case "Bounce":
            return _bounced(data)
        case "SpamComplaint":
            return complaint(address_in(data, "Email"), "abuse")
        case "SubscriptionChange":
            return _changed(data)
        case _:
            return None


def _bounced(data: Object) -> Event | None:
    email, kind = address_in(data, "Email"), text_in(data, "Type")
    if kind == "SpamComplaint":
        return complaint(email, "abuse")
    if kind == "Unsubscribe":
        return leaving(email)
    if kind not in _LASTING and kind not in _PASSING:
        return None
    return bounce(
        Said(
            email=email,
            is_lasting=kind in _LASTING,
            otherwise=_PASSING.get(kind, Verdict.NO_MAILBOX),
            text=line_in(data, "Details"),
            note=line_in(data, "Description"),
        )
    )


def _changed(data: Object) -> Event | None:
    """Return what it means that Postmark, from now on, mails an address or does not."""
    email = address_in(data, "Recipient")
    if data.get("SuppressSending") is not True:
        return None
    match text_in(data, "SuppressionReason"):
        case "HardBounce":
            return listed(email, "on Postmark's list of bounces")
        case "SpamComplaint":
            return complaint(email, "on the list of complaints")
        case "ManualSuppression" if text_in(data, "Origin") == "Recipient":
            return leaving(email)
        case _:
            return None
