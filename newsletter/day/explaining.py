"""Why one paper is in a reader's mail, or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from newsletter.collect.identity.keys import letters
from newsletter.day.drafts import Draft
from newsletter.day.given import Day
from newsletter.day.pools import window_of
from newsletter.day.readers import Readers
from newsletter.day.selections import SHORT
from newsletter.day.titles import paper_called
from newsletter.learn.tastes import named
from newsletter.model import Length, Match, Paper, Pick, Topic
from newsletter.pick.filters.folding import Folded
from newsletter.pick.filters.matching import hits, matches
from newsletter.pick.misses import why_not
from newsletter.pick.personal import OWN_TOPICS, OWN_WORDS, OWN_WORDS_TOPIC, with_mark
from newsletter.pick.signals import Mark
from newsletter.render.words import say

PART: Final = 5
"""Letters of a title that may stand for the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Whether one topic shows a paper, and why."""

    topic: Topic
    pick: Pick | None
    """None when the topic does not want the paper."""
    verdict: str
    mark: Mark | None = None
    """How near the paper is to what the topic likes; None when it likes nothing, or nothing that
    teaches yet."""


def find_paper(draft: Draft, wanted: str, reader: Readers | None = None) -> Paper | None:
    """Return the candidate with this id, address or title.

    The prefix that names the kind of id may be left out; of a title only letters and digits count,
    and a part is enough that no other has. Candidates are those of the edition that the reader
    gets.
    """
    key, title = wanted.strip().lower(), letters(wanted)
    keys = {key, *named([wanted.strip()])}
    papers = draft.papers_for(reader.first if reader else None)
    for paper in papers:
        own = {known.lower() for known in paper.keys}
        if not keys.isdisjoint(own | {known.partition(":")[2] for known in own}):
            return paper
    titles = [(letters(paper.title), paper) for paper in papers]
    whole = [paper for known, paper in titles if title and known == title]
    parts = [paper for known, paper in titles if len(title) >= PART and title in known]
    return whole[0] if whole else parts[0] if len(parts) == 1 else None


def find_stored(day: Day, wanted: str) -> Paper | None:
    """Return the stored paper with this id, address or title, whether or not it can be chosen."""
    name = wanted.strip()
    keys = {name, name.lower(), *named([name])}
    known = next(iter(day.stores.papers.with_keys(keys)), None)
    return known or paper_called(day.stores.search, name)


def why_left_out(day: Day, paper: Paper) -> str:
    """Return why the day's issue cannot choose a stored paper, as one sentence."""
    window = window_of(day)
    offered = day.stores.papers.offered(paper)
    if offered not in (None, day.date):
        return f"it was among the papers of the issue of {offered}, and none comes twice"
    moment = paper.published or paper.first_seen
    if moment is None or moment < window.oldest:
        days = day.config.choice.max_age_days
        said = f"of {moment:%Y-%m-%d}" if moment else "without a date"
        return f"it is {said}, and papers older than {days} days are no news (`max_age_days`)"
    if paper.first_seen is not None and paper.first_seen >= window.until:
        return f"it was first seen at {paper.first_seen:%Y-%m-%d %H:%M} UTC: the next issue has it"
    return "its date is not known, and its source also shows what is not new"


def explain(draft: Draft, paper: Paper, reader: Readers) -> Iterator[Explained]:
    """Yield for each topic of a reader whether it shows a paper, and why.

    The reader's personal sections follow, where they show it.
    """
    choice = draft.day.config.choice
    by_name = {topic.name: topic for topic in choice.topics}
    topics = [by_name[name] for name in reader.first.topics]
    form = draft.form_for(reader.first)
    if form is None:
        told = f"not picked: {reader.first.cadence.value} mail, and none on {draft.day.date:%A}"
        yield from (Explained(topic=topic, pick=None, verdict=told) for topic in topics)
        return
    pool = draft.pool_of(form)
    chosen = _chosen(draft, reader)
    liked = draft.day.tastes.of_topics(pool.papers, topics)
    marks = pool.marks(reader.first)
    whole = _chosen(draft, replace(reader, first=replace(reader.first, length=Length.FULL)))
    muted, folded = reader.first.muted, pool.candidates.folded(paper)
    is_disliked = not named(reader.first.dislikes).isdisjoint(paper.keys)
    by_topic = {pick.topic: pick for pick in pool.picks if pick.paper.id == paper.id}
    for pick in pool.own_picks([reader.first]).get(reader.first.id, ()):
        if pick.paper.id == paper.id:
            by_topic[OWN_WORDS] = pick
            topics.append(OWN_WORDS_TOPIC)
    for topic in topics:
        scored = by_topic.get(topic.name)
        shown = _shown(chosen, paper, topic.name)
        near = liked.get(topic.name, {}).get(paper.id)
        if shown is not None:
            yield Explained(topic=topic, pick=shown, verdict="picked", mark=near)
        elif scored is None:
            told = _unwanted(topic, paper, folded, near, pool.candidates.now)
            yield Explained(topic=topic, pick=None, verdict=told, mark=near)
        elif is_disliked:
            told = "not picked: the reader does not like this paper"
            yield Explained(topic=topic, pick=scored, verdict=told)
        elif muted is not None and matches(muted, folded):
            told = f"not picked: muted{_because(muted, folded)}"
            yield Explained(topic=topic, pick=scored, verdict=told)
        elif cut := _shown(whole, paper, topic.name):
            told = f"not picked: a short mail has the best {SHORT} papers"
            yield Explained(topic=topic, pick=cut, verdict=told)
        else:
            scored = with_mark(scored, marks.get(paper.id))
            why = why_not(scored, chosen, topic, [*topics, *OWN_TOPICS], choice.per_author)
            yield Explained(topic=topic, pick=scored, verdict=f"not picked: {say(why)}", mark=near)
    for section in OWN_TOPICS:
        shown = _shown(chosen, paper, section.name)
        if shown is not None and section not in topics:
            yield Explained(topic=section, pick=shown, verdict="picked")


def _unwanted(
    topic: Topic, paper: Paper, folded: Folded, near: Mark | None, now: dt.datetime
) -> str:
    """Return why a topic does not want a paper at all."""
    since = paper.published or paper.first_seen
    if topic.fresh is not None and since is not None and now - since > topic.fresh:
        return f"it is older than `fresh` allows: {topic.fresh.days} d"
    why = []
    if topic.match is not None:
        why.append(f"its filter does not want it{_because(Match(any=topic.match.none), folded)}")
    if topic.like and near is None:
        why.append("what the topic likes teaches nothing yet")
    elif near is not None and not near.is_near:
        why.append(
            f"it is not near enough to what the topic likes: a chance of {near.chance:.1%} that it "
            f"is kept, and `min_chance` asks for {near.floor:.0%}"
        )
    low = f", or it scores below {topic.min_score:g}" if topic.min_score else ""
    return f"{'; '.join(why) or 'it is not what the topic is about'}{low}"


def _because(match: Match, paper: Folded) -> str:
    """Return which term of a filter a paper has, to follow a verdict; nothing if it has none."""
    hit = next(hits(match, paper), None)
    return f": it has “{hit.term.text}”" if hit else ""


def _chosen(draft: Draft, reader: Readers) -> tuple[Pick, ...]:
    (drafted,) = draft.for_readers([reader], send_empty=True) or (None,)
    return drafted.selection.picks if drafted else ()


def _shown(chosen: tuple[Pick, ...], paper: Paper, topic: str) -> Pick | None:
    return next(
        (pick for pick in chosen if pick.topic == topic and pick.paper.id == paper.id), None
    )
