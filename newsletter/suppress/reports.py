"""Mail that came back, parsed: its parts, its words, its fields.

The mail is not trusted. Python's own parser recurses into nested messages, tries every open
boundary on every line, and raises on some broken headers. So the little of MIME that is needed (RFC
2045, 2046) is parsed here in one pass, with limits, and never fails.
"""

from __future__ import annotations

import binascii
import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

MAX_BYTES = 2_000_000
"""Bytes that are read of a report; the reason of a bounce is near its beginning."""
MAX_PARTS = 60
MAX_DEPTH = 8
MAX_HEAD = 100_000
"""Bytes that are read of a part's headers."""
MAX_ENCODED = 100_000
"""Bytes of a part that are decoded."""
MAX_TEXT = 20_000
"""Characters that are read of a part."""
MAX_WORDS = 6_000
"""Characters that are read of a report's words."""

ADDRESS = (
    r"(?<![A-Za-z0-9!#$%&'*+/=?^_`{|}~.-])[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}"
    r"@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
)
"""A pattern for addresses; it looks at each run of characters only once."""
ANY = re.compile(ADDRESS)
COPIES: Final = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
)
"""Media types of parts that hold the returned message, or its headers."""
STATUSES: Final = ("message/delivery-status", "message/global-delivery-status")

