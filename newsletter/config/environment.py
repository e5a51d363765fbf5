"""The environment that `${NAME}` is read from: the process's own, files that it names, and .env."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from newsletter.errors import ConfigError
from newsletter.files.reading import read_regular

PRIVATE = ".env"
"""The file beside config/ that holds secrets: cron has no environment of its own."""
SUFFIX = "_FILE"
"""`NAME_FILE` is the path of a file that holds the value of `NAME`, as container engines mount
secrets."""
MAX_BYTES = 100_000
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)
_QUOTED = re.compile(r"""(?:'([^']*)'|"([^"]*)")(?:\s+#.*)?""")
_OPENED = re.compile(
    r"""\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*(?:(?=("))"[^"]+|(?=('))'[^']+)"""
)
"""An entry whose quote is still open at the end of the line: a key in PEM form."""
_COMMENT = re.compile(r"\s#")


class Environment(Mapping[str, str]):
    """Variables by name, stripped of white space around them; files are read when asked for."""

    def __init__(self, given: Mapping[str, str], private: Mapping[str, str]) -> None:
        """Look in `given` first, then in files it names, then in `private`."""
        self._given = given
        self._private = private

    def __getitem__(self, name: str) -> str:
        """Return a value; raises KeyError without one, ConfigError for a file that is not there."""
        for some in (self._given, self._private):
            # An empty variable is what a line such as `NAME=` leaves: nobody means it.
            if found := some.get(name, "").strip():
                return found
            if file := some.get(name + SUFFIX):
                return _read(Path(file.strip()), f"{name}{SUFFIX}").strip()
        if name in self._given or name in self._private:
            return ""
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all variables."""
        return iter({**self._private, **self._given})

    def __len__(self) -> int:
        """Return how many variables there are."""
        return len({**self._private, **self._given})


def read_environment(root: Path, given: Mapping[str, str]) -> Environment:
    """Return the variables for the newsletter in `root`: `given`, and those of its .env file.

    A line of .env is `NAME=value`, the value in quotes or not; one in quotes may go over several
    lines, as a key in PEM form does. `#` begins a comment line, and a
    comment after quotes. Raises ConfigError for a file that others may read, for a line that is
    none, and for a value that other programs would read in another way.
    """
    path = root / PRIVATE
    if not path.exists():
        return Environment(given, {})
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"{path}: others on this machine may read it, and it holds secrets: chmod 600 {path}"
        )
    found: dict[str, str] = {}
    for number, line in _entries(_read(path, "")):
        match = _LINE.fullmatch(line)
        if match is None:
            # Not a word of the line itself: it may be a secret.
            raise ConfigError(f"{path}:{number}:1: a line is NAME=value, or begins with #")
        value = _unquoted(match[2])
        if value is None:
            raise ConfigError(
                f"{path}:{number}:{match.start(2) + 1}: where the value ends is not clear: put all "
                "of it in quotes, and a comment on a line of its own"
            )
        found[match[1]] = value
    return Environment(given, found)


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Yield each entry with the number of its line; a value in quotes may go over several."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = line
        if opened := _OPENED.fullmatch(line):
            for _, more in lines:
                entry += f"\n{more}"
                if more.rstrip().endswith(opened[1] or opened[2]):
                    break
        yield number, entry


def _read(path: Path, name: str) -> str:
    told = f"{name}: {path}" if name else str(path)
    try:
        return read_regular(path, MAX_BYTES)[:MAX_BYTES].decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{told}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{told}: not UTF-8 text") from None


def _unquoted(value: str) -> str | None:
    """Return a value without quotes and comment; None where it may be meant in two ways."""
    if whole := _QUOTED.fullmatch(value):
        return whole[1] or whole[2] or ""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    is_open = len(value) > 1 and value[0] in "'\""
    return None if is_open or _COMMENT.search(value) else value
