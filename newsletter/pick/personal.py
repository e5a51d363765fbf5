"""Picks for one reader, by what they mute, their own words, and what they like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from newsletter.model import Match, Paper, Part, Pick, Subscriber, Topic
from newsletter.pick.filters.folding import Folded
from newsletter.pick.filters.matching import matches
from newsletter.pick.signals import Mark
from newsletter.pick.variety import choose

OWN_WORDS, LIKED, OUTSIDE = "own-words", "liked", "outside"
"""Names of the personal sections, which no topics.yaml defines."""
LIKES_SHARE = 0.5
"""The share of a score that a reader's likes decide; the topic's `rank:` decides the rest."""
LIKED_LIMIT = 5


OWN_WORDS_TOPIC = Topic(
    name=OWN_WORDS,
    title="Your own words",
    match=None,
    weights=(("relevance", 1.0), ("trending", 0.8), ("recency", 0.2)),
    limit=6,
)
LIKED_TOPIC = Topic(
    name=LIKED,
    title="Close to what you like",
    match=None,
    weights=(("taste", 1.0),),
    limit=LIKED_LIMIT,
)
OUTSIDE_TOPIC = Topic(
    name=OUTSIDE,
    title="Outside your topics",
    # An empty filter: every paper passes it.
    match=Match(),
    weights=(("trending", 1.0), ("recency", 0.2)),
    limit=1,
)
OWN_TOPICS = (OWN_WORDS_TOPIC, LIKED_TOPIC, OUTSIDE_TOPIC)
"""Sections that no topics.yaml defines; they come after a reader's topics."""


def own_topic(reader: Subscriber) -> Topic | None:
    """Return a topic for a reader's own words, with a unique name; None if there are no words."""
    if reader.words is None:
        return None
    return replace(OWN_WORDS_TOPIC, name=f"{OWN_WORDS}~{reader.id}", match=reader.words)


def choose_for(
    reader: Subscriber,
    picks: Sequence[Pick],
    topics: Sequence[Topic],
    marks: Mapping[str, Mark],
    folded: Callable[[Paper], Folded],
    liked: Sequence[Pick] = (),
    *,
    per_author: int | None = None,
    variety: float = 0.0,
) -> tuple[Pick, ...]:
    """Return what a reader gets: picks of their topics and own words, without what they muted.

    The reader's likes are a share of each score. `marks` tell, by paper id, how near papers are to
    these likes. `liked` is every paper as a pick that no topic has scored, for the section of
    papers close to what the reader likes.
    """
    mine = f"{OWN_WORDS}~{reader.id}"
    wanted = {topic.name: topic for topic in topics}
    own = [replace(OWN_WORDS_TOPIC, name=mine)] if reader.words else []
    candidates = [
        with_mark(pick, marks.get(pick.paper.id))
        for pick in picks
        if pick.topic in wanted or pick.topic == mine
    ]
    candidates += [
        with_mark(pick, mark)
        for pick in liked
        if (mark := marks.get(pick.paper.id)) and mark.is_near and not mark.against
    ]
    if reader.muted is not None:
        muted = reader.muted
        candidates = [pick for pick in candidates if not matches(muted, folded(pick.paper))]
    # Papers that the reader's topics choose go there; the section of likes takes from the rest.
    first = choose(candidates, [*topics, *own], per_author=per_author, variety=variety)
    shown = {paper.id for pick in first for paper in (pick.paper, *pick.also)}
    rest = [pick for pick in candidates if pick.topic == LIKED and pick.paper.id not in shown]
    chosen = (*first, *choose(rest, [LIKED_TOPIC], per_author=per_author))
    return tuple(replace(pick, topic=OWN_WORDS) if pick.topic == mine else pick for pick in chosen)


def explore(
    picks: Sequence[Pick], chosen: Sequence[Pick], topics: Sequence[Topic], limit: int
) -> tuple[Pick, ...]:
    """Return the most discussed papers among those that no topic of a reader wants.

    Readers who see only what they asked for never learn what else they could ask for.
    """
    names = {topic.name for topic in topics}
    known = {pick.paper.id for pick in picks if pick.topic in names}
    known |= {paper.id for pick in chosen for paper in (pick.paper, *pick.also)}
    outside = [
        pick
        for pick in picks
        if pick.topic == OUTSIDE
        and pick.paper.id not in known
        and any(part.signal == "trending" and part.value for part in pick.score.parts)
    ]
    return choose(outside, [replace(OUTSIDE_TOPIC, limit=limit)]) if limit else ()


def with_mark(pick: Pick, mark: Mark | None) -> Pick:
    """Return the pick with a share of its score decided by a reader's likes.

    All parts still add up to the total: the points of the other signals shrink by that share. A
    mark against a paper takes points away, and only from papers that are near enough: all others
    keep their order. A pick for the section of likes has the chance itself as its score.
    """
    if mark is None or (mark.against and not mark.is_near):
        return pick
    old = pick.score
    if mark.against:
        kept = 1 - mark.value
        part = Part(
            signal="taste",
            value=mark.value,
            points=-old.total * mark.value,
            reason=mark.reason(),
        )
        lost = replace(
            old, total=old.total * kept, overall=old.overall * kept, parts=(*old.parts, part)
        )
        return replace(pick, score=lost)
    is_chance = pick.topic == LIKED
    reason = mark.reason() if mark.is_near else None
    points = mark.chance if is_chance else LIKES_SHARE * mark.value
    part = Part(signal="taste", value=mark.value, points=points, reason=reason)
    score = replace(
        old,
        total=mark.chance if is_chance else marked(old.total, mark),
        overall=marked(old.overall, mark),
        parts=(part, *(replace(one, points=one.points * (1 - LIKES_SHARE)) for one in old.parts)),
    )
    reasons = (reason, *pick.reasons) if reason else pick.reasons
    return replace(pick, score=score, reasons=reasons)


def marked(total: float, mark: Mark | None) -> float:
    """Return a score with the share in it that a reader's likes decide."""
    return total if mark is None else total * (1 - LIKES_SHARE) + LIKES_SHARE * mark.value
