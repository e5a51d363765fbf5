"""A reader's model: what their likes teach about papers, as the chance that they keep one.

How much a model believes goes by how much there is to learn from. A few likes say what is near to
them, and no more. Many likes also say what sets them apart from other papers: a linear support
vector machine separates them from a background (its share grows as k / (k + PRIOR), as an estimate
shrinks to its prior: Efron and Morris 1975). Nearness is that to the three nearest likes, not to
their mean, because a reader has several interests. Each view is measured in standard deviations of
the background, so that they can be added, and so that a paper means the same on full and quiet
days. Likes given since make older ones count less.

The sum becomes a chance by a logistic curve (Platt 1999), fitted to readers' libraries:
`benchmarks/ranking.py` compares the order with those of others, and shows how often papers with a
chance are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from newsletter.learn.arrays import Floats, Sparse
from newsletter.learn.spaces import Seen, Space, content_words, stem
from newsletter.model import Paper

PRIOR: Final = 4.0
"""Likes at which the support vector machine has half its share."""
SOFTNESS: Final = 0.1
"""The support vector machine's C: small, because the likes are few and uncertain."""
MEANING: Final = 2.0
"""Weight of nearness in meaning; that in latent meaning has SENSE beside it, and 1 without it."""
SENSE: Final = 0.5
NEAREST: Final = 3
"""Likes to which nearness is measured."""
AGAINST: Final = 0.5
"""Weight of nearness to dislikes, and how often each counts as background."""
OTHERS: Final = 3
HALF_LIFE: Final = 30
"""Likes given since that halve the weight of one: readers' interests move. Where they do, this
finds a fifth more; where they do not, it costs a hundredth."""
RECENT: Final = 1_000
"""Likes that are learnt from, the newest ones."""
WORDS_KEPT: Final = 1500
"""Weights that a model keeps: the largest ones, in 12 kB."""
USUAL: Final = 1 / 60
"""The share of papers that a reader keeps where the curve was fitted: five of three hundred."""
CURVE: Final = {False: (0.58, 0.10), True: (0.73, 0.115)}
"""Without and with sentence embeddings: how steep the curve is with one like, and how much steeper
with twice as many. With more likes, a model is surer."""
_BEND: Final = 0.78
"""By this times the square of its steepness the curve is lower than USUAL at its middle, so that
all chances together come to USUAL."""
_SURE: Final = 64
"""Likes from which on the curve is no steeper."""
_SMALL: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How near papers are to some likes, and not to dislikes, in one view."""

    liked: Floats
    """One row for each like; a row is shorter the older the like is."""
    disliked: Floats
    shift: float
    scale: float

    def of(self, rows: Floats) -> Floats:
        """Return it for each paper, in standard deviations above the background's mean."""
        near = _nearest(rows, self.liked)
        if self.disliked.size:
            near -= np.float32(AGAINST) * _nearest(rows, self.disliked)
        found: Floats = (near - np.float32(self.shift)) * np.float32(self.scale)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """One reader's model: made only from the reader's likes, gone when dropped."""

    columns: npt.NDArray[np.int32]
    """The words that have a weight, by their place in the Space."""
    weights: Floats
    senses: Nearness
    meanings: Nearness | None
    """None if the Space has no sentence embeddings."""
    edge: Floats
    """Weights of sentence embeddings; empty if there are none."""
    shift: float
    """Mean of the summed views over the background."""
    scale: float
    steepness: float
    """Of the curve that makes a chance of the sum."""

    @property
    def nbytes(self) -> int:
        """The memory that the model takes."""
        arrays = [self.columns, self.weights, self.edge, self.senses.liked, self.senses.disliked]
        if self.meanings:
            arrays += [self.meanings.liked, self.meanings.disliked]
        return sum(array.nbytes for array in arrays)


def learn(
    space: Space,
    likes: Sequence[Paper],
    dislikes: Sequence[Paper] = (),
    background: Seen | None = None,
    ages: Sequence[int] = (),
) -> Taste:
    """Return the model of a reader with `likes` (at least one) and perhaps `dislikes`.

    The likes are compared with the `background`; the default is that of the space. `ages` says of
    each like how many were given since; the default is none.
    """
    recent = slice(max(0, len(likes) - RECENT), None)
    return learn_seen(
        background or space.background,
        space.see(likes[recent]),
        space.see(dislikes) if dislikes else None,
        ages[recent],
    )


