"""Borders: find the one thing that a step fails on, and go on without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from newsletter.model import Border, Fault, Paper, fault_of

Result = TypeVar("Result")


def without_faulty(
    papers: Sequence[Paper], step: Callable[[Sequence[Paper]], Result]
) -> tuple[Result, tuple[Fault, ...]]:
    """Return what `step` makes of `papers`, and what was left out so that it can.

    When it fails it is tried with each paper alone; those that it fails on are left out. Raises
    what the step raises when no paper, or every one, is to blame.
    """
    try:
        return step(papers), ()
    except Exception:
        faults: dict[str, Fault] = {}
        for paper in papers:
            try:
                step([paper])
            except Exception as error:  # noqa: BLE001  a border: whatever is wrong stays here
                content = repr(paper).encode("utf-8", "replace")
                faults[paper.id] = fault_of(Border.ENTRY, paper.id, error, content)
        if not faults or len(faults) == len(papers):
            raise
    good = [paper for paper in papers if paper.id not in faults]
    return step(good), tuple(faults.values())
