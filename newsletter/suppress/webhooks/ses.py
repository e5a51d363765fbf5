"""Amazon SES: bounces, complaints and requests to leave, in messages of Amazon SNS.

Notifications of an identity and events of a configuration set differ in one key:
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html and
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from newsletter.config.settings import Hooks
from newsletter.model import Verdict
from newsletter.suppress.events import Event, ReportKind
from newsletter.suppress.webhooks import sns
from newsletter.suppress.webhooks.calls import Answer, Call, Proved, Refusal, Told, Wanted
from newsletter.suppress.webhooks.values import (
    Object,
    address_in,
    line_in,
    object_in,
    objects_in,
    read_json,
    text_in,
)
from newsletter.suppress.webhooks.verdicts import Said, bounce, complaint, leaving, listed

_PASSING = {
    "MailboxFull": Verdict.FULL,
    "MessageTooLarge": Verdict.TOO_BIG,
    "ContentRejected": Verdict.CONTENT,
    "AttachmentRejected": Verdict.CONTENT,
}
"""Subtypes of bounces that are not permanent."""
_LISTED = ("Suppressed", "OnAccountSuppressionList", "OnTenantSuppressionList")
_HEADERS = ("message-id", "list-unsubscribe")
"""Headers of our mail that tell whose it is."""


def read(call: Call, hooks: Hooks, now: dt.datetime, certificates: Mapping[str, bytes]) -> Answer:
    """Return what a message says; `certificates` are those known, by their addresses."""
    found = sns.read_envelope(call, hooks.ses, now, certificates)
    if isinstance(found, Refusal | Wanted):
        return found
    once, kind = text_in(found, "MessageId"), text_in(found, "Type")
    if kind == sns.CONFIRMATION:
        visit = sns.confirming(found, hooks.ses)
        return visit if isinstance(visit, Refusal) else Proved(once=once, visit=visit)
    if kind != "Notification":
        return Proved(once=once, ignored=(kind,))
    data = read_json(text_in(found, "Message"))
    if not isinstance(data, dict):
        # Also what SES says, in words, when it is told to publish events to the topic.
        return Proved(once=once, ignored=("in words",))
    told = tuple(_told(data, once))
    name = line_in(data, "eventType") or line_in(data, "notificationType")
    return Proved(once=once, told=told, ignored=() if told else (name[:40] or "without a name",))


def _told(data: Object, once: str) -> Iterator[Told]:
    mail = object_in(data, "mail")
    ours, message_id = _of_ours(mail)
    went_to = list(_recipients(mail))
    events = list(_events(data))
    for event in events:
        # Of several recipients only some complained, and nobody knows which.
        is_clear = len(events) == 1 or event.kind is not ReportKind.COMPLAINT
        if is_clear:
            yield Told(
                event=event,
                id=f"{once} {event.email}",
                ours=ours,
                message_id=message_id,
                # A report that came back late names an address, which its writer has chosen.
                sent_to=went_to[0] if len(went_to) == 1 else "",
            )


def _of_ours(mail: Object) -> tuple[str, str]:
    """Return what is repeated of our mail, and its Message-ID.

    SES sends a Message-ID of its own, but repeats the one that it was given.
    """
    headers = [
        text_in(header, "value")
        for header in objects_in(mail.get("headers"))
        if text_in(header, "name").lower() in _HEADERS
    ]
    common = text_in(mail, "commonHeaders", "messageId")
    return "\n".join([text_in(mail, "source"), f"<{common.strip('<>')}>", *headers]), common


def _events(data: Object) -> Iterator[Event]:
    match text_in(data, "eventType") or text_in(data, "notificationType"):
        case "Bounce":
            told = object_in(data, "bounce")
            for who in objects_in(told.get("bouncedRecipients")):
                yield _bounced(told, who)
        case "Complaint":
            told = object_in(data, "complaint")
            kind = text_in(told, "complaintFeedbackType")
            if kind == "not-spam":
                return
            for who in objects_in(told.get("complainedRecipients")):
                email = address_in(who, "emailAddress")
                yield complaint(email, kind or text_in(told, "complaintSubType") or "abuse")
        case "Subscription":
            told = object_in(data, "subscription", "newTopicPreferences")
            if told.get("unsubscribeAll") is True:
                for email in _recipients(object_in(data, "mail")):
                    yield leaving(email)
        case _:
            return


def _recipients(mail: Object) -> Iterator[str]:
    given = mail.get("destination")
    for value in given if isinstance(given, list) else ():
        yield address_in({"": value}, "")


def _bounced(told: Object, who: Object) -> Event:
    email, kind = address_in(who, "emailAddress"), text_in(told, "bounceSubType")
    text = line_in(who, "diagnosticCode")
    is_lasting = text_in(told, "bounceType") == "Permanent"
    if is_lasting and kind == "UnsubscribedRecipient":
        return leaving(email)
    if is_lasting and kind in _LISTED:
        return listed(email, text or "on Amazon's list of suppressed addresses")
    return bounce(
        Said(
            email=email,
            is_lasting=is_lasting,
            otherwise=Verdict.NO_MAILBOX if is_lasting else _PASSING.get(kind, Verdict.UNKNOWN),
            text=text,
            status=line_in(who, "status"),
            note=f"{text_in(told, 'bounceType')} {kind}",
        )
    )
