"""A rendered edition, parsed for the linter: elements, style rules, and their source lines."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import tinycss2
from lxml import html as lxml_html
from lxml.html import HtmlElement as Element

_PLACE = re.compile(r"(?:^|\s)at-(\d+)(?:\s|$)")
_CONDITIONAL = re.compile(
    r"<!--\s*\[if\b[^\]>]*\]>(?!\s*(?:<!-*\s*)?-->).*?<!\s*\[endif\]\s*-->|<!\[(?:if\b[^\]>]*|endif)\]>",
    re.DOTALL,
)
"""What only Outlook shows, and the ends of what only others show (`<![if !mso]>…<![endif]>`)."""
_SHOWN = 160
"""Characters of a rule by which its place is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One property and its value."""

    name: str
    value: str
    important: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a style element."""

    selector: str
    declarations: tuple[Declaration, ...]
    media: str
    """The condition of the @media rule around it; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A style element."""

    text: str
    rules: Sequence[tinycss2.ast.Node] = field(repr=False)
    """Its rules, and the comments and blanks between them."""
    in_body: bool

    def text_of(self, node: tinycss2.ast.Node) -> str:
        """Return the text that begins with a rule or comment."""
        lines = self.text.split("\n")
        begin = sum(len(line) + 1 for line in lines[: node.source_line - 1])
        begin += node.source_column - 1
        return self.text[begin : begin + _SHOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlDocument:
    """The HTML of an edition."""

    html: str
    root: Element
    sheets: tuple[Sheet, ...]
    rules: tuple[Rule, ...]
    at_rules: tuple[tuple[str, str], ...]
    """Name and condition of every at-rule."""
    place_of_line: Callable[[int], str] = field(repr=False)
    """Line of the template → `file:line`; empty when that is not known."""
    line_with: Callable[[str], str] = field(repr=False)
    """Text → `file:line` of the first template line that contains it, or only the file."""
    place_with: Callable[[str], str] = field(repr=False)
    """Text → `file:line:column` of the template's text that begins like it, or only the file."""

    def elements(self, *tags: str) -> Iterator[Element]:
        """Yield the elements that have one of `tags`; without tags, all elements."""
        for element in self.root.iter(*tags):
            if isinstance(element.tag, str):
                yield element

    def place(self, element: Element | None) -> str:
        """Return `file:line` of an element, or of its nearest parent for which it is known."""
        while element is not None:
            line = element.get("data-at") or ""
            if not line and (found := _PLACE.search(element.get("class") or "")):
                line = found[1]
            if line:
                return self.place_of_line(int(line))
            element = element.getparent()
        return ""


def read(
    html: str,
    place_of_line: Callable[[int], str] = lambda _line: "",
    line_with: Callable[[str], str] = lambda _text: "",
    place_with: Callable[[str], str] = lambda _text: "",
) -> HtmlDocument:
    """Return the parsed HTML, without what only Outlook's conditional comments show."""
    root = lxml_html.document_fromstring(_CONDITIONAL.sub("", html))
    sheets: list[Sheet] = []
    rules: list[Rule] = []
    at_rules: list[tuple[str, str]] = []
    for style in root.iter("style"):
        text = style.text or ""
        sheet = Sheet(
            text=text,
            rules=tinycss2.parse_stylesheet(text),
            in_body=any(parent.tag == "body" for parent in style.iterancestors()),
        )
        sheets.append(sheet)
        _collect(sheet.rules, "", rules, at_rules)
    return HtmlDocument(
        html=html,
        root=root,
        sheets=tuple(sheets),
        rules=tuple(rules),
        at_rules=tuple(at_rules),
        place_of_line=place_of_line,
        line_with=line_with,
        place_with=place_with,
    )


@functools.lru_cache(maxsize=2_000)
def declarations(text: str) -> tuple[Declaration, ...]:
    """Return the declarations of a style attribute; invalid ones are left out."""
    return tuple(
        Declaration(
            name=node.lower_name,
            value=tinycss2.serialize(node.value).strip(),
            important=node.important,
        )
        for node in tinycss2.parse_declaration_list(text, skip_comments=True, skip_whitespace=True)
        if node.type == "declaration"
    )


def _collect(
    nodes: Sequence[tinycss2.ast.Node],
    media: str,
    rules: list[Rule],
    at_rules: list[tuple[str, str]],
) -> None:
    for node in nodes:
        if node.type == "qualified-rule":
            rules.append(
                Rule(
                    selector=tinycss2.serialize(node.prelude).strip(),
                    declarations=declarations(tinycss2.serialize(node.content)),
                    media=media,
                )
            )
        elif node.type == "at-rule":
            condition = tinycss2.serialize(node.prelude).strip()
            at_rules.append((node.lower_at_keyword, condition))
            if node.content is not None:
                inner = tinycss2.parse_rule_list(
                    node.content, skip_comments=True, skip_whitespace=True
                )
                _collect(inner, condition or media, rules, at_rules)
