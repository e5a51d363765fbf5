"""What an edit changes in an edition: papers that come in, go out, or have another place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A paper in an edition, in the order in which the edition shows them."""

    paper: str
    """Its id."""
    title: str
    topic: str
    """The name of the section that it is in."""
    heading: str
    """The title of that section, which an edit may change too."""


class Motion(StrEnum):
    """What happened to a paper."""

    IN = "in"
    OUT = "out"
    TOPIC = "topic"
    """Shown under another topic."""
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A paper that an edit has moved."""

    paper: str
    title: str
    motion: Motion
    topic: str
    """The title of the section where it is now or, when it went out, where it was."""
    was: str = ""
    """The title of the section that it was in before, if that is another."""
    places: int = 0
    """How many places up or down, among the papers that the topic has before and after."""


def changes(before: Sequence[Placed], after: Sequence[Placed]) -> tuple[Moved, ...]:
    """Return what is different `after` an edit: what came in, went out, and what moved.

    Papers that only make room are not named: of a topic's papers, those count as moved that are
    not in the longest sequence which has the same order before and after.
    """
    old, new = ({placed.paper: placed for placed in some} for some in (before, after))
    return (
        *(_moved(one, Motion.IN) for one in after if one.paper not in old),
        *(_moved(one, Motion.OUT) for one in before if one.paper not in new),
        *(
            _moved(one, Motion.TOPIC, was=old[one.paper].heading)
            for one in after
            if one.paper in old and old[one.paper].topic != one.topic
        ),
        *_shifted(before, after),
    )


def _moved(placed: Placed, motion: Motion, *, was: str = "", places: int = 0) -> Moved:
    return Moved(
        paper=placed.paper,
        title=placed.title,
        motion=motion,
        topic=placed.heading,
        was=was,
        places=places,
    )


def _shifted(before: Sequence[Placed], after: Sequence[Placed]) -> Iterator[Moved]:
    """Yield the papers that moved within their topics."""
    for topic in dict.fromkeys(one.topic for one in after):
        was = [one.paper for one in before if one.topic == topic]
        now = {one.paper: one for one in after if one.topic == topic}
        old = {paper: place for place, paper in enumerate(p for p in was if p in now)}
        order = [paper for paper in now if paper in old]
        still = _ascending([old[paper] for paper in order])
        for place, paper in enumerate(order):
            by = old[paper] - place
            if by and place not in still:
                yield _moved(now[paper], Motion.UP if by > 0 else Motion.DOWN, places=abs(by))


def _ascending(numbers: Sequence[int]) -> frozenset[int]:
    """Return the places of a longest ascending sequence (Schensted 1961)."""
    ends: list[int] = []
    """The place of the last number of the best sequence of each length."""
    previous: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number, key=lambda end: numbers[end])
        previous.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [place]
    found: set[int] = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        found.add(place)
        place = previous[place]
    return frozenset(found)
