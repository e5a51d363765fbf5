"""Mail that came back: which reader it is about, and what it means for that reader.

Anybody can write a report, so an address in it proves nothing. The reader is found by the tag in
the envelope sender (VERP) or by the link in the copy of our mail; both are signed and cannot be
forged. What the report says counts if it is about that reader's own mailbox.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from newsletter import links
from newsletter.errors import LinkError, StoreError
from newsletter.model import Border, Fault, Verdict, fault_of
from newsletter.store import Bounce
from newsletter.suppress.bounces import read_report
from newsletter.suppress.events import Event, ReportKind
from newsletter.suppress.reports import ANY, MessagePart, read_parts, text_of
from newsletter.suppress.transcripts import is_same_mailbox

MOST_PROOFS = 20
"""Tags and links that are tried of one message: each may be a guess at a signature."""

NOTED = (ReportKind.BOUNCE, ReportKind.COMPLAINT)
"""Kinds of events that are noted; the others mean nothing for the reader."""

AddressOf = Callable[[dt.date | None, str], str | None]
"""(issue, or None for the latest; subscriber) → the address it was sent to; None if never sent."""

_TAG = re.compile(r"\+([a-z2-7]{20,60})@", re.IGNORECASE)
_LINK = re.compile(r"/(u|unsubscribe|preferences|feedback)/([A-Za-z0-9_-]{20,120})")
UNSUBSCRIBE = "unsubscribe"
"""What is noted of a mail by which a reader leaves, so that it counts once."""
_LEAVE = re.compile(r"unsubscribe\s+([A-Za-z0-9_-]{20,120})", re.IGNORECASE)
_RECIPIENTS = (
    "to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What one returned message means."""

    events: tuple[Event, ...] = ()
    bounces: tuple[Bounce, ...] = ()
    is_ours: bool = False
    """Whether it came back to this newsletter, not to another one that shares the mailbox."""
    leaves: str = ""
    """The id of the reader who asks, by this message, to get no more; empty: nobody does."""
    fault: Fault | None = None
    """Why the message could not be read or understood."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Which reader a message is about, proved by our own signature."""

    issue: dt.date | None
    subscriber: str


def read_returned(
    raw: bytes, name: str, *, secrets: Sequence[bytes], own: Collection[str], address_of: AddressOf
) -> Returned:
    """Return what a message called `name` means.

    Tags and links are signed with one of `secrets`; without any nothing is proved. `own` are our
    addresses to which mail comes back. A fault of ours is returned, not raised. Raises StoreError
    only if `address_of` cannot use the database.
    """
    try:
        return _read(raw, name, secrets, own, address_of)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001  border: one message must not stop the others
        return Returned(fault=fault_of(Border.REPORT, name, error, raw))


def leaving(key: bytes, subscriber: str) -> Returned:
    """Return that a reader asks to get no more; what has the same `key` is the same request."""
    asked = Bounce(
        digest=hashlib.sha256(key).hexdigest(),
        email="",
        verdict=UNSUBSCRIBE,
        verified=True,
        evidence="",
        subscriber=subscriber,
    )
    return Returned(is_ours=True, bounces=(asked,), leaves=subscriber)


def _read(
    raw: bytes, name: str, secrets: Sequence[bytes], own: Collection[str], address_of: AddressOf
) -> Returned:
    events = read_report(raw)
    parts = read_parts(raw)
    proof = find_proof(parts, secrets)
    reader = address_of(proof.issue, proof.subscriber) if proof else None
    leaves = _leaves(parts[0], secrets)
    if leaves:
        return leaving(raw, leaves)
    fault = None
    if any(event.kind is ReportKind.UNREADABLE for event in events):
        problem = "this message cannot be understood; it counts against no address"
        fault = Fault(border=Border.REPORT, name=name, problem=problem, content=raw)
    return Returned(
        events=events,
        bounces=bounces_of(raw, events, proof, reader),
        is_ours=proof is not None or _came_to(parts[0], own),
        fault=fault,
    )


