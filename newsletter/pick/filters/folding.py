"""Normalise texts for matching: words without case, accents and plurals."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.model import Paper
from newsletter.pick.filters.letters import JOINT, POINT, plain_letters, spread
from newsletter.pick.filters.particles import noun
from newsletter.pick.filters.plurals import singular

_POSSESSIVE = re.compile(r"(?<=\w)['’][sS](?!\w)")
_ACRONYMS = re.compile(r"\b([^\W_]*(?:[^\W_][A-Z]|[A-Z][^\W_]*\d))s\b")
"""GPUs, APIs, VLAs, GPT4s: a plural whatever its letters are; not 1990s, not As."""
_DECIMAL = re.compile(r"(?<=\d)\.(?=\d)")
_JOINT = re.compile(
    r"(?<=[^\W\d_])[\-\u2010-\u2013&'’](?=[^\W_])|(?<=\d)[\-\u2010-\u2013](?=[^\W\d_])|(?<=[^\W\d_])\.(?=[^\W\d_])"
)
"""What divides the parts of one word: a hyphen, also in k-means and GPT-4, not in 3-5; Node.js."""
_SHARP = re.compile(r"(?<!\w)([A-Za-z])#(?!\w)")
_PLUS_PLUS = re.compile(r"(?<!\w)([A-Za-z])\+\+(?!\+)")
_MORE_PLUS = re.compile(r"(?<=\w\w)\+\+(?!\w|\+)")
_DOT_NET = re.compile(r"(?<!\w)\.(?:net|Net|NET)\b|\.NET\b")
_CAPITAL = re.compile(r"(?<![^\s(\[/\"“])([A-Z])(?![^\s,.;:)\]/\"”!?]|\s?[=<>≤≥≈∈∼~])")
"""A capital that is a word: R, but neither r nor the R of R-CNN and R = 0.5."""


def _marked(text: str) -> str:
    """Return the words of a text with `-` between the parts of one: `multi-modal pre-training`."""
    plain = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text))
    plain = _ACRONYMS.sub(r"\1", plain)
    if "#" in plain or "++" in plain:
        plain = _PLUS_PLUS.sub(r"\1plusplus ", _SHARP.sub(r"\1sharp", plain))
        plain = _MORE_PLUS.sub(f"{JOINT}plusplus", plain)
    if "." in plain:
        plain = _DECIMAL.sub(POINT, _DOT_NET.sub(" dotnet", plain))
    return _JOINT.sub(JOINT, plain)


def fold(text: str) -> str:
    """Return `text` normalised: ` word word `, without case, accents, plurals, hyphens.

    >>> fold("Pre-trained Transformers")
    ' pre trained transformer '
    """
    words = plain_letters(_marked(text)).replace("-", " ").split()
    return f" {' '.join(map(fold_word, words))} "


def fold_term(text: str) -> str:
    """Return a term as `fold` does, with a hyphen where it has one, and a lone capital as it is.

    >>> fold_term("Pre-trained Transformers"), fold_term("R")
    (' pre-trained transformer ', ' R ')
    """
    return f" {' '.join('-'.join(map(fold_word, parts)) for parts in _words(text))} "


def fold_text(text: str) -> str:
    """Return what terms are looked for in: the text as two, with hyphens as spaces and without.

    >>> fold_text("Pre-trained Transformers in R")
    ' pre trained transformer in R | pretrained transformer in R '
    """
    words = list(_words(text))
    spaced = f" {' '.join(fold_word(part) for parts in words for part in parts)} "
    if all(len(parts) == 1 for parts in words):
        return spaced
    return f"{spaced}| {' '.join(fold_word(''.join(parts)) for parts in words)} "


def _words(text: str) -> Iterator[list[str]]:
    """Yield the words of a text, each as the parts that hyphens divide."""
    for place, piece in enumerate(_CAPITAL.split(_marked(text))):
        if place % 2:  # what the group of the expression found
            yield [piece]
            continue
        plain = plain_letters(piece)
        for word in (plain if plain.isascii() else spread(plain)).split():
            if parts := [part for part in word.split("-") if part]:
                yield parts


@functools.lru_cache(maxsize=100_000)
def fold_word(word: str) -> str:
    """Return a word in plain letters without its plural or, in Korean, its particles."""
    return singular(word) if word.isascii() else noun(word)


def fold_name(name: str) -> str:
    """Return the words of somebody's name, in each way to write it: ` jean luc |  jeanluc `.

    Names have no plural: Williams is not William. A Chinese, Japanese or Korean name is one word.

    >>> fold_name("Jean-Luc Müller")
    ' jean luc muller | jeanluc muller '
    """
    marked = re.sub(r"(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]) +(?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])", "", name)
    words = plain_letters(_JOINT.sub(JOINT, unicodedata.normalize("NFKC", marked))).split()
    ways = dict.fromkeys((" ".join(words).replace("-", " "), " ".join(words).replace("-", "")))
    return "|".join(f" {way} " for way in ways)


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
        title=fold_text(paper.title),
        # A separator between the texts, so that no phrase matches across two of them.
        abstract=fold_text(paper.abstract) + ("|" + fold_text(more) if more.strip() else ""),
        authors=tuple(map(fold_name, paper.authors)),
        categories=tuple(name.lower() for name in paper.categories),
        venue=fold(paper.venue),
        sources=tuple(
            fold(name) for name in dict.fromkeys(seen.source for seen in paper.sightings)
        ),
        votes=paper.votes,
        written=f"{paper.title}\n{paper.abstract}",
    )
