"""Names of authors in their parts, and as a byline has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_GROUP: Final = re.compile(
    r"\b(?:collaboration|consortium|team|group|project|initiative|institute|university|inc|ltd|"
    r"and|et al)\b",
    re.IGNORECASE,
)
"""Words of names that are no person's."""
_SUFFIX: Final = re.compile(r"(?:jr|sr)\.?|i{2,3}|iv", re.IGNORECASE)
_FAMILY_FIRST: Final = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Letters of languages in which the family name comes first: Chinese, Japanese, Korean."""
_FEWEST: Final = 2
"""Words of a name that has parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """An author's name in its parts."""

    family: str
    """The whole name, when it has no parts that we can tell: a group's, or a single word."""
    given: str = ""
    suffix: str = ""
    """Jr., III, …"""


def name_of(written: str) -> Name:
    """Return the parts of a name: `Émilie du Châtelet`, `du Châtelet, Émilie`, `田中 愛子`."""
    words = written.replace(",", " ").split()
    if len(words) < _FEWEST or _GROUP.search(written):
        return Name(family=" ".join(words))
    if "," in written and (turned := _turned(written)):
        return turned
    if _FAMILY_FIRST.match(words[0]):
        return Name(family=words[0], given=" ".join(words[1:]))
    suffix = words.pop() if len(words) > _FEWEST and _SUFFIX.fullmatch(words[-1]) else ""
    # Particles in lower case (van der, du, de la) are a part of the family's name.
    start = next(
        (place for place, word in enumerate(words[:-1]) if place and word.islower()),
        len(words) - 1,
    )
    return Name(family=" ".join(words[start:]), given=" ".join(words[:start]), suffix=suffix)


def byline(written: str) -> str:
    """Return a name as people say it: `Jan van der Berg Jr.` for `van der Berg, Jan Jr.`.

    In a list of names that commas part, nobody could tell which name is whose.
    """
    if "," not in written:
        return written
    name = name_of(written)
    return " ".join(filter(None, (name.given, name.family, name.suffix))) if name.given else written


def _turned(written: str) -> Name | None:
    """Return the parts of a name whose family comes first: `King, Martin L., Jr.`."""
    suffix = ""
    parts: list[str] = []
    for part in written.split(","):
        words = part.split()
        if words and _SUFFIX.fullmatch(words[-1]):
            suffix = words.pop()
        if words:
            parts.append(" ".join(words))
    if len(parts) < _FEWEST:
        return None
    return Name(family=parts[0], given=" ".join(parts[1:]), suffix=suffix)
