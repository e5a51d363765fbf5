"""Pools: the papers that an issue chooses from, what topics want of them, and each reader's share.

The mails of a day choose from the day's pool, those for a week from the week's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.day import selections
from newsletter.day.borders import without_faulty
from newsletter.day.given import Day
from newsletter.learn.tastes import named
from newsletter.model import IssueWindow, Paper, Pick, Subscriber, Topic
from newsletter.pick.papers import Candidates, pick_among, unscored
from newsletter.pick.personal import OUTSIDE_TOPIC, own_topic
from newsletter.pick.signals import Mark
from newsletter.render.given import Selection
from newsletter.render.looks import Form
from newsletter.schedule import issue_window

NOVELTY = dt.timedelta(days=30)
"""How far back novelty looks: papers that were offered before that do not count."""
WEEK = dt.timedelta(days=7)
"""A week's pool has the papers of the issues of so many days, the day of its own included."""


@dataclass(slots=True, kw_only=True)
class Pool:
    """Papers, and the picks among them."""

    day: Day
    candidates: Candidates
    picks: tuple[Pick, ...]
    """Every paper that a topic of the newsletter wants, best first."""
    _loose: tuple[Pick, ...] | None = None

    @property
    def papers(self) -> tuple[Paper, ...]:
        """The papers that there are to choose from."""
        return self.candidates.papers

    def own_picks(self, readers: Sequence[Subscriber]) -> dict[str, tuple[Pick, ...]]:
        """Return, by reader id, the picks for the own words of each reader who has such words."""
        topics = {reader.id: topic for reader in readers if (topic := own_topic(reader))}
        if not topics:
            return {}
        found: dict[str, list[Pick]] = {topic.name: [] for topic in topics.values()}
        for pick in pick_among(self.candidates, tuple(topics.values()), {}, {}):
            found[pick.topic].append(pick)
        return {reader: tuple(found[topic.name]) for reader, topic in topics.items()}

    def marks(self, reader: Subscriber) -> Mapping[str, Mark]:
        """Return, by paper id, how near papers are to what a reader likes, or does not like."""
        if not (reader.likes or reader.dislikes):
            return {}
        return self.day.tastes.marks(self.papers, reader.likes, reader.dislikes)

    def select(
        self, reader: Subscriber, own: Mapping[str, Sequence[Pick]], form: Form
    ) -> Selection:
        """Return what a reader gets; `own` has the picks for the own words of readers, by id."""
        found = self.marked(reader, own.get(reader.id, ()), self.marks(reader))
        return replace(found, form=form, papers=len(self.papers) if form.weekly else None)

    def marked(
        self, reader: Subscriber, own: Sequence[Pick], marks: Mapping[str, Mark]
    ) -> Selection:
        """Return what a reader gets, whole; a paper that they dislike itself is not among it.

        `own` are the picks for the reader's own words.
        """
        never = named(reader.dislikes)
        if reader.likes and self._loose is None:
            self._loose = unscored(self.candidates)
        return selections.select(
            self.day.config.choice,
            _without((*self.picks, *own), never),
            reader,
            folded=self.candidates.folded,
            marks=marks,
            loose=_without(self._loose or (), never) if reader.likes else (),
        )

    def told(self, selection: Selection) -> Selection:
        """Return the selection, with picks that have the sentence that tells what is new."""
        picks = tuple(map(self.candidates.told, selection.picks))
        return replace(selection, picks=picks, lead=selections.lead(picks))


def _without(picks: Sequence[Pick], never: frozenset[str]) -> Sequence[Pick]:
    """Return the picks without papers that have any of the keys."""
    return [pick for pick in picks if never.isdisjoint(pick.paper.keys)] if never else picks


def make_pool(day: Day, papers: Sequence[Paper], *, of_week: bool = False) -> Pool:
    """Return the pool of some papers; one that the picker fails on is a fault, and left out.

    In the pool `of_week`, a topic's papers may be a week older: they were fresh in their issues.
    """
    choice = day.config.choice
    topics: tuple[Topic, ...] = (*choice.topics, *([OUTSIDE_TOPIC] if choice.explore else ()))
    if of_week:
        topics = tuple(
            replace(topic, fresh=topic.fresh + WEEK) if topic.fresh else topic for topic in topics
        )
    marks = day.tastes.of_topics(papers, topics)
    novelty: Mapping[str, float] = {}
    if any(name == "novelty" and weight for topic in topics for name, weight in topic.weights):
        here = {paper.id for paper in papers}
        lately = day.stores.papers.offered_since(day.date - NOVELTY, before=day.date)
        novelty = day.tastes.novelty(papers, [paper for paper in lately if paper.id not in here])
    now = day.clock()

    def step(some: Sequence[Paper]) -> tuple[Candidates, tuple[Pick, ...]]:
        whole = Candidates(some, now)
        return whole, pick_among(whole, topics, marks, novelty)

    (whole, picks), faults = without_faulty(papers, step)
    day.folders.faults.keep(*faults)
    return Pool(day=day, candidates=whole, picks=picks)


def candidates(day: Day) -> tuple[Paper, ...]:
    """Return the papers that the issue of the day can choose from."""
    return day.stores.papers.candidates(window_of(day))


def window_of(day: Day) -> IssueWindow:
    """Return which papers belong to the issue of the day."""
    return issue_window(day.config.schedule, day.date, day.config.choice.max_age_days)


def week_of(day: Day, papers: Sequence[Paper]) -> tuple[Paper, ...]:
    """Return the papers that the issues of the last seven days could choose from, and `papers`."""
    first = day.date - WEEK + dt.timedelta(days=1)
    offered = day.stores.papers.offered_since(first, before=day.date + dt.timedelta(days=1))
    return tuple({paper.id: paper for paper in (*offered, *papers)}.values())
