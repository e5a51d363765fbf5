"""Normalise texts for matching: words without case, accents, plurals and hyphens."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from newsletter.model import Paper

_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Return `text` normalised: ` word word `, without case, accents, plurals, hyphens.

    >>> fold("Pre-trained Transformers")
    ' pre trained transformer '
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    if not plain.isascii():
        plain = "".join(char for char in plain if not unicodedata.combining(char))
    return f" {' '.join([_singular(word) for word in _WORD.findall(plain)])} "


def _singular(word: str) -> str:
    """Return the singular of a simple plural: networks → network, policies → policy.

    Words such as bias, gas or less stay as they are.
    """
    if not word.endswith("s"):
        return word
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004  not ties, pies
        return word[:-3] + "y"
    if len(word) > 3 and not word.endswith(("ss", "us", "is", "as")):  # noqa: PLR2004  not GPS, its
        return word[:-1]
    return word


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A paper's texts folded once, for all topics and readers."""

    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    venue: str
    sources: tuple[str, ...]
    votes: int
    written: str
    """Title and abstract unchanged, for regular expressions."""


def fold_paper(paper: Paper) -> Folded:
    """Return the folded texts of `paper`; source summaries and keywords count as its abstract."""
    more = f"\n{paper.summary}\n{' . '.join(paper.keywords)}"
    return Folded(
        title=fold(paper.title),
        # A separator between the texts, so that no phrase matches across two of them.
        abstract=fold(paper.abstract) + ("|" + fold(more) if more.strip() else ""),
        authors=tuple(map(fold, paper.authors)),
        categories=tuple(name.lower() for name in paper.categories),
        venue=fold(paper.venue),
        sources=tuple(
            fold(name) for name in dict.fromkeys(seen.source for seen in paper.sightings)
        ),
        votes=paper.votes,
        written=f"{paper.title}\n{paper.abstract}",
    )
