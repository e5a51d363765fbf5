"""try_query(): which of the last days' papers a topic would want, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from newsletter.config.topics import usual_topic
from newsletter.day.drafts import make_draft
from newsletter.day.given import Day
from newsletter.model import Match, Near, Paper, Pick, Term, Topic
from newsletter.pick.filters.folding import fold_paper
from newsletter.pick.filters.scanning import count_holding

NAME: Final = "query"
"""The name of the topic that is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermCount:
    """How many papers a part of a filter finds by itself."""

    text: str
    papers: int
    excludes: bool = False
    """Whether it stands under `none`: what it finds is not wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedQuery:
    """What a topic would do."""

    topic: Topic
    papers: int
    """How many papers there were to choose from."""
    picks: tuple[Pick, ...]
    """Every paper that it wants, best first."""
    shown: int
    """How many of them one issue would show."""
    terms: tuple[TermCount, ...]
    likes_count: bool = False
    """Whether what it likes teaches anything: that takes enough papers."""


def try_query(
    day: Day, match: Match | None, title: str, days: int, like: Sequence[str] = ()
) -> TriedQuery:
    """Return what a topic wants among the papers that were seen in the last `days`.

    It has a filter, or likes, or both.

    It goes the way of an issue with this topic alone.
    """
    papers = day.stores.papers.since(day.clock() - dt.timedelta(days=days))
    topic = usual_topic(NAME, title, match, like)
    choice = replace(day.config.choice, topics=(topic,), explore=0)
    alone = replace(day, config=replace(day.config, choice=choice))
    draft = make_draft(alone, papers)
    picks = tuple(pick for pick in draft.picks if pick.topic == NAME)
    return TriedQuery(
        topic=topic,
        papers=len(papers),
        picks=picks,
        shown=len(draft.of_everybody().picks),
        terms=tuple(count_terms(match, papers)) if match else (),
        likes_count=bool(papers and like and day.tastes.marks(papers, like)),
    )


def count_terms(match: Match, papers: tuple[Paper, ...]) -> Iterator[TermCount]:
    """Yield each term of a filter, in its order, with the papers that it finds by itself."""
    parts = list(_parts(match))
    counts = count_holding([Match(any=(part,)) for part, _ in parts], map(fold_paper, papers))
    for (part, excludes), count in zip(parts, counts, strict=True):
        yield TermCount(text=_shown(part), papers=count, excludes=excludes)


def _parts(match: Match, *, excludes: bool = False) -> Iterator[tuple[Term | Near, bool]]:
    """Yield the terms of a filter, and whether each excludes."""
    for group, turned in ((match.any, False), (match.all, False), (match.none, True)):
        for part in group:
            if isinstance(part, Match):
                yield from _parts(part, excludes=excludes != turned)
            else:
                yield part, excludes != turned


def _shown(part: Term | Near) -> str:
    if isinstance(part, Term) and part.field not in ("text", "votes", "regex"):
        return f"{part.field}: {part.text}"
    return part.text
