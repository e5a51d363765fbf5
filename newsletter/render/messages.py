"""MIME and headers: an edition is encoded once, then spliced with each subscriber's own bytes.

The header block is that of a well-behaved list: RFC 5322, 2045-2047, 2369, 2919, 3834, 8058. We
write headers ourselves because the standard library folds a long List-Unsubscribe into encoded
words, which breaks one-click.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import email.utils
import hashlib
import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from newsletter.errors import HeaderError
from newsletter.model import Edition, Issue
from newsletter.render.tokens import TOKEN

CRLF = b"\r\n"
LINE = 78
"""RFC 5322, 2.1.1: lines should not be longer."""
ENCODED_WORD = 75
"""RFC 2047, 2: an encoded word must not be longer."""

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_BARE_NEWLINE = re.compile(rb"(?<!\r)\n")
_SPECIALS = re.compile(r'[()<>@,:;.\[\]"\\]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What the headers of every message say about the newsletter."""

    name: str
    sender: str
    reply_to: str
    language: str

    @property
    def domain(self) -> str:
        """The domain of the sender, which names the list and the messages."""
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """What differs from reader to reader."""

    id: str
    email: str
    name: str
    unsubscribe_url: str
    """https, when there is a site to post to; else a mailto."""
    preferences_url: str
    date: dt.datetime
    """Of sending, in the reader's time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An edition as bytes with holes."""

    issue: dt.date
    letterhead: Letterhead
    headers: bytes
    """Those that are the same for every reader, CRLF at the end."""
    body: tuple[bytes | tuple[str, str], ...]
    """Bytes as they are, or (token name, `html` or `text`) to be filled in."""


