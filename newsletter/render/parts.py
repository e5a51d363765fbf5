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
from typing import NamedTuple

from newsletter.errors import TemplateError
from newsletter.files.reading import read_regular, undecodable

MAX_DEPTH = 8
"""Depth of parts within parts; anything deeper counts as a cycle."""
MAX_LINES = 20_000
"""Lines of a template with its parts, since a part may be included many times."""
MAX_BYTES = 1_000_000
"""Bytes of one file."""
MAX_NAME = 200
"""Characters of a part's name; file systems take 255 bytes."""
_INCLUDE = re.compile(
    r"""^[ \t]*(?:<mj-include\s+path=(?P<quote>["'])(?P<mjml>[^"']*)(?P=quote)
        \s*(?:/>|>\s*</mj-include>)
    |\{%[-+]?\s*include\s+(?P<mark>["'])(?P<text>[^"']*)(?P=mark)\s*[-+]?%\})[ \t]*$""",
    re.VERBOSE,
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
    shifts: tuple[tuple[int, int, int], ...] = ()
    """Line, column, and how many columns what stands after it has moved by a theme's value."""

    def at(self, line: int) -> str:
        """Return `file:line` of a line of `text` (from 1); only the file when that is not known."""
        if line and self.origins:
            return self.origins[min(line, len(self.origins)) - 1]
        return f"{self.name}:{line}" if line and not self.origins else self.name

    def place(self, offset: int) -> str:
        """Return `file:line:column` of the character at `offset` of `text`."""
        line = self.text.count("\n", 0, offset) + 1
        column = offset - self.text.rfind("\n", 0, offset)
        column -= sum(
            moved for where, begin, moved in self.shifts if where == line and column > begin
        )
        return f"{self.at(line)}:{column}"

    def line_with(self, text: str) -> str:
        """Return `file:line` of the first line that has `text` in it, or the file's name."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if text in line:
                return self.at(number)
        return self.name

    def place_with(self, text: str) -> str:
        """Return `file:line:column` of the text that begins like `text`, or the file's name.

        How far it must be the same is left open, since a rule is sent with other blanks.
        """
        head = text.partition("!")[0]
        for start in (head, head.partition("\n")[0], head.partition("{")[0]):
            offset = self.text.find(start.strip()) if start.strip() else -1
            if offset >= 0:
                return self.place(offset)
        return self.name


def read_template(name: str, folders: Sequence[Path], theme: Mapping[str, str]) -> TemplateSource:
    """Return the template `name` of the first folder that has it, with parts and theme filled in.

    Raises TemplateError for a template, a part or a theme value that does not exist; for the last
    two with file:line.
    """
    path = find(name, folders)
    if path is None:
        raise TemplateError(
            f"{folders[0] / name}: no such template; `newsletter init --templates` writes the "
            "packaged ones"
        )
    lines = tuple(itertools.islice(_lines(path, folders, theme, ()), MAX_LINES + 1))
    if len(lines) > MAX_LINES:
        raise TemplateError(
            f"{lines[-1].origin}: more than {MAX_LINES} lines with the parts it includes"
        )
    return TemplateSource(
        name=str(path),
        text="\n".join(line.text for line in lines) + "\n",
        origins=tuple(line.origin for line in lines),
        shifts=tuple(
            (number, column, moved)
            for number, line in enumerate(lines, 1)
            for column, moved in line.shifts
        ),
    )


class _Line(NamedTuple):
    """A line of a template, with the theme's values in it."""

    text: str
    origin: str
    shifts: tuple[tuple[int, int], ...]


def included(line: str) -> str | None:
    """Return the name of the part that a line includes; None when it includes none."""
    found = _INCLUDE.match(line) if "include" in line else None
    return None if found is None else found["mjml"] or found["text"] or ""


def _lines(
    path: Path, folders: Sequence[Path], theme: Mapping[str, str], within: tuple[Path, ...]
) -> Iterator[_Line]:
    for number, line in enumerate(read(path).split("\n"), 1):
        origin = f"{path}:{number}"
        name = included(line)
        if name is not None:
            place = f"{origin}:{len(line) - len(line.lstrip()) + 1}"
            if ".." in Path(name).parts or Path(name).is_absolute():
                raise TemplateError(
                    f"{place}: no such part `{name}`: parts are inside the folders of templates"
                )
            part = find(name, folders)
            if part is None:
                raise TemplateError(f"{place}: no such part `{name}`{_meant(name, folders)}")
            if part in (*within, path) or len(within) >= MAX_DEPTH:
                raise TemplateError(f"{place}: includes {name}, which includes it again")
            yield from _lines(part, folders, theme, (*within, path))
        elif "include" in line and (include := _INCLUDES.search(line)):
            form = (
                '<mj-include path="parts/NAME.mjml" />'
                if include[0].startswith("<")
                else '{% include "parts/NAME.txt" %}'
            )
            raise TemplateError(
                f"{origin}:{include.start() + 1}: a part is included on a line of its own, as "
                f"`{form}`"
            )
        else:
            yield _with_theme(line, theme, origin)


def _with_theme(line: str, theme: Mapping[str, str], origin: str) -> _Line:
    if "theme." not in line:
        return _Line(line, origin, ())
    pieces: list[str] = []
    shifts: list[tuple[int, int]] = []
    done = length = 0
    for found in _THEME.finditer(line):
        if found[1] not in theme:
            near = difflib.get_close_matches(found[1], theme, 1)
            hint = f"; did you mean `theme.{near[0]}`?" if near else ""
            place = f"{origin}:{found.start() + 1}"
            raise TemplateError(f"{place}: themes have no `{found[1]}`{hint}")
        value = theme[found[1]]
        pieces += line[done : found.start()], value
        length += found.start() - done + len(value)
        shifts.append((length, len(value) - len(found[0])))
        done = found.end()
    return _Line("".join((*pieces, line[done:])), origin, tuple(shifts))


def find(name: str, folders: Sequence[Path]) -> Path | None:
    """Return the first file with that name; files outside of the folders are never returned."""
    if (
        not 0 < len(name) < MAX_NAME
        or "\0" in name
        or ".." in Path(name).parts
        or Path(name).is_absolute()
    ):
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


def read(path: Path) -> str:
    """Return the text of a template; raises TemplateError for a file that is none."""
    try:
        raw = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise TemplateError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column, problem = undecodable(raw, error.start)
        raise TemplateError(f"{path}:{line}:{column}: {problem}") from None
    if (zero := text.find("\0")) >= 0:
        line, column = text.count("\n", 0, zero) + 1, zero - text.rfind("\n", 0, zero)
        raise TemplateError(f"{path}:{line}:{column}: a zero byte; is it UTF-16? Save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


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
