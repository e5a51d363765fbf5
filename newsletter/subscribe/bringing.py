"""Files of other programs, as they are given to a command → whom the store shall know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from newsletter.errors import ImportListError
from newsletter.model import SignUp
from newsletter.store import Suppression
from newsletter.subscribe.archives import opened
from newsletter.subscribe.barring import read_suppressions
from newsletter.subscribe.imports import Bringing, Places, read_people


def people_in(paths: Sequence[Path], bringing: Bringing) -> Iterator[SignUp | Suppression]:
    """Yield the people of lists, and the addresses that they say must not be mailed.

    Raises ImportListError when a file cannot be read or is no list, or none of a ZIP's is.
    """
    seen: Places = {}
    for path in paths:
        with opened(path, bringing.on_note) as lists:
            is_read = False
            for name, file in lists:
                is_read |= yield from read_people(file, name, bringing, seen, among=len(lists))
            if not is_read:
                raise ImportListError(
                    f"{path}: none of its {len(lists):,} lists is one of a known program: unpack "
                    "it, and name those you mean, or say by `--from` which program wrote them"
                )


def suppressions_in(paths: Sequence[Path], bringing: Bringing) -> Iterator[Suppression]:
    """Yield the addresses in lists of those that must not be mailed; raises as `people_in`."""
    seen: set[str] = set()
    for path in paths:
        with opened(path, bringing.on_note) as lists:
            for name, file in lists:
                yield from read_suppressions(file, name, bringing, seen)