def learn_seen(
    background: Seen, liked: Seen, disliked: Seen | None = None, ages: Sequence[int] = ()
) -> Taste:
    """Return the model of papers that are `liked`, as `learn` does."""
    from scipy.sparse import vstack  # noqa: PLC0415  slow to import

    count = liked.senses.shape[0]
    share = np.float32(count / (count + PRIOR))
    since = np.array(ages or [0] * count, dtype=np.float32)
    weight = np.exp2(-since / np.float32(HALF_LIFE))
    fading = np.sqrt(weight)[:, None]

    others = [background.words] + ([disliked.words] * OTHERS if disliked else [])
    coefficients = _machine(vstack([liked.words, *others]).tocsr(), weight)
    kept = np.argsort(-np.abs(coefficients), kind="stable")[:WORDS_KEPT]
    kept = np.sort(kept[coefficients[kept] != 0])
    by_words, words = _scaled(coefficients[kept], background.words[:, kept])

    senses = _nearness(
        liked.senses * fading, disliked.senses if disliked else None, background.senses
    )
    has_meanings = bool(background.meanings.size)
    meanings, edge = None, np.zeros(0, dtype=np.float32)
    weigh_senses = np.float32(SENSE if has_meanings else 1.0)
    total = share * by_words + weigh_senses * senses.of(background.senses)
    if has_meanings:
        unlike = disliked.meanings if disliked else None
        meanings = _nearness(liked.meanings * fading, unlike, background.meanings)
        rest = [background.meanings] + ([unlike] * OTHERS if unlike is not None else [])
        by_edge, edge = _scaled(
            _machine(np.concatenate([liked.meanings, *rest]), weight), background.meanings
        )
        total = total + np.float32(MEANING) * meanings.of(background.meanings) + share * by_edge
    first, more = CURVE[has_meanings]
    return Taste(
        columns=kept.astype(np.int32),
        weights=words * share,
        senses=senses,
        meanings=meanings,
        edge=edge * share,
        shift=float(total.mean()),
        scale=1 / max(float(total.std()), _SMALL),
        steepness=first + more * math.log2(min(count, _SURE)),
    )


def _machine(rows: Sparse | Floats, weight: Floats) -> Floats:
    """Return the weights of a support vector machine that separates the likes from the rest.

    The likes are the first rows, each with its `weight`.
    """
    from sklearn.svm import LinearSVC  # noqa: PLC0415  slow to import

    likes = len(weight)
    is_like = np.zeros(rows.shape[0])
    is_like[:likes] = 1
    weights = np.ones(rows.shape[0])
    weights[:likes] = weight * likes / weight.sum()
    machine = LinearSVC(C=SOFTNESS, class_weight="balanced", max_iter=10_000, random_state=0)
    found: Floats = machine.fit(rows, is_like, weights).coef_[0].astype(np.float32)
    return found


def _nearest(rows: Floats, liked: Floats) -> Floats:
    """Return the mean of each row's products with the NEAREST of the liked rows."""
    near = rows @ liked.T
    if near.shape[1] > NEAREST:
        near = np.partition(near, -NEAREST, axis=1)[:, -NEAREST:]
    found: Floats = near.mean(axis=1)
    return found


def _nearness(liked: Floats, disliked: Floats | None, background: Floats) -> Nearness:
    bare = Nearness(
        liked=liked,
        disliked=np.zeros((0, liked.shape[1]), dtype=np.float32) if disliked is None else disliked,
        shift=0.0,
        scale=1.0,
    )
    values = bare.of(background)
    return Nearness(
        liked=bare.liked,
        disliked=bare.disliked,
        shift=float(values.mean()),
        scale=1 / max(float(values.std()), _SMALL),
    )


def _scaled(weights: Floats, background: Sparse | Floats) -> tuple[Floats, Floats]:
    """Return the background's values and the weights, both divided by the standard deviation."""
    values = background @ weights
    deviation = np.float32(max(float(values.std()), _SMALL))
    return values / deviation, weights / deviation


def chances(seen: Seen, tastes: Sequence[Taste]) -> Floats:
    """Return for each paper (row) and reader (column) the chance that the reader keeps it."""
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
    for place, taste in enumerate(tastes):
        total[:, place] += _beside_words(seen, taste)
    deviations = (total - [taste.shift for taste in tastes]) * [taste.scale for taste in tastes]
    steep = np.array([taste.steepness for taste in tastes])
    odds = math.log(USUAL / (1 - USUAL)) - _BEND * steep**2 + steep * deviations
    found: Floats = (1 / (1 + np.exp(np.clip(-odds, -60, 60)))).astype(np.float32)
    return found


def _beside_words(seen: Seen, taste: Taste) -> Floats:
    """Return what a taste says of papers by all that is not words."""
    found: Floats = taste.senses.of(seen.senses)
    if taste.meanings and seen.meanings.size:
        found = np.float32(SENSE) * found + np.float32(MEANING) * taste.meanings.of(seen.meanings)
        found += seen.meanings @ taste.edge
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
    content = content_words(f"{paper.title} {paper.abstract}")
    for word, after in zip(content, [*content[1:], ""], strict=True):
        written.setdefault(stem(word), word)
        written.setdefault(f"{stem(word)} {stem(after)}", f"{word} {after}")
    found: list[str] = []
    for name in best:
        shown = written.get(name, "")
        # Leave out a word that is part of a pair already shown, and a pair that holds such a word.
        if shown and not any(shown in other or other in shown for other in found):
            found.append(shown)
        if len(found) == most:
            break
    return tuple(found)