def _leaves(message: MessagePart, secrets: Sequence[bytes]) -> str:
    """Return who asks to leave: by the subject that our List-Unsubscribe gives to their program."""
    for subject in message.all("subject"):
        found = _LEAVE.fullmatch(subject.strip())
        if found:
            try:
                return links.verify(secrets, "unsubscribe", found[1])
            except LinkError:
                continue
    return ""


def find_proof(parts: list[MessagePart], secrets: Sequence[bytes]) -> Proof | None:
    """Return which reader a message is about; None if nothing proves it, or for several readers.

    The address that the message came to is tried first, then the copy of our own mail in it.
    """
    if not secrets:
        return None
    head = "\n".join(value for _, value in parts[0].headers)
    rest = "\n".join(
        [*(value for part in parts[1:] for _, value in part.headers), *map(text_of, parts)]
    )
    for found in (_by_tags(head, secrets), [*_by_tags(rest, secrets), *_by_links(rest, secrets)]):
        if found:
            return _agreed(found)
    return None


def proof_in(text: str, secrets: Sequence[bytes]) -> Proof | None:
    """Return which reader the tags and links in a text are of; None if of nobody, or several."""
    return _agreed([*_by_tags(text, secrets), *_by_links(text, secrets)]) if secrets else None


def _agreed(found: Sequence[Proof]) -> Proof | None:
    return found[0] if len({proof.subscriber for proof in found}) == 1 else None


def _by_tags(text: str, secrets: Sequence[bytes]) -> list[Proof]:
    tags = list(dict.fromkeys(tag.lower() for tag in _TAG.findall(text)))[:MOST_PROOFS]
    found = (links.read_bounce_tag(secrets, tag) for tag in tags)
    return [Proof(*claim) for claim in found if claim]


def _by_links(text: str, secrets: Sequence[bytes]) -> list[Proof]:
    found: list[Proof] = []
    for purpose, token in list(dict.fromkeys(_LINK.findall(text)))[:MOST_PROOFS]:
        try:
            wanted = links.PATHS.get(purpose, purpose)
            found.append(Proof(None, links.verify(secrets, wanted, token)))
        except LinkError:
            continue
    return found


def _came_to(message: MessagePart, own: Collection[str]) -> bool:
    """Return whether a message came to one of our addresses, ignoring what follows a `+`."""
    found = (
        address
        for name in _RECIPIENTS
        for value in message.all(name)
        for address in ANY.findall(value)
    )
    bare = {re.sub(r"\+[^@]*@", "@", address.lower()) for address in found}
    return any(address.lower() in bare for address in own)


def bounces_of(
    key: bytes, events: tuple[Event, ...], proof: Proof | None, reader: str | None
) -> tuple[Bounce, ...]:
    """Return what is noted of events about the mail to `reader`, an address; None: nothing proved.

    The same `key` counts once: a message that came back, or what a provider calls an event.
    """
    found = []
    for event in events:
        if event.kind not in NOTED:
            continue
        verdict, is_final = _meaning(event, reader)
        found.append(
            Bounce(
                digest=hashlib.sha256(key + b"\0" + event.email.lower().encode()).hexdigest(),
                email=reader or event.email,
                verdict=verdict,
                verified=reader is not None,
                is_final=is_final,
                evidence=event.evidence,
                issue=proof.issue if proof else None,
                subscriber=proof.subscriber if proof else "",
            )
        )
    return tuple(found)


def _meaning(event: Event, reader: str | None) -> tuple[str, bool]:
    """Return what an event means for its reader, and whether that is proved."""
    if event.kind is ReportKind.COMPLAINT:
        return "complaint", True
    named = [address for address in (event.email, event.beside) if address]
    if reader and not all(is_same_mailbox(address, reader) for address in named):
        # The reader's address forwards to this one; that this one is dead says nothing about it.
        return Verdict.UNKNOWN.value, False
    if event.verdict is Verdict.SAID_GONE and event.is_final and reader:
        # A reply of class 5 from a mail server, sent to an address that cannot be forged.
        return Verdict.NO_MAILBOX.value, True
    return event.verdict.value, event.is_final
