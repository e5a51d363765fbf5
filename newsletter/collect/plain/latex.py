"""LaTeX commands and maths in titles and abstracts, to Unicode.

Symbols come from pylatexenc's tables. The parser is our own, because a title must come out whole
even when its braces are wrong.
"""

from __future__ import annotations

import re
import unicodedata

from newsletter.collect.plain.punctuation import (
    MATHS_OFF,
    MATHS_ON,
    printed_punctuation,
    raised,
    raised_text,
    with_single_quotes,
)
from newsletter.collect.plain.symbols import (
    ACCENTS,
    BLACKBOARD,
    FENCES,
    FONTS,
    JOINED,
    OPERATORS,
    ROOTS,
    SILENT,
    macros,
)
from newsletter.collect.plain.units import QUANTITIES, printed_unit, quantity

# TeX swallows the space after a command; readers need it, as after any word.
_COMMAND = re.compile(r"\\(?:(?P<word>[A-Za-z]+)\*?|(?P<sign>[\s\S]))")
_DEPTH = 40
"""Deepest nesting of braces that is parsed; deeper braces print only their content."""


# Commands that print nothing leave a space before a full stop or inside brackets.
# The lookbehind makes the search linear: it may not start at every space of a run.
_LOOSE = re.compile(r"(?<!\s)\s+(?=[,;:!?)\]⌉⌋⟩]|\.(?![\w.]))|(?<=[(⌈⌊⟨])\s+")


def plain_latex(text: str) -> str:
    r"""Return `text` with LaTeX commands and maths written in Unicode.

    `$O(n^2)$` → O(n²), `\'e` → é, `78.2\%` → 78.2%, `~\cite{x}` → nothing. A dollar sign that
    does not open maths (`costs $5 and $6`) stays, by pandoc's rule for `tex_math_dollars`.
    """
    spelled = _Walk(_mark_maths(with_single_quotes(text))).run()
    return _LOOSE.sub("", spelled) if "\\" in text else spelled


_MATHS = re.compile(
    r"(?<!\\)\$\$(?P<display>[^$]+)\$\$"
    r"|(?<!\\)\$(?P<command>(?:[^$\\^_{]*)(?:\\.|[_^{])(?:\\.|[^$\\])*)\$"
    r"|(?<!\\)\$(?P<sign>(?![\s\d])[^$\\\w]+(?<!\s))\$"
    r"|(?<!\\)\$(?P<inline>(?!\s)[^$\\]+(?<!\s))\$(?!\d)"
    r"|\\\((?P<paren>.{1,500}?)\\\)|\\\[(?P<bracket>.{1,500}?)\\\]",
    re.DOTALL,
)


def _mark_maths(text: str) -> str:
    """Put private characters around maths, so that the parser need not guess what a `$` means."""

    def mark(found: re.Match[str]) -> str:
        return MATHS_ON + str(found[found.lastgroup or 0]) + MATHS_OFF

    return _MATHS.sub(mark, text.replace(MATHS_ON, "").replace(MATHS_OFF, ""))


_PLAIN = re.compile(rf"[^\\{{}}$^_~`'\-{MATHS_ON}{MATHS_OFF}]+")


