"""In which language each text of a page or mail is, as a screen reader finds it (`lang`)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import lxml.html
from catalogues import said
from lxml import etree

from newsletter.render.languages import LANGUAGES
from newsletter.render.phrases import phrases_of

ATTRIBUTES = ("aria-label", "alt", "placeholder", "title")
_VALUE = re.compile(r"%\(\w+\)s")
FEWEST = 4
"""Letters of a phrase beside its values: fewer say nothing of a language."""


def document(page: str) -> Any:
    """Return a page as lxml reads it; its stubs know too many kinds of answers of XPath."""
    return lxml.html.fromstring(page)


def texts(page: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a page, also those of attributes, with its language."""
    root = document(page)
    assert {code.split("-")[0] for code in root.xpath("//@lang")} <= {*LANGUAGES, "", "sv", "it"}
    for element in root.iter(etree.Element):
        if element.tag in ("script", "style"):
            continue
        own = _language(element)
        above = _language(element.getparent()) if element.getparent() is not None else ""
        found = [(own, element.text or ""), (above, element.tail or "")]
        found += [(own, element.get(name, "")) for name in ATTRIBUTES]
        for language, text in found:
            if plain := " ".join(text.split()).strip(" ·"):
                yield language.split("-")[0], plain


def mislabelled(page: str) -> list[tuple[str, str]]:
    """Return each text that is a phrase of the program in some languages, and labelled otherwise."""
    return [
        (language, text)
        for language, text in texts(page)
        if (spoken := languages_of(text)) and language not in spoken
    ]


def languages_of(text: str) -> set[str]:
    """Return the languages in which a text is a phrase of the program; none for other texts."""
    return {language for language in LANGUAGES if _phrases_in(language).fullmatch(text)}


def _language(element: Any) -> str:
    for one in (element, *element.iterancestors()):
        if (told := one.get("lang")) is not None:
            return str(told)
    return ""


@functools.cache
def _phrases_in(language: str) -> re.Pattern[str]:
    catalogue = phrases_of(language).catalogue
    patterns: set[str] = set()
    for message in said():
        if isinstance(message.id, str):
            forms = [catalogue.gettext(message.id)]
        else:
            one, many = message.id
            forms = [catalogue.ngettext(one, many, count) for count in (0, 1, 2, 3, 11, 100)]
        for form in forms:
            letters = re.sub(r"[\W\d_]+", "", _VALUE.sub("", form))
            if message.id and len(letters) >= (FEWEST if letters.isascii() else 2):
                plain = " ".join(form.replace("%%", "%").split())
                patterns.add(".+?".join(map(re.escape, _VALUE.split(plain))))
    return re.compile("|".join(sorted(patterns)))
