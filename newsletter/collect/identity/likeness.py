"""Find a preprint's journal version: almost the same title by the same authors.

Exact identities (`keys.py`) come first. The rest are found in two steps, as in record linkage
(Fellegi and Sunter 1969): papers that share a band of a MinHash signature (Broder 1997) are
compared, and only a careful comparison takes them for one work.
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
import zlib

from newsletter.collect.identity.keys import letters, surname
from newsletter.model import Paper

TELLING_WORDS = 4
"""Shorter titles (`Errata`, `Deep Learning`) may belong to different works of one author."""
SHINGLE = 4
"""Letters of one shingle; any two English titles share shorter ones."""
BANDS, ROWS = 6, 2
"""Titles that share 4 in 5 shingles share a band with probability 1 - (1 - 0.8^2)^6 = 0.998."""
_WORD = re.compile(r"[^\W_]+")
_COUNTED = re.compile(r"[0-9]+|(?:i{1,3}|iv|vi{0,3}|ix)(?![^\W_])")
"""Arabic and Roman numbers: `Part 1` is not `Part 2`, and `GPT-3` is not `GPT-4`."""
SPELLING = 0.7
"""Least likeness of two spellings of one word (`pretraining`, `pre training`)."""
LOOSE_WORDS = 0.15
"""Share of a title's words that may be in only one of the two versions."""
PEOPLE = 100
"""Authors that are compared: these are enough even for the papers of a large collaboration."""
SAME_PEOPLE = 0.5
"""Share of all surnames that both versions must have."""


def near_keys(paper: Paper) -> tuple[str, ...]:
    """Return the bands under which a paper with almost the same title can be found.

    Only papers that are known works have bands: posts of a blog have similar titles every week.
    """
    if not paper.authors or len(paper.title.split()) < TELLING_WORDS or not _is_work(paper):
        return ()
    return _bands(paper.title)


@functools.lru_cache(maxsize=10_000)  # needed twice: when a paper is searched, and when stored
def _bands(title: str) -> tuple[str, ...]:
    plain = letters(title)
    shingles = {plain[at : at + SHINGLE] for at in range(max(1, len(plain) - SHINGLE + 1))}
    hashes = [zlib.crc32(shingle.encode()) for shingle in shingles]
    # The least hash under an XOR mask: a cheap permutation that is good enough for MinHash.
    signature = [min([value ^ mask for value in hashes]) ^ mask for mask in _MASKS]
    bands = (signature[band * ROWS : (band + 1) * ROWS] for band in range(BANDS))
    return tuple(
        f"near:{band}:{'-'.join(f'{value:x}' for value in rows)}" for band, rows in enumerate(bands)
    )


_MASKS = tuple(zlib.crc32(b"mask %d" % number) for number in range(BANDS * ROWS))


def is_same_work(left: Paper, right: Paper) -> bool:
    """Return whether two papers are versions of one work, by title and authors.

    arXiv never gives a work two ids, so two different arXiv ids are two works, however alike.
    """
    ids = [{key for key in paper.keys if key.startswith("arxiv:")} for paper in (left, right)]
    if all(ids) and ids[0].isdisjoint(ids[1]):
        return False
    if not (left.authors and right.authors):
        return False
    # Some sources name only the first author: then the titles must be equal.
    first = surname(left.authors[0]) == surname(right.authors[0])
    if first and letters(left.title) == letters(right.title):
        return True
    return _same_people(left, right) and _same_title(left.title, right.title)


def _is_work(paper: Paper) -> bool:
    return any(key.startswith(("arxiv:", "doi:", "openreview:")) for key in paper.keys)


def _same_people(left: Paper, right: Paper) -> bool:
    names = [_surnames(paper.authors[:PEOPLE]) for paper in (left, right)]
    return len(names[0] & names[1]) >= SAME_PEOPLE * len(names[0] | names[1])


@functools.lru_cache(maxsize=1_000)  # each paper is compared with several others
def _surnames(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(surname, names))


def _same_title(left: str, right: str) -> bool:
    """Return whether titles differ only in spelling or by a few words, not in meaning."""
    words: list[list[str]] = [_WORD.findall(_plain(title)) for title in (left, right)]
    if len({tuple(_COUNTED.findall(" ".join(some))) for some in words}) > 1:
        return False
    loose = 0
    steps = difflib.SequenceMatcher(None, words[0], words[1], autojunk=False).get_opcodes()
    for step, a, b, c, d in steps:
        if step == "replace":
            spelled = difflib.SequenceMatcher(
                None, "".join(words[0][a:b]), "".join(words[1][c:d]), autojunk=False
            )
            if spelled.ratio() < SPELLING:
                return False
        elif step != "equal":
            loose += b - a + d - c
    return loose <= LOOSE_WORDS * max(map(len, words))


def _plain(title: str) -> str:
    folded = unicodedata.normalize("NFKD", title.casefold())
    return "".join(char for char in folded if not unicodedata.combining(char))
