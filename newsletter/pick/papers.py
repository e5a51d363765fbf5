"""Pick papers: filter by every topic, score, and say why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from newsletter.model import Match, Paper, Pick, Score, Topic
from newsletter.pick.filters import Folded, Matcher, find, fold_paper, matches
from newsletter.pick.personal import LIKED
from newsletter.pick.rankers import score
from newsletter.pick.signals import LIKED_MARK, Context, Mark, interest
from newsletter.pick.summaries import summarise


def pick_papers(
    papers: Sequence[Paper],
    topics: Sequence[Topic],
    now: dt.datetime,
    marks: Mapping[str, Mapping[str, Mark]] | None = None,
) -> tuple[Pick, ...]:
    """Return every paper that some topic wants, scored under it, best first.

    `marks` tell, by topic and paper id, how near papers are to what a topic likes: what is near
    enough is wanted as if it held the topic's words.

    A paper may be picked under several topics; `choose` gives each reader at most one of them.
    """
    folded = {paper.id: fold_paper(paper) for paper in papers}
    matcher = Matcher([topic.match or Match() for topic in topics])
    held = {paper.id: matcher.holding(folded[paper.id]) for paper in papers}
    votes = sorted(filter(None, map(interest, papers)))
    told = {paper.id: summarise(paper) for paper in papers}
    picks: list[Pick] = []
    for number, topic in enumerate(topics):
        near = (marks or {}).get(topic.name, {})
        for paper in papers:
            mark = near.get(paper.id)
            is_held = topic.match is not None and number in held[paper.id]
            if not (is_held or _is_liked(topic, mark, folded[paper.id])):
                continue
            context = Context(
                match=topic.match, folded=folded[paper.id], now=now, votes=votes, mark=mark
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


def _is_liked(topic: Topic, mark: Mark | None, paper: Folded) -> bool:
    """Tell whether a paper is near to what the topic likes, and holds nothing it refuses."""
    if mark is None or mark.value < LIKED_MARK:
        return False
    refused = topic.match.none if topic.match else ()
    return not any(
        matches(part, paper) if isinstance(part, Match) else find(part, paper) for part in refused
    )


def unscored(papers: Sequence[Paper]) -> tuple[Pick, ...]:
    """Return every paper as a pick of no topic, for readers' likes to score."""
    return tuple(
        Pick(
            paper=paper,
            topic=LIKED,
            score=Score(total=0.0, parts=()),
            reasons=(),
            tldr=summarise(paper)[0],
            tldr_by=summarise(paper)[1],
        )
        for paper in papers
    )
