"""Files among the templates of a newsletter that nothing uses: most often a misspelt name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from newsletter.errors import TemplateError
from newsletter.render.parts import find, included, read

ENTRIES = tuple(
    f"{name}.{kind}" for name in ("issue", "weekly", "notice") for kind in ("mjml", "txt")
)
"""The templates that the program asks for; all others are their parts."""
NEAR = 0.75
"""How alike two names are of which one is meant (difflib): foter, but not notes for notice."""
KINDS = (".mjml", ".txt", ".html", ".htm", ".mjm")
"""Ends of names of files that somebody means to be a template, rightly or not."""


def refuse_unused(folders: Sequence[Path]) -> None:
    """Refuse a file of the user's that no template includes, and that has no packaged namesake.

    The last of `folders` has the packaged templates. Raises TemplateError with the file, and the
    name that may be meant.
    """
    shipped = _names(folders[-1])
    others = [
        (folder, name) for folder in folders[:-1] for name in sorted(_names(folder) - shipped)
    ]
    if not others:
        return
    known = {*_used(folders), *shipped}
    for folder, name in others:
        if name not in known:
            near = _meant(name, known)
            # Beside the templates somebody may keep other texts; in parts/ there are only parts.
            if near or "/" in name:
                hint = f"; did you mean `{near}`?" if near else ": include it, or remove it"
                raise TemplateError(f"{folder / name}:1:1: no template includes this file{hint}")


def _meant(name: str, known: Collection[str]) -> str:
    """Return the known template that has nearly the same name, wherever it stands."""
    # Of two with the same stem, that with the same end counts.
    end = Path(name).suffix if Path(name).suffix in (".mjml", ".txt") else ".mjml"
    alike = sorted(known, key=lambda one: (one.endswith(end), one))
    stems = {Path(one).stem: one for one in alike}
    near = difflib.get_close_matches(Path(name).stem, stems, 1, NEAR)
    return stems[near[0]] if near else ""


def _names(folder: Path) -> set[str]:
    """Return the names of the templates and parts in a folder, without those of its themes."""
    return {
        path.relative_to(folder).as_posix()
        for pattern in ("*.*", "parts/**/*.*")
        for path in folder.glob(pattern)
        if path.suffix in KINDS and not path.name.startswith(".")
    }


def _used(folders: Sequence[Path]) -> set[str]:
    """Return the names of all templates and of the parts that they include."""
    used: set[str] = set()
    waiting = list(ENTRIES)
    while waiting:
        name = waiting.pop()
        path = find(name, folders)
        if name in used or path is None:
            continue
        used.add(name)
        waiting += filter(None, map(included, read(path).split("\n")))
    return used
