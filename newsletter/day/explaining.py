"""Why one paper is in a reader's mail, or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.day.drafts import Draft, Readers
from newsletter.model import Paper, Pick, Topic
from newsletter.pick.misses import why_not
from newsletter.pick.personal import OWN_TOPICS, with_mark
from newsletter.render.words import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Whether one topic shows a paper, and why."""

    topic: Topic
    pick: Pick | None
    """None when the topic does not want the paper."""
    verdict: str


def find_paper(draft: Draft, wanted: str) -> Paper | None:
    """Return the candidate with this id; the prefix that names the kind of id may be left out."""
    key = wanted.strip().lower()
    return next(
        (
            paper
            for paper in draft.papers
            if any(key in (k.lower(), k.lower().partition(":")[2]) for k in paper.keys)
        ),
        None,
    )


def explain(draft: Draft, paper: Paper, reader: Readers) -> Iterator[Explained]:
    """Yield for each topic of a reader whether it shows a paper, and why.

    The reader's personal sections follow, where they show it.
    """
    choice = draft.day.config.choice
    (drafted,) = draft.for_readers([reader], send_empty=True) or (None,)
    chosen = drafted.selection.picks if drafted else ()
    by_name = {topic.name: topic for topic in choice.topics}
    topics = [by_name[name] for name in reader.first.topics]
    likes = reader.first.likes
    marks = draft.day.tastes.marks(draft.papers, likes, reader.first.dislikes) if likes else {}
    for topic in topics:
        scored = next(
            (p for p in draft.picks if p.topic == topic.name and p.paper.id == paper.id), None
        )
        shown = _shown(chosen, paper, topic.name)
        if shown is not None:
            yield Explained(topic=topic, pick=shown, verdict="picked")
        elif scored is None:
            low = f", or it scores below {topic.min_score:g}" if topic.min_score else ""
            wish = (
                "it is not what the topic is about"
                if topic.match is None
                else ("its filter does not want it")
            )
            yield Explained(topic=topic, pick=None, verdict=f"{wish}{low}")
        else:
            scored = with_mark(scored, marks.get(paper.id))
            why = why_not(scored, chosen, topic, [*topics, *OWN_TOPICS], choice.per_author)
            yield Explained(topic=topic, pick=scored, verdict=f"not picked: {say(why)}")
    for section in OWN_TOPICS:
        shown = _shown(chosen, paper, section.name)
        if shown is not None:
            yield Explained(topic=section, pick=shown, verdict="picked")


def _shown(chosen: tuple[Pick, ...], paper: Paper, topic: str) -> Pick | None:
    return next(
        (pick for pick in chosen if pick.topic == topic and pick.paper.id == paper.id), None
    )
