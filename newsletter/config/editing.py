"""Sources written into sources.yaml, or taken out of it: all else stays as its owner wrote it.

Only the lines of an entry are added or removed; ruamel.yaml tells where they are, and writes new
ones. A file in another style (`sources: [{…}]`) is written anew by it, with its comments. What
comes of it must hold what it held before and the change, or nothing is written.
"""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newsletter.config.documents import YamlDocument, parse_document, read_document
from newsletter.config.environment import read_environment
from newsletter.config.mistakes import checked
from newsletter.config.sources import SourcesShape, read_sources
from newsletter.errors import ConfigError
from newsletter.files.writing import rewrite
from newsletter.model import Source

FILE = "sources.yaml"
SETTINGS = ("kind", "url", "categories", "query", "authors")
"""What an entry that is written may have beside its name."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MARK = "\ufeff"


def as_entry(source: Source, url: str = "") -> dict[str, object]:
    """Return a source as an entry of sources.yaml; `url` is its address as the file has it."""
    given: dict[str, object] = {
        "kind": source.kind,
        "url": url or source.location,
        "categories": list(source.categories),
        "query": source.query,
        "authors": list(source.authors),
    }
    return {"name": source.name, **{name: value for name, value in given.items() if value}}


def source_names(folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Return the names of the sources in `folder`, in their order; raises as `add_sources`."""
    path = folder / FILE
    document = read_document(path, read_environment(folder.resolve().parent, environment))
    _check(document, path)
    return [str(entry["name"]) for entry in document.data["sources"]]


def add_sources(
    folder: Path, entries: Sequence[Mapping[str, object]], environment: Mapping[str, str]
) -> None:
    """Write entries to the end of the sources in `folder`.

    Raises ConfigError when the file has mistakes, before or with them, and StoreError when the disk
    refuses.
    """
    _edit(folder, environment, add=entries)


def remove_source(folder: Path, place: int, environment: Mapping[str, str]) -> None:
    """Take the entry at `place`, from 0, out of the sources; raises as `add_sources`."""
    _edit(folder, environment, remove=place)


def _edit(
    folder: Path,
    environment: Mapping[str, str],
    *,
    add: Sequence[Mapping[str, object]] = (),
    remove: int | None = None,
) -> None:
    path = folder / FILE
    environment = read_environment(folder.resolve().parent, environment)
    before = read_document(path, environment)
    _check(before, path)
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig")
    wanted = copy.deepcopy(before.data)
    if remove is not None:
        del wanted["sources"][remove]
    wanted["sources"] += [dict(entry) for entry in add]
    made = _edited(path, text, add, remove)
    for changed in made:
        after = _loaded(path, changed, environment)
        if after is not None and after.data == wanted:
            _check(after, path)
            mark = _MARK if raw.startswith(_MARK.encode()) else ""
            rewrite(path, (mark + changed).encode(), expected=raw)
            return
    told = "".join(f"\n{line}" for entry in add for line in _lines_of(entry))
    raise ConfigError(f"{path}: cannot be edited by a program; change it by hand{told}")


def _edited(
    path: Path, text: str, add: Sequence[Mapping[str, object]], remove: int | None
) -> list[str]:
    """Return the text with the change, in the ways to make it: the one that changes least first."""
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  slow to load; only this needs it

    found = []
    for way in (_spliced, _written_anew):
        try:
            found.append(way(text, add, remove))
        except (YAMLError, ValueError, IndexError, RecursionError):
            continue  # a style that this way does not know
    if not found:
        raise ConfigError(f"{path}: cannot be edited by a program; change it by hand")
    return found


def _loaded(path: Path, text: str, environment: Mapping[str, str]) -> YamlDocument | None:
    try:
        return parse_document(path, text, environment)
    except ConfigError:
        return None


def _check(document: YamlDocument, path: Path) -> None:
    """Raise ConfigError with every mistake that the file would have."""
    problems: list[str] = []
    shape = checked(SourcesShape, document, "sources")
    read_sources(shape, path.resolve().parent.parent, document, problems)
    if problems:
        raise ConfigError(*problems)


def _yaml() -> Any:
    from ruamel.yaml import YAML  # noqa: PLC0415  slow to load; only this needs it

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    return yaml


def _spliced(text: str, add: Sequence[Mapping[str, object]], remove: int | None) -> str:
    """Return the text with lines added or removed; raises ValueError for another style."""
    lines = _LINE.findall(text)
    sources = _yaml().load(text)["sources"]
    if sources.fa.flow_style() or not len(sources):
        raise ValueError("not a list of lines")
    dash = sources.lc.col
    starts = [_start(lines, sources.lc.item(place)[0], dash) for place in range(len(sources))]
    if remove is not None:
        start = starts[remove]
        end = _end(lines, start, dash)
        # With it goes one of the blank lines that part it from others.
        if end < len(lines) and not lines[end].strip():
            end += 1
        elif remove and not lines[start - 1].strip():
            start -= 1
        lines[start:end] = []
        return "".join(lines)
    break_ = "\r\n" if "\r\n" in text else "\n"
    end = _end(lines, starts[-1], dash)
    if not lines[end - 1].endswith(("\r", "\n")):
        lines[end - 1] += break_
    apart = len(starts) == 1 or not lines[starts[-1] - 1].strip()
    new = [
        " " * dash * bool(line) + line + break_
        for entry in add
        for line in ([""] * apart + _lines_of(entry))
    ]
    return "".join((*lines[:end], *new, *lines[end:]))


def _start(lines: Sequence[str], line: int, dash: int) -> int:
    """Return the line of the hyphen before an entry, which may stand on one of its own."""
    while lines[line][dash : dash + 1] != "-":
        line -= 1
        if line < 0 or lines[line].strip():
            break
    if lines[line][dash : dash + 1] != "-":
        raise ValueError("a list in another style")
    return line


def _end(lines: Sequence[str], start: int, dash: int) -> int:
    """Return the line after the last one of an entry that begins at `start`.

    Remarks that are indented with the entry and follow it directly belong to it.
    """
    end = start + 1
    for number in range(start + 1, len(lines)):
        bare = lines[number].strip()
        if not bare or (bare.startswith("#") and number != end):
            continue
        if len(lines[number]) - len(lines[number].lstrip(" ")) <= dash:
            break
        end = number + 1
    return end


def _lines_of(entry: Mapping[str, object]) -> list[str]:
    """Return an entry as lines of YAML that begin with a hyphen."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq  # noqa: PLC0415  as above

    given = CommentedMap()
    for name, value in entry.items():
        given[name] = CommentedSeq(value) if isinstance(value, list) else value
        if isinstance(value, list):
            given[name].fa.set_flow_style()
    out = io.StringIO()
    _yaml().dump(given, out)
    return [
        ("  " if place else "- ") + line for place, line in enumerate(out.getvalue().splitlines())
    ]


def _written_anew(text: str, add: Sequence[Mapping[str, object]], remove: int | None) -> str:
    """Return the text as ruamel.yaml writes it after the change."""
    from ruamel.yaml.util import load_yaml_guess_indent  # noqa: PLC0415  as above

    yaml = _yaml()
    _, sequence, offset = load_yaml_guess_indent(text)
    yaml.indent(mapping=2, sequence=sequence or 4, offset=offset or 2)
    data = yaml.load(text)
    if remove is not None:
        del data["sources"][remove]
    data["sources"].extend(dict(entry) for entry in add)
    out = io.StringIO()
    yaml.dump(data, out)
    break_ = "\r\n" if "\r\n" in text else "\n"
    return out.getvalue().replace("\n", break_)
