"""Signs of Markdown in texts that are meant to be plain (https://spec.commonmark.org/0.31.2/)."""

from __future__ import annotations

import re

_PICTURE = re.compile(r"!\[[^\[\]]{0,300}\]\(\s*[^\s()]{1,2000}(?:\s+\"[^\"]{0,300}\")?\s*\)")
_LINK = re.compile(
    r"\[([^\[\]]{1,300})\]\(\s*<?(?:https?://|mailto:)[^\s()<>]{0,2000}"
    r"(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,200})?>?(?:\s+\"[^\"]{0,300}\")?\s*\)"
)
# A star that stands for itself follows a letter or stands before a space: `A* search`, `p = 3 * q`.
_STRONG = re.compile(r"(?<![\w*])(\*{2,3})(?=[\w\"“(\[])([^*]{1,300}?)(?<=[^\s*])\1(?![\w*])")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[\w\"“])([^*]{1,200}?)(?<=[\w.!?%\"”)])\*(?![\w*])")
_CODE = re.compile(r"(?<![\w`])`(?=[^\s`])([^`]{1,200})(?<=[^\s`])`(?![\w`'])")
_HEADING = re.compile(r"^#{1,6} (?=[^\W\d_])")


def without_markdown(text: str) -> str:
    """Return a text in which links, emphasis and code of Markdown are the words that they mark.

    >>> without_markdown("We **beat** [Xylo](https://example.org/x) by *3%*; A* stays.")
    'We beat Xylo by 3%; A* stays.'
    """
    text = _HEADING.sub("", text)
    if "](" in text:
        text = _LINK.sub(r"\1", _PICTURE.sub("", text))
    if "`" in text:
        text = _CODE.sub(r"\1", text)
    return _EMPHASIS.sub(r"\1", _STRONG.sub(r"\2", text)) if "*" in text else text
