"""Reports that come back: what they are, of which address, and what they prove.

In this order: a complaint (ARF, RFC 5965), a delivery status notification (RFC 3464), an answer by
a person or a machine (RFC 3834), which is no report, and the words of mail servers. A report is
unauthenticated: whose it is, `newsletter.returns` tells, by what only our own mail has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from newsletter.model import Verdict
from newsletter.send.answers import is_answer, is_daemon, is_unanswerable, sender_of
from newsletter.send.reports import (
    ADDRESS,
    STATUSES,
    Part,
    addresses,
    decoded,
    fields_of,
    groups_of,
    read_parts,
    text_of,
    words_of,
)
from newsletter.send.streams import printable
from newsletter.send.transcripts import (
    TELLING,
    Reply,
    failing,
    is_forwarded,
    replies_in,
    texts_by_recipient,
)
from newsletter.send.verdicts import is_passing, judge

EVIDENCE = 300
"""Characters of a server's words that are kept."""

class Kind(StrEnum):
    """What a report is."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELAY = "delay"
    """Not yet: the server goes on trying."""
    RECEIPT = "receipt"
    """It was delivered or passed on, or a report speaks of no reader at all."""
    REPLY = "reply"
    """A machine or a person answered: no report at all."""
    UNREADABLE = "unreadable"
    """A report perhaps, and nobody can tell of what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a report says of one address."""

    kind: Kind
    email: str
    verdict: Verdict
    is_final: bool = False
    """Whether a reply of class 5 says so; words alone may be anybody's summary."""
    status: str = ""
    """The enhanced code, such as `5.1.1`."""
    evidence: str = ""
    """What the server said, in one line; hostile, as everything from outside."""


_ARRIVED = ("delivered", "relayed", "expanded")
_NO_COMPLAINT = ("not-spam", "dkim", "auth-failure")
_ONE = re.compile(rf"(?:rfc822|unknown|x400|utf-8)?\s{{0,9}};?\s{{0,9}}<?({ADDRESS})>?", re.IGNORECASE)
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_EXCHANGE = re.compile(r"MSEXCH:\S{1,200} [^\n]{0,200}\([0-9A-F]{8}\)")
"""Exchange's own numbers, which it has in place of a reply's."""
_FEEDBACK = re.compile(r"^feedback-type:", re.IGNORECASE | re.MULTILINE)


def read_report(raw: bytes) -> tuple[Event, ...]:
    """Return what a message that came back says, an event for each address.

    Never raises: what cannot be understood is one event of the kind `unreadable`.
    """
    parts = read_parts(raw)
    for reading in (_complaint, _notification, _answer, _words):
        if events := tuple(reading(parts)):
            return tuple(dict.fromkeys(events))
    return (Event(kind=Kind.UNREADABLE, email="", verdict=Verdict.UNKNOWN),)


# --- Complaints ---------------------------------------------------------------------------------


def _complaint(parts: list[Part]) -> Iterator[Event]:
    own = [one for one in parts if not one.is_copied and not one.holds_parts]
    reports = [text_of(one) for one in own if one.kind == "message/feedback-report"]
    if not reports and "feedback-report" in parts[0].get("content-type").lower():
        # Where MIME is broken the fields stand in the text, or nowhere.
        reports = [text for one in own if _FEEDBACK.search(text := text_of(one))] or [""]
    if not reports:
        return
    fields = fields_of(re.sub(r"\n\n+", "\n", reports[0]))
    said = fields.get("feedback-type", "abuse")
    if said.lower() in _NO_COMPLAINT:
        yield Event(kind=Kind.RECEIPT, email="", verdict=Verdict.UNKNOWN)
        return
    names = ("original-rcpt-to", "removal-recipient", "original-recipient")
    found = [match[1] for name in names if (match := _ONE.search(fields.get(name, "")))]
    for address in dict.fromkeys(found or _copied(parts)) or [""]:
        yield Event(
            kind=Kind.COMPLAINT,
            email=address,
            verdict=Verdict.UNKNOWN,
            evidence=f"complaint: {printable(said)[:40]}",
        )


# --- Delivery status notifications --------------------------------------------------------------


def _notification(parts: list[Part]) -> Iterator[Event]:
    own = [one for one in parts if not one.is_copied and not one.holds_parts]
    texts = [text_of(one) for one in own if one.kind in STATUSES]
    if not texts and (is_daemon(parts) or is_unanswerable(parts[0])):
        texts = [text_of(one) for one in own]
    words = words_of(parts)
    arrived = False
    told = False
    for group in (fields for text in texts for fields in groups_of(text)):
        if "action" not in group and "status" not in group:
            continue
        action = group.get("action", "failed").lower().split()[:1]
        if action and action[0] in _ARRIVED:
            arrived = True
        elif event := _of_group(group, action, words, parts):
            told = True
            yield event
    if arrived and not told:
        yield Event(kind=Kind.RECEIPT, email="", verdict=Verdict.UNKNOWN)