_OPTION = re.compile(r"\s*\[([^\]]{0,200})\]")
_GROUP = re.compile(r"\s*\{")
_VERBATIM = re.compile(r"\*?([^\w\s*])([^\n]{0,200}?)\1")
_BRACES = re.compile(r"\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_OPTION_AND_GROUP = re.compile(_OPTION.pattern + _GROUP.pattern)
_ACCENTED = re.compile(r"\s*\{|\s+\\?[A-Za-z]\b")


class _Walk:
    """One pass over one text: every character is printed or interpreted."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.maths = 0
        self.last_brace = text.rfind("}")

    def run(self) -> str:
        out = []
        while self.at < len(self.text):
            out.append(self.plain() or self.piece(0))
        return "".join(out)

    def plain(self) -> str:
        """Read plain characters, up to the next one that may have a meaning in LaTeX."""
        found = _PLAIN.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def piece(self, depth: int) -> str:  # noqa: PLR0911  one per kind of token
        """Read one token, with its arguments, and return what it prints."""
        text, start = self.text, self.at
        char = text[start]
        self.at += 1
        if char == "\\" and self.at < len(text):
            return self.command(depth)
        if char == "{" and depth < _DEPTH and start < self.last_brace:
            return self.group(depth)
        if char in "{}" or (char == "\\" and self.at == len(text)):
            return ""
        if char in (MATHS_ON, MATHS_OFF):
            self.maths += 1 if char == MATHS_ON else -1
            return ""
        # `_{` and `^{` are TeX even where the dollar signs were forgotten: `x_{t+1}`.
        if char in "^_" and self.at < len(text) and (self.maths > 0 or text[self.at] == "{"):
            return self.script(char, depth)
        if char == "'" and self.maths > 0:
            return "′"
        return self.tie(start) if char == "~" else self.punctuation(char, start)

    def punctuation(self, char: str, start: int) -> str:
        """Read quotation marks and dashes, for which TeX uses several characters."""
        if self.maths:
            return char
        printed, self.at = printed_punctuation(self.text, start)
        return printed

    def tie(self, start: int) -> str:
        """Read `~`: a no-break space between words, but itself in `~5%` and in web addresses."""
        before = self.text[start - 1] if start else " "
        after = self.text[self.at] if self.at < len(self.text) else " "
        if before.isspace() or before in "/(" or after.isspace():
            return "~"
        word = self.text[max(0, start - 200) : start].rpartition(" ")[2]
        return "~" if "://" in word or word.startswith("www.") else " "

    def group(self, depth: int) -> str:
        """Read up to the brace that closes the group just opened."""
        out = []
        while self.at < len(self.text):
            if self.text[self.at] == "}":
                self.at += 1
                break
            out.append(self.plain() or self.piece(depth + 1))
        return "".join(out)

    def argument(self, depth: int) -> str:
        """Read one argument: a group, a command or a single character."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        if self.at >= len(self.text) or self.text[self.at] in (MATHS_ON, MATHS_OFF):
            return ""
        if depth < _DEPTH:
            return self.piece(depth + 1)
        # Move on by at least one character, or the caller would never end.
        self.at += 1
        return self.text[self.at - 1].strip("\\{}")

    def raw_argument(self) -> str:
        """Return the source of an argument in braces; it may hold braces of its own."""
        found = _BRACES.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[1]

    def option(self) -> str:
        """Read and return an optional argument `[…]`, when there is one."""
        found = _OPTION.match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found[1]

    def has_group(self) -> bool:
        """Return whether an argument in braces follows."""
        return _GROUP.match(self.text, self.at) is not None

    def script(self, kind: str, depth: int) -> str:
        """Read a super- or subscript; in Unicode if every character has such a form."""
        return raised(kind, self.argument(depth))

    def command(self, depth: int) -> str:
        """Read a command whose backslash was just read, and its arguments."""
        found = _COMMAND.match(self.text, self.at - 1)
        if found is None:
            return ""
        name = found["word"] or found["sign"]
        self.at = found.end()
        if name in (MATHS_ON, MATHS_OFF):
            self.at -= 1
            return ""
        if name in ACCENTS and (found["sign"] or self.maths or self.is_accent()):
            return self.accent(ACCENTS[name], depth)
        if name in SILENT:
            return self.skip_arguments(depth)
        printed = self.quoted(name, depth) or self.structure(name, depth)
        if printed is None:
            start = found.start()
            printed = self.spaced(name, start) if name in OPERATORS else macros().get(name)
        if printed is not None and name in JOINED and not self.maths:
            self.skip_space()
        if printed is not None:
            return printed
        # An unknown command with an argument prints the argument (\textbf, \emph, \textsc …); one
        # without an argument stays as a word (a paper on `\foo`, a path `C:\temp`).
        if self.has_group_after_option():
            self.option()
        return self.argument(depth) if self.has_group() else name

    def structure(self, name: str, depth: int) -> str | None:  # noqa: PLR0911  one per command
        """Read the arguments of a command that arranges them; return None for any other command."""
        if name in ("begin", "end"):
            self.argument(depth)
            return " "
        if name in ("href", "textcolor", "colorbox", "texorpdfstring"):
            self.option()
            self.argument(depth)
            return self.argument(depth)
        if name in ("binom", "dbinom", "tbinom"):
            return f"({self.argument(depth)} choose {self.argument(depth)})"
        if name == "pmod":
            return f" (mod {self.argument(depth).strip()})"
        if name in ("overset", "stackrel", "underset"):
            mark = raised("_" if name == "underset" else "^", self.argument(depth))
            return self.argument(depth) + mark
        if name in ("frac", "dfrac", "tfrac", "nicefrac", "sfrac"):
            return f"{self.fraction(depth)}/{self.fraction(depth)}"
        if name == "sqrt":
            index = self.option().strip() or "2"
            sign = ROOTS.get(index) or raised("^", index) + "√"
            root = self.argument(depth)
            return sign + root if len(root) <= 1 else f"{sign}({root})"
        if name in FONTS:
            return self.argument(depth)
        if name == "not":
            crossed = self.argument(depth).strip()
            return unicodedata.normalize("NFC", crossed[:1] + "\u0338") + crossed[1:]
        if name in QUANTITIES:
            self.option()
            number = "" if name in ("si", "unit") else self.argument(depth)
            unit = "" if name in ("num", "ang") else printed_unit(self.raw_argument())
            return quantity(number, "°" if name == "ang" else unit)
        if name in ("mathbb", "mathbbm", "Bbb"):
            return "".join(BLACKBOARD.get(char, char) for char in self.argument(depth))
        return None

    def quoted(self, name: str, depth: int) -> str | None:
        """Read the arguments of a command that prints them within marks, raised, or as they are."""
        if name in FENCES and self.has_group():
            return FENCES[name][0] + self.argument(depth) + FENCES[name][1]
        if name == "verb" and (quoted := _VERBATIM.match(self.text, self.at)):
            self.at = quoted.end()
            return quoted[2]
        if name in ("url", "path", "nolinkurl") and self.has_group():
            return self.raw_argument()
        if name in ("textsuperscript", "textsubscript") and self.has_group():
            return raised_text("^" if name == "textsuperscript" else "_", self.argument(depth))
        return None

    def has_group_after_option(self) -> bool:
        """Return whether `[…]{` follows."""
        return _OPTION_AND_GROUP.match(self.text, self.at) is not None

    def is_accent(self) -> bool:
        r"""Return whether this is an accent (`\v{s}`, `\c c`), not a longer name (`\vec`)."""
        if _ACCENTED.match(self.text, self.at):
            return True
        # Within a word (`gar\c con`), or before a capital (`\v Skoda`), a space ends the command.
        inside = self.text[max(0, self.at - 3) : self.at - 2].isalpha()
        following = self.text[self.at : self.at + 2]
        return following[:1] == " " and (
            following[1:].isalpha() if inside else following[1:].isupper()
        )

    def accent(self, mark: str, depth: int) -> str:
        """Put the accent `mark` on the next letter."""
        base = self.argument(depth)
        if not base.strip():
            return ""
        plain = {"ı": "i", "ȷ": "j"}.get(base[0], base[0])
        return unicodedata.normalize("NFC", plain + mark) + base[1:]

    def skip_arguments(self, depth: int) -> str:
        """Skip the arguments of a command that prints nothing."""
        while self.option():
            pass
        while self.has_group():
            self.argument(depth)
        return ""

    def fraction(self, depth: int) -> str:
        """Read one half of a fraction; put it in brackets when it is more than a word."""
        half = self.argument(depth).strip()
        return half if half.isalnum() or len(half) <= 1 else f"({half})"

    def skip_space(self) -> None:
        """Move past the white space here."""
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def spaced(self, name: str, start: int) -> str:
        """Return the name of an operator that begins at `start`, with the spaces of print."""
        before, following = self.text[start - 1 : start], self.text[self.at : self.at + 1]
        name = name.removeprefix("b") if name == "bmod" else name
        ahead = " " if before.isalnum() or before in (")", "}") else ""
        return ahead + (f"{name} " if following.isalnum() or following == "\\" else name)
