"""Style sheets of a template: whether their brackets end, and which rules are inlined.

cssutils, which premailer reads them with, fails on an open bracket, or drops half of the sheet
without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from newsletter.errors import TemplateError
from newsletter.render.parts import TemplateSource

_PIECE = re.compile(
    r"""/\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | url\(\s*[^"'\s()]*\s*\)
    | /\* | ["'(){}\[\];]""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STYLE = re.compile(r"(<style[^>]*>)(.*?)</style>", re.DOTALL)
_IMPORTANT = re.compile(r"\s*!\s*important\b", re.IGNORECASE)
_ENDS: Final = {"}": "{", ")": "(", "]": "["}


def check_sheet(source: TemplateSource, text: str, begin: int, end: int) -> None:
    """Refuse a style sheet, `text[begin:end]`, in which something does not end.

    Raises TemplateError with `file:line:column` of what has no end, or ends nothing.
    """
    opened: list[re.Match[str]] = []
    for piece in _PIECE.finditer(text, begin, end):
        sign = piece[0]
        if sign == "/*":
            _refuse(source, piece, "this comment of CSS has no end: write `*/` after it")
        elif sign in ('"', "'"):
            told = f"this text of CSS has no end: write `{sign}` after it, on the same line"
            _refuse(source, piece, told)
        elif sign in _ENDS.values():
            if sign == "{" and opened and not _is_at_rule(text, opened[-1], begin):
                _refuse(source, opened[-1], f"{_without('{')}; a rule cannot stand within a rule")
            opened.append(piece)
        elif sign in _ENDS:
            if not opened:
                told = f"this `{sign}` of CSS ends nothing: is a `{_ENDS[sign]}` missing?"
                _refuse(source, piece, told)
            if opened[-1][0] != _ENDS[sign]:
                _refuse(source, opened[-1], _without(opened[-1][0]))
            opened.pop()
    if opened:
        _refuse(source, opened[-1], _without(opened[-1][0]))


def _is_at_rule(text: str, brace: re.Match[str], begin: int) -> bool:
    """Return whether the `{` is that of an @-rule, in which there are rules."""
    head = _COMMENT.sub(" ", text[begin : brace.start()])
    return re.split(r"[{};]", head)[-1].lstrip().startswith("@")


def _refuse(source: TemplateSource, piece: re.Match[str], what: str) -> None:
    raise TemplateError(f"{source.place(piece.start())}: {what}")


def _without(sign: str) -> str:
    end = next(end for end, begin in _ENDS.items() if begin == sign)
    return f"this `{sign}` of CSS has no end: write `{end}` after it"


def split_sheets(html: str) -> str:
    """Return HTML whose style elements are split in two: rules to inline, and rules that must stay.

    MJML's own reset would be inlined into every cell (+24% of the size), and rules in @media only
    work in a style element.
    """
    return _STYLE.sub(_split, html)


def _split(style: re.Match[str]) -> str:
    start, css = style[1], style[2]
    kept = start.replace("<style", '<style data-premailer="ignore"', 1)
    if css.lstrip().startswith(("#outlook", ".moz-text-html")):
        return f"{kept}{css}</style>"
    plain: list[str] = []
    at_rules: list[str] = []
    for rule, is_at in _rules(css):
        (at_rules if is_at else plain).append(rule)
    styles = [f"{start}{''.join(plain)}</style>"] if "".join(plain).strip() else []
    # Yahoo forgets `!important` after a space, Gmail drops a style with capitals in it
    # (hteumeuleu/email-bugs#16, #13).
    sent = _IMPORTANT.sub("!important", "".join(at_rules))
    return "".join((*styles, f"{kept}{sent}</style>" if at_rules else ""))


def _rules(css: str) -> Iterator[tuple[str, bool]]:
    """Yield the rules of a sheet, each with what stands before it, and whether it is an @-rule."""
    depth = begin = first = 0
    for piece in _PIECE.finditer(css):
        if piece[0].startswith("/*") and depth == 0 and not css[first : piece.start()].strip():
            first = piece.end()
        depth += (piece[0] == "{") - (piece[0] == "}")
        is_at = css[first : piece.end()].lstrip().startswith("@")
        if depth == 0 and (piece[0] == "}" or (piece[0] == ";" and is_at)):
            yield css[begin : piece.end()], is_at
            begin = first = piece.end()
    yield css[begin:], False