def encode_edition(issue: Issue, edition: Edition, letterhead: Letterhead) -> Encoded:
    """Encode the headers and both parts of an edition, up to what differs between readers.

    Raises HeaderError when a header's value holds a control character.
    """
    digest = hashlib.sha256((edition.html + edition.text).encode()).hexdigest()
    # `=_` cannot stand in quoted-printable text, where every `=` is followed by two hex digits.
    boundary = f"=_{digest[:24]}"
    list_name = _slug(letterhead.name)
    same = (
        ("From", address_header(letterhead.name, letterhead.sender)),
        ("Reply-To", f"<{letterhead.reply_to}>"),
        ("Subject", words_header(edition.subject)),
        ("MIME-Version", "1.0"),
        ("List-Id", f"{_phrase(letterhead.name)} <{list_name}.{letterhead.domain}>"),
        ("List-Help", f"<mailto:{letterhead.reply_to}?subject=help>"),
        ("List-Subscribe", f"<mailto:{letterhead.reply_to}?subject=subscribe>"),
        ("List-Owner", f"<mailto:{letterhead.reply_to}>"),
        ("List-Post", "NO"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Precedence", "bulk"),
        ("Feedback-ID", f"{issue.date:%Y%m%d}:{_slug(edition.key)[:24]}:daily:{list_name[:24]}"),
        ("Content-Language", letterhead.language),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
    )
    return Encoded(
        issue=issue.date,
        letterhead=letterhead,
        headers=b"".join(header(name, value) for name, value in same),
        body=(
            _part_head(boundary, "plain", first=True),
            *_cut(edition.text, "text"),
            _part_head(boundary, "html"),
            *_cut(edition.html, "html"),
            f"\r\n--{boundary}--\r\n".encode(),
        ),
    )


def message_id(issue: dt.date, subscriber_id: str, domain: str) -> str:
    """Return the Message-ID, a function of issue and subscriber, without brackets.

    A message that is sent again is the same message (RFC 5322, 3.6.4), so that mailbox systems
    that fold equal Message-IDs show one.
    """
    return f"{issue:%Y%m%d}.{subscriber_id}@{domain}"


def compose(encoded: Encoded, recipient: Recipient) -> bytes:
    """Return the whole message for one reader, CRLF line ends, ready for SMTP's DATA.

    Raises HeaderError when the reader's name or address holds a control character.
    """
    values: dict[str, str] = {
        "greeting": f"Hello {recipient.name}" if recipient.name else "Hello",
        "email": recipient.email,
        "unsubscribe_url": recipient.unsubscribe_url,
        "preferences_url": recipient.preferences_url,
    }
    domain = encoded.letterhead.domain
    own = [
        header("Date", email.utils.format_datetime(recipient.date)),
        header("To", address_header(recipient.name, recipient.email)),
        header("Message-ID", f"<{message_id(encoded.issue, recipient.id, domain)}>"),
        *_unsubscribe(encoded.letterhead, recipient),
    ]
    written: dict[tuple[str, str], bytes] = {}
    pieces = [*own, encoded.headers, CRLF]
    for piece in encoded.body:
        if isinstance(piece, bytes):
            pieces.append(piece)
            continue
        if piece not in written:
            written[piece] = _fill_in(values, *piece)
        pieces.append(written[piece])
    return b"".join(pieces)


def _unsubscribe(letterhead: Letterhead, recipient: Recipient) -> list[bytes]:
    """Return RFC 2369's header, and RFC 8058's beside it when the link can be posted to."""
    mail = f"<mailto:{letterhead.reply_to}?subject=unsubscribe%20{recipient.id}>"
    link = recipient.unsubscribe_url
    if not link.startswith("https://"):
        return [header("List-Unsubscribe", mail)]
    return [
        # Each address whole; folding only after the comma.
        header("List-Unsubscribe", f"<{link}>,\r\n {mail}"),
        header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


# --- Headers ----------------------------------------------------------------------------------


def header(name: str, value: str) -> bytes:
    r"""Return one header line; every value passes here.

    Line breaks are allowed only as folding that this module made: CRLF and a space. Raises
    HeaderError for any other control character, and for text that is not ASCII by now.
    """
    if _CONTROL.search(value.replace("\r\n ", "")):
        raise HeaderError(f"{name}: {value!r} holds a control character, which a header must not")
    try:
        return f"{name}: {value}\r\n".encode("ascii")
    except UnicodeEncodeError:
        raise HeaderError(f"{name}: {value!r} is not plain ASCII") from None


def words_header(text: str) -> str:
    """Return unstructured text as a header value: plain and folded, or RFC 2047 encoded words."""
    _refuse_controls(text)
    if text.isascii() and "=?" not in text:
        return _fold(text)
    return "\r\n ".join(_encoded_words(text))


def address_header(name: str, address: str) -> str:
    """Return `"Name" <address>`, or `<address>` without a name."""
    if not name:
        return f"<{address}>"
    phrase = _phrase(name)
    # Past 78 columns with `From: ` before it: the address goes on a line of its own.
    fold = "\r\n " if len(phrase) + len(address) > LINE - 15 else " "
    return f"{phrase}{fold}<{address}>"


def _phrase(name: str) -> str:
    """Return a display name, quoted or encoded as it needs."""
    _refuse_controls(name)
    if not name.isascii() or "=?" in name:
        return "\r\n ".join(_encoded_words(name))
    if _SPECIALS.search(name):
        return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'
    return name


def _refuse_controls(text: str) -> None:
    if _CONTROL.search(text):
        raise HeaderError(f"{text!r} holds a control character, which a header must not")


def _encoded_words(text: str) -> list[str]:
    """Return base64 encoded words of at most 75 columns, cut between characters (RFC 2047, 5)."""
    room = (ENCODED_WORD - len("=?utf-8?b??=")) // 4 * 3
    chunks: list[bytes] = [b""]
    for char in text:
        raw = char.encode("utf-8", "replace")
        if len(chunks[-1]) + len(raw) > room:
            chunks.append(b"")
        chunks[-1] += raw
    return [f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in chunks]


def _fold(text: str) -> str:
    """Fold at white space so that lines stay under 78 columns where words allow."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > LINE - 12:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join((*lines, line))


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "newsletter"


# --- Bodies -----------------------------------------------------------------------------------


def _part_head(boundary: str, subtype: str, *, first: bool = False) -> bytes:
    start = "" if first else "\r\n"
    return (
        f"{start}--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def _cut(text: str, kind: str) -> list[bytes | tuple[str, str]]:
    """Cut at the tokens, then encode: what a token decodes to is what stood there."""
    pieces: list[bytes | tuple[str, str]] = []
    parts = TOKEN.split(text)
    for place, piece in enumerate(parts):
        if place % 2:
            pieces.append((piece, kind))
        else:
            # A soft line break on both sides keeps every line under 76 columns, whatever the
            # token's length; it decodes to nothing (RFC 2045, 6.7, rule 5).
            last = place == len(parts) - 1
            pieces.append(_quoted_printable(piece) + (b"" if last else b"=\r\n"))
    return pieces


def _quoted_printable(text: str) -> bytes:
    raw = text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(raw, istext=True)
    return _BARE_NEWLINE.sub(b"\r\n", encoded)


def _fill_in(values: Mapping[str, str], name: str, kind: str) -> bytes:
    escape: Callable[[str], str] = html.escape if kind == "html" else str
    return _quoted_printable(escape(values[name])) + b"=\r\n"
