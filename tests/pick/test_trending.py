"""How much a paper is talked about for its age, within a source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper

from newsletter.model import Paper, Sighting
from newsletter.pick.trending import crowd_of, trend
from newsletter.render.words import say


def seen(votes: int, hours: float = 0, source: str = "hf", comments: int = 0) -> Sighting:
    return Sighting(
        source=source,
        seen_at=NOW - dt.timedelta(hours=hours),
        url=f"https://{source}.example",
        votes=votes,
        comments=comments,
    )


def voted(number: int, *sightings: Sighting, stars: int = 0) -> Paper:
    return make_paper(
        number,
        votes=max((sighting.votes for sighting in sightings), default=0),
        stars=stars,
        sightings=sightings,
    )


def values(*papers: Paper) -> list[float]:
    crowd = crowd_of(papers, NOW)
    return [told[0] if (told := trend(paper, crowd)) else 0.0 for paper in papers]


def said(paper: Paper, papers: Sequence[Paper]) -> str:
    told = trend(paper, crowd_of(papers, NOW))
    return say(told[1]) if told and told[1] else ""


def test_this_morning_beats_yesterday() -> None:
    """Thirty votes in six hours are more than a hundred in thirty; a thousand are not."""
    morning, yesterday, famous = (
        voted(1, seen(30, 6)),
        voted(2, seen(100, 30)),
        voted(3, seen(1000, 30)),
    )

    found = values(morning, yesterday, famous)

    assert found[2] == 1.0 > found[0] > found[1] > 0


def test_sources_are_compared_within_themselves() -> None:
    """Ten votes where nobody has more are worth as much as five hundred elsewhere."""
    small, large, middling = (
        voted(1, seen(10, source="reddit")), voted(2, seen(500)), voted(3, seen(50)),
    )  # fmt: skip

    found = values(small, large, middling)

    assert found[0] == found[1] == 1.0 > found[2]


def test_one_vote_is_not_the_most_that_there_can_be() -> None:
    """Where the hottest paper has one vote or two, nothing is hot."""
    assert 0 < values(voted(1, seen(1)), voted(2, seen(2)))[1] < 0.75


def test_of_several_sources_the_one_that_says_most_counts() -> None:
    """And is named; stars of the code are a source as well."""
    both = voted(1, seen(2), seen(90, source="Hacker News"), stars=3)
    papers = (both, voted(2, seen(800)), voted(3, seen(4, source="Hacker News"), stars=9000))

    assert values(*papers)[0] == 1.0
    assert said(both, papers) == "90 votes on Hacker News"
    assert said(papers[2], papers) == "its code has 9,000 stars"


def test_comments_count_twice() -> None:
    """They cost more to give than a vote."""
    assert values(voted(1, seen(0, comments=5)), voted(2, seen(10)))[0] == 1.0


@pytest.mark.parametrize(("count", "start"), [(9, "vote"), (40, "top")])
def test_a_percentage_of_a_handful_would_be_a_joke(count: int, start: str) -> None:
    """Among the top of many, or so many votes of few."""
    papers = [voted(n, seen(n)) for n in range(1, count + 1)]

    assert said(papers[-1], papers).startswith((start, f"{count} {start}"))


def test_no_vote_is_not_the_same_as_a_source_without_votes() -> None:
    """Where others have votes, none is little; where nobody has any, nothing is known."""
    quiet, elsewhere, nowhere = voted(1, seen(0)), voted(2, seen(0, source="arXiv")), make_paper(3)
    crowd = crowd_of([quiet, elsewhere, nowhere, voted(4, seen(5))], NOW)

    assert trend(quiet, crowd) == (0.0, None)
    assert trend(elsewhere, crowd) is None
    assert trend(nowhere, crowd) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.floats(-48, 2000), st.integers(0, 10**5)), max_size=8
    )
)
def test_trends_stay_between_zero_and_one(rows: list[tuple[int, float, int]]) -> None:
    """Whatever the votes, stars and ages, also of the future."""
    papers = [
        voted(n, seen(votes, hours), stars=stars) for n, (votes, hours, stars) in enumerate(rows)
    ]

    assert all(0 <= value <= 1 for value in values(*papers))
