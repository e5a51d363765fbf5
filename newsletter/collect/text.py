"""HTML and LaTeX, as feeds mix them, to plain Unicode text.

The order of the steps matters and is that of `plain_text`: mark-up, entities, mark-up that the
entities were hiding, LaTeX, Unicode. LaTeX symbols come from pylatexenc's tables; the walk over
the text is our own, because a title must come out whole whatever is wrong with its braces.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata

from pylatexenc.latexencode import get_builtin_uni2latex_dict

_TAGS = (
    "a abbr acronym address article aside b bdi bdo big blockquote br button caption center cite "
    "code col colgroup dd del details dfn div dl dt em fieldset figcaption figure font footer form "
    "h1 h2 h3 h4 h5 h6 header hr i iframe img input ins kbd label legend li link main mark meta "
    "nav nobr noscript ol option p picture pre q s samp section select small source span strike "
    "strong sub summary sup table tbody td textarea tfoot th thead time tr tt u ul var video "
    "audio embed object param svg path math mi mo mn mrow mfrac msup msub msubsup mtext mspace "
    "msqrt mstyle semantics annotation html body head title wbr"
).split()
# Only names that HTML, MathML or JATS know: `a <b and c> d` must survive.
_TAG = re.compile(
    rf"</?(?:{'|'.join(sorted(_TAGS, key=len, reverse=True))}|(?:jats|mml|m):[a-z]+)"
    r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*/?>""",
    re.IGNORECASE,
)
# What a browser shows nothing of, from its opening to its close.
_HIDDEN = tuple(
    (re.compile(opening, re.IGNORECASE), re.compile(close, re.IGNORECASE))
    for opening, close in (
        (r"<!--", r"-->"),
        (r"<script\b", r"</script\s*>"),
        (r"<style\b", r"</style\s*>"),
    )
)
# Inline tags vanish, the others part words: `<p>one</p><p>two</p>` is two words.
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|big|cite|code|em|font|i|kbd|mark|q|s|small|span|strong|sub|sup|tt|u|var"
    r"|jats:(?:italic|bold|sub|sup|sc)|mi|mn|mo|wbr)\b",
    re.IGNORECASE,
)
# C1 controls, zero-width fillers, soft hyphens, bidirectional overrides (they could make a title
# show another link), variation-free private-use code points (our tokens live there). ZWJ and ZWNJ
# stay: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\uffff\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
# UTF-8 that someone read as Windows-1252 and encoded again: `JosÃ©`, `Whatâ€™s`. arXiv's own API
# sends such author names. The pattern is UTF-8's (RFC 3629, 4), so real text cannot match it.
_CONTINUATION = "[\x80-\xbf" + "".join(
    bytes((byte,)).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)
) + "]"  # fmt: skip
_MANGLED = re.compile(
    f"[\xc3-\xdf]{_CONTINUATION}|\xc2[\xa0-\xbf]|[\xe0-\xef]{_CONTINUATION}{{2}}"
    f"|[\xf0-\xf4]{_CONTINUATION}{{3}}"
)
_SPACES = re.compile(r"\s+")


def plain_text(markup: str) -> str:
    """Return `markup` as one line of plain Unicode text: no tags, entities, LaTeX or controls.

    Never raises and never loses a word, however broken the input. Words that LaTeX itself would
    not print (citation keys, labels, footnotes) are left out.
    """
    text = markup
    if "<" in text:
        text = _strip_tags(text)
    if "&" in text:
        # Twice: `&amp;lt;` is what a feed that escapes an already escaped title sends.
        text = html.unescape(html.unescape(text))
        if "<" in text:
            text = _strip_tags(text)
    if any(sign in text for sign in "\\$~{}") or "``" in text:
        text = plain_latex(text)
    if _MANGLED.search(text):
        text = _MANGLED.sub(_unmangle, text)
    text = _SPACES.sub(" ", text)
    text = _INVISIBLE.sub("", text)
    for ligature, letters in _LIGATURES.items():
        text = text.replace(ligature, letters)
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _unmangle(found: re.Match[str]) -> str:
    """Return what the bytes meant, or the text as it stands when they mean nothing."""
    raw = b"".join(
        bytes((ord(char),)) if ord(char) < 0x100 else char.encode("cp1252")  # noqa: PLR2004
        for char in found[0]
    )
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return found[0]


