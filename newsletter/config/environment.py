"""The environment that `${NAME}` is read from: the process's own, files that it names, and .env."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from newsletter.errors import ConfigError

PRIVATE = ".env"
"""The file beside config/ that holds secrets: cron has no environment of its own."""
SUFFIX = "_FILE"
"""`NAME_FILE` is the path of a file that holds the value of `NAME`, as container engines mount
secrets."""
MAX_BYTES = 100_000
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")


class Environment(Mapping[str, str]):
    """Variables by name, stripped of white space around them; files are read when asked for."""

    def __init__(self, given: Mapping[str, str], private: Mapping[str, str]) -> None:
        """Look in `given` first, then in files it names, then in `private`."""
        self._given = given
        self._private = private

    def __getitem__(self, name: str) -> str:
        """Return a value; raises KeyError without one, ConfigError for a file that is not there."""
        for some in (self._given, self._private):
            if name in some:
                return some[name].strip()
            if file := some.get(name + SUFFIX):
                return _read(Path(file.strip()), f"{name}{SUFFIX}").strip()
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all variables."""
        return iter({**self._private, **self._given})

    def __len__(self) -> int:
        """Return how many variables there are."""
        return len({**self._private, **self._given})


def read_environment(root: Path, given: Mapping[str, str]) -> Environment:
    """Return the variables for the newsletter in `root`: `given`, and those of its .env file.

    A line of .env is `NAME=value`, the value in quotes or not; `#` begins a comment line. Raises
    ConfigError for a file that others may read, or a line that is none.
    """
    path = root / PRIVATE
    if not path.is_file():
        return Environment(given, {})
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"{path}: others on this machine may read it, and it holds secrets: chmod 600 {path}"
        )
    found: dict[str, str] = {}
    for number, line in enumerate(_read(path, "").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            # Not a word of the line itself: it may be a secret.
            raise ConfigError(f"{path}:{number}:1: a line is NAME=value, or begins with #")
        found[match[1]] = _unquoted(match[2])
    return Environment(given, found)


def _read(path: Path, name: str) -> str:
    told = f"{name}: {path}" if name else str(path)
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{told}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{told}: not UTF-8 text") from None


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
