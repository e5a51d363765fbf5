"""Figures of an issue: copied while there is network, and known again when editions are made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Final
from urllib.parse import urljoin

from newsletter.collect.figures import HTML, copy_figures
from newsletter.day.given import Day, Web
from newsletter.model import Figure, Paper

FACT: Final = "figure"
"""What is remembered of figures under, among the facts: by paper id."""
REMEMBERED: Final = dt.timedelta(days=30)
"""After which time a paper's figure is asked for again; it is news for a week."""


async def keep_figures(day: Day, web: Web, papers: Sequence[Paper]) -> tuple[str, ...]:
    """Copy the pictures of papers, most important first; return what could not be had.

    What is known already is not asked for again. Raises StoreError when the disk refuses.
    """
    now, facts, store = day.clock(), day.stores.facts, day.folders.figures
    told = facts.known(FACT, [paper.id for paper in papers], now - REMEMBERED)
    missing = [
        paper
        for paper in papers
        if paper.id not in told or (told[paper.id] and not store.has(told[paper.id]["name"]))
    ]
    # Whoever has a mirror of arXiv's API asks its server for pages, too.
    html = urljoin(day.config.collecting.arxiv_api or HTML, "/html/")
    copies = await copy_figures(missing, web.fetcher, web.reader, html=html)
    fresh: dict[str, dict[str, object]] = {name: {} for name in copies.without}
    for name, copy in copies.found.items():
        picture = copy.picture
        file = store.keep(picture.content, picture.suffix)
        figure = Figure(name=file, width=picture.width, height=picture.height, by=copy.by)
        fresh[name] = asdict(figure)
    facts.save(FACT, fresh, now)
    return copies.notes


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
