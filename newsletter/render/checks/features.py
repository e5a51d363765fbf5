"""Which features of HTML and CSS a document uses, and which mail clients know them."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from newsletter.render.checks.documents import Declaration, HtmlDocument, declarations

DEGRADES: Final[Mapping[str, str]] = {
    "property border-radius": "corners are square",
    "property box-shadow": "there is no shadow",
    "property text-shadow": "there is no shadow",
    "property letter-spacing": "letters are spaced as usual",
    "property max-width": "MJML writes the width for Outlook beside it",
    "property word-break": "long words are broken elsewhere, or not",
    "property overflow-wrap": "long words are broken elsewhere, or not",
    "property word-spacing": "words are spaced as usual",
    "property direction": "the attribute `dir` says the same",
    "property outline": "focus looks as usual",
    "property border-spacing": "the attribute `cellspacing` says the same",
    "property border-collapse": "the attribute `cellspacing` says the same",
    "property transition": "changes are immediate",
    "property cursor": "the pointer looks as usual",
    "property text-underline-offset": "the line is where it usually is",
    "property hyphens": "words are not broken",
    "property font": "the properties it stands for are written out by premailer",
    "property text-decoration-color": "the line has the colour of the text",
    "property text-decoration-thickness": "the line is as thick as usual",
    "property border-image": "the border is plain",
    "property color-scheme": "the client chooses the mode",
    "element body": "the block inside it has the same colours",
    "value * initial": "the property is inherited",
    "at font-face": "the next font of the list is used",
    "attribute aria-label": "the text of the link is read aloud",
    "attribute aria-hidden": "hidden text is read aloud",
    "attribute dir": "the text's own direction is taken",
    "attribute lang": "the reader's language is taken",
    "attribute role": "a layout table is read aloud as a table",
    "attribute loading": "pictures are loaded at once",
    "link anchor": "the link does nothing, and the section is below",
    "element header": "it is a plain block", "element footer": "it is a plain block",
    "element main": "it is a plain block", "element section": "it is a plain block",
    "element article": "it is a plain block", "element nav": "it is a plain block",
    "element time": "it is plain text", "element abbr": "it is plain text",
    "element small": "it is plain text", "element bdi": "it is plain text",
    "image webp": "the text in its place is shown",
}  # fmt: skip
"""Features that clients may ignore without harm, and what readers see then."""

INITIAL: Final = frozenset(("auto", "none", "normal", "0", "inherit"))
"""Values that most properties have by default: nothing is lost without them."""

_FUNCTION = re.compile(r"([a-z-]+)\(")
_UNIT = re.compile(r"(?<![\w#.-])-?\d*\.?\d+(%|[a-z]+)\b|(?<![\w#.-])-?\d*\.?\d+(%)")
_PSEUDO = re.compile(r"::?([a-z-]+)")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a feature."""

    key: str
    """The feature's key in clients.json, such as `property gap`."""
    place: str
    """file:line, as far as known."""
    enhances: bool = False
    """Whether the mail works without it: rules in @media, :hover."""


@functools.cache
def _table() -> Mapping[str, tuple[str, str]]:
    return {key: (slug, support) for key, (slug, support) in _data()["features"].items()}


@functools.cache
def _data() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    text = importlib.resources.files("newsletter.render.checks").joinpath("clients.json")
    found: Mapping[str, Mapping[str, tuple[str, str]]] = json.loads(text.read_text("utf-8"))
    return found


def clients_without(key: str) -> tuple[str, ...]:
    """Return the clients that do not know a feature; empty when nobody has tested it."""
    _, support = _table().get(key, ("", ""))
    return tuple(
        client for client, answer in zip(_data()["clients"], support, strict=False) if answer == "n"
    )


def page_of(key: str) -> str:
    """Return the web page about a feature."""
    return f"https://www.caniemail.com/features/{_table()[key][0]}/"


def unsupported(document: HtmlDocument) -> Iterator[tuple[Use, tuple[str, ...]]]:
    """Yield, once each, the features that some client does not know and that have no fallback."""
    seen: set[str] = set()
    for use in uses(document):
        if use.enhances or use.key in DEGRADES or use.key in seen:
            continue
        if clients := clients_without(use.key):
            seen.add(use.key)
            yield use, clients


def uses(document: HtmlDocument) -> Iterator[Use]:
    """Yield the features that a document uses, element by element, then rule by rule."""
    for element in document.elements():
        place = document.place(element)
        tag = str(element.tag)
        yield Use(f"element {tag}", place)
        if tag == "input":
            yield Use(f"input {element.get('type', 'text')}", place)
        for name, value in element.attrib.items():
            yield Use(f"attribute {name}", place)
            if name == "style":
                yield from (Use(key, place) for key in _of_style(str(value)))
        yield from _of_links(element.get("href"), element.get("src"), place)
    for name, condition in document.at_rules:
        place = document.line_with(f"@{name}")
        yield Use(f"at {name}", place, name == "media")
        for feature in re.findall(r"\(([a-z-]+)", condition):
            yield Use(f"media {feature}", place, enhances=True)
    for rule in document.rules:
        enhances = bool(rule.media) or ":" in rule.selector or "[" in rule.selector
        for key in _of_selector(rule.selector):
            yield Use(key, document.line_with(rule.selector), enhances=True)
        for declaration in rule.declarations:
            for key in _of_declaration(declaration):
                yield Use(key, document.line_with(f"{declaration.name}:"), enhances)


@functools.lru_cache(maxsize=2_000)
def _of_style(style: str) -> tuple[str, ...]:
    """Return the features of a style attribute, each once."""
    declared = declarations(style)
    # Hidden elements are hidden in several ways; each is a fallback for the others.
    hidden = any(some.name == "display" and some.value == "none" for some in declared)
    keys = (
        key
        for some in declared
        if not hidden or some.name == "display"
        for key in _of_declaration(some)
    )
    return tuple(dict.fromkeys(keys))


def _of_links(href: str | None, src: str | None, place: str) -> Iterator[Use]:
    if href and href.startswith("#"):
        yield Use("link anchor", place)
    if src:
        kind = "data" if src.startswith("data:") else urlsplit(src).path.rpartition(".")[2].lower()
        yield Use(f"image {kind}", place)


def _of_declaration(declaration: Declaration) -> Iterator[str]:
    name, value = declaration.name, declaration.value.lower()
    if value in INITIAL and name != "display":
        return
    yield "property --" if name.startswith("--") else f"property {name}"
    if name == "background" and "url(" in value:
        yield "property background-image"
    yield f"value {name} {value}"
    yield f"value * {value}"
    for function in _FUNCTION.findall(value):
        yield f"function {function}"
    for unit in _UNIT.finditer(value):
        yield f"unit {unit[1] or unit[2]}"


def _of_selector(selector: str) -> Iterator[str]:
    for pseudo in _PSEUDO.findall(selector):
        yield f"pseudo {pseudo}"
    for sign, kind in (("[", "attribute"), (">", "child"), ("+", "adjacent-sibling"),
                       ("~", "general-sibling"), ("*", "universal")):  # fmt: skip
        if sign in selector:
            yield f"selector {kind}"
