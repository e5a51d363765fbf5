"""Picking: filter, score, explain, choose."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper, make_pick, make_topic

from newsletter.model import Sighting
from newsletter.pick.papers import pick_papers
from newsletter.pick.variety import choose
from newsletter.render.words import say


def seen(source: str, votes: int = 0) -> Sighting:
    return Sighting(source=source, seen_at=NOW, url=f"https://{source}.example", votes=votes)


def test_every_pick_says_why() -> None:
    """Reasons name the term and its place, the votes and the age."""
    papers = [make_paper(1, title="Language models at work", votes=12, published=NOW)]

    (pick,) = pick_papers(papers, [make_topic()], NOW)

    reasons = set(map(say, pick.reasons))
    assert "matches “language model” in the title" in reasons
    assert "12 votes" in reasons
    assert "new today" in reasons


def test_points_add_up_to_the_score() -> None:
    """The parts of a score are its whole, and a reason's points are what it would cost."""
    papers = [make_paper(n, votes=n * n) for n in range(1, 8)]
    topic = make_topic()

    for pick in pick_papers(papers, [topic], NOW):
        assert abs(sum(part.points for part in pick.score.parts) - pick.score.total) < 1e-12
        assert {part.signal for part in pick.score.parts} == {name for name, _ in topic.weights}


def test_removing_votes_costs_exactly_their_points() -> None:
    """A reason is faithful: without the votes the score is lower by the trending points."""
    rival = make_paper(2, sightings=(seen("hf", 100),))
    voted, bare = (make_paper(1, sightings=(seen("hf", votes),)) for votes in (40, 0))
    with_votes = pick_papers([voted, rival], [make_topic()], NOW)
    without = pick_papers([bare, rival], [make_topic()], NOW)

    before = next(pick for pick in with_votes if pick.paper.id.endswith("99001")).score
    after = next(pick for pick in without if pick.paper.id.endswith("99001")).score

    trending = next(part.points for part in before.parts if part.signal == "trending")
    assert abs(before.total - after.total - trending) < 1e-12
    assert trending > 0


def test_what_a_source_cannot_know_is_left_out_of_the_mean() -> None:
    """A paper about the topic beats one that mentions it and has a vote, whoever shows them."""
    about = make_paper(
        1,
        title="Structured pruning of sparse networks",
        abstract="We study pruning of trained networks.",
        sightings=(seen("arXiv"),),
    )
    mentions = make_paper(
        2,
        title="Efficient inference for models",
        abstract=f"{'We serve models at scale. ' * 15}Unlike pruning, ours keeps every weight.",
        sightings=(seen("hf", 1),),
    )
    quiet = make_paper(3, sightings=(seen("hf"),))
    topic = make_topic(match="pruning")

    first, second = pick_papers([mentions, about, quiet], [topic], NOW)

    assert (first.paper, second.paper) == (about, mentions)
    assert {part.signal for part in first.score.parts} == {"relevance", "recency"}
    assert {part.signal for part in second.score.parts} == {"relevance", "recency", "trending"}


def test_a_paper_of_which_nothing_is_known_scores_nothing() -> None:
    """No date, no votes, and a topic that weighs only these."""
    paper = make_paper(1, published=None, sightings=())
    topic = make_topic(weights=(("trending", 1.0), ("recency", 1.0)))

    (pick,) = pick_papers([paper], [topic], NOW)

    assert (pick.score.total, pick.score.parts) == (0.0, ())


def test_topics_with_other_weights_are_compared_by_the_same_ones() -> None:
    """Whatever their own scores are: one that weighs only the date does not win for being new."""
    votes = [make_paper(n, sightings=(seen("hf", 10 * n),)) for n in range(1, 4)]
    usual, new = make_topic(), make_topic("new", weights=(("recency", 1.0),))

    picks = pick_papers(votes, [usual, new], NOW)

    by_paper: dict[str, set[float]] = {}
    for pick in picks:
        by_paper.setdefault(pick.paper.id, set()).add(round(pick.score.overall, 9))
    assert all(len(some) == 1 for some in by_paper.values())
    assert all(pick.score.total > 0.9 for pick in picks if pick.topic == "new")


