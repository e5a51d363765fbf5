"""Pick papers: filter by every topic, score, and say why."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from newsletter.model import Match, Paper, Pick, Topic
from newsletter.pick.filters.folding import Folded, fold_paper
from newsletter.pick.filters.matching import matches
from newsletter.pick.filters.scanning import Matcher
from newsletter.pick.personal import LIKED, OUTSIDE_TOPIC
from newsletter.pick.rankers import score
from newsletter.pick.signals import Context, Mark
from newsletter.pick.summaries import details, summarise
from newsletter.pick.trending import crowd_of


class Candidates:
    """The papers of a day, with data derived from each paper: computed when needed, then cached."""

    def __init__(self, papers: Sequence[Paper], now: dt.datetime) -> None:
        """Take `papers` as they are at the time `now`."""
        self.papers = tuple(papers)
        self.now = now
        self.crowd = crowd_of(self.papers, now)
        self.folded: Callable[[Paper], Folded] = functools.cache(fold_paper)
        """Returns a paper's texts as filters see them."""
        self._told: Callable[[Paper], tuple[str, str, tuple[str, ...]]] = functools.cache(_told)

    def told(self, pick: Pick) -> Pick:
        """Return a pick with the sentence that tells what is new, and those that add to it."""
        tldr, tldr_by, more = self._told(pick.paper)
        return replace(pick, tldr=tldr, tldr_by=tldr_by, details=more)


def _told(paper: Paper) -> tuple[str, str, tuple[str, ...]]:
    tldr, tldr_by = summarise(paper)
    return tldr, tldr_by, details(paper, tldr)


def pick_papers(
    papers: Sequence[Paper],
    topics: Sequence[Topic],
    now: dt.datetime,
    marks: Mapping[str, Mapping[str, Mark]] | None = None,
    novelty: Mapping[str, float] | None = None,
) -> tuple[Pick, ...]:
    """Return every paper that some topic wants, best first.

    Each has its score under that topic, and the sentence that tells what is new.
    """
    candidates = Candidates(papers, now)
    found = pick_among(candidates, topics, marks or {}, novelty or {})
    return tuple(map(candidates.told, found))


def pick_among(
    candidates: Candidates,
    topics: Sequence[Topic],
    marks: Mapping[str, Mapping[str, Mark]],
    novelty: Mapping[str, float],
) -> tuple[Pick, ...]:
    """Return every candidate that some topic wants, scored under it, best first.

    `marks` tell, by topic and paper id, how near papers are to what a topic likes: a paper that is
    near enough is wanted as if it contained the topic's words. `novelty` tells, by paper id, how
    different a paper is from what was sent lately.

    A paper may be picked under several topics; `choose` gives each reader at most one of these
    picks. The sentence that tells what is new takes longest to find, and no reader gets most of
    the picks. Therefore only `Candidates.told` adds it.
    """
    papers, now = candidates.papers, candidates.now
    holding = _holding(topics, candidates)
    picks: list[Pick] = []
    for number, topic in enumerate(topics):
        near = marks.get(topic.name, {})
        wanted = dict.fromkeys(holding[number])
        if near:
            wanted |= {
                place: None
                for place, paper in enumerate(papers)
                if _is_liked(topic, near.get(paper.id), candidates.folded(paper))
            }
        for paper in (papers[place] for place in wanted):
            if topic.fresh is not None and _age(paper, now) > topic.fresh:
                continue
            context = Context(
                topic=topic,
                folded=candidates.folded(paper),
                now=now,
                crowd=candidates.crowd,
                mark=near.get(paper.id),
                novelty=novelty.get(paper.id),
            )
            earned = score(paper, topic.weights, context)
            if earned.total < topic.min_score:
                continue
            reasons = tuple(
                part.reason
                for part in sorted(earned.parts, key=lambda part: -part.points)
                if part.reason and part.points > 0
            )
            picks.append(Pick(paper=paper, topic=topic.name, score=earned, reasons=reasons))
    picks.sort(key=lambda pick: (-pick.score.total, pick.topic, pick.paper.id))
    return tuple(picks)


def _holding(topics: Sequence[Topic], candidates: Candidates) -> dict[int, list[int]]:
    """Return, by topic index, the indices of the papers that match the topic's filter."""
    numbered = [(number, topic.match) for number, topic in enumerate(topics) if topic.match]
    matcher = Matcher([match for _, match in numbered])
    found: dict[int, list[int]] = {number: [] for number in range(len(topics))}
    for place, paper in enumerate(candidates.papers):
        for place_of_match in matcher.holding(candidates.folded(paper)):
            found[numbered[place_of_match][0]].append(place)
    return found


def _age(paper: Paper, now: dt.datetime) -> dt.timedelta:
    return now - (paper.published or paper.first_seen or now)


def _is_liked(topic: Topic, mark: Mark | None, paper: Folded) -> bool:
    """Tell whether a paper is near to what the topic likes, and has nothing that it excludes."""
    if mark is None or not mark.is_near:
        return False
    return topic.match is None or matches(Match(none=topic.match.none), paper)


def unscored(candidates: Candidates) -> tuple[Pick, ...]:
    """Return every paper as a pick without a topic, whose score readers' likes will make.

    No topic asked for it: beside picks of topics its relevance is 0, and not unknown.
    """
    return tuple(
        Pick(
            paper=paper,
            topic=LIKED,
            score=score(
                paper,
                (),
                Context(
                    topic=OUTSIDE_TOPIC,
                    folded=candidates.folded(paper),
                    now=candidates.now,
                    crowd=candidates.crowd,
                ),
            ),
            reasons=(),
        )
        for paper in candidates.papers
    )