_COPY: Final = re.compile(
    r"^(?:-{2,}.{0,80}(?:original|copy|returned|header|message (?:header|text|follows)|undelivered)"
    r"|.{0,80}(?:below this line is a copy|original message (?:follows|header|text)"
    r"|message header follows|the (?:header|text) of (?:the|your) (?:original )?message"
    r"|this is a copy of|your (?:original )?message (?:follows|is (?:returned|enclosed))"
    r"|unsent message below|returned message follows"
    r"|headers? of the (?:original|returned) message|copy of (?:the|your) (?:original )?message)"
    r"|(?:received|return-path|dkim-signature|x-mailer|mime-version|message-id):)",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a report's own text ends and the returned message begins."""
_WORD: Final = re.compile(
    r"=\?([\w.:-]{1,40})(?:\*[\w-]*)?\?([bq])\?([^?\s]{0,2000})\?=", re.IGNORECASE
)
"""An encoded word (RFC 2047)."""
_CHARSETS: Final = re.compile(
    r"utf[-_]?(?:8|16(?:le|be)?)|(?:us-)?ascii|iso[-_]?8859[-_]\d{1,2}|latin-?1|windows-\d{3,4}"
    r"|cp-?\d{3,4}|koi8-[rut]|gb(?:2312|k|18030)|hz-gb-2312|big5(?:-?hkscs)?|s(?:hift_?)?jis"
    r"|euc-(?:jp|kr)|iso-2022-(?:jp|kr)[\w-]{0,6}|ks_c_5601-1987|tis-620|mac[\w-]{1,12}",
    re.IGNORECASE,
)
"""Charsets used in mail; Python knows others, and some of those take quadratic time."""
_BOUNDARY: Final = re.compile(
    r"boundary\s{0,9}=\s{0,9}(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE
)
_CHARSET: Final = re.compile(r"charset\s{0,9}=\s{0,9}\"?([\w.:-]{1,40})", re.IGNORECASE)
_NO_BASE64: Final = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
_JSON: Final = re.compile(r"\{[^{}]{0,3000}\"emailAddress\"[^{}]{0,3000}\}")
_JSON_NAMES: Final = {
    "emailAddress": "final-recipient", "action": "action", "status": "status",
    "diagnosticCode": "diagnostic-code",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePart:
    """A message, or one part of it."""

    headers: tuple[tuple[str, str], ...]
    """Pairs of a name in lower case and a value on one line."""
    kind: str
    """Its media type in lower case."""
    body: bytes
    """The body before decoding, with lines that end in a line feed."""
    is_copied: bool
    """Whether this is the returned message, or a part of it."""
    holds_parts: bool

    def all(self, name: str) -> list[str]:
        """Return the values of every header with this name, given in lower case."""
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str:
        """Return the first header with this name; empty when there is none."""
        return next((value for key, value in self.headers if key == name), "")


def read_parts(raw: bytes) -> list[MessagePart]:
    """Return a message and the parts in it, within limits of depth and number."""
    whole = raw[:MAX_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    waiting = [(whole, 0, False)]
    found: list[MessagePart] = []
    while waiting and len(found) < MAX_PARTS:
        content, level, is_copied = waiting.pop(0)
        head, body = _cut(content)
        headers = headers_of(head)
        kind, boundary = _type_of(headers)
        is_copied = is_copied or bool(level and kind in COPIES)
        inner: list[bytes] = []
        if level < MAX_DEPTH:
            inner = _inside(kind, boundary, headers, body)
        found.append(
            MessagePart(headers=headers, kind=kind, body=body, is_copied=is_copied,
                 holds_parts=bool(inner))
        )  # fmt: skip
        waiting[:0] = [(part, level + 1, is_copied) for part in inner]
    return found


def _cut(content: bytes) -> tuple[bytes, bytes]:
    """Return the headers and the body of a message (RFC 5322, 2.1)."""
    if content.startswith(b"\n"):
        return b"", content[1:]
    head, _, body = content.partition(b"\n\n")
    return head[:MAX_HEAD], body


def headers_of(head: bytes) -> tuple[tuple[str, str], ...]:
    """Return unfolded headers; lines that are not headers are skipped."""
    found: list[tuple[str, list[str]]] = []
    for line in head.decode("utf-8", "replace").split("\n"):
        if line[:1] in (" ", "\t"):
            if found:
                found[-1][1].append(line.strip())
        else:
            name, colon, value = line.partition(":")
            if colon:
                found.append((name.strip().lower(), [value.strip()]))
    return tuple((name, " ".join(lines)) for name, lines in found)


def _type_of(headers: tuple[tuple[str, str], ...]) -> tuple[str, bytes]:
    """Return the media type of a part (by default text/plain) and its boundary."""
    value = next((value for name, value in headers if name == "content-type"), "")
    kind = value.partition(";")[0].strip().lower() or "text/plain"
    found = re.search(
        r"boundary\s{0,9}=\s{0,9}(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", value, re.IGNORECASE
    )
    return kind, (found[1] or found[2] or "").strip().encode() if found else b""


def _inside(
    kind: str, boundary: bytes, headers: tuple[tuple[str, str], ...], body: bytes
) -> list[bytes]:
    """Return the parts inside a multipart body."""
    if kind in ("message/rfc822", "message/global"):
        return [_transferred(headers, body)]
    if not kind.startswith("multipart/") or not boundary:
        return []
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*$", re.MULTILINE)
    found: list[bytes] = []
    start = -1
    for match in line.finditer(body):
        if start >= 0:
            found.append(body[start : max(start, match.start() - 1)])
        start = match.end() + 1
        if match[1] or len(found) >= MAX_PARTS:
            return found
    if start >= 0:
        found.append(body[start:])  # cut off: the last boundary is missing
    return found


def fields_of(text: str) -> dict[str, str]:
    """Return a report's unfolded fields by name in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for name, value in headers_of(text.encode("utf-8", "replace")):
        found.setdefault(name, value)
    return found


def groups_of(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each recipient of a delivery status notification (RFC 3464, 2.1).

    An empty line separates two groups; if a gateway removed it, the next recipient field does.
    """
    if tells_as_json(text):
        yield from _json_groups(text)
        return
    lines: list[str] = []
    recipients: set[str] = set()
    for line in [*text.split("\n"), ""]:
        name = line.partition(":")[0].strip().lower()
        again = name in recipients
        if again or not line.strip():
            fields = fields_of("\n".join(lines))
            if fields:
                yield fields
            lines, recipients = [], set()
        if name in ("final-recipient", "original-recipient"):
            recipients.add(name)
        lines.append(line)


def tells_as_json(text: str) -> bool:
    """Return whether a text is Amazon SES's notice of a bounce, whose fields are JSON."""
    return '"bouncedRecipients' in text.replace("\\", "")[:MAX_TEXT]


def _json_groups(text: str) -> Iterator[dict[str, str]]:
    # The notice is a string within another notice, so its quotation marks are escaped once.
    for found in _JSON.findall(text.replace('\\"', '"')):
        with contextlib.suppress(ValueError, RecursionError):
            told = json.loads(found, strict=False)
            # JSON can hold half of a surrogate pair, which is not valid text.
            texts = {name: str(told[name]).encode("utf-8", "replace").decode() for name in told}
            yield {_JSON_NAMES[name]: texts[name] for name in texts if name in _JSON_NAMES}


def words_of(parts: list[MessagePart]) -> str:
    """Return the words of a report, without those of the returned message."""
    for part in parts:
        if part.is_copied or part.holds_parts or part.kind in STATUSES:
            continue
        # A multipart without parts is broken, but may still hold the words.
        if not part.kind.startswith(("text/", "multipart/")):
            continue
        text = text_of(part)
        if part.kind == "text/html":
            text = re.sub(r"<[^<>]{0,500}>", " ", text)
        if not text.strip():
            continue
        end = _COPY.search(text, 40)
        return text[: end.start() if end else None][:MAX_WORDS]
    return ""


def text_of(part: MessagePart) -> str:
    """Return a part's text, decoded."""
    raw = _transferred(part.headers, part.body[:MAX_ENCODED])
    found = re.search(
        r"charset\s{0,9}=\s{0,9}\"?([\w.:-]{1,40})", part.get("content-type"), re.IGNORECASE
    )
    return _decode(raw, found[1] if found else "utf-8")[:MAX_TEXT]


def _transferred(headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """Return a body without its transfer encoding (RFC 2045, 6)."""
    encoding = next((value for name, value in headers if name == "content-transfer-encoding"), "")
    if encoding.strip().lower() == "base64":
        return _base64(body)
    if encoding.strip().lower() == "quoted-printable":
        return binascii.a2b_qp(body)
    return body


def _base64(body: bytes) -> bytes:
    clean = body.translate(None, _NO_BASE64)
    if len(clean) % 4 == 1:
        clean = clean[:-1]  # cut off in the middle of a byte
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def _decode(raw: bytes, charset: str) -> str:
    if not _CHARSETS.fullmatch(charset):
        charset = "utf-8"
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return raw.decode("latin-1")


def decoded(text: str) -> str:
    """Return a header with its encoded words (RFC 2047) decoded; unchanged if they are broken."""
    return _WORD.sub(_word, re.sub(r"(\?=)\s{1,99}(?==\?)", r"\1", text))


def _word(found: re.Match[str]) -> str:
    content = found[3].encode("ascii", "replace")
    if found[2] in "bB":
        return _decode(_base64(content), found[1])
    return _decode(binascii.a2b_qp(content, header=True), found[1])


def addresses(values: Iterable[str]) -> Iterator[str]:
    """Yield every address in some headers."""
    for value in values:
        yield from ANY.findall(value)
