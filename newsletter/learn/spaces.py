"""Papers as points in a space: by their words, and by their latent meaning.

A paper is seen in two views, because neither is best for every number of likes. Words and pairs of
words (TF-IDF; the title counts three times) tell most where there is much to learn from. Latent
semantic analysis (Deerwester et al. 1990) places papers by the words they have in common with
others, and tells most where there is little. Sentence embeddings, if there are any, are a third
view.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from newsletter.learn.arrays import Floats, Sparse, one_thread
from newsletter.model import Paper

TITLE_TIMES: Final = 3
"""How often a title's words count: they say what a paper is about."""
DIMENSIONS: Final = 60
"""Dimensions of the latent space; with more of them a few likes are blurred."""
FEWEST: Final = 100
"""Papers that a background needs: among fewer, any shared word would look rare."""
_WORD = re.compile(r"[a-z][a-z0-9]+")


def words(paper: Paper) -> list[str]:
    """Return the stems of a paper's words and pairs of words; the title counts three times."""
    title, rest = _stems(paper.title), _stems(paper.abstract)
    found = title * TITLE_TIMES + rest
    pairs = [f"{word} {after}" for stems in (title, rest) for word, after in pairwise(stems)]
    return found + pairs


def content_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without those that every text has."""
    stop = _stop_words()
    return [word for word in _WORD.findall(text.lower()) if word not in stop]


def _stems(text: str) -> list[str]:
    return list(map(stem, content_words(text)))


@functools.lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the stem of a word: `learn` of learning (Porter 1980)."""
    return _stemmer()(word)


@functools.cache
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer  # noqa: PLC0415  slow to import, and needed only where there are likes

    found: Callable[[str], str] = snowballstemmer.stemmer("porter").stemWord
    return found


@functools.cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415  slow to import

    return frozenset(ENGLISH_STOP_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Papers as models see them: one row for each paper."""

    words: Sparse
    """Weights of words: sparse, each row of length 1."""
    senses: Floats
    """Places in the latent space: DIMENSIONS numbers, each row of length 1."""
    meanings: Floats
    """Sentence embeddings, each row of length 1; empty without the extra that makes them."""

    def rows(self, places: Sequence[int]) -> Seen:
        """Return the papers at these places."""
        wanted = list(places)
        return Seen(
            words=self.words[wanted],
            senses=self.senses[wanted],
            meanings=self.meanings[wanted] if self.meanings.size else self.meanings,
        )


Embed = Callable[[Sequence[Paper]], "Floats"]
"""(papers) → sentence embeddings, one row for each paper."""


class Space:
    """The words of a background of papers: how rare each is, and which occur together."""

    def __init__(self, background: Sequence[Paper], embed: Embed | None = None) -> None:
        """Learn from any papers, liked or not; raises ValueError if they are too few.

        With `embed`, papers get a third view: the meaning of their sentences.
        """
        self._embed = embed
        if len(background) < FEWEST:
            raise ValueError(f"a background needs {FEWEST} papers or more")
        # Imported here, so that a newsletter without likes need not wait for it.
        from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415  slow to import
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  slow too

        self._vectorizer = TfidfVectorizer(
            analyzer=words, sublinear_tf=True, min_df=2, max_df=0.3, dtype=np.float32
        )
        weighted = self._vectorizer.fit_transform(background)
        if weighted.shape[1] <= DIMENSIONS:
            raise ValueError("a background needs papers that share some words, and not all")
        dimensions = min(DIMENSIONS, min(weighted.shape) - 1)
        with one_thread():
            # ARPACK (Lehoucq et al. 1998) takes half the time of random projections, and is exact.
            self._svd = TruncatedSVD(dimensions, algorithm="arpack", random_state=0).fit(weighted)
        self.names: Sequence[str] = self._vectorizer.get_feature_names_out()
        self.background = self._seen(weighted, background)

    def see(self, papers: Sequence[Paper]) -> Seen:
        """Return papers as rows."""
        return self._seen(self._vectorizer.transform(papers), papers)

    def _seen(self, weighted: Sparse, papers: Sequence[Paper]) -> Seen:
        with one_thread():
            senses = self._svd.transform(weighted).astype(np.float32)
        lengths = np.linalg.norm(senses, axis=1, keepdims=True)
        return Seen(
            words=weighted,
            senses=senses / np.maximum(lengths, 1e-9),
            meanings=self._embed(papers) if self._embed else np.zeros(0, dtype=np.float32),
        )


def novelty(seen: Seen, sent: Seen) -> Floats:
    """Return for each paper, in [0, 1], how unlike the most similar paper in `sent` it is.

    Likeness is the mean of two views: the words, and their latent meaning.
    """
    nearness = (seen.words @ sent.words.T).toarray() + seen.senses @ sent.senses.T
    found: Floats = np.clip(1 - nearness.max(axis=1) / 2, 0, 1).astype(np.float32)
    return found
