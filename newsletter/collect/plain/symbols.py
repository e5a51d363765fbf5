"""LaTeX names and the characters that they print."""

from __future__ import annotations

import functools
import re

from pylatexenc.latex2text import get_default_latex_context_db
from pylatexenc.latexencode import get_builtin_uni2latex_dict

# Commands that print nothing, not even their arguments.
SILENT = frozenset(
    "cite citep citet citealp citealt citeauthor citeyear parencite textcite autocite ref eqref "
    "autoref cref Cref label footnote footnotetext thanks vspace hspace pagestyle bibliography "
    "index nocite pageref includegraphics color".split()
)
# Commands for fonts and spacing that print nothing themselves.
SWITCHES = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle scriptstyle limits "
    "nolimits it bf em rm sf tt sl sc cal tiny small normalsize large Large itshape bfseries "
    "mathstrut protect relax noindent boldmath unboldmath nonumber xspace".split()
)
# Commands for fonts whose argument may stand without braces: `\mathcal N`.
FONTS = frozenset(
    "mathcal mathbf mathrm mathit mathsf mathtt mathfrak mathscr mathnormal boldsymbol bm pmb "
    "operatorname mathop mathrel mathbin mathord".split()
)
# Commands that are letters or quotation marks, after which a space only ends the command.
JOINED = frozenset(
    "ss o O l L ae AE oe OE aa AA i j dh DH th TH dj DJ ng NG textquoteleft textquoteright "
    "textquotedblleft textquotedblright guillemotleft guillemotright quotedblbase".split()
)
# Commands that put marks around their argument.
FENCES = {
    "ket": "|⟩", "bra": "⟨|", "braket": "⟨⟩", "ketbra": "||", "abs": "||", "norm": "‖‖",
    "floor": "⌊⌋", "ceil": "⌈⌉", "enquote": "“”",
}  # fmt: skip
ROOTS = {"2": "√", "3": "∛", "4": "∜"}
OPERATORS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf "
    "bmod mod limsup ln log max min mod Pr sec sin sinh sup tan tanh".split()
)
SYMBOLS = {
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
    "Re": "ℜ", "Im": "ℑ", "checkmark": "✓", "models": "⊨", "Box": "□", "cdotp": "·", "bot": "⊥",
    "neg": "¬", "ddagger": "‡", "pounds": "£", "copyright": "©", "euro": "€", "textbar": "|",
    "textless": "<", "textgreater": ">", "lhd": "⊲", "rhd": "⊳", "imath": "ı", "jmath": "ȷ",
    "restriction": "↾", "eth": "ð", "gg": "≫", "ll": "≪", "degree": "°",
    "textmu": "µ", "circ": "°", "triangle": "△", "top": "⊤", "perp": "⊥",
}  # fmt: skip
ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328",
    "d": "\u0323", "b": "\u0331", "r": "\u030a", "t": "\u0361",
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303",
    "bar": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c",
    "acute": "\u0301", "grave": "\u0300", "breve": "\u0306", "overline": "\u0304",
}  # fmt: skip
BLACKBOARD = dict(zip("CHNPQRZEF", "ℂℍℕℙℚℝℤ𝔼𝔽", strict=True))
SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()aAbBcdDeEfgGhHiIjJkKlLmMnNoOpPrRstTuUvVwWxyz*′∗",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᴬᵇᴮᶜᵈᴰᵉᴱᶠᵍᴳʰᴴⁱᴵʲᴶᵏᴷˡᴸᵐᴹⁿᴺᵒᴼᵖᴾʳᴿˢᵗᵀᵘᵁᵛⱽʷᵂˣʸᶻ*′*",
        strict=True,
    )
)
SUBSCRIPTS = dict(
    zip(
        "0123456789+-−=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)

_STYLED_LETTERS = range(0x1D400, 0x1D800)
"""Unicode's bold, script and fraktur letters: screen readers and many fonts lack them."""


@functools.cache
def macros() -> dict[str, str]:
    """Return macro name → character, from pylatexenc's tables; ours take precedence."""
    table: dict[str, str] = {}
    for codepoint, latex in get_builtin_uni2latex_dict().items():
        found = re.fullmatch(r"(?:\\ensuremath\{)?\\([A-Za-z]+)\}?", latex)
        if found and codepoint not in _STYLED_LETTERS:
            table.setdefault(found[1], chr(codepoint))
    categories = get_default_latex_context_db()
    for category in categories.category_list:
        for name, macro in categories.d[category]["macros"].items():
            printed = macro.simplify_repl
            if isinstance(printed, str) and len(printed) == 1:
                table.setdefault(name, printed)
    return table | dict.fromkeys(SWITCHES, "") | SYMBOLS
