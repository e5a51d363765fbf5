"""Bodies of mail: pieces of editions, encoded once and joined for each reader.

Bodies are quoted-printable (RFC 2045, 6.7). They are cut at their tokens before they are encoded.
So the encoded pieces can be joined, and decode to the original text with the values filled in. A
soft line break, which decodes to nothing, stands on both sides of a token: no line gets longer than
76 columns, however long an address is.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter

from newsletter.errors import TemplateError
from newsletter.model import Edition
from newsletter.render.tokens import TOKEN

SOFT_BREAK = b"=\r\n"
WIDTH = 72
"""Columns on one line for a value of one reader, before its soft break."""
MOST = 76
"""Columns of a line with its soft break (RFC 2045, 6.7)."""
_FROM = re.compile(rb"^From ([^\n]*)", re.MULTILINE)

Layout = Callable[[Sequence[bytes]], tuple[bytes, ...]]
"""Selects the pieces of one edition's body from the pieces of all editions."""


class Bodies:
    """The bodies of an issue's editions; they are filled in for one reader at a time."""

    def __init__(
        self, editions: Iterable[Edition], text_head: bytes, html_head: bytes, end: bytes
    ) -> None:
        """Encode the pieces of `editions`; heads stand before the parts, `end` after them.

        Raises TemplateError for a token that is not a piece of its own: it would be sent unfilled.
        """
        blocks: dict[int, str] = {}
        for edition in editions:
            for number in (*edition.text_blocks, *edition.html_blocks):
                blocks[number] = edition.blocks[number]
        self._html_head = html_head
        # The heads and the end come after all pieces, so they have the last indexes (-3 to -1).
        self._table = [b""] * (max(blocks, default=-1) + 1) + [text_head, html_head, end]
        self._slots: list[tuple[int, str]] = []
        for number, block in blocks.items():
            if token := TOKEN.fullmatch(block):
                self._slots.append((number, token[1]))
            elif TOKEN.search(block):
                raise TemplateError(
                    "this issue was planned by another version of the program, which wrote "
                    "editions otherwise: send it with that one, or give it up with "
                    "`newsletter cancel DATE`"
                )
            else:
                encoded = quoted_printable(block)
                self._table[number] = encoded if block.endswith("\n") else _with_break(encoded)

    def layout(self, edition: Edition) -> Layout:
        """Return the layout of an edition."""
        numbers = (-3, *edition.text_blocks, -2, *edition.html_blocks, -1)
        return itemgetter(*numbers)

    def pieces(self, layout: Layout, values: Mapping[str, str]) -> tuple[bytes, ...]:
        """Return the pieces of a body with a reader's `values`, whose keys are names of tokens."""
        told = "".join(values.values())
        self._fill(values)
        filled = layout(self._table)
        if "&" in told or "<" in told or ">" in told or '"' in told or "'" in told:
            # Only in this case do values differ between the parts: HTML needs them escaped.
            self._fill({name: html.escape(value) for name, value in values.items()})
            text = filled.index(self._html_head)
            return filled[:text] + layout(self._table)[text:]
        return filled

    def _fill(self, values: Mapping[str, str]) -> None:
        table = self._table
        for number, name in self._slots:
            value = values[name]
            if (
                len(value) <= WIDTH
                and value.isascii()
                and value.isprintable()
                and "=" not in value
                and not value.startswith("From ")
            ):
                # Most values are like this: the codec would not change them, and is slower.
                table[number] = value.encode() + SOFT_BREAK
            else:
                table[number] = _with_break(quoted_printable(value))


def quoted_printable(text: str) -> bytes:
    """Return text as quoted-printable, with CRLF at its line ends."""
    if "\n" in text:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    # The codec breaks lines with the first line end that it finds in the text, or with LF.
    encoded = binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True)
    encoded = encoded.replace(b"\r\n", b"\n")
    if b"From " in encoded:
        encoded = _FROM.sub(_quoted_from, encoded)
    return encoded.replace(b"\n", b"\r\n")


def _with_break(encoded: bytes) -> bytes:
    """Return a piece of quoted-printable with a soft line break at its end.

    The codec may fill the last line up to the last column, since it does not know of this break.
    """
    if len(encoded) - encoded.rfind(b"\n") <= MOST:
        return encoded + SOFT_BREAK
    last = -3 if encoded[-3:].startswith(b"=") else -1
    return encoded[:last] + SOFT_BREAK + encoded[last:] + SOFT_BREAK


def _quoted_from(found: re.Match[bytes]) -> bytes:
    """Return a line that begins with `From `, encoded so that mailbox files keep it unchanged.

    They would write `>` before such a line, and so break the signature (RFC 2049, 3; RFC 4155).
    """
    line = b"=46rom " + found[1]
    return line if len(line) <= MOST else b"=46rom=\n " + found[1]
