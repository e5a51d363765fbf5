"""What a reader's likes teach us: a linear model over words and over what words mean together.

Two views of a paper, because no single one wins at every number of likes. Words and pairs of words
(TF-IDF, the title's three times) feed a linear support vector machine that tells the likes from a
background of other papers, and is best when there are many. Latent semantic analysis (Deerwester
et al. 1990) places papers by what their words have in common with those of others; nearness to the
likes there is best when there are few. Both are measured in standard deviations of the background,
so that they can be added, and so that a mark means the same on a full day and on a quiet one.
Sentence embeddings, where they are installed, are two views more: nearness to the likes, and a
machine that tells them.

`benchmarks/ranking.py` compares it with arxiv-sanity-lite and others on readers' real libraries.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from newsletter.model import Paper

TITLE_TIMES: Final = 3
"""How often a title's words count: they say what a paper is about."""
DIMENSIONS: Final = 60
"""Of the latent space; more of them blur what few likes say."""
SOFTNESS: Final = 0.1
"""The support vector machine's C: small, because likes are few and say little for sure."""
MEANING: Final = 2.0
"""How much nearness of meaning counts beside the other views: with few likes it says most."""
WORDS_KEPT: Final = 1500
"""Weights that a model keeps, the largest ones: 12 kB."""
MIDDLE: Final = 2.0
"""Standard deviations above the background at which a mark is one half."""
FEWEST: Final = 100
"""Papers without which a background says nothing: in fewer, any word in common looks rare."""
_WORD = re.compile(r"[a-z][a-z0-9]+")

Floats = np.ndarray[Any, np.dtype[np.float32]]


def words(paper: Paper) -> list[str]:
    """Return the stems of a paper's words and their pairs, those of the title three times."""
    title, rest = _stems(paper.title), _stems(paper.abstract)
    found = title * TITLE_TIMES + rest
    pairs = [f"{one} {two}" for some in (title, rest) for one, two in zip(some, some[1:])]  # noqa: B905, RUF007
    return found + pairs


def _stems(text: str) -> list[str]:
    stop = _stop_words()
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in stop]


@functools.lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@functools.cache
def _stemmer() -> Any:
    import snowballstemmer  # noqa: PLC0415  loads every language it knows: only who has likes waits

    return snowballstemmer.stemmer("porter")


