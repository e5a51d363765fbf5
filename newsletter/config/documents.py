"""YAML text → plain data that remembers where each value stood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from newsletter.errors import ConfigError

Path_ = tuple[str | int, ...]
"""Keys and list places from the top of a document, as in pydantic's `loc`."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.2's core schema: `no` is a word, `10:30` a time and `2026-11-24` a date, all text."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), _first
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML file: its data, and the place of every key and value in it."""

    path: Path
    data: Any
    places: Mapping[Path_, tuple[int, int]] = field(repr=False)
    """Path → line and column of the key (in mappings) or item (in lists), from 1."""
    values: Mapping[Path_, tuple[int, int]] = field(repr=False)
    """Path → line and column of the value."""
    variables: frozenset[Path_] = frozenset()
    """Where a value came from the environment as a whole: the only way in for a secret."""

    def where(self, path: Path_, *, value: bool = False) -> str:
        """Return `file:line:column` of `path`, or of the nearest thing above it that exists."""
        table = self.values if value else self.places
        for length in range(len(path), -1, -1):
            if path[:length] in table:
                line, column = table[path[:length]]
                return f"{self.path}:{line}:{column}"
        return f"{self.path}:1:1"

    def at(self, path: Path_) -> Any:
        """Return the value at `path`, or None."""
        value = self.data
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def read_document(path: Path, environment: Mapping[str, str]) -> Document:
    """Read a YAML file; `${NAME}` in a value is replaced from `environment`.

    Raises ConfigError, with file:line:column, for a file that is missing or is not YAML, for a key
    that stands twice and for a variable that is not set.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; `newsletter init` writes a working configuration"
        ) from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: a folder, where a YAML file was expected") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    return parse_document(path, text, environment)


def parse_document(path: Path, text: str, environment: Mapping[str, str]) -> Document:
    """Parse YAML `text` that stands at `path`; see `read_document`."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError(f"{place}: not valid YAML: {error.problem or error}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    reader = _Reader(path, environment)
    try:
        data = reader.read(node, ()) if node is not None else {}
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply, or an alias of itself") from None
    if reader.problems:
        raise ConfigError(*reader.problems)
    return Document(
        path=path,
        data=data,
        places=reader.places,
        values=reader.values,
        variables=frozenset(reader.variables),
    )


class _Reader:
    """Builds plain data from YAML nodes and notes where everything stood."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.path = path
        self.environment = environment
        self.places: dict[Path_, tuple[int, int]] = {(): (1, 1)}
        self.values: dict[Path_, tuple[int, int]] = {}
        self.variables: set[Path_] = set()
        self.problems: list[str] = []
        self.scalars = yaml.constructor.SafeConstructor()

    def read(self, node: yaml.Node, path: Path_) -> Any:
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.values[path] = place
        self.places.setdefault(path, place)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, number)) for number, item in enumerate(node.value)]
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path_) -> dict[Any, Any]:
        self.scalars.flatten_mapping(node)  # `<<: *defaults`
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key: Any = self.scalars.construct_object(key_node)
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key, str | int):
                self.problems.append(f"{self.path}:{place[0]}:{place[1]}: a key must be a word")
                continue
            if key in result:
                first = self.places[(*path, key)][0]
                self.problems.append(
                    f"{self.path}:{place[0]}:{place[1]}: `{key}` stands here a second time "
                    f"(first on line {first}); keep one"
                )
                continue
            self.places[(*path, key)] = place
            result[key] = self.read(value_node, (*path, key))
        return result

    def scalar(self, node: yaml.Node, path: Path_) -> Any:
        try:
            value = self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            line, column = self.values[path]
            self.problems.append(f"{self.path}:{line}:{column}: not a plain value ({error})")
            return None
        if not isinstance(value, str) or "${" not in value:
            return value
        if _VARIABLE.fullmatch(value):
            self.variables.add(path)
        return _VARIABLE.sub(lambda found: self.variable(found[1], path), value)

    def variable(self, name: str, path: Path_) -> str:
        line, column = self.values[path]
        where = f"{self.path}:{line}:{column}"
        if not _NAME.fullmatch(name):
            self.problems.append(
                f"{where}: `${{{name}}}` names no environment variable (capitals, digits and _)"
            )
        elif name not in self.environment:
            self.problems.append(
                f"{where}: the environment variable {name} is not set; export it before running"
            )
        return self.environment.get(name, "")
