"""Mail that came back, as it is read: its parts, its words, its fields."""

from __future__ import annotations

import email
import email.header
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from typing import Final

MAX_BYTES = 2_000_000
"""Bytes that are read of a report: what is wrong stands at its beginning."""
MAX_PARTS = 60
MAX_DEPTH = 8
MAX_TEXT = 20_000
"""Characters of words that are looked at."""

ADDRESS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
"""A pattern of what is taken for an address."""
ANY = re.compile(ADDRESS)
_COPY: Final = re.compile(
    r"^(?:-{2,}.*(?:original|copy|returned|header|message (?:header|text|follows)|undelivered).*"
    r"|.*(?:below this line is a copy|original message (?:follows|header|text)"
    r"|message header follows|the (?:header|text) of (?:the|your) (?:original )?message"
    r"|this is a copy of|your (?:original )?message (?:follows|is (?:returned|enclosed))"
    r"|unsent message below|returned message follows"
    r"|headers? of the (?:original|returned) message|copy of (?:the|your) (?:original )?message).*"
    r"|(?:received|return-path|dkim-signature|x-mailer|mime-version|message-id):.*)$",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a report ends and the message that it is about begins."""


def read_parts(raw: bytes) -> list[Message]:
    """Return a message and the parts in it, as deep and as many as is reasonable."""
    waiting = [(email.message_from_bytes(raw[:MAX_BYTES]), 0)]
    found: list[Message] = []
    while waiting and len(found) < MAX_PARTS:
        part, level = waiting.pop(0)
        found.append(part)
        inner = part.get_payload()
        if isinstance(inner, list) and level < MAX_DEPTH:
            waiting[:0] = [(one, level + 1) for one in inner if isinstance(one, Message)]
    return found


def fields_of(text: str) -> dict[str, str]:
    """Return the fields of a report, unfolded, by name in lower case; the first one counts."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line[:1] in (" ", "\t") and name:
            found[name] += " " + line.strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            if name in found:
                name = ""
            else:
                found[name] = value.strip()
    return found


def words_of(parts: list[Message]) -> str:
    """Return the words of a report, without the message that it is about."""
    for part in parts:
        kind = part.get_content_type()
        if kind in ("message/rfc822", "text/rfc822-headers", "message/delivery-status"):
            continue
        broken = part.get_content_maintype() == "multipart" and not part.is_multipart()
        if part.is_multipart() or not (broken or part.get_content_maintype() == "text"):
            continue
        text = text_of(part)
        if kind == "text/html":
            text = re.sub(r"<[^>]{0,500}>", " ", text)
        if not text.strip():
            continue
        end = _COPY.search(text, 40)
        return text[: end.start()] if end and end.start() > 40 else text  # noqa: PLR2004
    return ""


def text_of(part: Message) -> str:
    """Return a part as text, however it is encoded."""
    inner = part.get_payload()
    if isinstance(inner, list):
        # The parser reads the groups of a delivery-status as messages of headers only.
        groups = [one for one in inner if isinstance(one, Message)]
        return "\n\n".join(
            "\n".join(f"{name}: {value}" for name, value in one.items()) for one in groups
        )[:MAX_TEXT]
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        return raw.decode(charset, "replace")[:MAX_TEXT]
    except (LookupError, ValueError):
        return raw.decode("latin-1")[:MAX_TEXT]


def decoded(text: str) -> str:
    """Return a header with its encoded words (RFC 2047) decoded; as it is when they are broken."""
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (ValueError, LookupError, UnicodeError):
        return text


def addresses(values: Iterable[object]) -> Iterator[str]:
    """Yield every address in some headers."""
    for value in values:
        yield from ANY.findall(str(value))
