"""What is new in each version: the changelog, which comes with the program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from newsletter.world.machine import STARTER

CHANGELOG: Final = STARTER / "CHANGELOG.md"
_SECTION: Final = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>\S+))?$", re.MULTILINE)
_KIND: Final = re.compile(r"^### (.+)$", re.MULTILINE)
_CHANGE: Final = re.compile(r"^- (.*(?:\n(?!- ).+)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionNotes:
    """What is new in one version."""

    version: str
    """Unreleased in a checkout that is ahead of its last version."""
    date: str
    """When it was released; empty when it was not."""
    changes: Mapping[str, tuple[str, ...]]
    """Each on one line, under Added, Changed, Deprecated, Removed, Fixed or Security."""


def notes_since(changelog: str, version: str) -> tuple[VersionNotes, ...]:
    """Return the notes of all versions after `version`, newest first.

    The changelog is written after Keep a Changelog (https://keepachangelog.com/en/1.1.0/). A
    version that it does not name gives the notes of all.
    """
    found: list[VersionNotes] = []
    pieces = _SECTION.split(changelog)[1:]
    for name, date, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        if name == version:
            break
        changes: dict[str, tuple[str, ...]] = {}
        for kind, change in _changes(text):
            changes[kind] = (*changes.get(kind, ()), change)
        found.append(VersionNotes(version=name, date=date or "", changes=changes))
    return tuple(found)


def _changes(text: str) -> Iterator[tuple[str, str]]:
    """Yield each change with its kind; the same kind may stand there more than once."""
    pieces = _KIND.split(text)[1:]
    for kind, listed in zip(pieces[::2], pieces[1::2], strict=True):
        for change in _CHANGE.findall(listed):
            yield kind.strip(), " ".join(change.split())
