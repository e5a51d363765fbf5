"""Normalise texts for matching: words without case, accents and plurals."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass

from newsletter.model import Paper
from newsletter.pick.filters.dialects import american
from newsletter.pick.filters.letters import JOINT, POINT, plain_letters, spread
from newsletter.pick.filters.particles import noun
from newsletter.pick.filters.plurals import singular

# Each begins with what is rare, and looks back from there: so most of a text is only skimmed.
_POSSESSIVE = re.compile(r"['’](?<=\w['’])[sS](?!\w)")
_ACRONYMS = re.compile(r"s(?<=[^\W_][A-Z]s|[A-Za-z]\ds)(?!\w)")
"""GPUs, APIs, VLAs, GPT4s: a plural whatever its letters are; not 1990s, not As."""
_DECIMAL = re.compile(r"\.(?<=\d\.)(?=\d)")
_JOINT = re.compile(
    r"[\-\u2010-\u2013&'’.](?:(?<=[^\W\d_].)(?=[^\W\d_])|(?<=[^\W_][^.])(?=[^\W_])(?<!\d.(?=\d)))"
)
"""What divides the parts of one word: a hyphen, also in k-means and GPT-4, not in 3-5; Node.js."""
_SHARP = re.compile(r"(?<!\w)([A-Za-z])#(?!\w)")
_PLUS_PLUS = re.compile(r"(?<!\w)([A-Za-z])\+\+(?!\+)")
_MORE_PLUS = re.compile(r"(?<=\w\w)\+\+(?!\w|\+)")
_DOT_NET = re.compile(r"\.(?:NET|(?<!\w.)[Nn]et)\b")
"""Signs that are part of a name: C# and C++ are words of their own, which C does not find; PointNet
finds PointNet++, not the other way; .NET is dotnet."""
CAPITALS = ("IT", "US", "WHO")
"""Names that are other words in small letters."""
_CAPITAL = re.compile(
    r"([B-HJ-Z](?<![^\s(\[/\"“\u0e00-\uffff].)"
    r"(?![^\s,.;:)\]/\"”!?\u0e00-\uffff]|\s?[=<>≤≥≈∈∼~])"
    rf"|(?<!\w)(?:{'|'.join(CAPITALS)})(?!\w))"
)
"""A capital that is a name: R, but neither r nor the R of R-CNN and R = 0.5. A and I are words."""

_EAST_ASIAN = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_SPACE_IN_NAME = re.compile(rf" +(?<={_EAST_ASIAN} )(?={_EAST_ASIAN})")


def _unicode(text: str) -> str:
    """Return a text in NFKC, without the signs that stand for something else from here on."""
    return unicodedata.normalize("NFKC", text).replace(JOINT, " ").replace(POINT, " ")


def _plain(text: str) -> str:
    """Return the words of a text in plain letters, with `-` between the parts of one.

    A lone capital stays one: `multi-modal pre-training in R`.
    """
    plain = _POSSESSIVE.sub("", _unicode(text))
    plain = _ACRONYMS.sub("", plain)
    if "#" in plain or "++" in plain:
        plain = _PLUS_PLUS.sub(r"\1plusplus ", _SHARP.sub(r"\1sharp", plain))
        plain = _MORE_PLUS.sub(f"{JOINT}plusplus", plain)
    plain = _JOINT.sub(JOINT, _DECIMAL.sub(POINT, _DOT_NET.sub(" dotnet", plain)))
    pieces = _CAPITAL.split(plain)
    pieces[::2] = map(plain_letters, pieces[::2])  # between them are the capitals
    return "".join(pieces)


def _words(plain: str) -> str:
    """Return plain words without plurals, with a space around them all."""
    return f" {' '.join(map(fold_word, plain.split()))} "


def fold(text: str) -> str:
    """Return `text` normalised: ` word word `, without case, accents, plurals, hyphens.

    >>> fold("Pre-trained Transformers")
    ' pre trained transformer '
    """
    return _words(_plain(text).lower().replace("-", " "))


def fold_term(text: str) -> str:
    """Return a term as `fold` does, with a hyphen where it has one, and a lone capital as it is.

    >>> fold_term("Pre-trained Transformers"), fold_term("R")
    (' pre-trained transformer ', ' R ')
    """
    words = _words(spread(_plain(text)).replace("-", f" {JOINT} "))
    return words.replace(f" {JOINT} ", "-")


def fold_text(text: str) -> str:
    """Return what terms are looked for in: the text with hyphens as spaces, then without them.

    >>> fold_text("Pre-trained Transformers in R")
    ' pre trained transformer in R | pretrained transformer in R '
    """
    plain = spread(_plain(text))
    spaced = _words(plain.replace("-", " "))
    return f"{spaced}|{_words(plain.replace('-', ''))}" if "-" in plain else spaced


@functools.lru_cache(maxsize=100_000)
def fold_word(word: str) -> str:
    """Return a word in plain letters and American spelling without its plural or its particles."""
    return singular(american(word)) if word.isascii() else noun(word)


def fold_name(name: str) -> str:
    """Return the words of somebody's name, in each way to write it: ` jean luc |  jeanluc `.

    Names have no plural: Williams is not William. A Chinese, Japanese or Korean name is one word.

    >>> fold_name("Jean-Luc Müller")
    ' jean luc muller | jeanluc muller '
    """
    closed = _SPACE_IN_NAME.sub("", _unicode(name))
    words = plain_letters(_JOINT.sub(JOINT, closed)).split()
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
