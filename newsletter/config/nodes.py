"""YAML nodes → plain data with the place of each key and value; aliases have a limit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

import yaml

from newsletter.config.diagnoses import ODD_SPACE, glued_comment, odd_space
from newsletter.errors import ConfigError

Path_ = tuple[str | int, ...]
"""Keys and list positions from the top of a document, as in pydantic's `loc`."""
Scalar = str | int | float | bool | None

REPEATED = 10_000
"""Values that aliases may add; or ten times as many as are written out, if that is more. A hundred
bytes of aliases of aliases could stand for millions of values (the "billion laughs")."""
PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}
MAPPING, SEQUENCE, MERGE = (f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "merge"))
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


class NodeReader:
    """Builds plain data from YAML nodes and notes where each value was written."""

    def __init__(self, where: str, lines: list[str], environment: Mapping[str, str]) -> None:
        """Read nodes of the file called `where`, whose text consists of `lines`."""
        self._where = where
        self._lines = lines
        self._environment = environment
        self._scalars = yaml.constructor.SafeConstructor()
        self._written: set[int] = set()
        self._repeated = 0
        self.places: dict[Path_, tuple[int, int]] = {(): (1, 1)}
        self.values: dict[Path_, tuple[int, int]] = {}
        self.variables: set[Path_] = set()
        """Paths of values that are one `${NAME}` as a whole."""
        self.within: dict[Path_, set[str]] = {}
        """Path → values from the environment that are part of the value at the path."""
        self.unset: dict[Path_, str] = {}
        """Path → which environment variable is missing there, and how to give it, in words."""
        self.problems: list[str] = []

    def read(self, node: yaml.Node, path: Path_ = ()) -> object:
        """Return the value of a node; mistakes go to `problems`.

        Raises ConfigError when aliases stand for more values than any configuration needs, and
        RecursionError when an alias contains itself.
        """
        self._count(node)
        place = _place(node)
        self.values[path] = place
        self.places.setdefault(path, place)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path) if self._is_plain(node, {MAPPING}) else None
        if isinstance(node, yaml.SequenceNode):
            if not self._is_plain(node, {SEQUENCE}):
                return None
            for number, item in enumerate(node.value):
                self._look_for_comment(item, _end(item), (*path, number))
            return [self.read(item, (*path, number)) for number, item in enumerate(node.value)]
        return self._text(node, path)

    def _count(self, node: yaml.Node) -> None:
        if id(node) not in self._written:
            self._written.add(id(node))
            return
        self._repeated += 1
        if self._repeated > max(REPEATED, 10 * len(self._written)):
            raise ConfigError(
                f"{self._at(node)}: the aliases here stand for more than {REPEATED} values: write "
                "fewer of them inside each other"
            )

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str | int, object]:
        result: dict[str | int, object] = {}
        for key, key_node, value_node in self._pairs(node):
            if key in result:
                first = self.places[(*path, key)][0]
                self._problem(
                    key_node,
                    f"`{key}` is here a second time (first on line {first}); keep one",
                )
                continue
            self.places[(*path, key)] = _place(key_node)
            self._look_for_comment(value_node, _end(key_node), (*path, key))
            result[key] = self.read(value_node, (*path, key))
        for source in self._merged(node):
            # A mapping's own keys win over merged ones; of several merges (`<<`) the first wins.
            for key, key_node, value_node in self._flattened(source):
                if key not in result:
                    self.places[(*path, key)] = _place(key_node)
                    result[key] = self.read(value_node, (*path, key))
        return result

    def _pairs(self, node: yaml.MappingNode) -> Iterator[tuple[str | int, yaml.Node, yaml.Node]]:
        """Yield the keys written in a mapping itself."""
        for key_node, value_node in node.value:
            if key_node.tag == MERGE:
                continue
            key = self._scalar(key_node)
            if isinstance(key, str) and (told := _odd_key(key)):
                self._problem(key_node, told)
                continue
            if isinstance(key, str | int) and not isinstance(key, bool):
                yield key, key_node, value_node
            elif "{{" in self._around(key_node):
                self._problem(key_node, "a value that begins with `{{` goes in quotes")
            else:
                self._problem(key_node, "a key must be a word")

    def _merged(self, node: yaml.MappingNode) -> Iterator[yaml.MappingNode]:
        """Yield the mappings that are merged with `<<`."""
        for key_node, value_node in node.value:
            if key_node.tag != MERGE:
                continue
            many = isinstance(value_node, yaml.SequenceNode)
            for merged in value_node.value if many else [value_node]:
                if isinstance(merged, yaml.MappingNode):
                    self._count(merged)
                    yield merged
                else:
                    self._problem(merged, "`<<` merges a mapping: write `<<: *name` of one")

    def _flattened(
        self, node: yaml.MappingNode
    ) -> Iterator[tuple[str | int, yaml.Node, yaml.Node]]:
        """Yield the keys of a mapping, then those of the mappings merged into it."""
        yield from self._pairs(node)
        for source in self._merged(node):
            yield from self._flattened(source)

    def _is_plain(self, node: yaml.Node, tags: set[str]) -> bool:
        if node.tag in tags:
            return True
        name = node.tag.replace("tag:yaml.org,2002:", "!!")
        self._problem(node, f"the tag `{name}` means nothing here: remove it")
        return False

    def _scalar(self, node: yaml.Node) -> Scalar:
        """Return the plain value of a scalar node; if it has none, None, and report a problem."""
        if not isinstance(node, yaml.ScalarNode):
            return None
        if not self._is_plain(node, PLAIN):
            return None
        try:
            value: Scalar = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:
            self._problem(node, f"not a plain value ({' '.join(str(error).split())[:100]})")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._problem(node, "a number must be finite")
            return None
        return value

    def _text(self, node: yaml.Node, path: Path_) -> Scalar:
        value = self._scalar(node)
        if not isinstance(value, str) or "${" not in value:
            return value
        whole = bool(_VARIABLE.fullmatch(value))
        if whole:
            self.variables.add(path)
        return _VARIABLE.sub(lambda found: self._variable(found[1], path, node, whole=whole), value)

    def _look_for_comment(self, node: yaml.Node, after: tuple[int, int], path: Path_) -> None:
        """Report a value that YAML takes for a comment: `accent: #0b5fff` has no value."""
        if not isinstance(node, yaml.ScalarNode) or node.value or node.style:
            return
        if eaten := glued_comment(self._lines, *after):
            name = f"`{path[-1]}`" if isinstance(path[-1], str) else "this item"
            self.problems.append(
                f"{self._where}:{after[0]}:{after[1]}: `{eaten}` begins a comment, so {name} is "
                f'empty: put it in quotes, "{eaten}"'
            )

    def _variable(self, name: str, path: Path_, node: yaml.Node, *, whole: bool) -> str:
        if not _NAME.fullmatch(name):
            self._problem(
                node, f"`${{{name}}}` names no environment variable (capitals, digits and _)"
            )
            return ""
        missing = not_set(name)
        try:
            # An empty variable is as good as none: a line `NAME=` leaves one by mistake.
            found, is_known = self._environment.get(name, ""), name in self._environment
        except ConfigError as error:
            # The file that should hold it cannot be read.
            found, is_known, missing = "", False, str(error)
        if found and not whole:
            self.within.setdefault(path, set()).add(found)
        if found or (is_known and not whole):
            return found
        if whole:
            self.unset[path] = missing
        else:
            self._problem(node, missing)
        return ""

    def _around(self, node: yaml.Node) -> str:
        """Return the two characters before a node, and the node's first character."""
        mark = node.start_mark
        return self._lines[mark.line][max(mark.column - 2, 0) : mark.column + 1]

    def _problem(self, node: yaml.Node, text: str) -> None:
        self.problems.append(f"{self._at(node)}: {text}")

    def _at(self, node: yaml.Node) -> str:
        line, column = _place(node)
        return f"{self._where}:{line}:{column}"


def _odd_key(key: str) -> str:
    """Return what is wrong with a key that was not meant as such; nothing if it is all right."""
    if odd := ODD_SPACE.search(key):
        return odd_space(odd[0])
    if key.startswith(("-", "\u2013", "\u2014")):
        return "an item of a list begins with `- `: a hyphen and a space"
    return ""


def not_set(name: str) -> str:
    """Return what to do about a variable that the environment lacks."""
    return (
        f"the environment variable {name} is not set, or is empty: export it, write it into the "
        f"file .env beside config/, or name a file that holds it in {name}_FILE"
    )


def _place(node: yaml.Node) -> tuple[int, int]:
    return (node.start_mark.line + 1, node.start_mark.column + 1)


def _end(node: yaml.Node) -> tuple[int, int]:
    return (node.end_mark.line + 1, node.end_mark.column + 1)
