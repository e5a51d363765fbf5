"""Many mistakes that are the same one: a list of 3,000 lines with a wrong key says it once."""

from __future__ import annotations

import re
from collections.abc import Iterable

FEW = 3
"""Equal mistakes that are all told."""
NAMED = 4
"""Lines that are named of the others."""
_PLACED = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<told>.*)", re.DOTALL)
_INDEX = re.compile(r"(?<=[.\[`])\d+(?=[.\]`])")
"""The place in a list, as in `sources.3.headers`: it makes no difference."""


def gathered(problems: Iterable[str]) -> tuple[str, ...]:
    """Return the mistakes, each once, in their order; of many equal ones the first, with a count.

    Equal are those of one file that say the same.
    """
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for problem in dict.fromkeys(problems):
        found = _PLACED.fullmatch(problem)
        same = (found["file"], _INDEX.sub("*", found["told"])) if found else ("", problem)
        groups.setdefault(same, []).append((problem, found["line"] if found else ""))
    return tuple(told for group in groups.values() for told in _told(group))


def _told(group: list[tuple[str, str]]) -> Iterable[str]:
    if len(group) <= FEW:
        return [problem for problem, _ in group]
    first, *others = group
    lines = list(dict.fromkeys(line for _, line in others))
    more = ", …" if len(lines) > NAMED else ""
    where = f": line {', '.join(lines[:NAMED])}{more}"
    return [f"{first[0]} (and {len(others):,} more like it{where})"]
