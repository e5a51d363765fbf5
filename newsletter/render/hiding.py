"""Jinja's tags and Outlook's conditional comments, hidden while MJML and premailer work.

Both tools would change or drop them. A tag is replaced by a plain word, a comment by a plain
comment; `reveal` puts them back. Other comments are dropped: no reader sees them.

Outlook's comments come in two kinds: those that hide what stands in them from all other clients
(`<!--[if mso]>…<![endif]-->`), which are hidden as a whole, since what stands in them is seldom
well formed; and those that hide it from Outlook only (`<!--[if !mso]><!-->…<!--<![endif]-->`, or
`<![if !mso]>…<![endif]>`), of which each end is hidden alone, since what stands between them is
part of the mail like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsletter.errors import TemplateError
from newsletter.render.parts import TemplateSource

JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{\#.*?\#\}", re.DOTALL)
_SPECIAL = re.compile(
    rf"""(?P<jinja>{JINJA.pattern})
    |(?P<begin><!--\s*\[if\b[^\]>]*\]>\s*(?:<!-*\s*)?--> | <!\[if\b[^\]>]*\]>)
    |(?P<end><!--\s*<!\s*\[endif\]\s*--> | <!\[endif\]>)
    |(?P<whole><!--\s*\[if\b[^\]>]*\]>(?:(?!<!--\s*\[if\b).)*?<!\s*\[endif\]\s*-->)
    |(?P<comment><!--(?!\s*\[if\b).*?-->)
    |(?P<open><!--|\{{[{{%\#]|[}}%\#]\}})""",
    re.DOTALL | re.VERBOSE,
)
_IN_HEAD = re.compile(
    r"<(style|title|script)\b.*?</\1>|<!--.*?-->|<[^>]*>|(?P<word>qjx\d+xjq)", re.DOTALL
)
_HIDDEN_COMMENT = re.compile(r"<!--(qjx\d+xjq)-->")
_HIDDEN = re.compile(r"qjx(\d+)xjq")
PLACEHOLDER = "\ue010"
"""Stands for each character of a tag in `Hidden.plain`."""
MARK = "\ue011"
"""Begins a conditional comment in `Hidden.plain`, where the rest of it is blank."""


@dataclass(slots=True)
class Hidden:
    """A template without Jinja and conditional comments."""

    text: str = ""
    """What MJML reads: words and comments in their places, on the same lines."""
    plain: str = ""
    """The same with every character in its place, so that places in it are those of the source."""
    jinja: str = ""
    """The source without comments that nobody sees, which are no code either."""
    _pieces: list[str] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)

    def keep(self, piece: str, line: int) -> str:
        """Remember what is hidden, and return the word in its place."""
        self._pieces.append(piece)
        self._lines.append(line)
        return f"qjx{len(self._pieces) - 1}xjq"

    def reveal(self, html: str) -> tuple[str, dict[int, int]]:
        """Return HTML with all that was hidden, and the source's line of each line with a tag.

        Every tag gets a line of its own, by a line break inside the tag, which prints nothing. So
        Jinja's line numbers can be mapped to lines of the source.
        """
        whole = _HIDDEN_COMMENT.sub(lambda found: self._of(found[1]), html)
        origin: dict[int, int] = {}
        pieces: list[str] = []
        line = 1
        for place, part in enumerate(_HIDDEN.split(whole)):
            piece = part
            if place % 2:
                if int(part) >= len(self._pieces):
                    continue  # a template that itself contains such a word
                tag, begun = self._pieces[int(part)], self._lines[int(part)]
                origin[line] = origin[line + 1] = begun
                # Blocks keep their own line break (trim_blocks would eat one that follows).
                piece = f"{tag[:-2]}\n{tag[-2:]}"
            pieces.append(piece)
            line += piece.count("\n")
        return "".join(pieces), origin

    def _of(self, word: str) -> str:
        """Return the comment that a word stands for; the word itself, if it is one of a tag."""
        number = int(word[3:-3])
        piece = self._pieces[number] if number < len(self._pieces) else word
        return piece if piece.startswith("<") else word


def keep_head(html: str) -> str:
    """Return HTML in whose head words of tags are comments; at the first text a head would end."""
    head, end, rest = html.partition("</head>")
    head = _IN_HEAD.sub(lambda one: f"<!--{one[0]}-->" if one["word"] else one[0], head)
    return head + end + rest


def hide(source: TemplateSource) -> Hidden:
    """Hide what only Jinja and Outlook understand.

    Raises TemplateError, with its place, for a tag of Jinja or a comment that does not end.
    """
    hidden = Hidden()
    text: list[str] = []
    plain: list[str] = []
    jinja: list[str] = []
    begun: list[int] = []
    done, line = 0, 1
    for found in _SPECIAL.finditer(source.text):
        between, piece = source.text[done : found.start()], found[0]
        text.append(between)
        plain.append(between)
        jinja += between, "\n" * piece.count("\n") if found.lastgroup == "comment" else piece
        line += between.count("\n")
        done = found.end()
        blank = "".join("\n" if sign == "\n" else " " for sign in piece)
        breaks = "\n" * piece.count("\n")
        match found.lastgroup:
            case "jinja":
                text.append(hidden.keep(piece, line) + breaks)
                plain.append("".join("\n" if sign == "\n" else PLACEHOLDER for sign in piece))
            case "begin" | "end":
                begun = _begun(source, begun, found)
                text.append(f"<!--{hidden.keep(piece, line)}-->{breaks}")
                plain.append(MARK + blank[1:])
            case "whole":
                inside = _with_words(hidden, piece, line)
                text.append(f"<!--{hidden.keep(inside, line)}-->{breaks}")
                plain.append(MARK + blank[1:])
            case "comment":
                text.append(breaks)
                plain.append(blank)
            case _:
                raise TemplateError(f"{source.place(found.start())}: {_unended(piece)}")
        line += piece.count("\n")
    if begun:
        raise TemplateError(f"{source.place(begun[-1])}: {_unended('<!--[if')}")
    rest = source.text[done:]
    hidden.text, hidden.plain = "".join((*text, rest)), "".join((*plain, rest))
    hidden.jinja = "".join((*jinja, rest))
    return hidden


def _with_words(hidden: Hidden, comment: str, line: int) -> str:
    """Return a conditional comment with words in the places of its tags."""
    return JINJA.sub(
        lambda tag: hidden.keep(tag[0], line + comment.count("\n", 0, tag.start())), comment
    )


def _begun(source: TemplateSource, begun: list[int], found: re.Match[str]) -> list[int]:
    """Return where the comments begin that are open after `found`, which begins or ends one."""
    if found.lastgroup == "begin":
        return [*begun, found.start()]
    if not begun:
        raise TemplateError(
            f"{source.place(found.start())}: `{found[0]}` ends a conditional comment that begins "
            "nowhere"
        )
    return begun[:-1]


def _unended(sign: str) -> str:
    if sign.endswith("[if"):
        return "this conditional comment has no end: write `<!--<![endif]-->` after it"
    if sign == "<!--":
        return "this comment has no end: write `-->` after it, or `<![endif]-->` if it is Outlook's"
    css = "; in CSS, write a space between them" if sign.endswith("}") else ""
    return f"`{sign}` opens or ends no tag of Jinja{css}"
