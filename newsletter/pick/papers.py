"""Pick papers: filter by every topic, score, and say why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from newsletter.model import Match, Paper, Pick, Score, Topic
from newsletter.pick.filters.folding import Folded, fold_paper
from newsletter.pick.filters.matching import matches
from newsletter.pick.filters.scanning import Matcher
from newsletter.pick.personal import LIKED
from newsletter.pick.rankers import score
from newsletter.pick.signals import LIKED_MARK, Context, Mark
from newsletter.pick.summaries import summarise
from newsletter.pick.trending import crowd_of


def pick_papers(
    papers: Sequence[Paper],
    topics: Sequence[Topic],
    now: dt.datetime,
    marks: Mapping[str, Mapping[str, Mark]] | None = None,
    novelty: Mapping[str, float] | None = None,
) -> tuple[Pick, ...]:
    """Return every paper that some topic wants, scored under it, best first.

    `marks` tell, by topic and paper id, how near papers are to what a topic likes: what is near
    enough is wanted as if it held the topic's words. `novelty` tells, by paper id, how unlike it
    is to what was sent lately.

    A paper may be picked under several topics; `choose` gives each reader at most one of them.
    """
    folded = {paper.id: fold_paper(paper) for paper in papers}
    holding = _holding(topics, papers, folded)
    crowd = crowd_of(papers, now)
    told = {paper.id: summarise(paper) for paper in papers}
    picks: list[Pick] = []
    for number, topic in enumerate(topics):
        near = (marks or {}).get(topic.name, {})
        wanted = dict.fromkeys(holding[number])
        if near:
            wanted |= {
                place: None
                for place, paper in enumerate(papers)
                if _is_liked(topic, near.get(paper.id), folded[paper.id])
            }
        for paper in (papers[place] for place in wanted):
            if topic.fresh is not None and _age(paper, now) > topic.fresh:
                continue
            context = Context(
                topic=topic,
                folded=folded[paper.id],
                now=now,
                crowd=crowd,
                mark=near.get(paper.id),
                novelty=(novelty or {}).get(paper.id),
            )
            earned = score(paper, topic.weights, context)
            if earned.total < topic.min_score:
                continue
            reasons = tuple(
                part.reason
                for part in sorted(earned.parts, key=lambda part: -part.points)
                if part.reason and part.points > 0
            )
            tldr, tldr_by = told[paper.id]
            picks.append(
                Pick(
                    paper=paper,
                    topic=topic.name,
                    score=earned,
                    reasons=reasons,
                    tldr=tldr,
                    tldr_by=tldr_by,
                )
            )
    picks.sort(key=lambda pick: (-pick.score.total, pick.topic, pick.paper.id))
    return tuple(picks)


def _holding(
    topics: Sequence[Topic], papers: Sequence[Paper], folded: Mapping[str, Folded]
) -> dict[int, list[int]]:
    """Return by the place of a topic the places of the papers that hold its words."""
    numbered = [(number, topic.match) for number, topic in enumerate(topics) if topic.match]
    matcher = Matcher([match for _, match in numbered])
    found: dict[int, list[int]] = {number: [] for number in range(len(topics))}
    for place, paper in enumerate(papers):
        for one in matcher.holding(folded[paper.id]):
            found[numbered[one][0]].append(place)
    return found


def _age(paper: Paper, now: dt.datetime) -> dt.timedelta:
    return now - (paper.published or paper.first_seen or now)


def _is_liked(topic: Topic, mark: Mark | None, paper: Folded) -> bool:
    """Tell whether a paper is near to what the topic likes, and holds nothing it refuses."""
    if mark is None or mark.value < LIKED_MARK:
        return False
    return topic.match is None or matches(Match(none=topic.match.none), paper)


def unscored(papers: Sequence[Paper]) -> tuple[Pick, ...]:
    """Return every paper as a pick of no topic, for readers' likes to score."""
    return tuple(
        Pick(
            paper=paper,
            topic=LIKED,
            score=Score(total=0.0, parts=()),
            reasons=(),
            tldr=tldr,
            tldr_by=tldr_by,
        )
        for paper in papers
        for tldr, tldr_by in (summarise(paper),)
    )
