"""Rankers: weigh signals into a Score that shows the part of each signal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from newsletter.model import Paper, Part, Reason, Score
from newsletter.pick.signals import SIGNALS, Context

OVERALL: Final[Mapping[str, float]] = {
    "relevance": 1.0,
    "taste": 1.0,
    "trending": 0.8,
    "recency": 0.2,
}
"""The weights by which papers of different topics are compared, whatever the topics weigh."""

ABOUT: Final = ("relevance", "taste")
"""The signals that say what a paper is about."""


def score(paper: Paper, weights: tuple[tuple[str, float], ...], context: Context) -> Score:
    """Return the weighted mean of the signals, in [0, 1], with each signal's points.

    A signal that is not known of this paper is left out of its mean, so that no paper loses
    because its source has no votes. The points add up to the total, so that a reader can check
    what each signal contributed.
    """
    names = dict.fromkeys((*(name for name, _ in weights), *OVERALL))
    known = {name: told for name in names if (told := SIGNALS[name](paper, context)) is not None}
    used = [(name, weight) for name, weight in weights if name in known]
    whole = sum(weight for _, weight in used) or 1.0
    parts = tuple(_part(name, weight / whole, known[name]) for name, weight in used)
    return Score(
        total=sum(part.points for part in parts),
        parts=parts,
        overall=_overall(known),
        about=max((known[name][0] for name in ABOUT if name in known), default=0.0),
    )


def _part(signal: str, share: float, told: tuple[float, Reason | None]) -> Part:
    value, reason = told
    return Part(signal=signal, value=value, points=share * value, reason=reason)


def _overall(known: Mapping[str, tuple[float, Reason | None]]) -> float:
    used = [(weight, known[name][0]) for name, weight in OVERALL.items() if name in known]
    return sum(weight * value for weight, value in used) / (sum(w for w, _ in used) or 1.0)
