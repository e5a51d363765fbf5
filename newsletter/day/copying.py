"""Pictures of the papers that an issue will show: copied while there is network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final
from urllib.parse import urljoin

from newsletter.collect.figures import HTML, copy_figures
from newsletter.day.drafts import Draft
from newsletter.day.figures import FACT, REMEMBERED
from newsletter.day.given import Day, Web
from newsletter.model import Figure, Paper

MOST: Final = 60
"""Papers of an issue whose pictures are copied."""


def illustrated(draft: Draft) -> tuple[Paper, ...]:
    """Return the papers that are to have a figure, those that most readers get first."""
    letter = draft.day.config.letter
    if letter.figures == "none" or letter.density == "titles":
        return ()
    readers: Counter[str] = Counter()
    papers: dict[str, Paper] = {}

    for selection, count in draft.likely():
        if selection.form.short:
            continue
        # Of a week's papers only the one at the top has room for a figure.
        is_one = letter.figures == "lead" or selection.form.weekly or letter.is_weekly
        lead = (selection.lead,) if selection.lead else ()
        for pick in lead if is_one else selection.picks:
            papers[pick.paper.id] = pick.paper
            readers[pick.paper.id] += count
    return tuple(papers[name] for name, _ in readers.most_common(MOST))


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