def test_min_score_gives_fewer_picks_not_worse_ones() -> None:
    """On a quiet day a topic with a min_score stays short."""
    papers = [make_paper(1, votes=50), make_paper(2, title="Other", abstract="a language model")]

    assert len(pick_papers(papers, [make_topic(min_score=0.5)], NOW)) == 1


def test_a_paper_goes_to_the_topic_where_it_scores_best_and_only_there() -> None:
    """With two topics that want it, a paper appears once; a full topic hands it on."""
    first, second = make_topic("one", limit=1), make_topic("two", limit=1)
    a, b = make_paper(1), make_paper(2)
    picks = [
        make_pick(a, "one", 0.9), make_pick(b, "one", 0.8), make_pick(a, "two", 0.7), make_pick(b, "two", 0.1),
    ]  # fmt: skip

    chosen = choose(picks, [second, first])

    assert [(pick.topic, pick.paper.id) for pick in chosen] == [("two", b.id), ("one", a.id)]


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from("xyz"), st.floats(0, 1)), max_size=30))
def test_choosing_keeps_the_limits_and_repeats_nothing(rows: list[tuple[int, str, float]]) -> None:
    """Whatever is wanted: no paper twice, no topic over its limit, order independent of input."""
    topics = [make_topic(name, limit=2) for name in "xyz"]
    picks = list({(n, t): make_pick(make_paper(n), t, s) for n, t, s in rows}.values())

    chosen = choose(picks, topics)

    assert len({pick.paper.id for pick in chosen}) == len(chosen)
    assert all(sum(pick.topic == name for pick in chosen) <= 2 for name in "xyz")
    assert choose(picks[::-1], topics) == chosen


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.integers(-5, 4000))
def test_signals_stay_between_zero_and_one(votes: int, comments: int, hours: int) -> None:
    """Votes, comments and dates of any size, even in the future, give signals in [0, 1]."""
    published = NOW - dt.timedelta(hours=hours)
    papers = [
        make_paper(1, votes=votes, comments=comments, published=published),
        make_paper(2, votes=3),
    ]

    for pick in pick_papers(papers, [make_topic()], NOW):
        assert all(0 <= part.value <= 1 for part in pick.score.parts)
        assert 0 <= pick.score.total <= 1


def test_authors_and_venues_count_more() -> None:
    """They are named as the paper writes them, and cost nothing to those without."""
    topic = make_topic(
        weights=(("relevance", 1.0), ("author", 1.0), ("venue", 1.0)),
        authors=("byron, ada",), venues=("ICML",),
    )  # fmt: skip
    papers = [
        make_paper(1, authors=("Ada M. Byron",), venue="Proc. ICML 2026"),
        make_paper(2, authors=("Bo Li",)),
    ]

    first, second = pick_papers(papers, [topic], NOW)

    assert first.paper == papers[0]
    assert {"by Ada M. Byron", "at Proc. ICML 2026"} <= set(map(say, first.reasons))
    # A venue that is not known costs nothing; an author who is another does.
    assert abs(first.score.total - (0.6 + 1 + 1) / 3) < 1e-12
    assert abs(second.score.total - 0.6 / 2) < 1e-12


def test_novelty_is_what_was_not_sent() -> None:
    """Told where it is high; unknown, it weighs nothing."""
    topic = make_topic(weights=(("novelty", 1.0),))
    papers = [make_paper(1), make_paper(2), make_paper(3)]

    picks = pick_papers(papers, [topic], NOW, None, {papers[0].id: 0.9, papers[1].id: 0.3})

    assert [pick.score.total for pick in picks] == [0.9, 0.3, 0.0]
    assert [tuple(map(say, pick.reasons)) for pick in picks] == [
        ("unlike anything sent lately",),
        (),
        (),
    ]
