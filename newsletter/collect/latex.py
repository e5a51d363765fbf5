"""LaTeX commands and maths, as titles and abstracts hold them, to Unicode.

Symbols come from pylatexenc's tables; the walk over the text is our own, because a title must come
out whole whatever is wrong with its braces.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from pylatexenc.latexencode import get_builtin_uni2latex_dict

# What LaTeX prints nothing of, with its arguments.
_SILENT = frozenset(
    "cite citep citet citealp citealt citeauthor citeyear parencite textcite autocite ref eqref "
    "autoref cref Cref label footnote footnotetext thanks vspace hspace pagestyle bibliography "
    "index nocite pageref includegraphics color".split()
)
# Switches and spacing that leave no mark of their own.
_SWITCHES = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle scriptstyle limits "
    "nolimits it bf em rm sf tt sl sc cal tiny small normalsize large Large itshape bfseries "
    "mathstrut protect relax noindent boldmath unboldmath nonumber".split()
)
_OPERATORS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf "
    "limsup ln log max min mod Pr sec sin sinh sup tan tanh".split()
)
_SYMBOLS = {
    "%": "%", "$": "$", "&": "&", "#": "#", "_": "_", "{": "{", "}": "}",
    ",": " ", ";": " ", ":": " ", "!": "", ">": " ", " ": " ", "/": "", "-": "", "@": "",
    "\\": " ", "|": "‖", "(": "", ")": "", "[": "", "]": "", "\n": " ", "quad": " ",
    "qquad": " ", "newline": " ", "linebreak": " ", "par": " ", "item": " ", "space": " ",
    "to": "→", "gets": "←", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥",
    "geqslant": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "sim": "~", "simeq": "≃", "cong": "≅",
    "times": "×", "cdot": "·", "cdots": "⋯", "ldots": "…", "dots": "…", "dotsc": "…", "pm": "±",
    "mp": "∓", "infty": "∞", "ell": "ℓ", "lbrace": "{", "rbrace": "}", "lvert": "|", "rvert": "|",
    "lVert": "‖", "rVert": "‖", "vert": "|", "Vert": "‖", "mid": "|", "langle": "⟨", "rangle": "⟩",
    "varepsilon": "ε", "epsilon": "ε", "phi": "φ", "varphi": "φ", "vartheta": "ϑ", "land": "∧",
    "lor": "∨", "lnot": "¬", "iff": "⇔", "implies": "⇒", "prime": "′", "setminus": "∖",
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textdollar": "$",
    "lbrack": "[", "rbrack": "]", "colon": ":", "star": "⋆", "ast": "∗", "dagger": "†",
    "slash": "/", "hbar": "ℏ", "textrightarrow": "→", "ss": "ß", "o": "ø", "O": "Ø", "l": "ł",
    "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ",
    "LaTeX": "LaTeX", "TeX": "TeX", "S": "§", "P": "¶", "texttimes": "×", "textdegree": "°",
    "degree": "°", "textmu": "µ", "circ": "°", "triangle": "△", "top": "⊤", "perp": "⊥",
}  # fmt: skip
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328",
    "d": "\u0323", "b": "\u0331", "r": "\u030a", "t": "\u0361",
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303",
    "bar": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c",
    "acute": "\u0301", "grave": "\u0300", "breve": "\u0306", "overline": "\u0304",
}  # fmt: skip
_BLACKBOARD = dict(zip("CHNPQRZEF", "ℂℍℕℙℚℝℤ𝔼𝔽", strict=True))
_SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()aAbBcdDeEfgGhHiIjJkKlLmMnNoOpPrRstTuUvVwWxyz*′∗",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᴬᵇᴮᶜᵈᴰᵉᴱᶠᵍᴳʰᴴⁱᴵʲᴶᵏᴷˡᴸᵐᴹⁿᴺᵒᴼᵖᴾʳᴿˢᵗᵀᵘᵁᵛⱽʷᵂˣʸᶻ*′*",
        strict=True,
    )
)
_SUBSCRIPTS = dict(
    zip(
        "0123456789+-−=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
# TeX eats the space after a command; a reader wants it back, as after a word.
_COMMAND = re.compile(r"\\(?:(?P<word>[A-Za-z]+)\*?|(?P<sign>[\s\S]))")
_PUNCTUATION = (("``", "“"), ("''", "”"), ("---", "—"), ("--", "–"))
_STYLED_LETTERS = range(0x1D400, 0x1D800)
"""Unicode's bold, script and fraktur letters: screen readers stumble, many fonts lack them."""
_DEPTH = 40
"""Braces nested deeper than this are treated as plain characters."""


