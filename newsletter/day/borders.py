"""Borders: find the few things that a step fails on, and go on without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from newsletter.model import Border, Fault, Paper, fault_of

Result = TypeVar("Result")


def without_faulty(
    papers: Sequence[Paper], step: Callable[[Sequence[Paper]], Result]
) -> tuple[Result, tuple[Fault, ...]]:
    """Return what `step` makes of `papers`, and what was left out so that it can.

    A paper is to blame when the step works without it and fails with it. Raises what the step
    raises when more than half of them would be: then something else is wrong.
    """
    try:
        return step(papers), ()
    except Exception:
        # The first paper may be treated apart, as the lead of an issue is: try from both ends.
        found = min((_faulty(some, step) for some in (papers, papers[::-1])), key=len)
        if not found or 2 * len(found) > len(papers):
            raise
    good = [paper for paper in papers if paper.id not in found]
    return step(good), tuple(found.values())


def _faulty(papers: Sequence[Paper], step: Callable[[Sequence[Paper]], object]) -> dict[str, Fault]:
    """Return the faults of those papers without which the step works, by their ids.

    Halves of halves are tried, so that a few among thousands are found in a few dozen tries.
    """
    faults: dict[str, Fault] = {}

    def good(some: Sequence[Paper], beside: list[Paper]) -> list[Paper]:
        try:
            step([*beside, *some])
        except Exception as error:  # noqa: BLE001  a border: whatever is wrong stays here
            if len(some) == 1:
                content = repr(some[0]).encode("utf-8", "replace")
                faults[some[0].id] = fault_of(Border.ENTRY, some[0].id, error, content)
                return []
            half = len(some) // 2
            first = good(some[:half], beside)
            return first + good(some[half:], [*beside, *first])
        return list(some)

    if papers:
        good(papers, [])
    return faults
