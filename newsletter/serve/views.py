"""Picks as pages show them: each paper once, the ones that are talked about most first."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.model import Paper, Pick, Score
from newsletter.render.views import PaperView, paper_view
from newsletter.serve.given import Site

_ODD = re.compile(r"[^A-Za-z0-9._]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A paper on a page."""

    view: PaperView
    paper: Paper
    id: str
    """For addresses: quoted, but for what is harmless in a path."""
    topics: tuple[tuple[str, str], ...]
    """Name and title of each topic that shows it."""
    votes: int
    date: dt.date | None = None
    """The issue that showed it."""


def path_of(paper: Paper, *, is_static: bool = False) -> str:
    """Return a paper's id for the path of an address; with `is_static`, it also names a folder."""
    if not is_static:
        return urllib.parse.quote(paper.id, safe="/:~")
    plain = _ODD.sub("-", paper.id)[:80]
    if plain.count("-") == 1 and plain == paper.id.replace(":", "-", 1):
        return plain  # arxiv-2410.01234: only the colon, which some systems allow in no file name
    return f"{plain}-{hashlib.sha256(paper.id.encode()).hexdigest()[:8]}"


def cards(site: Site, picks: Iterable[tuple[dt.date | None, Pick]]) -> tuple[Card, ...]:
    """Return a card for each paper of some picks, in their order, as a site shows them."""
    titles = {topic.name: topic.title for topic in site.config.choice.topics}
    found: dict[str, list[tuple[dt.date | None, Pick]]] = {}
    for date, pick in picks:
        found.setdefault(pick.paper.id, []).append((date, pick))
    return tuple(_card(site, some, titles) for some in found.values())


def _card(
    site: Site, some: Sequence[tuple[dt.date | None, Pick]], titles: Mapping[str, str]
) -> Card:
    date, first = some[0]
    names = dict.fromkeys(pick.topic for _, pick in some)
    known = tuple((name, titles[name]) for name in names if name in titles)
    title = known[0][1] if known else ""
    return Card(
        view=paper_view(first, title, site.phrases, room=0, density="comfortable"),
        paper=first.paper,
        id=path_of(first.paper, is_static=site.is_static),
        topics=known,
        votes=first.paper.votes,
        date=date,
    )


def bare(paper: Paper) -> Pick:
    """Return a paper as a pick of no topic, for pages that show it by itself."""
    return Pick(paper=paper, topic="", score=Score(total=0.0, parts=(), overall=0.0), reasons=())


def trending(cards_: Iterable[Card]) -> tuple[Card, ...]:
    """Return cards by votes, then by score, which is their order."""
    return tuple(sorted(cards_, key=lambda card: -card.votes))
