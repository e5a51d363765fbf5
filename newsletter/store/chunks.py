"""Many values a few at a time: a statement has room for so many only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
CHUNK = 500
"""Values in one statement; SQLite allows 32,766 variables."""


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of at most `size` items."""
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
