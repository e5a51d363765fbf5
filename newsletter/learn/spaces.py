"""What a reader's likes teach us: a linear model over words and over their latent meaning.

A paper is seen in two views, because neither is best for every number of likes. Words and pairs of
words (TF-IDF; the title counts three times) feed a linear support vector machine that separates the
likes from a background of other papers; it is best with many likes. Latent semantic analysis
(Deerwester et al. 1990) places papers by the words they have in common with others; nearness to the
likes in that space is best with few likes. Both are measured in standard deviations of the
background, so that they can be added, and so that a mark means the same on full and quiet days.
Sentence embeddings, if installed, add two more views: nearness to the likes, and a support vector
machine.

`benchmarks/ranking.py` compares this with arxiv-sanity-lite and others on readers' real libraries.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from newsletter.learn.arrays import Floats, Sparse
from newsletter.model import Paper

TITLE_TIMES: Final = 3
"""How often a title's words count: they say what a paper is about."""
DIMENSIONS: Final = 60
"""Dimensions of the latent space; with more of them a few likes are blurred."""
SOFTNESS: Final = 0.1
"""The support vector machine's C: small, because the likes are few and uncertain."""
MEANING: Final = 2.0
"""Weight of nearness in meaning beside the other views: it helps most when likes are few."""
WORDS_KEPT: Final = 1500
"""Weights that a model keeps: the largest ones, in 12 kB."""
MIDDLE: Final = 2.0
"""Standard deviations above the background at which a mark is one half."""
FEWEST: Final = 100
"""Papers that a background needs: among fewer, any shared word would look rare."""
_WORD = re.compile(r"[a-z][a-z0-9]+")


def words(paper: Paper) -> list[str]:
    """Return the stems of a paper's words and pairs of words; the title counts three times."""
    title, rest = _stems(paper.title), _stems(paper.abstract)
    found = title * TITLE_TIMES + rest
    pairs = [f"{word} {after}" for stems in (title, rest) for word, after in pairwise(stems)]
    return found + pairs


def _stems(text: str) -> list[str]:
    stop = _stop_words()
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in stop]


@functools.lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return _stemmer()(word)


