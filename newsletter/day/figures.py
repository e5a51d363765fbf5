"""Figures of papers that were copied, as editions are made with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from newsletter.day.given import Day
from newsletter.model import Figure, Paper

FACT: Final = "figure"
"""What is remembered of figures under, among the facts: by paper id."""
REMEMBERED: Final = dt.timedelta(days=30)
"""After which time a paper's figure is asked for again; it is news for a week."""


def known_figures(day: Day, papers: Iterable[Paper]) -> Mapping[str, Figure]:
    """Return the figures that there are of some papers, by paper id."""
    if day.config.letter.figures == "none":
        return {}
    ids = [paper.id for paper in papers]
    told = day.stores.facts.known(FACT, ids, day.clock() - REMEMBERED)
    return {
        name: Figure(**fact)
        for name, fact in told.items()
        if fact and day.folders.figures.has(fact["name"])
    }
