"""Copies of packaged templates: which version they were made from, and what to do with an old one.

`newsletter init --templates` notes beside the copies what it wrote. A copy does not follow the
program: when a later version no longer has a part or a name that it asks for, it cannot be used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from newsletter.files.reading import read_regular

NOTE = ".copied.json"
"""The file beside the copies; it says nothing that a template could use."""
MAX_BYTES = 1_000_000
_PLACE = re.compile(r"(.+?)(?=:\d+|: )")


def digest(content: bytes) -> str:
    """Return what tells whether a copy was edited; line ends do not count."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def note_of(folder: Path, names: Iterable[str], version: str, earlier: Mapping[str, object]) -> str:
    """Return the text of the note on copies in `folder` that were just made with `version`.

    The text is noted, too, so that a later version can say what it changed. `earlier` is what was
    noted before, of other copies.
    """
    made: dict[str, object] = {}
    for name in names:
        content = (folder / name).read_bytes()
        made[name] = {"version": version, "digest": digest(content), "text": content.decode()}
    return json.dumps({**earlier, **made}, indent=1, sort_keys=True) + "\n"


def noted(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """Return what is noted of each copy in a folder; nothing without a note, or a broken one."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(read_regular(folder / NOTE, MAX_BYTES))
        if isinstance(found, dict):
            return {name: one for name, one in found.items() if isinstance(one, dict)}
    return {}


def about_copy(problem: str, folders: Sequence[Path], version: str) -> str:
    """Return what to do about a mistake if it is in an old copy; nothing if it is in no copy.

    The last of `folders` has the packaged templates, of `version`; `problem` begins with the place.
    """
    place = _PLACE.match(problem)
    path = Path(place[1]) if place else Path()
    for folder in folders[:-1]:
        if path.is_relative_to(folder) and path.is_file():
            return _about(path, folder, path.relative_to(folder).as_posix(), folders[-1], version)
    return ""


def _about(path: Path, folder: Path, name: str, packaged: Path, version: str) -> str:
    known = noted(folder).get(name, {})
    own = path.read_bytes()
    there = (packaged / name).read_bytes() if (packaged / name).is_file() else None
    if there is not None and digest(there) in (digest(own), known.get("digest")):
        return ""  # the packaged one is still the same: the mistake is in the edits
    if there is None and not known:
        return ""  # it is nobody's copy
    present = "`newsletter init --templates NEW` writes the present ones"
    if not known:
        return f"{path}: may be a copy from an earlier version: {present}, to compare it with"
    gone = "no longer has it" if there is None else "has another one"
    if known.get("digest") == digest(own):
        mend = "it was not edited: delete it"
    elif there is None:
        mend = "delete it, and make your edits in the parts that there are now"
    else:
        mend = f"{present}: make your edits in a copy of that one"
    made = f"version {known.get('version', '?')}"
    return f"{path}: is a copy from {made}, and version {version} {gone}; {mend}"
