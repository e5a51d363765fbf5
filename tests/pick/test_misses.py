"""Papers that just missed, and why."""

from __future__ import annotations

from dataclasses import replace

from makers import make_paper, make_pick, make_topic

from newsletter.pick.misses import NEAREST, near_misses, why_not
from newsletter.render.words import say

AGENTS, ROBOTS = make_topic("agents", limit=2), make_topic("robots", limit=1)
TOPICS = (AGENTS, ROBOTS)
MISSED = make_pick(make_paper(1, authors=("Bo Li",)), "agents", 0.5)


def test_a_paper_that_another_topic_shows() -> None:
    """The topic is named by its title."""
    elsewhere = make_pick(MISSED.paper, "robots", 0.7)

    said = say(why_not(MISSED, [elsewhere], AGENTS, TOPICS))

    assert said == "shown under Robots"


def test_a_paper_that_says_the_same_as_another() -> None:
    """The other one is named."""
    shown = make_pick(make_paper(2, title="Plans"), "agents", 0.7, also=(MISSED.paper,))

    assert say(why_not(MISSED, [shown], AGENTS, TOPICS)) == "says the same as “Plans”"


def test_a_paper_of_an_author_who_is_shown_enough() -> None:
    """With so many papers as one author may have."""
    shown = [make_pick(make_paper(n, authors=("Bo Li",)), "robots", 0.9) for n in (2, 3)]

    assert say(why_not(MISSED, shown, AGENTS, TOPICS, 2)) == "2 papers of Bo Li are shown already"
    assert say(why_not(MISSED, shown, AGENTS, TOPICS, 3)) == "left out for variety, or muted"


def test_a_paper_without_room() -> None:
    """What is missing to the weakest of those that are shown."""
    shown = [make_pick(make_paper(n), "agents", total) for n, total in ((2, 0.9), (3, 0.75))]

    said = say(why_not(MISSED, shown, AGENTS, TOPICS))

    assert said == "2 papers score more: it misses by 0.25"


def test_the_best_of_each_topic_that_are_not_shown() -> None:
    """The nearest first, and only a few."""
    picks = [make_pick(make_paper(n), "agents", n / 10) for n in range(1, 10)]

    found = near_misses(picks, picks[-2:], TOPICS)

    assert [miss.pick for miss in found] == picks[6 : 6 - NEAREST : -1]
    assert {say(miss.reason)[:19] for miss in found} == {"2 papers score more"}


def test_a_paper_that_is_shown_is_no_miss() -> None:
    """Though it has, once it is shown, the sentence that tells what is new."""
    picks = [make_pick(make_paper(n), "agents", n / 10) for n in (1, 2, 3)]

    found = near_misses(picks, [replace(picks[2], tldr="What is new.")], TOPICS)

    assert [miss.pick for miss in found] == [picks[1], picks[0]]
