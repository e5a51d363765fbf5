"""Bytes of documents in encodings that they do not declare, or declare wrongly → UTF-8."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"\x00\x00\xfe\xff")
_HIGH = re.compile(rb"[\x80-\xff]+")
_LETTER = re.compile(rb"[A-Za-z]")
# What is a letter in the encodings of Central Europe is a sign in Windows-1252: `g³êbokie`.
_SIGN_IN_WORD = re.compile(rb"[a-z\xc0-\xff][\xb1\xb3\xb6\xb9\xbb\xbc\xbe\xbf][a-z\xc0-\xff]")
_SIGNS = 2
_LANGUAGE = re.compile(
    rb"(?:<(?:dc:)?language>\s*|xml:lang\s*=\s*[\"'])(?:cs|pl|hu|sk|ro|hr|sl|bs|tr|lt|lv|et)\b",
    re.IGNORECASE,
)
_CENTRAL = frozenset(
    "windows-1250 iso-8859-2 windows-1254 iso-8859-9 windows-1257 iso-8859-13".split()
)
_WESTERN = frozenset({"windows-1252", "iso-8859-1", "iso8859-15"})
_MARGIN = 1.3
"""How much likelier than a Western encoding another one must be. Of 23 short texts in Western
languages none reached 1.2, seven of 11 in others reached it."""
_JAPANESE = re.compile(rb"\x1b\$[@B]")
"""The sign by which ISO-2022-JP, whose bytes all are ASCII, begins Japanese (RFC 1468)."""
_SAMPLE = 50_000
"""Bytes that are looked at to guess an encoding."""
_EASTERN = 3
"""Bytes beyond ASCII in a row that no Western European word has."""


def in_utf_8(content: bytes, content_type: str = "") -> bytes | None:
    """Return a document in UTF-8, or None if it is to be read as it is.

    That is so when it is UTF-8 already, has a mark at its start, or declares another encoding that
    can be right. Single bytes that are wrong in UTF-8 are read as Windows-1252, and the rest stays.
    Whatever else is not UTF-8 is Windows-1252 if it looks like it, else an encoding is guessed.
    """
    if content.startswith(_MARKS) or b"\x00" in content[:4]:
        return None
    if content.isascii():
        is_japanese = _JAPANESE.search(content) and _fits(content, "iso-2022-jp")
        return content.decode("iso-2022-jp").encode() if is_japanese else None
    declared = _DECLARED.match(content[:400])
    charset = _CHARSET.search(content_type)
    for name in ((declared or [b"", b""])[1].decode(), charset[1] if charset else ""):
        if name and name.lower() not in _UTF_8 and _fits(content, name):
            return None
    try:
        content.decode()
    except UnicodeDecodeError:
        return _guessed(content).encode()
    return content if charset and charset[1].lower() not in _UTF_8 else None


def _fits(content: bytes, name: str) -> bool:
    try:
        content.decode(name)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _guessed(content: bytes) -> str:
    """Return the text of a document that is not UTF-8 throughout."""
    text = content.decode("utf-8", "surrogateescape")
    strays = len(re.findall("[\udc80-\udcff]", text))
    # Each character beyond ASCII that can be read is two bytes or more that fit by no accident.
    if sum(char > "\x7f" for char in text) - strays > strays:
        return re.sub("[\udc80-\udcff]", _western, text)
    sample = content[:_SAMPLE]
    name = _central(sample) or "cp1252" if _looks_western(sample) else _detected(sample)
    try:
        return content.decode(name)
    except (UnicodeDecodeError, LookupError):
        return re.sub("[\udc80-\udcff]", _western, text)


def _western(found: re.Match[str]) -> str:
    """Return the character of a stray byte, by Windows-1252."""
    return bytes((ord(found[0]) - 0xDC00,)).decode("cp1252", "replace")


def _looks_western(sample: bytes) -> bool:
    """Return whether bytes beyond ASCII stand alone among Latin letters, as in `naïve`."""
    runs = [len(run) for run in _HIGH.findall(sample)]
    long = sum(length for length in runs if length >= _EASTERN)
    return long * 4 < sum(runs) and _LETTER.search(sample) is not None


def _central(sample: bytes) -> str:
    """Return the encoding of Central Europe, Turkey or the Baltic that a text has, or nothing."""
    import chardet  # noqa: PLC0415  slow to load, and rarely needed

    found = chardet.detect_all(sample, ignore_threshold=True)
    likely = [(str(guess["encoding"]).lower(), guess["confidence"]) for guess in found]
    western = max((part for name, part in likely if name in _WESTERN), default=0.0)
    name, part = max(likely, key=lambda guess: guess[1] * (guess[0] in _CENTRAL))
    is_told = len(_SIGN_IN_WORD.findall(sample)) >= _SIGNS or _LANGUAGE.search(sample)
    return name if name in _CENTRAL and part > western * (1 if is_told else _MARGIN) else ""


def _detected(sample: bytes) -> str:
    """Return the likeliest encoding of bytes that are not Western."""
    import chardet  # noqa: PLC0415  slow to load, and rarely needed

    return str(chardet.detect(sample)["encoding"] or "cp1252")
