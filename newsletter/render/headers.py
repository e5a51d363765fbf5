"""Header lines: one function checks every value; values are folded or encoded as RFCs require.

We write headers ourselves because the standard library folds a long List-Unsubscribe into encoded
words, which breaks one-click unsubscribing.
"""

from __future__ import annotations

import base64
import re
import unicodedata

from newsletter.errors import HeaderError

LINE = 78
"""RFC 5322, 2.1.1: lines should not be longer."""
ENCODED_WORD = 75
"""RFC 2047, 2: an encoded word must not be longer."""

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_SPECIALS = re.compile(r'[()<>@,:;.\[\]"\\]')


def header(name: str, value: str) -> bytes:
    r"""Return one header line; every value is checked here.

    A line break is allowed only as the folding that this module makes: CRLF and a space. Raises
    HeaderError for any other control character, and for text that is still not ASCII.
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
    shown = phrase(name)
    # If the line would be longer than 78 columns, the address goes on a line of its own.
    fold = "\r\n " if len(shown) + len(address) > LINE - 15 else " "
    return f"{shown}{fold}<{address}>"


def phrase(name: str) -> str:
    """Return a display name, quoted or encoded if necessary."""
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
    """Fold at white space so that lines stay under 78 columns, unless a word is too long."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > LINE - 12:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join((*lines, line))


def slug(text: str) -> str:
    """Return `text` as lower-case ASCII words with hyphens between them."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "newsletter"
