"""Reports that come back: what they are, which address they are about, and what they prove.

Looked for in this order: a complaint (ARF, RFC 5965); a delivery status notification (RFC 3464); an
answer by a person or a machine (RFC 3834), which is not a report; the words of mail servers. A
report proves nothing about who sent it; `returns.py` finds the reader, by what only our own mail
contains.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.model import Verdict
from newsletter.send.streams import printable
from newsletter.send.verdicts import is_passing, judge
from newsletter.suppress.answers import is_answer, is_daemon, is_unanswerable, sender_of
from newsletter.suppress.events import Event, ReportKind
from newsletter.suppress.reports import (
    ADDRESS,
    STATUSES,
    MessagePart,
    addresses,
    decoded,
    fields_of,
    groups_of,
    read_parts,
    text_of,
    words_of,
)
from newsletter.suppress.transcripts import (
    MOST_RECIPIENTS,
    TELLING,
    QuotedReply,
    failing,
    introduction,
    is_forwarded,
    replies_in,
    texts_by_recipient,
)

EVIDENCE = 300
"""Characters of a server's text that are kept."""


_ARRIVED = ("delivered", "relayed", "expanded")
_NO_COMPLAINT = ("not-spam", "dkim", "auth-failure")
_ONE = re.compile(r"(?:^|[\s<;:])([^\s<>;:,\"()@]{1,64}@[^\s<>;:,\"()@]{1,255})")
"""An address in a field; its letters may be of any script (RFC 6533)."""
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_EXCHANGE = re.compile(r"MSEXCH:\S{1,200} [^\n]{0,200}\([0-9A-F]{8}\)")
"""Exchange's own error numbers, which it gives instead of a reply's code."""
_INDENTED = re.compile(
    r"^[ \t>]{1,20}(?=(?:final-recipient|original-recipient|action|status|diagnostic-code):)",
    re.IGNORECASE | re.MULTILINE,
)
_FEEDBACK = re.compile(r"^feedback-type:", re.IGNORECASE | re.MULTILINE)
_TO = re.compile(rf"^To: [^\n]{{0,200}}?({ADDRESS})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class _Report:
    """A message that came back, parsed once."""

    parts: list[MessagePart]
    own: list[MessagePart]
    """Text parts, without those of the copied message."""
    words: str
    others: frozenset[str]
    """Addresses that the message was sent to; it is not about them."""
    by_daemon: bool
    by_machine: bool
    """Whether the message cannot be answered, as is true of reports."""

    @functools.cached_property
    def about(self) -> dict[str, str]:
        """Its text about each address."""
        return texts_by_recipient(self.words, self.others)

    @functools.cached_property
    def explained(self) -> Verdict:
        """What its introduction says, before the first quoted reply."""
        return judge(0, "", introduction(self.words))


def read_report(raw: bytes) -> tuple[Event, ...]:
    """Return what a message that came back says: one event for each address.

    Never raises: a message that cannot be understood gives one event of the kind `unreadable`.
    """
    parts = read_parts(raw)
    names = ("to", "delivered-to", "x-original-to", "envelope-to")
    came_to = addresses(value for name in names for value in parts[0].all(name))
    by_daemon = is_daemon(parts)
    report = _Report(
        parts=parts,
        own=[part for part in parts if not part.is_copied and not part.holds_parts],
        words=words_of(parts),
        others=frozenset(address.lower() for address in came_to),
        by_daemon=by_daemon,
        by_machine=by_daemon or is_unanswerable(parts[0]),
    )
    for reading in (_complaint, _notification, _answer, _words):
        if events := tuple(reading(report)):
            return tuple(dict.fromkeys(events))
    return (Event(kind=ReportKind.UNREADABLE, email="", verdict=Verdict.UNKNOWN),)


# --- Complaints ---------------------------------------------------------------------------------


def _complaint(report: _Report) -> Iterator[Event]:
    found = [text_of(part) for part in report.own if part.kind == "message/feedback-report"]
    if not found and "feedback-report" in report.parts[0].get("content-type").lower():
        # If the MIME structure is broken, the fields may be in the text, or missing.
        found = [text for part in report.own if _FEEDBACK.search(text := text_of(part))] or [""]
    if not found:
        return
    fields = fields_of(re.sub(r"\n\n+", "\n", found[0]))
    said = fields.get("feedback-type", "abuse")
    if said.lower() in _NO_COMPLAINT:
        yield Event(kind=ReportKind.RECEIPT, email="", verdict=Verdict.UNKNOWN)
        return
    names = ("original-rcpt-to", "removal-recipient", "original-recipient")
    who = [match[1] for name in names if (match := _ONE.search(fields.get(name, "")))]
    for address in dict.fromkeys(who or _copied(report)) or [""]:
        yield Event(
            kind=ReportKind.COMPLAINT,
            email=address,
            verdict=Verdict.UNKNOWN,
            evidence=f"complaint: {printable(said)[:40]}",
        )


# --- Delivery status notifications --------------------------------------------------------------


def _notification(report: _Report) -> Iterator[Event]:
    texts = [text_of(part) for part in report.own if part.kind in STATUSES]
    if not texts and report.by_machine:
        texts = [_INDENTED.sub("", text_of(part)) for part in report.own]
    groups = (group for text in texts for group in groups_of(text) if _is_recipient(group))
    actions: set[str] = set()
    for fields in itertools.islice(groups, MOST_RECIPIENTS):
        action = (fields.get("action", "failed").lower().split() or ["failed"])[0]
        if action not in _ARRIVED:
            yield _of_group(fields, action, report)
        actions.add(action)
    if actions and actions <= set(_ARRIVED):
        yield Event(kind=ReportKind.RECEIPT, email="", verdict=Verdict.UNKNOWN)


def _is_recipient(fields: dict[str, str]) -> bool:
    """Return whether fields describe a recipient (RFC 3464, 2.3); gateways drop some fields."""
    named = "final-recipient" in fields or "original-recipient" in fields
    return ("action" in fields and "status" in fields) or (
        named and ("action" in fields or "status" in fields)
    )


def _of_group(fields: dict[str, str], action: str, report: _Report) -> Event:
    """Return what a notification says about one recipient."""
    # The actual recipient is where delivery failed: the reader's address, or where it forwards to.
    names = ("x-actual-recipient", "final-recipient", "original-recipient")
    found = [match[1] for name in names if (match := _ONE.search(fields.get(name, "")))]
    found = found or list(addresses(report.parts[0].all("x-failed-recipients")))
    email = (found or list(report.about) or [""])[0]
    text = re.sub(r"^\s*[\w.-]{1,40}\s*;", "", fields.get("diagnostic-code", "")).strip()
    text = text or fields.get("x-notes-error-string", "")
    status = _ENHANCED.search(fields.get("status", ""))
    enhanced = status[1] if status else ""
    own_words = report.about.get(email.lower(), report.words)
    said = text if len(text) > TELLING else f"{text}\n{own_words}"
    verdict, is_final, _ = _told(said, enhanced, report)
    is_final = is_final and action != "delayed"
    dead = failing(email, text, report.others) if verdict.is_hard else email
    named = (email, *(report.about if is_forwarded(report.words, report.others) else ()))
    return Event(
        kind=ReportKind.DELAY if action == "delayed" else ReportKind.BOUNCE,
        email=dead,
        beside=next((address for address in named if address != dead), dead),
        verdict=_believed(verdict, is_proved=is_final),
        is_final=is_final,
        status=enhanced,
        evidence=printable(text or own_words)[:EVIDENCE],
    )


# --- Answers by machines and people -------------------------------------------------------------


def _answer(report: _Report) -> Iterator[Event]:
    if is_answer(report.parts):
        email = sender_of(report.parts[0])
        yield Event(
            kind=ReportKind.REPLY, email=email, verdict=Verdict.UNKNOWN, evidence="an answer"
        )


# --- The words of mail servers ------------------------------------------------------------------


def _words(report: _Report) -> Iterator[Event]:
    found = report.about
    if not found:
        failed = list(addresses(report.parts[0].all("x-failed-recipients")))
        found = dict.fromkeys((failed or _copied(report))[:MOST_RECIPIENTS], report.words)
    waits = is_passing(f"{decoded(report.parts[0].get('subject'))}\n{report.words}")
    for email, said in found.items() if found else [("", report.words)]:
        verdict, is_final, reply = _told(said, "", report)
        if verdict is Verdict.UNKNOWN and len(found) == 1 and not replies_in(said):
            # With only one address, the whole text is about it, also what comes before it.
            verdict, is_final, reply = _told(report.words, "", report)
        if not found and verdict is Verdict.UNKNOWN:
            return
        led_on = verdict.is_hard and len(found) > 1 and is_forwarded(said, report.others)
        if not report.by_daemon or (verdict.is_hard and (waits or led_on)):
            verdict, is_final = Verdict.UNKNOWN, False
        yield Event(
            kind=ReportKind.DELAY if waits and not is_final else ReportKind.BOUNCE,
            email=failing(email, reply.text, report.others) if is_final and email else email,
            beside=email,
            verdict=_believed(verdict, is_proved=is_final and _is_telling(said, reply)),
            is_final=is_final,
            status=reply.enhanced,
            evidence=printable(said)[:EVIDENCE],
        )


def _told(said: str, enhanced: str, report: _Report) -> tuple[Verdict, bool, QuotedReply]:
    """Return a text's verdict, whether a reply makes it permanent, and that reply.

    `enhanced` is the enhanced code that applies to the whole text.
    """
    around = f"{said}\n{report.words}"
    replies = replies_in(said)
    if report.explained in (Verdict.FULL, Verdict.DISABLED) and replies:
        # An explanation says more than the reply: "user unknown" may be an account on hold.
        return report.explained, False, replies[0]
    judged: list[tuple[Verdict, QuotedReply]] = []
    for reply in replies:
        vague = not reply.enhanced or reply.enhanced.endswith(".0.0")
        numbers = enhanced if enhanced and (vague or enhanced[0] == "4") else reply.enhanced
        verdict = judge(reply.code, numbers, reply.text, around)
        if verdict is not Verdict.UNKNOWN:
            judged.append((verdict, reply))
    if judged:
        # Replies that disagree prove nothing: take the first one that does not blame the address.
        verdict, reply = next(
            (judgement for judgement in judged if not judgement[0].is_hard), judged[0]
        )
        return verdict, verdict.is_hard and _is_final(reply), reply
    reply = replies[0] if replies else QuotedReply(0, "", "")
    code = 400 if replies and not any(_is_final(quoted) for quoted in replies) else 0
    verdict = judge(code, enhanced or reply.enhanced, said, around)
    detailed = enhanced.startswith("5") and not enhanced.endswith(".0.0")
    final = detailed or bool(_EXCHANGE.search(said)) or any(_is_final(quoted) for quoted in replies)
    return verdict, verdict.is_hard and final, reply


def _believed(verdict: Verdict, *, is_proved: bool) -> Verdict:
    """Return a verdict, weakened if a report alone cannot prove it.

    That a mailbox does not exist needs a specific code; words are not enough. A missing domain is
    believed without, because no server is there to give a code.
    """
    if verdict in (Verdict.NO_MAILBOX, Verdict.MOVED) and not is_proved:
        return Verdict.SAID_GONE
    return verdict


def _is_telling(said: str, reply: QuotedReply) -> bool:
    """Return whether the code says more than that the message was refused."""
    return reply.enhanced[1:] not in ("", ".0.0") or bool(_EXCHANGE.search(said))


def _is_final(reply: QuotedReply) -> bool:
    """Return whether a reply is of class 5: permanent (RFC 5321, 4.2.1; RFC 3463, 2)."""
    return 5 in (reply.code // 100, int(reply.enhanced[:1] or 0))  # noqa: PLR2004  the class


def _copied(report: _Report) -> list[str]:
    """Return the recipients of the message that came back."""
    for part in report.parts[1:]:
        if part.get("from") and part.get("to"):
            return list(addresses(part.all("to")))
    for part in report.parts:
        if not part.holds_parts and (found := _TO.search(text_of(part))):
            return [found[1]]
    return []
