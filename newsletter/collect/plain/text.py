"""HTML and LaTeX, as feeds mix them, to plain Unicode text.

The order of the steps in `plain_text` matters: mark-up, entities, mark-up that was written as
entities, LaTeX, Unicode.
"""

from __future__ import annotations

import html
import re
import unicodedata

from newsletter.collect.plain.latex import plain_latex
from newsletter.collect.plain.markdown import without_markdown
from newsletter.collect.plain.punctuation import raised_text
from newsletter.model.gate import NEVER

# Names that only mark-up uses, also unclosed.
_MARKUP = (
    "a abbr acronym address applet article aside b basefont bdi bdo bgsound big blink blockquote "
    "br center cite col colgroup dd del dfn div dl dt em embed fieldset figcaption figure font "
    "footer frameset h1 h2 h3 h4 h5 h6 header hgroup hr i iframe ilayer img ins kbd li link mark "
    "meta multicol nav nobr noembed noframes nolayer noscript ol optgroup p picture pre rb rp rt "
    "rtc samp section small span strike strong sub sup svg table tbody td textarea tfoot th thead "
    "tr tt u ul var wbr xml "
    "mi mo mn mrow mfrac msup msub msubsup mtext mspace msqrt mstyle semantics"
).split()
# Names that are words, too: `the <code> block`, `a <s> token`. They are mark-up in pairs.
_PAIRED = (
    "annotation audio body button caption code comment details font form head html label legend "
    "main map marquee math option param path q rb ruby s spacer summary time title video"
).split()
# Names that hardly any feed uses as mark-up, but authors in prose: with attributes only.
_WORDS = (
    "area base data datalist dialog dir frame image input isindex keygen layer listing menu "
    "menuitem meter nextid object output plaintext portal progress search select server slot "
    "source template track xmp"
).split()


# Attributes as HTML writes them; if the quotes are wrong, anything after the first `=`.
_ATTRIBUTE = r"""\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+)"""
_ANYTHING = r"\s+[\w:.-]+\s*=[^<>]*"


def _any(names: list[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


# Only names of HTML, MathML or JATS: `a <b and c> d` must stay as it is.
_TAG = re.compile(
    rf"</?(?:{_any(_MARKUP)}|(?:jats|mml|m):[a-z]+)(?:(?:{_ATTRIBUTE})*\s*/?|{_ANYTHING})>"
    rf"|</?(?:{_any(_PAIRED + _WORDS)})(?:(?:{_ATTRIBUTE})+\s*/?|{_ANYTHING})>",
    re.IGNORECASE,
)
_PAIR = re.compile(
    rf"<(?P<close>/?)(?P<name>{_any(_PAIRED + _WORDS)})(?P<more>\s*/?|\s[^<>=]*=[^<>]*)>",
    re.IGNORECASE,
)
# Elements whose content a browser does not show.
_HIDDEN = tuple(
    (re.compile(opening, re.IGNORECASE), re.compile(close, re.IGNORECASE))
    for opening, close in (
        (r"<!--", r"-->"),
        (r"<script\b", r"</script\s*>"),
        (r"<style\b", r"</style\s*>"),
        (r"<\?", r"\?>"),
        (r"<!doctype\b", r">"),
    )
)
# Inline tags are removed; other tags separate words: `<p>one</p><p>two</p>` is two words.
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|big|cite|code|em|font|i|kbd|mark|q|s|small|span|strong|sub|sup|tt|u|var"
    r"|jats:(?:italic|bold|sub|sup|sc)|mi|mn|mo|wbr)\b",
    re.IGNORECASE,
)
# A number or a letter above the line or below it is another number than beside it: 10⁵.
_RAISED = re.compile(r"<(su[bp])>\s*([^<>\s]{1,12})\s*</\1>", re.IGNORECASE)
_LEAF = r"\s*<(?:mml:|m:)?m[ion]\b[^<>]*>\s*([^<>]{1,20}?)\s*</(?:mml:|m:)?m[ion]>\s*"
_MATHML = re.compile(
    rf"<(?:mml:|m:)?(msup|msub|mfrac)\b[^<>]*>{_LEAF}{_LEAF}</(?:mml:|m:)?\1>", re.IGNORECASE
)
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
# UTF-8 that was read as Windows-1252 and encoded again: `JosÃ©`, `Whatâ€™s`. arXiv's own API sends
# such author names. The pattern is that of UTF-8 (RFC 3629, 4); real text does not match it.
_CONTINUATION = "[\x80-\xbf" + "".join(
    bytes((byte,)).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)
) + "]"  # fmt: skip
_MANGLED = re.compile(
    f"[\xc3-\xdf]{_CONTINUATION}|\xc2[\xa0-\xbf]|[\xe0-\xef]{_CONTINUATION}{{2}}"
    f"|[\xf0-\xf4]{_CONTINUATION}{{3}}"
)
_SPACES = re.compile(r"\s+")
_INVISIBLE = re.compile(f"[{NEVER}]")
# Python cannot convert 4,300 digits, and no character has a number this long.
_NO_CHARACTER = re.compile(r"&#0*[0-9]{8,};?")


