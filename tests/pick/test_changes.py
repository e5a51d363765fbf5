"""What an edit changes in an edition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.pick.changes import Motion, Placed, changes


def placed(*shown: str) -> tuple[Placed, ...]:
    """Return papers written as `topic/paper`."""
    return tuple(
        Placed(paper=paper, title=paper.upper(), topic=topic, heading=topic.title())
        for topic, _, paper in (one.partition("/") for one in shown)
    )


def told(before: tuple[Placed, ...], after: tuple[Placed, ...]) -> list[tuple[str, str]]:
    return [(moved.motion.value, moved.paper) for moved in changes(before, after)]


def test_papers_come_go_and_change_their_topic() -> None:
    """With the titles of their sections."""
    found = changes(placed("a/1", "a/2", "b/3"), placed("a/1", "b/2", "b/4"))
    assert [(one.motion, one.paper, one.was, one.topic) for one in found] == [
        (Motion.IN, "4", "", "B"),
        (Motion.OUT, "3", "", "B"),
        (Motion.TOPIC, "2", "A", "B"),
    ]


def test_who_only_makes_room_has_not_moved() -> None:
    """One that comes first pushes the others down, and these are not named."""
    assert told(placed("a/1", "a/2", "a/3"), placed("a/0", "a/1", "a/2", "a/3")) == [("in", "0")]
    (moved,) = changes(placed("a/1", "a/2", "a/3", "a/4"), placed("a/4", "a/1", "a/2", "a/3"))
    assert (moved.motion, moved.paper, moved.places) == (Motion.UP, "4", 3)
    (moved,) = changes(placed("a/1", "a/2", "a/3"), placed("a/2", "a/3", "a/1"))
    assert (moved.motion, moved.paper, moved.places) == (Motion.DOWN, "1", 2)


def test_a_new_title_of_a_topic_moves_no_paper() -> None:
    """The section is the same."""
    (before,) = placed("a/1")
    after = Placed(paper="1", title="1", topic="a", heading="Another")
    assert changes([before], [after]) == ()


EDITIONS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from("ab")), unique_by=lambda pair: pair[0]
).map(lambda pairs: placed(*(f"{topic}/{paper}" for paper, topic in pairs)))


@given(EDITIONS, EDITIONS)
def test_nothing_is_told_only_of_what_is_the_same(
    before: tuple[Placed, ...], after: tuple[Placed, ...]
) -> None:
    """Each paper is told once at most, and a section of which none is told is as it was."""
    found = changes(before, after)
    assert len({moved.paper for moved in found}) == len(found)
    named = {moved.paper for moved in found}
    assert {one.paper for one in before} ^ {one.paper for one in after} <= named
    for topic in "ab":
        was = [one.paper for one in before if one.topic == topic]
        now = [one.paper for one in after if one.topic == topic]
        if not named & {*was, *now}:
            assert was == now
    assert changes(after, after) == ()