def _strip_tags(text: str) -> str:
    for opening, close in _HIDDEN:
        text = _cut(text, opening, close)
    text = text.replace("<![CDATA[", " ").replace("]]>", " ")
    return _TAG.sub(lambda tag: "" if _INLINE.match(tag[0]) else " ", text)


def _cut(text: str, opening: re.Pattern[str], close: re.Pattern[str]) -> str:
    """Return `text` without what lies between the two; in linear time, unlike `.*?`."""
    kept, at = [], 0
    while (start := opening.search(text, at)) and (end := close.search(text, start.end())):
        kept.append(text[at : start.start()])
        at = end.end()
    return " ".join((*kept, text[at:]))


# --- LaTeX ------------------------------------------------------------------------------------

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
_DEPTH = 40
"""Braces nested deeper than this are treated as plain characters."""


@functools.cache
def _macros() -> dict[str, str]:
    """Return macro name → character, from pylatexenc's table and ours above it."""
    table: dict[str, str] = {}
    for codepoint, latex in get_builtin_uni2latex_dict().items():
        found = re.fullmatch(r"(?:\\ensuremath\{)?\\([A-Za-z]+)\}?", latex)
        if found and not 0x1D400 <= codepoint <= 0x1D7FF:
            table.setdefault(found[1], chr(codepoint))
    return table | dict.fromkeys(_SWITCHES, "") | _SYMBOLS


def plain_latex(text: str) -> str:
    r"""Return `text` with LaTeX commands and maths written in Unicode.

    `$O(n^2)$` → O(n²), `\'e` → é, `78.2\%` → 78.2%, `~\cite{x}` → nothing. A dollar sign that
    opens no maths (`costs $5 and $6`) stays, by pandoc's rule for `tex_math_dollars`.
    """
    spelled = _Walk(_mark_maths(text)).run()
    return re.sub(r"\s+([,.;:!?)\]])", r"\1", spelled) if "\\" in text else spelled


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


class _Walk:
    """One pass over one text; every character is either printed or understood."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.maths = 0

    def run(self) -> str:
        out = []
        while self.at < len(self.text):
            out.append(self.piece(0))
        return "".join(out)

    def piece(self, depth: int) -> str:
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
        if char == "~":
            return self.tie(start)
        if text.startswith(("``", "''"), start) and not self.maths:
            self.at += 1
            return "“" if char == "`" else "”"
        if text.startswith("---", start) and not self.maths:
            self.at += 2
            return "—"
        if text.startswith("--", start) and not self.maths:
            self.at += 1
            return "–"
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
            out.append(self.piece(depth + 1))
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
        found = re.compile(r"\s*\[([^\]]{0,200})\]").match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found[1]

    def has_group(self) -> bool:
        """Tell whether a braced argument follows."""
        return re.compile(r"\s*\{").match(self.text, self.at) is not None

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
        if name in _OPERATORS:
            return self.spaced(name)
        known = _macros().get(name)
        if known is not None:
            return known
        # Unknown: a command with an argument prints the argument (\textbf, \emph, \textsc …); one
        # without is kept as a word (a paper on `\foo` or a path `C:\temp`).
        self.option() if self.has_group_after_option() else None
        return self.argument(depth) if self.has_group() else name

    def has_group_after_option(self) -> bool:
        """Tell whether `[…]{` follows."""
        return re.compile(r"\s*\[[^\]]{0,200}\]\s*\{").match(self.text, self.at) is not None

    def is_accent(self) -> bool:
        r"""Tell `\v{s}` and `\c c` from a command that merely begins with the letter."""
        return re.compile(r"\s*\{\\?[A-Za-z]?\}|\s+\\?[A-Za-z]\b|\{").match(
            self.text, self.at
        ) is not None

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