def _of_group(
    fields: dict[str, str], action: list[str], words: str, parts: list[Part]
) -> Event | None:
    """Return what a notification says of one recipient; None when that is nothing."""
    others = _others(parts)
    # The last address is where it failed: a reader's own, or one that the reader's leads to.
    names = ("x-actual-recipient", "final-recipient", "original-recipient")
    found = [match[1] for name in names if (match := _ONE.search(fields.get(name, "")))]
    if not found:
        found = list(addresses(parts[0].all("x-failed-recipients")))
    about = texts_by_recipient(words, others)
    email = (found or list(about) or [""])[0]
    text = re.sub(r"^\s*[\w.-]{1,40}\s*;", "", fields.get("diagnostic-code", "")).strip()
    text = text or fields.get("x-notes-error-string", "")
    status = _ENHANCED.search(fields.get("status", ""))
    enhanced = status[1] if status else ""
    own_words = about.get(email.lower(), words)
    said = text if len(text) > TELLING else f"{text}\n{own_words}"
    verdict, is_final, _ = _told(said, enhanced, words)
    if verdict.is_hard:
        email = failing(email, text, others)
    return Event(
        kind=Kind.DELAY if action == ["delayed"] else Kind.BOUNCE,
        email=email,
        verdict=_believed(verdict, is_proved=is_final),
        is_final=is_final and action != ["delayed"],
        status=enhanced,
        evidence=printable(text or own_words)[:EVIDENCE],
    )


def _believed(verdict: Verdict, *, is_proved: bool) -> Verdict:
    """Return a verdict as far as a report alone is believed.

    Of a mailbox, words without a telling number are not enough. Of a domain that is not there
    nobody can give one.
    """
    if verdict in (Verdict.NO_MAILBOX, Verdict.MOVED) and not is_proved:
        return Verdict.SAID_GONE
    return verdict


# --- Answers by machines and people -------------------------------------------------------------


def _answer(parts: list[Part]) -> Iterator[Event]:
    if is_answer(parts):
        email = sender_of(parts[0])
        yield Event(kind=Kind.REPLY, email=email, verdict=Verdict.UNKNOWN, evidence="an answer")


# --- The words of mail servers ------------------------------------------------------------------


def _words(parts: list[Part]) -> Iterator[Event]:
    words = words_of(parts)
    others = _others(parts)
    found = texts_by_recipient(words, others)
    if not found:
        failed = list(addresses(parts[0].all("x-failed-recipients")))
        found = dict.fromkeys(failed or _copied(parts), words)
    subject = decoded(parts[0].get("subject"))
    waits = is_passing(f"{subject}\n{words}")
    by_daemon = is_daemon(parts)
    for email, said in found.items() if found else [("", words)]:
        verdict, is_final, reply = _told(said, "", words)
        if not found and verdict is Verdict.UNKNOWN:
            return
        led_on = verdict.is_hard and len(found) > 1 and is_forwarded(said, others)
        if verdict.is_hard and (waits or led_on or not (is_final or by_daemon)):
            verdict, is_final = Verdict.UNKNOWN, False
        yield Event(
            kind=Kind.DELAY if waits and not is_final else Kind.BOUNCE,
            email=failing(email, reply.text, others) if is_final and email else email,
            verdict=_believed(verdict, is_proved=is_final and _is_telling(said, reply)),
            is_final=is_final,
            status=reply.enhanced,
            evidence=printable(said)[:EVIDENCE],
        )


def _told(said: str, enhanced: str, around: str) -> tuple[Verdict, bool, Reply]:
    """Return what a text says, whether a reply in it proves that, and which one.

    `enhanced` is the number that is known of all of it. The first reply that says something counts.
    """
    replies = replies_in(said)
    judged: list[tuple[Verdict, Reply]] = []
    for reply in replies:
        vague = not reply.enhanced or reply.enhanced.endswith(".0.0")
        numbers = enhanced if enhanced and (vague or enhanced[0] == "4") else reply.enhanced
        verdict = judge(reply.code, numbers, reply.text, around)
        if verdict is not Verdict.UNKNOWN:
            judged.append((verdict, reply))
    if judged:
        # Replies that disagree prove nothing: the first that spares the reader counts.
        verdict, reply = next((one for one in judged if not one[0].is_hard), judged[0])
        return verdict, verdict.is_hard and _is_final(reply), reply
    reply = replies[0] if replies else Reply(0, "", "")
    passing = replies and not any(_is_final(one) for one in replies)
    verdict = judge(400 if passing else 0, enhanced or reply.enhanced, said, around)
    detailed = enhanced.startswith("5") and not enhanced.endswith(".0.0")
    final = detailed or bool(_EXCHANGE.search(said)) or any(_is_final(one) for one in replies)
    return verdict, verdict.is_hard and final, reply


def _is_telling(said: str, reply: Reply) -> bool:
    """Tell whether numbers say more than that it was refused."""
    detailed = bool(reply.enhanced) and not reply.enhanced.endswith(".0.0")
    return detailed or bool(_EXCHANGE.search(said))


def _is_final(reply: Reply) -> bool:
    """Tell whether a reply is of class 5: for good (RFC 5321, 4.2.1; RFC 3463, 2)."""
    return 5 in (reply.code // 100, int(reply.enhanced[:1] or 0))  # noqa: PLR2004


def _others(parts: list[Part]) -> frozenset[str]:
    """Return the addresses that a report came to, which it is not about."""
    names = ("to", "delivered-to", "x-original-to", "envelope-to")
    found = addresses(value for name in names for value in parts[0].all(name))
    return frozenset(one.lower() for one in found)


def _copied(parts: list[Part]) -> list[str]:
    """Return whom the message that came back was for."""
    for part in parts[1:]:
        if part.get("from") and part.get("to"):
            return list(addresses(part.all("to")))
    for part in parts:
        if not part.holds_parts:
            text = text_of(part)
            if found := re.search(rf"^To: [^\n]{{0,200}}?({ADDRESS})", text, re.M | re.I):
                return [found[1]]
    return []
