"""Which reader an event of a provider is about, and what it means: as for mail that came back.

The provider's proof vouches for what it says, but not for whose mail it says it of: others may send
through the same account. Our mail is known by the tag in the envelope sender (VERP), the link in
List-Unsubscribe, or the Message-ID, which the provider repeats; then all of an event counts, by the
rules of `suppress.returns`. Where none of these is there (Postmark; a request to confirm), an event
counts for the reader who has the address, and for the latest issue they were sent. If its
Message-ID is of another domain than ours, or names somebody else than that reader, as one of
another newsletter of the same domain does, it is about somebody else's mail: then it counts only if
it says of a reader's address itself that there is no such mailbox. What is about nobody of ours is
not kept: who others write to is none of our business.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from newsletter.suppress.events import Event, ReportKind
from newsletter.suppress.returns import (
    NOTED,
    AddressOf,
    Proof,
    Returned,
    bounces_of,
    leaving,
    proof_in,
)
from newsletter.suppress.transcripts import is_same_mailbox
from newsletter.suppress.webhooks.calls import Told

MOST_TEXT = 200_000
"""Characters of what a provider repeats of our mail in which its signs are looked for."""
_MESSAGE_ID = re.compile(r"<([0-9]{8})\.([0-9a-z-]{1,64})@[^<>\s]{1,255}>")
"""`delivery_name` in a Message-ID."""
_PROVIDERS_OWN = re.compile(
    r"(?:^|\.)(?:amazonses\.com|sendgrid\.(?:net|com)|mailgun\.(?:org|net)|mtasv\.net)$|^ismtpd|^geopod"
)
"""Hosts in the Message-IDs that providers give mail; they say nothing about who sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A reader, as found by the address."""

    subscriber: str
    email: str
    issue: dt.date | None
    """The latest issue that they were sent."""


PersonAt = Callable[[str], Person | None]
"""Address in lower case → the reader who has it; None when nobody has."""


def read_told(
    told: Told,
    provider: str,
    *,
    domain: str,
    secrets: Sequence[bytes],
    address_of: AddressOf,
    person_at: PersonAt,
) -> Returned:
    """Return what one event means; `domain` is that of our Message-IDs.

    Raises StoreError if the database cannot be used.
    """
    event = told.event
    if event.kind not in (*NOTED, ReportKind.LEAVING):
        return Returned(events=(event,))
    ours = told.ours[:MOST_TEXT]
    proof = _proof(ours, secrets)
    reader = address_of(proof.issue, proof.subscriber) if proof else None
    if proof is None or reader is None:
        person = person_at(event.email) if event.email else None
        if person is None or _went_elsewhere(told):
            return Returned(events=(event,))
        names_another = proof is not None and proof.subscriber != person.subscriber
        is_others = names_another or _is_others(told.message_id, domain)
        if is_others and not _is_of_address(event):
            return Returned(events=(event,))
        proof, reader = Proof(person.issue, person.subscriber), person.email.lower()
    key = f"{provider}\0{told.id}".encode("utf-8", "replace")
    if event.kind is ReportKind.LEAVING:
        return _leaving(event, key, proof)
    return Returned(events=(event,), bounces=bounces_of(key, (event,), proof, reader), is_ours=True)


def _proof(text: str, secrets: Sequence[bytes]) -> Proof | None:
    """Return whose mail it was, by our signatures in it, or else by its Message-ID."""
    named = next(filter(None, map(_named, _MESSAGE_ID.finditer(text))), None)
    signed = proof_in(text, secrets)
    if signed is None:
        return named
    if signed.issue is None and named and named.subscriber == signed.subscriber:
        return named
    return signed


def _named(found: re.Match[str]) -> Proof | None:
    try:
        day = dt.datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return None
    return Proof(day, found[2])


def _is_others(message_id: str, domain: str) -> bool:
    """Return whether a Message-ID is of a mail that neither we nor the provider gave it to."""
    host = message_id.strip("<> ").rpartition("@")[2].lower() if "@" in message_id else ""
    return host not in ("", domain) and not _PROVIDERS_OWN.search(host)


def _went_elsewhere(told: Told) -> bool:
    """Return whether an event names an address that the mail was not sent to."""
    return bool(told.sent_to) and not is_same_mailbox(told.event.email, told.sent_to)


def _is_of_address(event: Event) -> bool:
    """Return whether an event is about the address, whatever mail it was."""
    return event.kind is ReportKind.BOUNCE and event.verdict.is_hard and event.is_final


def _leaving(event: Event, key: bytes, proof: Proof) -> Returned:
    return replace(leaving(key, proof.subscriber), events=(event,))