@functools.cache
def _macros() -> dict[str, str]:
    """Return macro name → character, from pylatexenc's table and ours above it."""
    table: dict[str, str] = {}
    for codepoint, latex in get_builtin_uni2latex_dict().items():
        found = re.fullmatch(r"(?:\\ensuremath\{)?\\([A-Za-z]+)\}?", latex)
        if found and codepoint not in _STYLED_LETTERS:
            table.setdefault(found[1], chr(codepoint))
    return table | dict.fromkeys(_SWITCHES, "") | _SYMBOLS


# What commands that print nothing leave behind: a space before a stop or inside brackets.
_LOOSE = re.compile(r"\s+(?=[,.;:!?)\]⌉⌋⟩])|(?<=[⌈⌊⟨])\s+")


def plain_latex(text: str) -> str:
    r"""Return `text` with LaTeX commands and maths written in Unicode.

    `$O(n^2)$` → O(n²), `\'e` → é, `78.2\%` → 78.2%, `~\cite{x}` → nothing. A dollar sign that
    opens no maths (`costs $5 and $6`) stays, by pandoc's rule for `tex_math_dollars`.
    """
    spelled = _Walk(_mark_maths(text)).run()
    return _LOOSE.sub("", spelled) if "\\" in text else spelled


_MATHS = re.compile(
    r"(?<!\\)\$\$(?P<display>[^$]+)\$\$"
    r"|(?<!\\)\$(?P<command>(?:[^$\\^_{]*)(?:\\.|[_^{])(?:\\.|[^$\\])*)\$"
    r"|(?<!\\)\$(?P<sign>(?![\s\d])[^$\\\w]+(?<!\s))\$"
    r"|(?<!\\)\$(?P<inline>(?!\s)[^$\\]+(?<!\s))\$(?!\d)"
    r"|\\\((?P<paren>.{1,500}?)\\\)|\\\[(?P<bracket>.{1,500}?)\\\]",
    re.DOTALL,
)
_MATHS_ON, _MATHS_OFF = "\ue010", "\ue011"


def _mark_maths(text: str) -> str:
    """Put private marks around the maths, so that the walk need not guess what a `$` means."""

    def mark(found: re.Match[str]) -> str:
        return _MATHS_ON + str(found[found.lastgroup or 0]) + _MATHS_OFF

    return _MATHS.sub(mark, text.replace(_MATHS_ON, "").replace(_MATHS_OFF, ""))


_PLAIN = re.compile(rf"[^\\{{}}$^_~`'\-{_MATHS_ON}{_MATHS_OFF}]+")


_OPTION = re.compile(r"\s*\[([^\]]{0,200})\]")
_GROUP = re.compile(r"\s*\{")
_OPTION_AND_GROUP = re.compile(_OPTION.pattern + _GROUP.pattern)
_ACCENTED = re.compile(r"\s*\{|\s+\\?[A-Za-z]\b")


