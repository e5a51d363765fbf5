"""What clients do to style sheets and style attributes: what they drop, and what goes with it.

The faults are those of public lists: https://github.com/hteumeuleu/email-bugs (by number below) and
https://www.caniemail.com. What costs a client a rule or a whole sheet is an error; what costs it
one declaration is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import tinycss2
from tinycss2 import ast

from newsletter.render.checks.documents import HtmlDocument, Sheet, declarations
from newsletter.render.checks.findings import Flaw

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
                if inner.type == "error":
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


def _broken(message: str) -> str:
    said = message.rstrip(".")
    return f"a mistake in CSS ({said}): Gmail drops the whole <style>: mend or remove it"


def _check_attributes(document: HtmlDocument) -> Iterator[Flaw]:
    for element in document.elements():
        style = element.get("style")
        if not style:
            continue
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
