"""What has changed in the packaged templates since a newsletter's own were copied from them."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from newsletter.files.reading import read_regular
from newsletter.render.copies import MAX_BYTES, digest, noted


class Change(StrEnum):
    """What became of the packaged template that a copy was made from."""

    NONE = "none"
    CHANGED = "changed"
    GONE = "gone"
    UNKNOWN = "unknown"
    """The copy is edited, and nothing says how it was before: earlier versions noted less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedPart:
    """A template that was copied, and its packaged one."""

    name: str
    """Its path in the folder of templates."""
    version: str
    """The version of the program that it was copied from; empty when that is not known."""
    change: Change
    is_edited: bool | None
    """Whether the copy differs from what was copied; None when that is not known."""
    diff: str
    """From the packaged one of then to that of now, as `diff -u` writes it."""


def compare(folder: Path, packaged: Path, version: str) -> tuple[CopiedPart, ...]:
    """Return how each copy in `folder` stands to the templates in `packaged`, which are `version`.

    A template of the user's own, which was never copied, is left out.
    """
    notes = noted(folder)
    return tuple(
        _compared(name, content, notes.get(name, {}), _read(packaged / name), version)
        for name, content in _files(folder)
        if name in notes or (packaged / name).is_file()
    )


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        content = _read(path)
        if content is not None:
            yield path.relative_to(folder).as_posix(), content


def _read(path: Path) -> bytes | None:
    with contextlib.suppress(OSError):
        return read_regular(path, MAX_BYTES)
    return None


def _compared(
    name: str, own: bytes, note: Mapping[str, str], now: bytes | None, version: str
) -> CopiedPart:
    then, made = note.get("digest", ""), note.get("version", "")
    change, diff = Change.UNKNOWN, ""
    if now is None:
        change = Change.GONE
    elif digest(now) in (then, digest(own)):
        change = Change.NONE
    elif (original := _original(own, note)) is not None:
        change = Change.CHANGED
        diff = _diff(original, now, name, (made or "?", version))
    edited = digest(own) != then if then else None
    return CopiedPart(name=name, version=made, change=change, is_edited=edited, diff=diff)


def _original(own: bytes, note: Mapping[str, str]) -> bytes | None:
    """Return what was copied, where the note keeps it or the copy still is it."""
    for known in (own, str(note.get("text", "")).encode()):
        if digest(known) == note.get("digest"):
            return known
    return None


def _diff(before: bytes, after: bytes, name: str, versions: tuple[str, str]) -> str:
    """Return a difference with the versions where `patch` expects dates."""
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (before, after))
    return "\n".join(difflib.unified_diff(old, new, name, name, *versions, lineterm=""))
