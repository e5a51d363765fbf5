"""Reports that come back: which address, what of it, and whether it is to be believed.

In this order: a complaint (ARF, RFC 5965), a delivery status notification (RFC 3464), odd formats
by their words. An answer by a machine (RFC 3834) is neither. A report is unauthenticated: only the
address it was sent to, which nobody can guess (VERP), says for whom it is.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum

from newsletter.model import Verdict
from newsletter.send.reports import (
    ADDRESS,
    ANY,
    addresses,
    decoded,
    fields_of,
    read_parts,
    text_of,
    words_of,
)
from newsletter.send.streams import printable
from newsletter.send.verdicts import judge

EVIDENCE = 300
TELLING = 12
"""Characters from which on a diagnostic says something, and what stands around it nothing more."""


class Kind(StrEnum):
    """What a report is."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELAY = "delay"
    """Not yet: the server goes on trying."""
    REPLY = "reply"
    """A machine or a person answered: no report at all."""
    UNREADABLE = "unreadable"
    """A report perhaps, and nobody can tell whose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a report says of one address."""

    kind: Kind
    email: str
    verdict: Verdict
    status: str = ""
    """The enhanced code, such as `5.1.1`."""
    evidence: str = ""
    """What the server said, in one line; hostile, as everything from outside."""


_BRACKETED = re.compile(rf"<({ADDRESS})>")
_FINAL = re.compile(rf"(?:rfc822|unknown|x400|utf-8)?\s*;?\s*<?({ADDRESS})>?", re.IGNORECASE)
_LISTED = re.compile(rf"^[ \t]*<?({ADDRESS})>?:", re.MULTILINE)
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_EXCHANGE = re.compile(r"MSEXCH:\S+ .*\([0-9A-F]{8}\)")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_ROLES = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-?daemon|noreply|no-reply|bounces?)\b", re.IGNORECASE
)
_ANSWER = re.compile(
    r"out of (?:the )?office|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|vacation"
    r"|on leave|abwesen|absence",
    re.IGNORECASE,
)


def read_report(raw: bytes) -> tuple[Event, ...]:
    """Return what a message that came back says, an event for each address.

    Never raises: what cannot be understood is one event of the kind `unreadable`.
    """
    parts = read_parts(raw)
    message = parts[0]
    for reading in (_complaint, _notification, _answer, _words):
        if events := tuple(reading(message, parts)):
            return tuple(dict.fromkeys(events))
    return (Event(kind=Kind.UNREADABLE, email="", verdict=Verdict.UNKNOWN),)


# --- Complaints ---------------------------------------------------------------------------------


def _complaint(message: Message, parts: list[Message]) -> Iterator[Event]:
    reports = [one for one in parts if one.get_content_type() == "message/feedback-report"]
    if not reports and "feedback-report" not in str(message.get("Content-Type", "")).lower():
        return
    fields = fields_of(text_of(reports[0])) if reports else {}
    said = fields.get("feedback-type", "abuse")
    found = [
        match[1]
        for name in ("original-rcpt-to", "removal-recipient", "original-recipient")
        if (match := _FINAL.search(fields.get(name, "")))
    ]
    if not found:
        # Many hide the reader in the report; the copy of our own message still says who it was.
        copies = [one for one in parts[1:] if one.get("From") and one.get("To")]
        found = [address for one in copies for address in addresses(one.get_all("To", []))]
    if said.lower() in ("not-spam", "dkim", "auth-failure"):
        return
    for address in dict.fromkeys(found) or [""]:
        yield Event(
            kind=Kind.COMPLAINT,
            email=address,
            verdict=Verdict.UNKNOWN,
            evidence=f"complaint: {printable(said)[:40]}",
        )


# --- Delivery status notifications --------------------------------------------------------------


def _notification(message: Message, parts: list[Message]) -> Iterator[Event]:
    words = words_of(parts)
    for part in parts:
        if part.get_content_type() not in (
            "message/delivery-status",
            "message/global-delivery-status",
        ):
            continue
        for group in re.split(r"\n\s*\n", text_of(part).replace("\r\n", "\n")):
            fields = fields_of(group)
            names = ("original-recipient", "final-recipient", "x-actual-recipient")
            recipients = [
                match[1] for name in names if (match := _FINAL.search(fields.get(name, "")))
            ]
            if "action" not in fields and "status" not in fields:
                continue
            if not recipients:
                recipients = list(addresses(message.get_all("X-Failed-Recipients", []))) or list(
                    _named(words)
                )
            yield from _of_group(fields, recipients, words)


