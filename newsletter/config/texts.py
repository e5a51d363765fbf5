"""The files of config/ as texts, for an editor: all that is not edited stays, byte for byte."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.errors import ConfigError, ConflictError, StoreError
from newsletter.files.reading import read_regular, undecodable
from newsletter.files.writing import rewrite, whole_file

MOST: Final = 2_000_000
"""Largest file that is edited here, in bytes; a longer list is nothing for a page."""
FIRST: Final = ("topics.yaml", "newsletter.yaml", "sources.yaml", "subscribers.yaml")
"""The files that everybody has, the one that is edited most often first."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.ya?ml")
_BREAK = re.compile(r"\r\n|\r|\n")
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigText:
    """A file as an editor gets it."""

    name: str
    text: str
    """Its lines end with a line feed, whatever they end with in the file; without a mark."""
    version: str
    """A digest of the bytes in the file; empty when there is no file."""


def text_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the YAML files in `folder`, those that everybody has first."""
    found = {path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)}
    return (
        *(name for name in FIRST if name in found),
        *sorted(name for name in found if name not in FIRST),
    )


def texts_version(folder: Path, texts: Mapping[str, str]) -> str:
    """Return a digest of what the files of `folder` say, once some of them have these `texts`.

    Line ends and marks do not count: it is the same before and after a text is saved.
    """
    digest = hashlib.sha256()
    for name in sorted({*text_names(folder), *texts}):
        try:
            text = texts[name] if name in texts else read_text(folder, name).text
        except ConfigError as error:  # no text for a page
            text = str(error)
            with contextlib.suppress(OSError):
                text += str((folder / name).stat().st_mtime_ns)
        digest.update(f"{name}\0{len(text)}\0{text}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def read_text(folder: Path, name: str) -> ConfigText:
    """Return a file of `folder`.

    Raises ConfigError, with the place and the mend, for what is no text or no file of the folder.
    """
    path = _place(folder, name)
    try:
        raw = _read(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    return _text(path, raw)


def save_text(folder: Path, name: str, text: str, version: str) -> ConfigText:
    """Write an edited text to its file, whole or not at all; return the file as it is now.

    Lines that stay keep their line ends, new ones get those that the file has most of; a mark at
    its beginning stays. `version` is the one that was edited; empty to write a file that is gone.

    Raises ConflictError when the file is not as it was, ConfigError as `read_text`, and StoreError
    when the disk refuses.
    """
    path = _place(folder, name)
    try:
        raw = _read(path)
    except FileNotFoundError:
        if version:
            raise ConflictError(
                f"{path}: was deleted or renamed since it was opened here"
            ) from None
        content, saved = _encoded(path, text)
        with whole_file(path) as part:
            part.write_bytes(content)
        return saved
    if _version(raw) != version:
        raise ConflictError(f"{path}: was changed by another program since it was opened here")
    _text(path, raw)  # what is no UTF-8 is not written over
    before = raw.decode("utf-8")
    mark = _MARK if before.startswith(_MARK) else ""
    content, saved = _encoded(path, mark + with_line_ends(before.removeprefix(_MARK), text))
    if content != raw:
        rewrite(path, content, expected=raw)
    return saved


def with_line_ends(before: str, text: str) -> str:
    r"""Return an edited text, whose lines end with `\n`, with the line ends of the file.

    A line that stays keeps its own; a new line gets the one that the text `before` has most of.
    """
    ends = _BREAK.findall(before)
    usual = Counter(ends).most_common(1)[0][0] if ends else "\n"
    new = text.split("\n")
    if {*ends} <= {usual}:
        return usual.join(new)
    old = _BREAK.split(before)
    wanted = [usual] * len(new)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            if block.a + step < len(ends):  # the last line has no end
                wanted[block.b + step] = ends[block.a + step]
    wanted[-1] = ""
    kept = "".join(line + end for line, end in zip(new, wanted, strict=True))
    # A carriage return that stays, before a line feed that is new, would be one end of a line.
    return kept if _BREAK.sub("\n", kept) == text else usual.join(new)


def _place(folder: Path, name: str) -> Path:
    """Return the path of a file; raises ConfigError when it is not in the folder itself."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r}: only the YAML files of {folder} are edited here")
    path = folder / name
    # A link may lead to another file of the folder, as those of Kubernetes' ConfigMaps do.
    aim = path.resolve()
    if not aim.is_relative_to(folder.resolve()) or not _NAME.fullmatch(aim.name):
        raise ConfigError(f"{path}: a link to {aim}: edit that file itself")
    return path


def _read(path: Path) -> bytes:
    try:
        raw = read_regular(path, MOST)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if len(raw) > MOST:
        raise ConfigError(
            f"{path}: larger than {MOST // 1_000_000} MB: too long for a page; use your editor"
        )
    return raw


def _text(path: Path, raw: bytes) -> ConfigText:
    wrong = 0 if b"\0" in raw[:4] else None  # UTF-16 without a mark is valid UTF-8
    text = ""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = error.start
    if wrong is not None:
        line, column, problem = undecodable(raw, wrong)
        raise ConfigError(f"{path}:{line}:{column}: {problem}")
    return ConfigText(name=path.name, text=_BREAK.sub("\n", text), version=_version(raw))


def _encoded(path: Path, text: str) -> tuple[bytes, ConfigText]:
    """Return a text as bytes, and as it is read again: what cannot be is not written."""
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{path}: half a character (a lone surrogate): remove it") from None
    if len(content) > MOST:
        raise StoreError(f"{path}: larger than {MOST // 1_000_000} MB: nothing was written")
    return content, _text(path, content)


def _version(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
