"""Rankers: weigh signals into a Score that shows the part of each signal."""

from __future__ import annotations

from newsletter.model import Paper, Part, Score
from newsletter.pick.signals import SIGNALS, Context


def score(paper: Paper, weights: tuple[tuple[str, float], ...], context: Context) -> Score:
    """Return the weighted mean of the signals, in [0, 1], with each signal's points.

    The points add up to the total, so that a reader can check what each signal contributed.
    """
    whole = sum(weight for _, weight in weights)
    parts = []
    for name, weight in weights:
        value, reason = SIGNALS[name](paper, context)
        parts.append(Part(signal=name, value=value, points=weight * value / whole, reason=reason))
    return Score(total=sum(part.points for part in parts), parts=tuple(parts))