@functools.cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415  slow to import

    return frozenset(ENGLISH_STOP_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Papers as models see them, a row each."""

    words: Any
    """Sparse, each row of length 1."""
    senses: Floats
    """DIMENSIONS numbers, each row of length 1."""
    meanings: Floats
    """Sentence embeddings, each row of length 1; empty without the extra that makes them."""

    def rows(self, places: Sequence[int]) -> Seen:
        """Return some of the papers."""
        wanted = list(places)
        return Seen(
            words=self.words[wanted],
            senses=self.senses[wanted],
            meanings=self.meanings[wanted] if self.meanings.size else self.meanings,
        )


Embed = Callable[[Sequence[Paper]], "Floats"]
"""Papers to sentence embeddings, a row each."""


class Space:
    """The words of a background of papers: how rare each is, and which go together."""

    def __init__(self, background: Sequence[Paper], embed: Embed | None = None) -> None:
        """Learn from papers that nobody need have liked; raises ValueError if they are too few.

        With `embed` a third view of papers is added: what their sentences mean.
        """
        self._embed = embed
        if len(background) < FEWEST:
            raise ValueError(f"a background needs {FEWEST} papers or more")
        # Imported here: a newsletter whose readers like nothing need not wait for it.
        from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

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

    def _seen(self, weighted: Any, papers: Sequence[Paper]) -> Seen:
        senses = self._svd.transform(weighted).astype(np.float32)
        lengths = np.linalg.norm(senses, axis=1, keepdims=True)
        return Seen(
            words=weighted,
            senses=senses / np.maximum(lengths, 1e-9),
            meanings=self._embed(papers) if self._embed else np.zeros(0, dtype=np.float32),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """One reader's model: at most 20 kB, made of nothing but their likes, gone when dropped.

    A mark is linear in what is seen of a paper, until the curve at its end.
    """

    columns: np.ndarray[Any, np.dtype[np.int32]]
    """The words that count, by their place in the Space."""
    weights: Floats
    senses: Floats
    meanings: Floats
    """Empty where the Space knows no meanings."""
    shift: float
    """Mean of the sum over the background, in its standard deviations."""

    @property
    def nbytes(self) -> int:
        """The memory that the model takes."""
        arrays = (self.columns, self.weights, self.senses, self.meanings)
        return sum(one.nbytes for one in arrays) + 8


def learn(
    space: Space,
    likes: Sequence[Paper],
    dislikes: Sequence[Paper] = (),
    background: Seen | None = None,
) -> Taste:
    """Return the model of a reader with `likes` (at least one) and perhaps `dislikes`.

    They are told from the `background`, which is that of the space when none is given.
    """
    return learn_seen(
        background or space.background,
        space.see(likes),
        space.see(dislikes) if dislikes else None,
    )


def learn_seen(background: Seen, liked: Seen, disliked: Seen | None = None) -> Taste:
    """Return the model of what is `liked`, as `learn` does."""
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
        others = [background.meanings] + ([unlike] * 3 if unlike is not None else [])
        edge = _machine(np.concatenate([liked.meanings, *others]), liked.meanings.shape[0])
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


def _machine(rows: Any, likes: int) -> Floats:
    """Return the weights by which a support vector machine tells the first rows from the rest."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415  slow to import

    is_like = np.zeros(rows.shape[0])
    is_like[:likes] = 1
    machine = LinearSVC(C=SOFTNESS, class_weight="balanced", max_iter=10_000, random_state=0)
    found: Floats = machine.fit(rows, is_like).coef_[0].astype(np.float32)
    return found


def _middle(liked: Floats, disliked: Floats | None) -> Floats:
    """Return the mean of what is liked, less half of that of what is not."""
    found: Floats = liked.mean(axis=0)
    return found if disliked is None else found - np.float32(0.5) * disliked.mean(axis=0)


def _scaled(weights: Floats, background: Any) -> tuple[Any, Floats]:
    """Return the background's values and the weights, both in the values' standard deviation."""
    values = background @ weights
    deviation = np.float32(max(float(values.std()), 1e-6))
    return values / deviation, weights / deviation


def marks(seen: Seen, tastes: Sequence[Taste]) -> Floats:
    """Return a mark in [0, 1] for each paper (row) and reader (column).

    It is one half at MIDDLE standard deviations of the background above its mean.
    """
    from scipy.sparse import csc_matrix  # noqa: PLC0415

    if not tastes:
        return np.zeros((seen.senses.shape[0], 0), dtype=np.float32)
    starts = np.cumsum([0, *(len(one.columns) for one in tastes)])
    by_word = csc_matrix(
        (
            np.concatenate([one.weights for one in tastes]),
            np.concatenate([one.columns for one in tastes]),
            starts,
        ),
        shape=(seen.words.shape[1], len(tastes)),
    )
    total = (seen.words @ by_word).toarray()
    total += seen.senses @ np.stack([one.senses for one in tastes]).T
    if seen.meanings.size:
        total += seen.meanings @ np.stack([one.meanings for one in tastes]).T
    total -= np.array([one.shift + MIDDLE for one in tastes], dtype=np.float32)
    np.negative(total, out=total)
    np.exp(np.minimum(total, 60, out=total), out=total)
    total += 1
    found: Floats = np.reciprocal(total, out=total)
    return found


def novelty(seen: Seen, sent: Seen) -> Floats:
    """Return for each paper how unlike it is to the nearest of those that were sent, in [0, 1].

    Nearness is the mean of both views: words, and what they mean together.
    """
    nearness = (seen.words @ sent.words.T).toarray() + seen.senses @ sent.senses.T
    found: Floats = np.clip(1 - nearness.max(axis=1) / 2, 0, 1).astype(np.float32)
    return found


def shared_words(space: Space, taste: Taste, paper: Paper, most: int = 2) -> tuple[str, ...]:
    """Return the words of a paper that speak most for it, as they are written there."""
    row = space.see([paper]).words
    weight = dict(zip(taste.columns.tolist(), taste.weights.tolist(), strict=True))
    points = [
        (value * weight.get(column, 0.0), space.names[column])
        for column, value in zip(row.indices.tolist(), row.data.tolist(), strict=True)
    ]
    best = [name for gain, name in sorted(points, key=lambda one: (-one[0], one[1])) if gain > 0]
    written: dict[str, str] = {}
    text = _WORD.findall(f"{paper.title} {paper.abstract}".lower())
    content = [word for word in text if word not in _stop_words()]
    for one, two in zip(content, [*content[1:], ""], strict=True):
        written.setdefault(_stem(one), one)
        written.setdefault(f"{_stem(one)} {_stem(two)}", f"{one} {two}")
    found: list[str] = []
    for name in best:
        shown = written.get(name, "")
        # A word that is part of a pair already shown says nothing more, and the other way round.
        if shown and not any(shown in other or other in shown for other in found):
            found.append(shown)
        if len(found) == most:
            break
    return tuple(found)
