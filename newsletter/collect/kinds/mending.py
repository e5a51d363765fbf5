"""The usual faults of XML feeds, mended in their bytes before they are parsed."""

from __future__ import annotations

import re
from collections.abc import Callable

from newsletter.collect.plain.encodings import in_utf_8

# feedparser searches author names for an address, and the start for a document type, in time that
# grows with the square of a run's length. No real name, word or margin is this long.
_LONG = 2_500
_LONG_WORD = re.compile(rb"(?<![\w.+-])[\w.+-]{2500,}")
_LONG_SPACE = re.compile(rb"\s(?<!\s\s)\s{500,}")
_KEPT_OF_IT = 500
# feedparser cuts the top-level domain of an address after four letters, and the rest of it stays
# in the name. Addresses are never shown, so they go at once.
_AUTHOR = re.compile(
    rb"(?<=[<:])((?:author|creator|managingEditor)\b[^<>]{0,200}>(?:\s*<!\[CDATA\[)?)([^<]{0,5000}@[^<]{0,5000})"
)
_ADDRESS = re.compile(
    rb"(?:&lt;|\(|&#60;)?(?:mailto:)?[^\s@<>(),;:&]{1,100}@[^\s@<>(),;&]{1,255}(?:&gt;|\)|&#62;)?"
)
# An ampersand that begins no entity: `R&D`. feedparser would add a semicolon to it.
_AMPERSAND = re.compile(rb"&(?!#?\w{1,32};)")
# For feedparser a podcast's blurb is the description, whatever else there is.
_BLURB = re.compile(rb"(</?itunes:)summary(?=[\s/>])")
BLURB = "itunes_blurb"
"""The field of feedparser's entries that then has the blurb."""
# Halves of a character in UTF-16, which XML does not allow: `&#xD83D;&#xDE00;`.
_HALVES = re.compile(rb"(?:&#(?:[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*5[5-7]\d{3});)+")
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"


def mended(content: bytes, content_type: str) -> tuple[bytes, str]:
    """Return a feed that feedparser reads as it is meant, and its content type."""
    if (converted := in_utf_8(content, content_type)) is not None:
        content, content_type = converted, "application/xml; charset=utf-8"
    content = _without_long_runs(content)
    content = _AUTHOR.sub(lambda found: found[1] + _ADDRESS.sub(b"", found[2]), content)
    content = _BLURB.sub(rb"\1blurb", content)
    content = _HALVES.sub(_joined_halves, content)
    return _outside_cdata(content, lambda text: _AMPERSAND.sub(b"&amp;", text)), content_type


def _outside_cdata(content: bytes, mend: Callable[[bytes], bytes]) -> bytes:
    """Return the content with everything mended that is not quoted as CDATA, where `&` is `&`."""
    pieces, at = [], 0
    while (start := content.find(_CDATA, at)) >= 0:
        end = content.find(_CDATA_END, start)
        if end < 0:
            break
        pieces += [mend(content[at:start]), content[start:end]]
        at = end
    return b"".join((*pieces, mend(content[at:])))


def _joined_halves(found: re.Match[bytes]) -> bytes:
    """Return whole characters in place of their halves; a half without the other is nothing."""
    names = found[0].decode().replace("&#", "").lower().split(";")[:-1]
    text = "".join(chr(int(name[1:], 16) if name[0] == "x" else int(name)) for name in names)
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return "".join(f"&#{ord(char)};" for char in whole).encode()


def _without_long_runs(content: bytes) -> bytes:
    content = _LONG_SPACE.sub(b"\n", content)
    if max(map(len, content.split()), default=0) < _LONG:  # nearly always, and quick to check
        return content
    return _LONG_WORD.sub(lambda found: found[0][:_KEPT_OF_IT], content)
