"""Dates and directions as readers of a language write them (Unicode CLDR, through Babel)."""

from __future__ import annotations

import datetime as dt
import functools
import re
import unicodedata
from dataclasses import replace
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton

from newsletter.render.looks import Theme

FALLBACK = "en"
"""For languages that CLDR does not know."""

_LETTERS = {"HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "HEBREW": "he", "THAI": "th"}
"""Scripts in which (almost) one language is written, as the names of their letters begin."""
_ENGLISH = frozenset("the of and to that with this by are from which our these has".split())
"""Words that hold English prose together, and that other languages do not have in number."""
_SHARE = 0.08
"""Of all words. In English prose it is twice as many, in other languages of Europe a hundredth."""
_WORD = re.compile(r"[^\W\d_]+")


@functools.lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the locale of a BCP 47 `language`: `fr`, `pt-BR`, `zh-Hant-TW`."""
    wanted = language
    while wanted:
        try:
            return Locale.parse(wanted, sep="-")
        except (UnknownLocaleError, ValueError):
            wanted = wanted.rpartition("-")[0]
    return Locale.parse(FALLBACK)


def direction_of(language: str) -> Literal["ltr", "rtl"]:
    """Return how a language is written: from left to right, or from right to left."""
    return "rtl" if locale_of(language).text_direction == "rtl" else "ltr"


def direction_of_text(text: str) -> Literal["ltr", "rtl"]:
    """Return how a text is written, by its first letter with a direction (Unicode UAX #9, P2)."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def language_of_text(text: str) -> str:
    """Return the language that a text is surely in (BCP 47); empty when it is not sure.

    Letters tell it in scripts of one language; of others only English is known, by its share of
    function words.
    """
    for char in text:
        if not char.isascii() and (found := _LETTERS.get(unicodedata.name(char, "").split(" ")[0])):
            return found
    words = _WORD.findall(text.lower())
    english = sum(word in _ENGLISH for word in words)
    return "en" if english > _SHARE * len(words) else ""


@functools.cache
def own_name(language: str) -> str:
    """Return the name of a language as its speakers write it: `Deutsch`."""
    name = locale_of(language).get_language_name() or language
    return name[:1].upper() + name[1:]


@functools.lru_cache(maxsize=256)
def long_date(date: dt.date, language: str, days: int = 1) -> str:
    """Return `Tuesday, November 24, 2026`; for several days, the span that ends on `date`."""
    locale = locale_of(language)
    if days > 1:
        first = date - dt.timedelta(days=days - 1)
        return format_interval(first, date, "yMMMMd", locale=locale)
    return format_date(date, "full", locale=locale)


def short_date(date: dt.date, language: str) -> str:
    """Return `Nov 24`: for subjects, where every character counts."""
    return format_skeleton("MMMd", date, locale=locale_of(language))


def theme_in(theme: Theme, language: str) -> Theme:
    """Return a theme for mail in a language: from left to right, or from right to left."""
    values = {**dict(theme.values), **sides(direction_of(language))}
    return replace(theme, values=tuple(values.items()))


def sides(direction: str) -> dict[str, str]:
    """Return the values of a theme that depend on the direction of its language."""
    start, end = ("right", "left") if direction == "rtl" else ("left", "right")
    return {"direction": direction, "start": start, "end": end}
