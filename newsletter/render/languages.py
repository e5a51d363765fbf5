"""Which languages the program speaks to readers, and which of them somebody wants."""

from __future__ import annotations

import re
from typing import Final

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "zh", "ja", "ar")
"""English, in which phrases are written, and what they are translated into (BCP 47)."""

MOST_HEADER: Final = 500
"""Characters of a header that are read."""
_QUALITY: Final = re.compile(
    r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.ASCII | re.IGNORECASE
)


def primary(language: str) -> str:
    """Return the primary subtag of a language's code (RFC 5646, 2.2.1): `pt` of `pt-BR`."""
    return language.partition("-")[0].lower()


def language_of_phrases(language: str) -> str:
    """Return which of LANGUAGES somebody reads who wants `language`; empty for none of them."""
    known = primary(language)
    return known if known in LANGUAGES else ""


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
    return wanted if primary(wanted) == primary(language) else language
