"""Contrast of text with its background, in light and dark mode (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import cssselect
import tinycss2.color3
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement as Element

from newsletter.render.checks.documents import Declaration, HtmlDocument, Rule, declarations
from newsletter.render.checks.findings import Flaw

LEAST = 4.5
"""Level AA, for text of any size."""

Colour = tuple[float, float, float]
WHITE: Colour = (1.0, 1.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0)

Painted = Mapping[Element, tuple[Colour | None, Colour | None]]
"""Element → its own text colour and background colour; None where it sets none."""


def check_contrast(document: HtmlDocument) -> Iterator[Flaw]:
    """Yield texts that are hard to read, each pair of colours once in each mode."""
    dark = [rule for rule in document.rules if "prefers-color-scheme: dark" in rule.media]
    for mode, painted in (("light", _painted(document, ())), ("dark", _painted(document, dark))):
        if mode == "dark" and not dark:
            continue
        seen: set[tuple[Colour, Colour]] = set()
        for element, words in _texts(document):
            ink = _nearest(element, painted, 0, BLACK)
            ground = _nearest(element, painted, 1, WHITE)
            found = ratio(ink, ground)
            if found < LEAST and (ink, ground) not in seen:
                seen.add((ink, ground))
                yield Flaw(
                    "error",
                    f"{_hex(ink)} on {_hex(ground)} has a contrast of {found:.1f} in {mode} mode; "
                    f"text needs {LEAST}: {words}",
                    document.place(element),
                )


def ratio(ink: Colour, ground: Colour) -> float:
    """Return the contrast of two colours: 1 if they are equal, 21 for black on white."""
    bright, dim = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def parse_colour(text: str) -> Colour | None:
    """Return a CSS colour; None if it is invalid or not opaque."""
    found = tinycss2.color3.parse_color(text)
    if found is None or isinstance(found, str) or found.alpha < 1:
        return None
    return (found.red, found.green, found.blue)


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  WCAG's
        for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def _painted(document: HtmlDocument, rules: Iterable[Rule]) -> Painted:
    """Return the colours of elements: those that `rules` give override their own."""
    found: dict[Element, list[Colour | None]] = {}
    for element in document.elements():
        own = declarations(element.get("style") or "")
        _paint(found.setdefault(element, [None, None]), own)
        if ground := parse_colour(element.get("bgcolor") or ""):
            found[element][1] = found[element][1] or ground
    for _, _, rule, selector in sorted(_selected(rules), key=lambda selected: selected[:2]):
        for element in cast("list[Element]", selector(document.root)):
            if element in found:
                _paint(
                    found[element],
                    [declared for declared in rule.declarations if declared.important],
                )
    return {element: (ink, ground) for element, (ink, ground) in found.items()}


def _selected(
    rules: Iterable[Rule],
) -> Iterator[tuple[tuple[int, int, int], int, Rule, CSSSelector]]:
    """Yield rules with their sort key: first how specific they are, then their order."""
    for number, rule in enumerate(rules):
        for text in rule.selector.split(","):
            try:
                (parsed,) = cssselect.parse(text)
                selector = CSSSelector(text, translator="html")
            except cssselect.SelectorError:
                continue  # a client may know this selector, but we cannot tell what it selects
            yield parsed.specificity(), number, rule, selector


def _paint(colours: list[Colour | None], declared: Iterable[Declaration]) -> None:
    for declaration in declared:
        if declaration.name == "color":
            colours[0] = parse_colour(declaration.value) or colours[0]
        elif declaration.name in ("background-color", "background"):
            colours[1] = parse_colour(declaration.value) or colours[1]


def _nearest(element: Element, painted: Painted, which: int, default: Colour) -> Colour:
    here: Element | None = element
    while here is not None:
        colour = painted.get(here, (None, None))[which]
        if colour is not None:
            return colour
        here = here.getparent()
    return default


def _texts(document: HtmlDocument) -> Iterator[tuple[Element, str]]:
    """Yield each visible element that has text of its own, with the first words of it."""
    hidden: set[Element] = set()
    for element in document.elements():  # parents come before their children
        if element.getparent() in hidden or _hides(element.get("style") or ""):
            hidden.add(element)
            continue
        if element.tag in ("style", "script", "title", "head"):
            continue
        own = " ".join((element.text or "", *(child.tail or "" for child in element)))
        if words := " ".join(own.split()):
            yield element, words[:40]


@functools.lru_cache(maxsize=2_000)
def _hides(style: str) -> bool:
    style = style.replace(" ", "")
    return "display:none" in style or "font-size:0;line-height:0" in style
