"""Quotation marks, dashes and raised numbers, as text with mark-up writes them."""

from __future__ import annotations

import re

from newsletter.collect.plain.symbols import SUBSCRIPTS, SUPERSCRIPTS

MATHS_ON, MATHS_OFF = "\ue010", "\ue011"
"""Private characters that stand around maths while a text is read."""
_PUNCTUATION = (("``", "“"), ("''", "”"), ("---", "—"), ("--", "–"))
# A word or some in single quotation marks; a word in two backticks is code.
_QUOTED = re.compile(r"(?<![\w`\\])`(?=[^\s`'])((?:[^`'\n]|'(?=\w)){1,200})'(?![\w'])")

_ENDS = frozenset(".)]}%’”'\"") | {MATHS_OFF}
_BEGINNINGS = frozenset("([{\\‘“`") | {MATHS_ON}


def with_single_quotes(text: str) -> str:
    """Return a text with TeX's single quotation marks as characters.

    >>> with_single_quotes("`this' but `that`")
    '‘this’ but `that`'
    """
    return _QUOTED.sub(r"‘\1’", text)


def printed_punctuation(text: str, start: int) -> tuple[str, int]:
    """Return what is printed for the sign at `start`, and where the rest of the text begins."""
    for spelled, printed in _PUNCTUATION:
        if text.startswith(spelled, start):
            end = start + len(spelled)
            before, after = text[start - 1 : start] if start else "", text[end : end + 1]
            if spelled[0] == "-":
                return (printed if _is_dash(before, after) else spelled), end
            # Some open a quotation with the sign that closes it.
            opens = not before or before.isspace() or before == "("
            return ("“" if opens and after.isalnum() else printed), end
    return text[start], start + 1


def _is_dash(before: str, after: str) -> bool:
    """Return whether hyphens stand between words, or between spaces: `--flag` is no dash."""
    if before.isspace() or after.isspace():
        return before.isspace() and after.isspace()
    return (before.isalnum() or before in _ENDS) and (after.isalnum() or after in _BEGINNINGS)


def raised(kind: str, content: str) -> str:
    """Return what maths raises (`^`) or lowers (`_`): in Unicode, or with the sign before it."""
    content = content.strip()
    table = SUPERSCRIPTS if kind == "^" else SUBSCRIPTS
    if content in ("°", "∘"):
        return "°"
    if content and all(char in table for char in content):
        return "".join(table[char] for char in content)
    if len(content) <= 1:
        return kind + content
    return f"{kind}({content})" if not content.isalnum() else kind + content


def raised_text(kind: str, content: str) -> str:
    """Return what text raises (`^`) or lowers (`_`); only numbers and single letters change.

    >>> raised_text("^", "5"), raised_text("^", "th"), raised_text("_", "2")
    ('⁵', 'th', '₂')
    """
    table = SUPERSCRIPTS if kind == "^" else SUBSCRIPTS
    changes = not content.isalpha() or (kind == "^" and len(content) == 1)
    if content and changes and all(char in table for char in content):
        return "".join(table[char] for char in content)
    return content
