"""YAML text → plain data that remembers where each value was written."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from newsletter.config.diagnoses import diagnose, lines_of
from newsletter.config.nodes import NodeReader, Path_
from newsletter.errors import ConfigError
from newsletter.files.reading import read_regular, undecodable

MAX_BYTES = 100_000_000
"""Largest file that is read; a million readers in YAML need less."""


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
class YamlDocument:
    """One YAML file: its data, and the place of every key and value in it."""

    path: Path
    data: Any
    """Whatever the file holds: `checked` makes a shape of it."""
    places: Mapping[Path_, tuple[int, int]] = field(repr=False)
    """Path → line and column of the key (in mappings) or item (in lists), from 1."""
    values: Mapping[Path_, tuple[int, int]] = field(repr=False)
    """Path → line and column of the value."""
    variables: frozenset[Path_] = frozenset()
    """Paths of values that are one `${NAME}` as a whole: a secret must be written so."""
    within: Mapping[Path_, Collection[str]] = field(default_factory=dict, repr=False)
    """Path → values from the environment that are part of the value at the path."""
    unset: Mapping[Path_, str] = field(default_factory=dict)
    """Path → which environment variable is missing there, and how to give it, in words."""

    def where(self, path: Path_, *, value: bool = False) -> str:
        """Return `file:line:column` of `path`, or of its nearest parent that exists."""
        table = self.values if value else self.places
        for length in range(len(path), -1, -1):
            if path[:length] in table:
                line, column = table[path[:length]]
                return f"{self.path}:{line}:{column}"
        return f"{self.path}:1:1"

    def at(self, path: Path_) -> object:
        """Return the value at `path`, or None."""
        value = self.data
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def read_document(
    path: Path, environment: Mapping[str, str], texts: Mapping[str, str] | None = None
) -> YamlDocument:
    """Read a YAML file; `${NAME}` in a value is replaced from `environment`.

    `texts` stand, by the names of files, for what is in them: an edit that is not saved yet.

    Raises ConfigError, with file:line:column, if the file is missing or is not YAML, a key is
    repeated, or a variable is not set.
    """
    if texts and path.name in texts:
        return parse_document(path, texts[path.name], environment)
    try:
        raw = read_regular(path, MAX_BYTES)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; `newsletter init` writes a working configuration"
        ) from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: a folder, where a YAML file was expected") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
    return parse_document(path, _decoded(path, raw), environment)


def _decoded(path: Path, raw: bytes) -> str:
    wrong = 0 if b"\0" in raw[:4] else None  # UTF-16 without a mark is valid UTF-8
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = error.start
        text = ""
    if wrong is not None:
        line, column, problem = undecodable(raw, wrong)
        raise ConfigError(f"{path}:{line}:{column}: {problem}")
    return text


def parse_document(path: Path, text: str, environment: Mapping[str, str]) -> YamlDocument:
    """Parse YAML `text` read from `path`; see `read_document`."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line, column, problem = diagnose(error, text)
        raise ConfigError(f"{path}:{line}:{column}: {problem}") from None
    except yaml.reader.ReaderError as error:
        at = max(text.find(chr(error.character)), 0)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise ConfigError(
            f"{path}:{line}:{column}: a control character (U+{error.character:04X}): remove it"
        ) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    reader = NodeReader(str(path), lines_of(text), environment)
    try:
        data = reader.read(node) if node is not None else {}
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply, or an alias that contains itself") from None
    if reader.problems:
        raise ConfigError(*reader.problems)
    return YamlDocument(
        path=path,
        data=data,
        places=reader.places,
        values=reader.values,
        variables=frozenset(reader.variables),
        within=reader.within,
        unset=reader.unset,
    )
