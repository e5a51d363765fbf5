"""What clients do to style sheets and style attributes: what they drop, and what goes with it.

The faults are those of public lists: https://github.com/hteumeuleu/email-bugs (by number below) and
https://www.caniemail.com. What costs a client a rule or a whole sheet is an error; what costs it
one declaration is a warning.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import tinycss2
from tinycss2 import ast

from newsletter.render.checks.documents import HtmlDocument, Sheet, declarations
from newsletter.render.checks.findings import Flaw

PROPERTIES: Final = frozenset(
    """
    accent-color align-content align-items align-self animation appearance aspect-ratio
    backdrop-filter background background-attachment background-blend-mode background-clip
    background-color background-image background-origin background-position background-repeat
    background-size border border-block border-block-end border-block-start border-bottom
    border-bottom-color border-bottom-left-radius border-bottom-right-radius border-bottom-style
    border-bottom-width border-collapse border-color border-image border-image-outset
    border-image-repeat border-image-slice border-image-source border-image-width border-inline
    border-inline-end border-inline-start border-left border-left-color border-left-style
    border-left-width border-radius border-right border-right-color border-right-style
    border-right-width border-spacing border-style border-top border-top-color
    border-top-left-radius border-top-right-radius border-top-style border-top-width
    border-width bottom box-shadow box-sizing break-after break-before break-inside caption-side
    clear clip clip-path color color-scheme column-count column-gap column-width columns content
    cursor direction display empty-cells filter flex flex-basis flex-direction flex-flow
    flex-grow flex-shrink flex-wrap float font font-family font-feature-settings font-kerning
    font-size font-size-adjust font-stretch font-style font-synthesis font-variant font-weight
    gap grid grid-area grid-column grid-gap grid-row grid-template grid-template-areas
    grid-template-columns grid-template-rows height hyphens inline-size inset isolation
    justify-content justify-items justify-self left letter-spacing line-break line-height
    list-style list-style-image list-style-position list-style-type margin margin-block
    margin-block-end margin-block-start margin-bottom margin-inline margin-inline-end
    margin-inline-start margin-left margin-right margin-top mask max-height max-width min-height
    min-width mix-blend-mode object-fit object-position opacity order orphans outline
    outline-color outline-offset outline-style outline-width overflow overflow-wrap overflow-x
    overflow-y padding padding-block padding-block-end padding-block-start padding-bottom
    padding-inline padding-inline-end padding-inline-start padding-left padding-right
    padding-top page-break-after page-break-before page-break-inside place-content place-items
    pointer-events position quotes resize right rotate row-gap scale scroll-behavior src
    supported-color-schemes tab-size table-layout text-align text-align-last text-decoration
    text-decoration-color text-decoration-line text-decoration-style text-decoration-thickness
    text-indent text-justify text-overflow text-rendering text-shadow text-size-adjust
    text-transform text-underline-offset text-wrap top transform transform-origin transition
    translate unicode-bidi user-select vertical-align visibility white-space widows width
    will-change word-break word-spacing word-wrap writing-mode z-index zoom
    """.split()
)
"""Properties of CSS (https://www.w3.org/Style/CSS/all-properties) that style sheets use."""
_PROPERTY: Final = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:")
_CHAINED: Final = re.compile(r"\.[\w-]+\.[\w-]+")
_CAPITALS: Final = re.compile(r"!\s*(?=\w*[A-Z])(?i:important)")
_NEGATIVE: Final = re.compile(r"(?<![\w.])-\.?\d")


def check_styles(document: HtmlDocument) -> Iterator[Flaw]:
    """Yield what a client would drop of the styles of a document."""
    for sheet in document.sheets:
        yield from _check_sheet(sheet, document)
    yield from _check_attributes(document)


def _check_sheet(sheet: Sheet, document: HtmlDocument) -> Iterator[Flaw]:
    if sheet.in_body:
        yield Flaw(
            "error",
            "a <style> in the body, where Gmail and Outlook (classic) do not read it: write "
            "<mj-style> in <mj-head>",
            document.place_with(sheet.text.strip()),
        )
    if capitals := _CAPITALS.search(sheet.text):
        yield Flaw(
            "error",
            f"`{capitals[0]}`: Gmail drops a <style> with it in capitals (email-bugs#13): write "
            "!important",
            document.place_with(capitals[0]),
        )
    yield from _check_rules(sheet.rules, sheet, document, "")


def _check_rules(
    rules: Sequence[ast.Node], sheet: Sheet, document: HtmlDocument, media: str
) -> Iterator[Flaw]:
    """Check the rules of a sheet, or of the @-rule that is called `media`."""
    told = [rule for rule in rules if rule.type != "whitespace"]
    for node, following in pairwise(told):
        if node.type == "comment" and following.type != "comment":
            yield Flaw(
                "error",
                "a comment of CSS before a rule: Yahoo and AOL drop that rule (email-bugs#25): "
                "move it into the braces, or write it as <!-- … --> before <mj-style>",
                document.place_with(sheet.text_of(node)),
            )
    for node in told:
        place = document.place_with(sheet.text_of(node))
        if node.type == "error":
            yield Flaw("error", _broken(node.message), place)
        elif node.type == "at-rule":
            yield from _check_at_rule(node, sheet, document, media)
        elif node.type == "qualified-rule":
            selector = tinycss2.serialize(node.prelude).strip()
            if media and (chained := _CHAINED.search(selector)):
                yield Flaw(
                    "warning",
                    f"`{chained[0]}`: Outlook (new, web) does not find two classes in one "
                    "(email-bugs#61): use one class, or a space between them",
                    place,
                )
            for inner in tinycss2.parse_blocks_contents(node.content, skip_whitespace=True):
                if inner.type == "declaration":
                    yield from _check_name(
                        inner.lower_name, document.place_with(f"{inner.lower_name}:")
                    )
                elif inner.type == "error":
                    yield Flaw("error", f"`{selector}`: {_broken(inner.message)}", place)
                elif inner.type in ("qualified-rule", "at-rule"):
                    yield Flaw(
                        "error",
                        f"`{selector}` has a rule within it: mail clients do not know that, and "
                        "Gmail drops the whole <style>: write the rule by itself",
                        place,
                    )


def _check_at_rule(
    rule: ast.AtRule, sheet: Sheet, document: HtmlDocument, media: str
) -> Iterator[Flaw]:
    name = f"@{rule.at_keyword} {tinycss2.serialize(rule.prelude).strip()}".strip()
    place = document.place_with(sheet.text_of(rule))
    if media:
        both = ""
        if media.startswith("@media ") and name.startswith("@media "):
            both = f", as `{media} and {name.removeprefix('@media ')}`"
        yield Flaw(
            "error",
            f"`{name}` within `{media}`: Gmail drops the whole <style> (email-bugs#21): write it "
            f"by itself{both}",
            place,
        )
    commas = [token for token in rule.prelude if token.type == "literal" and token.value == ","]
    if rule.lower_at_keyword == "media" and commas:
        yield Flaw(
            "error",
            f"`{name}`: Yahoo drops all that follows a comma in a media query, with the rest of "
            "the <style> (email-bugs#149): write one @media for each condition",
            place,
        )
    if rule.content is None:
        return
    if rule.lower_at_keyword in ("media", "supports", "layer", "container", "document"):
        yield from _check_rules(
            tinycss2.parse_rule_list(rule.content), sheet, document, media or name
        )
    elif nested := next((token for token in rule.content if token.type == "at-keyword"), None):
        yield Flaw(
            "error",
            f"`@{nested.value}` within `{name}`: Gmail drops the whole <style> (email-bugs#21): "
            "write it by itself",
            place,
        )


def _check_name(name: str, place: str) -> Iterator[Flaw]:
    """Tell a property that is nearly one of CSS: every client passes over it in silence."""
    if name in PROPERTIES or name.startswith(("-", "mso-")):
        return
    alike = (known for known in PROPERTIES if abs(len(known) - len(name)) <= 1)
    if near := difflib.get_close_matches(name, alike, 1, 0.8):
        yield Flaw("error", f"`{name}` is no property of CSS; did you mean `{near[0]}`?", place)


def _broken(message: str) -> str:
    said = message.rstrip(".")
    return f"a mistake in CSS ({said}): Gmail drops the whole <style>: mend or remove it"


def _check_attributes(document: HtmlDocument) -> Iterator[Flaw]:
    for element in document.elements():
        style = element.get("style")
        if not style:
            continue
        for name in set(_PROPERTY.findall(style)) - PROPERTIES:
            yield from _check_name(name, document.place_with(f"{name}:"))
        if capitals := _CAPITALS.search(style):
            yield Flaw(
                "error",
                f"`{capitals[0]}`: Gmail drops a style attribute with it in capitals "
                "(email-bugs#13): write !important, or nothing",
                document.place(element),
            )
        if "!" not in style and "-" not in style:
            continue
        for declaration in declarations(style):
            if declaration.important:
                yield Flaw(
                    "warning",
                    f"`{declaration.name}: … !important` in a style attribute, where Outlook "
                    "(classic) ignores it: write it without, or in @media",
                    document.place(element),
                )
            if declaration.name.startswith("margin") and _NEGATIVE.search(declaration.value):
                yield Flaw(
                    "warning",
                    f"`{declaration.name}: {declaration.value}`: Gmail drops negative margins",
                    document.place(element),
                )
