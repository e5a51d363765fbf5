"""What is one reader's own."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper, make_pick, make_subscriber, make_topic

from newsletter.model import Reason, ReasonKind
from newsletter.pick.filters.folding import fold_paper
from newsletter.pick.filters.language import parse_match
from newsletter.pick.papers import Candidates, pick_papers, unscored
from newsletter.pick.personal import (
    LIKED,
    LIKED_LIMIT,
    OUTSIDE_TOPIC,
    OWN_WORDS,
    choose_for,
    explore,
    own_topic,
    with_mark,
)
from newsletter.pick.signals import LIKED_CHANCE, Mark
from newsletter.render.words import say

TOPIC = make_topic()
PAPERS = [
    make_paper(1, title="A language model of proteins"),
    make_paper(2, title="A language model that plans", authors=("Bo Li",)),
    make_paper(3, title="Robots that walk", abstract=""),
    make_paper(4, title="Ribbons and knots", abstract="", authors=("Cy Twombly",)),
]


def mark(chance: float) -> Mark:
    return Mark(chance=chance, reason=lambda: Reason(kind=ReasonKind.LIKED, words=("plans",)))


def chosen(marks: dict[str, Mark] | None = None, **own: Any) -> dict[str, list[str]]:
    """The last digits of the papers that a reader gets, by section."""
    reader = make_subscriber(**own)
    topics = [TOPIC, *filter(None, [own_topic(reader)])]
    picks = pick_papers(PAPERS, topics, NOW)
    loose = unscored(Candidates(PAPERS, NOW)) if marks else ()
    found: dict[str, list[str]] = {}
    for pick in choose_for(reader, picks, [TOPIC], marks or {}, fold_paper, loose):
        found.setdefault(pick.topic, []).append(pick.paper.id[-1])
    return found


def test_muted_words_and_authors_are_not_shown() -> None:
    """Whatever topic wants them."""
    assert chosen() == {"language-models": ["1", "2"]}
    assert chosen(muted=parse_match("protein")) == {"language-models": ["2"]}
    assert chosen(muted=parse_match("author: Bo Li")) == {"language-models": ["1"]}


def test_own_words_are_a_section_of_their_own() -> None:
    """After the topics; a paper that a topic shows better stays there."""
    found = chosen(words=parse_match(["robot", "author: Twombly"]))

    assert found == {"language-models": ["1", "2"], OWN_WORDS: ["3", "4"]}


def test_likes_change_the_order_and_bring_what_no_topic_wants() -> None:
    """A paper near to the likes is shown in a section of its own, one far from them is not."""
    marks = {
        paper.id: mark(value) for paper, value in zip(PAPERS, (0.01, 0.9, 0.4, 0.02), strict=True)
    }

    assert chosen(marks) == {"language-models": ["2", "1"], LIKED: ["3"]}


def test_the_section_of_likes_is_short() -> None:
    """However much is like the likes."""
    many = [make_paper(n, title=f"Knots {n}") for n in range(1, 30)]
    marks = {paper.id: mark(0.9) for paper in many}

    found = choose_for(
        make_subscriber(), [], [TOPIC], marks, fold_paper, unscored(Candidates(many, NOW))
    )

    assert len(found) == LIKED_LIMIT


@given(st.floats(0, 1), st.floats(0, 1))
def test_without_the_likes_the_score_is_lower_by_their_points(total: float, chance: float) -> None:
    """Reasons are faithful: the points that are named are what they add."""
    pick = make_pick(total=total)

    liked, unliked = with_mark(pick, mark(chance)), with_mark(pick, mark(0))

    points = next(part.points for part in liked.score.parts if part.signal == "taste")
    assert abs(liked.score.total - unliked.score.total - points) < 1e-12
    assert abs(sum(part.points for part in liked.score.parts) - liked.score.total) < 1e-12
    assert 0 <= liked.score.total <= 1
    assert bool(set(liked.reasons) - set(pick.reasons)) == (chance >= LIKED_CHANCE)


def test_a_topic_that_likes_something_wants_what_is_near_to_it() -> None:
    """Beside what holds its words, and never what it refuses."""
    topic = make_topic(match={"any": ["protein"], "none": ["ribbon"]}, like=("x",))
    alone = make_topic("alone", match="nothing of it", like=("x",))
    marks = {paper.id: mark(0.9) for paper in PAPERS[1:]} | {PAPERS[0].id: mark(0.05)}

    picks = pick_papers(PAPERS, [topic, alone], NOW, {topic.name: marks, alone.name: marks})

    def of(name: str) -> set[str]:
        return {pick.paper.id[-1] for pick in picks if pick.topic == name}

    assert of(topic.name) == {"1", "2", "3"}
    assert of(alone.name) == {"2", "3", "4"}


def test_taste_is_a_signal_with_a_reason() -> None:
    """Its points are what its weight says, and the words say why."""
    topic = make_topic(weights=(("relevance", 1.0), ("taste", 3.0)), like=("x",))
    picks = pick_papers(PAPERS[:2], [topic], NOW, {topic.name: {PAPERS[1].id: mark(0.4)}})

    (plans,) = (pick for pick in picks if pick.paper == PAPERS[1])
    part = next(part for part in plans.score.parts if part.signal == "taste")
    assert (part.value, round(part.points, 9)) == (0.8, 0.6)
    assert say(plans.reasons[0]) == "like what you like: “plans”"


def test_nobody_gets_a_paper_twice() -> None:
    """A topic, own words and likes may all want it."""
    marks = {paper.id: mark(0.9) for paper in PAPERS}
    everything = chosen(marks, words=parse_match(["language model", "robot"]))

    shown = [digit for some in everything.values() for digit in some]
    assert sorted(shown) == ["1", "2", "3", "4"]


def test_a_section_outside_of_ones_topics() -> None:
    """The hottest papers that no topic of theirs wants, and that somebody talks about at all."""
    papers = [
        make_paper(1, title="A language model", votes=90),
        make_paper(2, title="Robots that walk", votes=40),
        make_paper(3, title="Ribbons and knots", votes=20),
        make_paper(4, title="Of silence"),
    ]
    picks = pick_papers(papers, [TOPIC, OUTSIDE_TOPIC], NOW)
    shown = choose_for(make_subscriber(), picks, [TOPIC], {}, fold_paper)

    def outside(limit: int) -> list[str]:
        return [pick.paper.id[-1] for pick in explore(picks, shown, [TOPIC], limit)]

    assert [pick.paper.id[-1] for pick in shown] == ["1"]
    assert (outside(0), outside(1), outside(9)) == ([], ["2"], ["2", "3"])