class _Walk:
    """One pass over one text; every character is either printed or understood."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.maths = 0

    def run(self) -> str:
        out = []
        while self.at < len(self.text):
            out.append(self.plain() or self.piece(0))
        return "".join(out)

    def plain(self) -> str:
        """Read the characters that mean nothing but themselves, up to one that may."""
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
        if char == "{" and depth < _DEPTH and text.find("}", start) > 0:
            return self.group(depth)
        if char in "{}" or (char == "\\" and self.at == len(text)):
            return ""
        if char in (_MATHS_ON, _MATHS_OFF):
            self.maths += 1 if char == _MATHS_ON else -1
            return ""
        if char in "^_" and self.maths > 0 and self.at < len(text):
            return self.script(char, depth)
        if char == "'" and self.maths > 0:
            return "′"
        return self.tie(start) if char == "~" else self.punctuation(char, start)

    def punctuation(self, char: str, start: int) -> str:
        """Read quotation marks and dashes, which TeX spells with several characters."""
        if not self.maths:
            for spelled, printed in _PUNCTUATION:
                if self.text.startswith(spelled, start):
                    self.at = start + len(spelled)
                    return printed
        return char

    def tie(self, start: int) -> str:
        """Read `~`: a no-break space between words, itself in `~5%` and in web addresses."""
        before = self.text[start - 1] if start else " "
        after = self.text[self.at] if self.at < len(self.text) else " "
        return "~" if before.isspace() or before in "/(" or after.isspace() else " "

    def group(self, depth: int) -> str:
        """Read up to the brace that closes the one just read."""
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
        if self.at >= len(self.text) or self.text[self.at] in (_MATHS_ON, _MATHS_OFF):
            return ""
        return self.piece(depth + 1) if depth < _DEPTH else ""

    def option(self) -> str:
        """Read and return an optional argument `[…]`, when there is one."""
        found = _OPTION.match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found[1]

    def has_group(self) -> bool:
        """Tell whether a braced argument follows."""
        return _GROUP.match(self.text, self.at) is not None

    def script(self, kind: str, depth: int) -> str:
        """Read a super- or subscript; in Unicode where every character has one."""
        content = self.argument(depth).strip()
        table = _SUPERSCRIPTS if kind == "^" else _SUBSCRIPTS
        if content in ("°", "∘"):
            return "°"
        if content and all(char in table for char in content):
            return "".join(table[char] for char in content)
        if len(content) <= 1:
            return kind + content
        return f"{kind}({content})" if not content.isalnum() else kind + content

    def command(self, depth: int) -> str:
        """Read a command whose backslash was just read, and its arguments."""
        found = _COMMAND.match(self.text, self.at - 1)
        if found is None:
            return ""
        name = found["word"] or found["sign"]
        self.at = found.end()
        if name in (_MATHS_ON, _MATHS_OFF):
            self.at -= 1
            return ""
        if name in _ACCENTS and (found["sign"] or self.maths or self.is_accent()):
            return self.accent(_ACCENTS[name], depth)
        if name in _SILENT:
            return self.skip_arguments(depth)
        printed = self.structure(name, depth)
        if printed is None:
            printed = self.spaced(name) if name in _OPERATORS else _macros().get(name)
        if printed is not None:
            return printed
        # Unknown: a command with an argument prints the argument (\textbf, \emph, \textsc …); one
        # without is kept as a word (a paper on `\foo` or a path `C:\temp`).
        if self.has_group_after_option():
            self.option()
        return self.argument(depth) if self.has_group() else name

    def structure(self, name: str, depth: int) -> str | None:
        """Read the arguments of a command that arranges them; None for any other command."""
        if name in ("begin", "end"):
            self.argument(depth)
            return " "
        if name == "href":
            self.argument(depth)
            return self.argument(depth)
        if name in ("frac", "dfrac", "tfrac"):
            return f"{self.fraction(depth)}/{self.fraction(depth)}"
        if name == "sqrt":
            self.option()
            root = self.argument(depth)
            return f"√{root}" if len(root) <= 1 else f"√({root})"
        if name in ("mathbb", "mathbbm", "Bbb"):
            return "".join(_BLACKBOARD.get(char, char) for char in self.argument(depth))
        return None

    def has_group_after_option(self) -> bool:
        """Tell whether `[…]{` follows."""
        return _OPTION_AND_GROUP.match(self.text, self.at) is not None

    def is_accent(self) -> bool:
        r"""Tell `\v{s}` and `\c c` from a command that merely begins with the letter."""
        return _ACCENTED.match(self.text, self.at) is not None

    def accent(self, mark: str, depth: int) -> str:
        """Put `mark` on the next letter."""
        base = self.argument(depth)
        if not base.strip():
            return ""
        plain = {"ı": "i", "ȷ": "j"}.get(base[0], base[0])
        return unicodedata.normalize("NFC", plain + mark) + base[1:]

    def skip_arguments(self, depth: int) -> str:
        """Pass over the arguments of a command that prints nothing."""
        while self.option():
            pass
        while self.has_group():
            self.argument(depth)
        return ""

    def fraction(self, depth: int) -> str:
        """Read one half of a fraction, in brackets when it is more than a word."""
        half = self.argument(depth).strip()
        return half if half.isalnum() or len(half) <= 1 else f"({half})"

    def spaced(self, name: str) -> str:
        """Return an operator's name with the space that maths would set after it."""
        following = self.text[self.at : self.at + 1]
        return f"{name} " if following.isalnum() or following == "\\" else name