def plain_text(markup: str) -> str:
    """Return `markup` as one line of plain Unicode: no tags, entities, LaTeX or control characters.

    Never raises and never loses a word, however broken the input, except words that LaTeX itself
    would not print (citation keys, labels, footnotes).
    """
    text = markup
    if "<" in text:
        text = _strip_tags(text)
    if "&" in text:
        # Twice: a feed that escapes an already escaped title sends `&amp;lt;`.
        for _ in range(2):
            text = html.unescape(_NO_CHARACTER.sub("", text))
        if "<" in text:
            text = _strip_tags(text)
    if any(sign in text for sign in "\\$~{}`") or "--" in text:
        text = plain_latex(text)
    text = _MANGLED.sub(_unmangle, text)
    text = without_markdown(_SPACES.sub(" ", text).strip())
    text = _INVISIBLE.sub("", text)
    text = unicodedata.normalize("NFC", text.translate(_LIGATURES))
    return _SPACES.sub(" ", text).strip()


def _unmangle(found: re.Match[str]) -> str:
    """Return the text that the bytes meant, or the given text if they are not UTF-8."""
    raw = b"".join(char.encode("latin-1" if char <= "\xff" else "cp1252") for char in found[0])
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return found[0]


def _strip_tags(text: str) -> str:
    for opening, close in _HIDDEN:
        text = _cut(text, opening, close)
    text = text.replace("<![CDATA[", " ").replace("]]>", " ")
    text = _MATHML.sub(_maths, text)
    text = _RAISED.sub(lambda tag: raised_text("^" if tag[1][-1] in "pP" else "_", tag[2]), text)
    paired = _paired_names(text)

    def gone(tag: re.Match[str]) -> str:
        return "" if _INLINE.match(tag[0]) else " "

    if paired:
        text = _PAIR.sub(lambda tag: gone(tag) if tag["name"].lower() in paired else tag[0], text)
    return _TAG.sub(gone, text)


def _maths(found: re.Match[str]) -> str:
    """Return a power, an index or a fraction of MathML (https://www.w3.org/TR/mathml-core/)."""
    kind, first, second = found.groups()
    if kind.lower() == "mfrac":
        return f"{first}/{second}"
    return first + raised_text("^" if kind.lower() == "msup" else "_", second)


def _paired_names(text: str) -> set[str]:
    """Return which names, of those that are also words, the text uses as mark-up."""
    opened: set[str] = set()
    closed: set[str] = set()
    detailed: set[str] = set()
    for tag in _PAIR.finditer(text):
        name = tag["name"].lower()
        (closed if tag["close"] else opened).add(name)
        if "=" in tag["more"]:
            detailed.add(name)
    return ((opened & closed) - set(_WORDS)) | detailed


def _cut(text: str, opening: re.Pattern[str], close: re.Pattern[str]) -> str:
    """Return `text` without what lies between the two patterns; in linear time, unlike `.*?`."""
    kept, at = [], 0
    while (start := opening.search(text, at)) and (end := close.search(text, start.end())):
        kept.append(text[at : start.start()])
        at = end.end()
    return " ".join((*kept, text[at:]))
