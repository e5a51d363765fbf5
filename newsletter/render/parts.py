"""Template files: where they are found, the parts they include, the theme's values in them.

The user's own parts come before the theme's parts, and those before the parts that are shipped with
the program. The file and line of each line are kept, so that error messages can name them.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import TemplateError
from newsletter.files.reading import read_regular

MAX_DEPTH = 8
"""Depth of parts within parts; anything deeper counts as a cycle."""
MAX_LINES = 20_000
"""Lines of a template with its parts, since a part may be included many times."""
MAX_BYTES = 1_000_000
"""Bytes of one file."""

_INCLUDE = re.compile(
    r"""^[ \t]*(?:<mj-include\s+path="([^"]*)"\s*/>|\{%-?\s*include\s+"([^"]*)"\s*-?%\})[ \t]*$"""
)
_INCLUDES = re.compile(r"<mj-include\b|\{%-?\s*include\b")
_THEME = re.compile(r"\{\{\s*theme\.([a-z_]+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSource:
    """A template with its parts in place."""

    name: str
    """Path of the main file, such as `issue.mjml`."""
    text: str
    origins: tuple[str, ...] = ()
    """`file:line` of each line of `text`; if empty, line numbers are those of the file itself."""

    def at(self, line: int) -> str:
        """Return `file:line` of a line of `text` (from 1); only the file when that is not known."""
        if 1 <= line <= len(self.origins):
            return self.origins[line - 1]
        return f"{self.name}:{line}" if line and not self.origins else self.name

    def line_with(self, text: str) -> str:
        """Return `file:line` of the first line that has `text` in it, or the file's name."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if text in line:
                return self.at(number)
        return self.name


def read_template(name: str, folders: Sequence[Path], theme: Mapping[str, str]) -> TemplateSource:
    """Return the template `name` of the first folder that has it, with parts and theme filled in.

    Raises TemplateError for a template, a part or a theme value that does not exist; for the last
    two with file:line.
    """
    path = _find(name, folders)
    if path is None:
        raise TemplateError(
            f"{folders[0] / name}: no such template; `newsletter init` writes the ones it starts "
            "with"
        )
    lines = tuple(itertools.islice(_lines(path, folders, theme, ()), MAX_LINES + 1))
    if len(lines) > MAX_LINES:
        raise TemplateError(f"{path}: more than {MAX_LINES} lines with the parts it includes")
    return TemplateSource(
        name=str(path),
        text="\n".join(line for line, _ in lines) + "\n",
        origins=tuple(origin for _, origin in lines),
    )


def _lines(
    path: Path, folders: Sequence[Path], theme: Mapping[str, str], within: tuple[Path, ...]
) -> Iterator[tuple[str, str]]:
    if path in within or len(within) > MAX_DEPTH:
        raise TemplateError(f"{within[-1]}: includes {path.name}, which includes it again")
    for number, line in enumerate(_read(path).split("\n"), 1):
        origin = f"{path}:{number}"
        found = _INCLUDE.match(line)
        if found:
            name = found[1] or found[2] or ""
            part = _find(name, folders)
            if part is None:
                raise TemplateError(f"{origin}: no such part `{name}`{_meant(name, folders)}")
            yield from _lines(part, folders, theme, (*within, path))
        elif _INCLUDES.search(line):
            raise TemplateError(f"{origin}: a part is included on a line of its own")
        else:
            yield _with_theme(line, theme, origin), origin


def _with_theme(line: str, theme: Mapping[str, str], origin: str) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in theme:
            near = difflib.get_close_matches(found[1], theme, 1)
            hint = f"; did you mean `theme.{near[0]}`?" if near else ""
            raise TemplateError(f"{origin}: themes have no `{found[1]}`{hint}")
        return theme[found[1]]

    return _THEME.sub(value, line)


def _find(name: str, folders: Sequence[Path]) -> Path | None:
    """Return the first file with that name; files outside of the folders are never returned."""
    if not name or ".." in Path(name).parts or Path(name).is_absolute():
        return None
    found = next((folder for folder in folders if (folder / name).exists()), None)
    # A symbolic link may lead anywhere: its target must be in the folder too.
    if found and not (found / name).resolve().is_relative_to(found.resolve()):
        raise TemplateError(f"{found / name}: a link that leads out of the folder: copy the file")
    return found / name if found else None


def _meant(name: str, folders: Sequence[Path]) -> str:
    names = {
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*.*")
        if "themes" not in path.relative_to(folder).parts
    }
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean `{near[0]}`?" if near else f"; looked in {', '.join(map(str, folders))}"


def _read(path: Path) -> str:
    try:
        raw = read_regular(path, MAX_BYTES)
        if len(raw) > MAX_BYTES:
            raise TemplateError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
        return raw.decode("utf-8").replace("\r\n", "\n").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror}") from None


_TAG = re.compile(r"<([a-z][a-z0-9-]*)((?:\"[^\"]*\"|[^\">])*)>")
_CLASS = re.compile(r'(css-class="[^"]*)"')
_LOCATED = frozenset("mj-button mj-column mj-divider mj-image mj-section mj-text".split())


def with_places(text: str) -> str:
    """Return MJML in which elements are marked with their line, so that findings can name it.

    HTML elements get the attribute `data-at`, some MJML elements a class `at-<line>`. Such a
    template is only for the linter, and never sent.
    """

    def place(found: re.Match[str]) -> str:
        line = text.count("\n", 0, found.start()) + 1
        name, attributes = found[1], found[2]
        if name in _LOCATED:
            marked = _CLASS.sub(rf'\1 at-{line}"', attributes, count=1)
            if marked == attributes:
                marked = f' css-class="at-{line}"{attributes}'
            return f"<{name}{marked}>"
        return found[0] if name.startswith("mj") else f'<{name} data-at="{line}"{attributes}>'

    return _TAG.sub(place, text)
