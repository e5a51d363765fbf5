"""Mailgun: a token and the time, signed with the account's HTTP webhook signing key.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks: the HMAC
(SHA-256, in hexadecimal digits) is of the time and the token, not of what is told. So whoever gets
to see a signature could say anything with it: each token counts once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re

from newsletter.config.settings import Hooks
from newsletter.model import Verdict
from newsletter.suppress.events import Event
from newsletter.suppress.webhooks.calls import Call, Proved, Refusal, Told, is_timely
from newsletter.suppress.webhooks.values import (
    Object,
    address_in,
    line_in,
    moment,
    object_in,
    read_json,
    text_in,
)
from newsletter.suppress.webhooks.verdicts import Said, bounce, complaint, leaving, listed

OLDEST = dt.timedelta(hours=12)
"""How old a signature may be. Mailgun repeats a request that failed for eight hours; that a token
counts once is what protects from others who repeat it."""
_TOKEN = re.compile(r"[0-9A-Za-z_=-]{20,100}")
_HEX = re.compile(r"[0-9a-f]{64}")
_LISTS = {"suppress-bounce": "605", "suppress-unsubscribe": "606", "suppress-complaint": "607"}
"""Reasons and codes of mails that Mailgun does not try: the address is on one of its lists."""


def read(call: Call, hooks: Hooks, now: dt.datetime) -> Proved | Refusal:
    """Return what a request of Mailgun says."""
    data = read_json(call.body)
    signature = object_in(data, "signature")
    at, token = text_in(signature, "timestamp"), text_in(signature, "token")
    given = text_in(signature, "signature")
    if not (_TOKEN.fullmatch(token) and _HEX.fullmatch(given)):
        return Refusal("it is not signed; the webhooks called legacy are not read")
    if not is_timely(moment(at), now, OLDEST):
        return Refusal("it is too old, or the clock of this machine is wrong")
    wanted = hmac.new(hooks.mailgun.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given, wanted):
        return Refusal("the signature is not by the HTTP webhook signing key of `mailgun`")
    told = object_in(data, "event-data")
    event = _event(told)
    kind = line_in(told, "event")[:40] or "without a name"
    if event is None:
        return Proved(once=token, ignored=(kind,), signs_body=False)
    message_id = text_in(told, "message", "headers", "message-id")
    found = Told(
        event=event,
        id=text_in(told, "id") or token,
        ours=f"<{message_id}>\n{text_in(told, 'envelope', 'sender')}",
        message_id=message_id,
    )
    return Proved(once=token, told=(found,), signs_body=False)


def _event(told: Object) -> Event | None:
    """Return the event; None for one that means nothing for the reader."""
    email, kind = address_in(told, "recipient"), text_in(told, "event")
    if kind == "complained":
        return complaint(email, "abuse")
    if kind == "unsubscribed":
        return leaving(email)
    if kind == "failed" and text_in(told, "severity") == "permanent":
        return _failed(told, email)
    return None


def _failed(told: Object, email: str) -> Event:
    status = object_in(told, "delivery-status")
    text = line_in(status, "message") or line_in(status, "description")
    match _LISTS.get(text_in(told, "reason"), text_in(status, "code")):
        case "605":
            return listed(email, text)
        case "606":
            return leaving(email)
        case "607":
            return complaint(email, "on the list of complaints")
        case code:
            return _bounced(told, email, text, code)


def _bounced(told: Object, email: str, text: str, code: str) -> Event:
    status, reason = object_in(told, "delivery-status"), text_in(told, "reason")
    named = text_in(status, "bounce-type")
    # "old": Mailgun has tried for hours, and gave up.
    is_lasting = reason in ("bounce", "generic") and named != "soft"
    is_hard = is_lasting and (named == "hard" or reason == "bounce")
    return bounce(
        Said(
            email=email,
            is_lasting=is_lasting,
            otherwise=Verdict.NO_MAILBOX if is_hard else Verdict.UNKNOWN,
            text=text,
            code=int(code) if re.fullmatch("[45][0-9]{2}", code) else 0,
            status=line_in(status, "enhanced-code"),
        )
    )