@functools.cache
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer  # noqa: PLC0415  slow to import, and needed only where there are likes

    stem: Callable[[str], str] = snowballstemmer.stemmer("porter").stemWord
    return stem


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
        self._svd = TruncatedSVD(
            min(DIMENSIONS, min(weighted.shape) - 1), n_iter=7, random_state=0
        ).fit(weighted)
        self.names: Sequence[str] = self._vectorizer.get_feature_names_out()
        self.background = self._seen(weighted, background)

    def see(self, papers: Sequence[Paper]) -> Seen:
        """Return papers as rows."""
        return self._seen(self._vectorizer.transform(papers), papers)

    def _seen(self, weighted: Sparse, papers: Sequence[Paper]) -> Seen:
        senses = self._svd.transform(weighted).astype(np.float32)
        lengths = np.linalg.norm(senses, axis=1, keepdims=True)
        return Seen(
            words=weighted,
            senses=senses / np.maximum(lengths, 1e-9),
            meanings=self._embed(papers) if self._embed else np.zeros(0, dtype=np.float32),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """One reader's model: at most 20 kB, made only from the reader's likes, gone when dropped.

    A mark is a linear function of what is seen of a paper, up to the curve at its end.
    """

    columns: npt.NDArray[np.int32]
    """The words that have a weight, by their place in the Space."""
    weights: Floats
    senses: Floats
    meanings: Floats
    """Empty if the Space has no sentence embeddings."""
    shift: float
    """Mean of the summed views over the background, in its standard deviations."""

    @property
    def nbytes(self) -> int:
        """The memory that the model takes."""
        arrays = (self.columns, self.weights, self.senses, self.meanings)
        return sum(array.nbytes for array in arrays) + 8


def learn(
    space: Space,
    likes: Sequence[Paper],
    dislikes: Sequence[Paper] = (),
    background: Seen | None = None,
) -> Taste:
    """Return the model of a reader with `likes` (at least one) and perhaps `dislikes`.

    The likes are compared with the `background`; the default is the background of the space.
    """
    return learn_seen(
        background or space.background,
        space.see(likes),
        space.see(dislikes) if dislikes else None,
    )


def learn_seen(background: Seen, liked: Seen, disliked: Seen | None = None) -> Taste:
    """Return the model of papers that are `liked`, as `learn` does."""
    from scipy.sparse import vstack  # noqa: PLC0415  slow to import

    others = [background.words] + ([disliked.words] * 3 if disliked else [])
    weights = _machine(vstack([liked.words, *others]).tocsr(), liked.senses.shape[0])
    kept = np.argsort(-np.abs(weights), kind="stable")[:WORDS_KEPT]
    kept = np.sort(kept[weights[kept] != 0])
    by_words, words = _scaled(weights[kept], background.words[:, kept])
    by_sense, senses = _scaled(
        _middle(liked.senses, disliked.senses if disliked else None), background.senses
    )
    total = by_words + by_sense
    meanings = np.zeros(0, dtype=np.float32)
    if background.meanings.size:
        unlike = disliked.meanings if disliked else None
        by_middle, middle = _scaled(_middle(liked.meanings, unlike), background.meanings)
        rest = [background.meanings] + ([unlike] * 3 if unlike is not None else [])
        edge = _machine(np.concatenate([liked.meanings, *rest]), liked.meanings.shape[0])
        by_edge, edge = _scaled(edge, background.meanings)
        total = total + MEANING * by_middle + by_edge
        meanings = np.float32(MEANING) * middle + edge
    deviation = max(float(total.std()), 1e-6)
    return Taste(
        columns=kept.astype(np.int32),
        weights=words / np.float32(deviation),
        senses=senses / np.float32(deviation),
        meanings=meanings / np.float32(deviation),
        shift=float(total.mean()) / deviation,
    )


def _machine(rows: Sparse | Floats, likes: int) -> Floats:
    """Return the weights of a support vector machine that separates the likes from the rest."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415  slow to import

    is_like = np.zeros(rows.shape[0])
    is_like[:likes] = 1
    machine = LinearSVC(C=SOFTNESS, class_weight="balanced", max_iter=10_000, random_state=0)
    found: Floats = machine.fit(rows, is_like).coef_[0].astype(np.float32)
    return found


def _middle(liked: Floats, disliked: Floats | None) -> Floats:
    """Return the mean of the liked papers, minus half the mean of the disliked ones."""
    found: Floats = liked.mean(axis=0)
    return found if disliked is None else found - np.float32(0.5) * disliked.mean(axis=0)


def _scaled(weights: Floats, background: Sparse | Floats) -> tuple[Floats, Floats]:
    """Return the background's values and the weights, both divided by the standard deviation."""
    values = background @ weights
    deviation = np.float32(max(float(values.std()), 1e-6))
    return values / deviation, weights / deviation


def marks(seen: Seen, tastes: Sequence[Taste]) -> Floats:
    """Return a mark in [0, 1] for each paper (row) and reader (column).

    A mark is one half at MIDDLE standard deviations above the mean of the background.
    """
    from scipy.sparse import csc_matrix  # noqa: PLC0415  slow to import

    if not tastes:
        return np.zeros((seen.senses.shape[0], 0), dtype=np.float32)
    starts = np.cumsum([0, *(len(taste.columns) for taste in tastes)])
    by_word = csc_matrix(
        (
            np.concatenate([taste.weights for taste in tastes]),
            np.concatenate([taste.columns for taste in tastes]),
            starts,
        ),
        shape=(seen.words.shape[1], len(tastes)),
    )
    total = (seen.words @ by_word).toarray()
    total += seen.senses @ np.stack([taste.senses for taste in tastes]).T
    if seen.meanings.size:
        total += seen.meanings @ np.stack([taste.meanings for taste in tastes]).T
    total -= np.array([taste.shift + MIDDLE for taste in tastes], dtype=np.float32)
    np.negative(total, out=total)
    np.exp(np.minimum(total, 60, out=total), out=total)
    total += 1
    found: Floats = np.reciprocal(total, out=total)
    return found


def novelty(seen: Seen, sent: Seen) -> Floats:
    """Return for each paper, in [0, 1], how unlike the most similar paper in `sent` it is.

    Likeness is the mean of two views: the words, and their latent meaning.
    """
    nearness = (seen.words @ sent.words.T).toarray() + seen.senses @ sent.senses.T
    found: Floats = np.clip(1 - nearness.max(axis=1) / 2, 0, 1).astype(np.float32)
    return found


def shared_words(
    space: Space, taste: Taste, paper: Paper, row: Sparse | None = None, most: int = 2
) -> tuple[str, ...]:
    """Return the words of a paper that raise its mark most, as they are written in the paper.

    `row` is the paper's words as the space sees them, where they are known.
    """
    row = space.see([paper]).words if row is None else row
    weight = dict(zip(taste.columns.tolist(), taste.weights.tolist(), strict=True))
    points = [
        (value * weight.get(column, 0.0), space.names[column])
        for column, value in zip(row.indices.tolist(), row.data.tolist(), strict=True)
    ]
    points.sort(key=lambda scored: (-scored[0], scored[1]))
    best = [name for gain, name in points if gain > 0]
    written: dict[str, str] = {}
    text = _WORD.findall(f"{paper.title} {paper.abstract}".lower())
    content = [word for word in text if word not in _stop_words()]
    for word, after in zip(content, [*content[1:], ""], strict=True):
        written.setdefault(_stem(word), word)
        written.setdefault(f"{_stem(word)} {_stem(after)}", f"{word} {after}")
    found: list[str] = []
    for name in best:
        shown = written.get(name, "")
        # Leave out a word that is part of a pair already shown, and a pair that holds such a word.
        if shown and not any(shown in other or other in shown for other in found):
            found.append(shown)
        if len(found) == most:
            break
    return tuple(found)
