"""Where `${NAME}` is read from: the environment, files that it names, credentials, and .env."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from newsletter.errors import ConfigError
from newsletter.files.reading import read_regular

PRIVATE = ".env"
"""The file beside config/ that holds secrets: jobs of cron have hardly any environment."""
SUFFIX = "_FILE"
"""`NAME_FILE` is the path of a file that holds the value of `NAME`: this is how container engines
pass secrets."""
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The folder in which systemd has a file for each `LoadCredential=` (systemd.exec(5))."""
MAX_BYTES = 100_000
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)
_QUOTED = re.compile(r"""(?:'([^']*)'|"([^"]*)")(?:\s+#.*)?""")
_OPENED = re.compile(
    r"""\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*(?:(?=("))"[^"]+|(?=('))'[^']+)"""
)
"""An entry whose quote is still open at the end of its line, such as a key in PEM form."""
_COMMENT = re.compile(r"(?:^|\s)#")
_ESCAPE = re.compile(r"""\\[\\"$`nrt]""")
"""What programs read in different ways in double quotes: some as an escape, some as it is."""


class Environment(Mapping[str, str]):
    """Variables by name, without surrounding white space; files are read on demand."""

    def __init__(self, given: Mapping[str, str], private: Mapping[str, str], root: Path) -> None:
        """Look in `given` first, then in the files it names, then in `private`.

        Paths of files that `private` names are relative to `root`.
        """
        self._given = given
        self._private = private
        self._root = root

    def __getitem__(self, name: str) -> str:
        """Return a value; raises KeyError if it is not set, ConfigError if its file is missing."""
        found = (
            _valued(name, self._given, Path())
            or self._credential(name)
            or _valued(name, self._private, self._root)
        )
        if not found and name not in self._given and name not in self._private:
            raise KeyError(name)
        return found

    def _credential(self, name: str) -> str:
        """Return what systemd has handed over by this name, if anything."""
        folder = self._given.get(CREDENTIALS, "")
        path = Path(folder, name)
        return _read(path, name).strip() if folder and path.exists() else ""

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all variables."""
        return iter({**self._private, **self._given})

    def __len__(self) -> int:
        """Return how many variables there are."""
        return len({**self._private, **self._given})


def read_environment(root: Path, given: Mapping[str, str]) -> Environment:
    """Return the variables for the newsletter in `root`: `given`, and those of its .env file.

    The first place that has a value counts: the variable, the file that `NAME_FILE` names, the
    credential of systemd, and then the same of .env. A line of .env is `NAME=value`, with or
    without quotes. A quoted value may span several lines, as a key in PEM form does. A `#` begins a
    comment, on a line of its own or after quotes. Raises
    ConfigError for a file that others may read, for an invalid line, and for a value that other
    programs would read differently.
    """
    path = root / PRIVATE
    if not path.exists():
        return Environment(given, {}, root)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"{path}: others on this machine may read it, and it holds secrets: chmod 600 {path}"
        )
    found: dict[str, str] = {}
    for number, line in _entries(_read(path, "")):
        match = _LINE.fullmatch(line)
        if match is None:
            # Do not show the line: it may be a secret.
            raise ConfigError(f"{path}:{number}:1: a line must be NAME=value, or begin with #")
        value = _unquoted(match[2])
        if value is None:
            raise ConfigError(
                f"{path}:{number}:{match.start(2) + 1}: where the value ends is not clear: put all "
                "of it in quotes, and a comment on a line of its own"
            )
        if match[2].startswith('"') and _ESCAPE.search(value):
            raise ConfigError(
                f"{path}:{number}:{match.start(2) + 1}: a backslash in double quotes, which "
                "programs read in different ways: use single quotes, which keep all as it is"
            )
        found[match[1]] = value
    return Environment(given, found, root)


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Yield each entry with its line number; a quoted value may span several lines."""
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


def _valued(name: str, some: Mapping[str, str], root: Path) -> str:
    """Return a variable's value, or what the file holds that `NAME_FILE` names; or nothing.

    An empty variable is as good as none: a line `NAME=` leaves one by mistake.
    """
    if found := some.get(name, "").strip():
        return found
    file = some.get(name + SUFFIX, "").strip()
    return _read(root / file, f"{name}{SUFFIX}").strip() if file else ""


def _read(path: Path, name: str) -> str:
    told = f"{name}: {path}" if name else str(path)
    try:
        return read_regular(path, MAX_BYTES)[:MAX_BYTES].decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{told}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{told}: not UTF-8 text") from None


def _unquoted(value: str) -> str | None:
    """Return a value without quotes and comment, or None if it can be read in two ways."""
    if whole := _QUOTED.fullmatch(value):
        return whole[1] or whole[2] or ""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    is_open = len(value) > 1 and value[0] in "'\""
    return None if is_open or _COMMENT.search(value) else value
