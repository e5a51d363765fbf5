"""Which languages the program speaks to readers, and the side from which a theme begins in one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from newsletter.render.locales import direction_of
from newsletter.render.looks import Theme

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "zh", "ja", "ar")
"""English, in which phrases are written, and what they are translated into (BCP 47)."""

MOST_HEADER: Final = 500
"""Characters of a header that are read."""
_QUALITY: Final = re.compile(
    r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.ASCII | re.IGNORECASE
)


def language_of_phrases(language: str) -> str:
    """Return which of LANGUAGES somebody reads who wants `language`; empty for none of them."""
    base = language.split("-", maxsplit=1)[0].lower()
    return base if base in LANGUAGES else ""


def language_accepted(header: str) -> str:
    """Return which of LANGUAGES a browser prefers, by its Accept-Language (RFC 9110, 12.5.4).

    It is empty for none of them. A header that is not well formed says nothing.
    """
    best, most = "", 0.0
    for part in header[:MOST_HEADER].split(","):
        wanted, _, parameter = part.partition(";")
        known = language_of_phrases(wanted.strip())
        quality = _quality(parameter)
        if known and quality > most:
            best, most = known, quality
    return best


def _quality(parameter: str) -> float:
    """Return how much something is wanted, from 0 to 1; what cannot be read is not wanted."""
    if not parameter.strip():
        return 1.0
    found = _QUALITY.fullmatch(parameter)
    return float(found[1]) if found else 0.0


def dialect(wanted: str, language: str) -> str:
    """Return in which dialect of a `language` dates are: the one that is wanted, if it is of it."""
    is_same = wanted.split("-", maxsplit=1)[0].lower() == language.split("-", maxsplit=1)[0].lower()
    return wanted if is_same else language


def theme_in(theme: Theme, language: str) -> Theme:
    """Return a theme for mail in a language: from left to right, or from right to left."""
    values = {**dict(theme.values), **sides(direction_of(language))}
    return replace(theme, values=tuple(values.items()))


def sides(direction: str) -> dict[str, str]:
    """Return the values of a theme that depend on the direction of its language."""
    start, end = ("right", "left") if direction == "rtl" else ("left", "right")
    return {"direction": direction, "start": start, "end": end}
