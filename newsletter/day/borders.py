"""Borders: find the few papers that a step fails on, and continue without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from newsletter.model import Border, Fault, Paper, fault_of

Result = TypeVar("Result")


def without_faulty(
    papers: Sequence[Paper], step: Callable[[Sequence[Paper]], Result]
) -> tuple[Result, tuple[Fault, ...]]:
    """Return the result of `step` for `papers`, and the faults of the papers that were left out.

    A paper is faulty when the step works without it and fails with it. When no paper is faulty,
    or more than half of them are, something else is wrong: then the error of `step` is raised.
    """
    try:
        return step(papers), ()
    except Exception:
        # The step may treat the first paper in a special way, such as the lead of an issue.
        # Therefore try from both ends.
        found = min((_faulty(some, step) for some in (papers, papers[::-1])), key=len)
        if not found or 2 * len(found) > len(papers):
            raise
    good = [paper for paper in papers if paper.id not in found]
    return step(good), tuple(found.values())


def _faulty(papers: Sequence[Paper], step: Callable[[Sequence[Paper]], object]) -> dict[str, Fault]:
    """Return, by paper id, the faults of the papers that must be left out so that the step works.

    This is a bisection: it finds a few faulty papers among thousands in a few dozen tries.
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
