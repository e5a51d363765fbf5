"""Pick papers: filter by every topic, score, and say why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from newsletter.model import Paper, Pick, Topic
from newsletter.pick.filters import Matcher, fold_paper
from newsletter.pick.rankers import score
from newsletter.pick.signals import Context, interest
from newsletter.pick.summaries import summarise


def pick_papers(
    papers: Sequence[Paper], topics: Sequence[Topic], now: dt.datetime
) -> tuple[Pick, ...]:
    """Return every paper that some topic wants, scored under it, best first.

    A paper may be picked under several topics; `choose` gives each reader at most one of them.
    """
    folded = {paper.id: fold_paper(paper) for paper in papers}
    matcher = Matcher([topic.match for topic in topics])
    wanted = {paper.id: matcher.holding(folded[paper.id]) for paper in papers}
    votes = sorted(filter(None, map(interest, papers)))
    told = {paper.id: summarise(paper) for paper in papers}
    picks: list[Pick] = []
    for number, topic in enumerate(topics):
        for paper in papers:
            if number not in wanted[paper.id]:
                continue
            context = Context(match=topic.match, folded=folded[paper.id], now=now, votes=votes)
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