def _of_group(fields: dict[str, str], recipients: list[str], words: str) -> Iterator[Event]:
    action = fields.get("action", "failed").lower().split()[:1]
    if action and action[0] in ("delivered", "relayed", "expanded"):
        return
    diagnostic = re.sub(r"^\s*[\w.-]+\s*;", "", fields.get("diagnostic-code", "")).strip()
    status = _ENHANCED.search(fields.get("status", ""))
    enhanced = status[1] if status else ""
    text = diagnostic or fields.get("x-notes-error-string", "")
    verdict = _verdict(text, enhanced, words, formal=True)
    kind = Kind.DELAY if action == ["delayed"] else Kind.BOUNCE
    yield Event(
        kind=kind,
        email=recipients[0] if recipients else "",
        verdict=verdict,
        status=enhanced,
        evidence=printable(text or words)[:EVIDENCE],
    )


def _verdict(diagnostic: str, enhanced: str, words: str, *, formal: bool = False) -> Verdict:
    """Return what a report says: its diagnostic first, then its words, then its numbers.

    Of a `formal` one (RFC 3464) the three digits of a reply are proof enough.
    """
    said = diagnostic if len(diagnostic) > TELLING else f"{diagnostic} {words}"
    code = _CODE.search(said)
    inner = _ENHANCED.search(said)
    numbers = inner[1] if inner and not inner[1].endswith(".0.0") else enhanced
    found = judge(int(code[1]) if code else 0, numbers, said, words)
    detailed = bool(numbers) and not numbers.endswith(".0.0")
    detailed = detailed or bool(code and formal) or bool(_EXCHANGE.search(said))
    if found is Verdict.NO_MAILBOX and not detailed:
        # Words without a number are somebody's summary: not enough to take a reader off for good.
        return Verdict.UNKNOWN
    return found


# --- Answers by machines and people -------------------------------------------------------------


def _answer(message: Message, parts: list[Message]) -> Iterator[Event]:
    auto = str(message.get("Auto-Submitted", "")).lower()
    marked = auto.startswith("auto-replied") or any(
        message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From")
    )
    subject = decoded(str(message.get("Subject", "")))
    sender = " ".join(addresses(message.get_all("From", [])))
    is_daemon = bool(_ROLES.match(sender)) or message.get("Return-Path", "").strip() == "<>"
    fails = is_daemon and judge(0, "", words_of(parts)) is not Verdict.UNKNOWN
    if (marked or _ANSWER.search(subject)) and not fails:
        yield Event(kind=Kind.REPLY, email=sender, verdict=Verdict.UNKNOWN, evidence="an answer")


# --- Odd formats --------------------------------------------------------------------------------


def _words(message: Message, parts: list[Message]) -> Iterator[Event]:
    words = words_of(parts)
    segments = _segments(words)
    if not segments:
        found = list(addresses(message.get_all("X-Failed-Recipients", [])))
        found = found or list(_named(words)) or _by_library(message) or list(_copied(parts))
        verdict = _verdict("", _first(_ENHANCED, words), words)
        if not found and verdict is Verdict.UNKNOWN:
            return
        segments = [(address, words) for address in found[:10] or [""]]
    for address, said in segments:
        yield Event(
            kind=Kind.BOUNCE,
            email=address,
            verdict=_verdict("", _first(_ENHANCED, said), said),
            status=_first(_ENHANCED, said),
            evidence=printable(said)[:EVIDENCE],
        )


def _segments(words: str) -> list[tuple[str, str]]:
    """Return what a report says of each of several addresses, each at the start of a line."""
    starts = [one for one in _LISTED.finditer(words) if not _ROLES.match(one[1])]
    if not starts:
        return []
    ends = [one.start() for one in starts[1:]] + [len(words)]
    found = [(one[1], words[one.end() : end]) for one, end in zip(starts, ends, strict=True)]
    return [one for one in found if one[1].strip()]


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _named(words: str) -> Iterator[str]:
    """Yield the addresses that the words of a report are about; those in brackets count first."""
    for pattern in (_BRACKETED, ANY):
        seen = []
        for match in pattern.finditer(words):
            address = match[1] if pattern is _BRACKETED else match[0]
            if not _ROLES.match(address):
                seen.append(address)
        if seen:
            yield from dict.fromkeys(seen)
            return


def _by_library(message: Message) -> list[str]:
    """Return what flufl.bounce finds, which knows formats of mail servers long gone."""
    from flufl.bounce import scan_message  # noqa: PLC0415  only odd reports pay for it

    # It tells its log of every format that it stumbles over, which is none of anybody's business.
    logging.getLogger("flufl.bounce").disabled = True
    try:
        found = scan_message(message)
    except Exception:  # noqa: BLE001  it was written for other mail than this
        return []
    return sorted(
        one.decode("ascii", "ignore") if isinstance(one, bytes) else str(one) for one in found
    )


def _copied(parts: list[Message]) -> Iterator[str]:
    """Yield whom the message that came back was for."""
    for part in parts[1:]:
        if part.get("From") and part.get("To"):
            yield from addresses(part.get_all("To", []))
            return
    for part in parts:
        if not part.is_multipart():
            found = re.search(rf"^To: .*?({ADDRESS})", text_of(part), re.MULTILINE | re.IGNORECASE)
            if found:
                yield found[1]
                return
