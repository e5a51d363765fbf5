"""Readers' libraries (BibTeX, CSL or Better BibTeX JSON, RIS) → titles and abstracts."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.collect.plain.text import plain_text
from newsletter.errors import LibraryError
from newsletter.files.reading import read_regular
from newsletter.model import Paper

MAX_BYTES = 50_000_000
"""Largest library that is read: far more than anybody has; 1 MB takes about a second."""
MAX_TEXT = 10_000
"""Characters of a title or an abstract that are read."""
_BRACES = re.compile(r"[{}]")
_PAGE = re.compile(r"\s*(?:<!doctype html|<html|<head|<body)", re.IGNORECASE)
_RIS = re.compile(r"([A-Z][A-Z0-9])  ?- ?(.*)")

Entry = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What was read from a library."""

    papers: tuple[Paper, ...]
    """Titles and abstracts, in the order of the file."""
    notes: tuple[str, ...] = ()
    """What could not be read: one text for each problem, with the line in the file."""


def read_library(path: Path) -> Library:
    """Return the titles and abstracts of a library file.

    The name tells the format: .bib (BibTeX), .json (CSL JSON, or Better BibTeX JSON) or .ris.
    Text is UTF-8, or else Windows-1252. Raises LibraryError, with file, line and reason, when the
    file holds nothing to learn from.
    """
    try:
        raw = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise LibraryError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    return parse_library(path, raw)


def parse_library(path: Path, raw: bytes) -> Library:
    """Return what the contents of a library hold; `path` tells the format, and is named in errors.

    Raises LibraryError as `read_library` does.
    """
    if len(raw) > MAX_BYTES:
        raise LibraryError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
    text = _decoded(raw)
    if not text.strip():
        raise LibraryError(f"{path}:1: an empty file")
    if _PAGE.match(text):
        raise LibraryError(
            f"{path}:1: a web page, not a library (perhaps a login page): export the library again"
        )
    notes: list[str] = []
    entries = READERS[path.suffix.lower()](path, text, notes)
    papers = tuple(paper for entry in entries if (paper := _paper(entry)))
    if not papers:
        raise LibraryError(*(notes or [f"{path}:1: no entry with a title in it"]))
    return Library(papers=papers, notes=tuple(notes))


def suffix_of(raw: bytes) -> str:
    """Return the suffix of the format that the contents of a library look like."""
    start = _decoded(raw[:1_000]).lstrip()
    if start.startswith(("[", "{")):
        return ".json"
    return ".ris" if _RIS.match(start) else ".bib"


def words_as_paper(text: str, abstract: str = "") -> Paper:
    """Return a paper that has these words as its title, to learn from."""
    return Paper(id=text, keys=(f"title:{text}",), title=text, url="", abstract=abstract)


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Text that is not UTF-8 was mostly written on Windows; some bytes are undefined there.
        return raw.decode("cp1252", "replace")


def _paper(entry: Entry) -> Paper | None:
    title = plain_text(_BRACES.sub("", _text(entry, "title")))
    abstract = plain_text(_text(entry, "abstract") or _text(entry, "abstractnote"))
    return words_as_paper(title, abstract) if title else None


def _text(entry: Entry, name: str) -> str:
    value = entry.get(name)
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _bibtex(path: Path, text: str, notes: list[str]) -> Iterator[Entry]:
    from bibtexparser.entrypoint import parse_string  # noqa: PLC0415  slow; few need it

    logging.getLogger("bibtexparser").addHandler(logging.NullHandler())
    logging.getLogger("bibtexparser").propagate = False
    library = parse_string(text)
    for entry in library.entries:
        yield _lowered({name: field.value for name, field in entry.fields_dict.items()})
    for block in library.failed_blocks:
        # An entry with a repeated key or a repeated field can still be used.
        whole = getattr(block, "ignore_error_block", None)
        fields = getattr(whole, "fields", None)
        if fields is not None:
            yield _lowered({field.key: field.value for field in reversed(fields)})
            continue
        line = (block.start_line or 0) + 1
        notes.append(f"{path}:{line}: this entry cannot be read: is a closing brace missing?")


def _json(path: Path, text: str, notes: list[str]) -> Iterator[Entry]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise LibraryError(f"{path}:{error.lineno}: not valid JSON: {error.msg.lower()}") from None
    except (ValueError, RecursionError):
        raise LibraryError(f"{path}:1: JSON that cannot be read") from None
    if isinstance(content, dict):
        content = content.get("items")
    if not isinstance(content, list):
        raise LibraryError(f"{path}:1: neither CSL JSON (a list) nor Better BibTeX JSON (`items`)")
    odd = 0
    for entry in content:
        # Zotero's own API puts the fields under `data`.
        found = entry.get("data", entry) if isinstance(entry, dict) else None
        if isinstance(found, dict):
            yield _lowered(found)
        else:
            odd += 1
    if odd:
        notes.append(f"{path}:1: {odd} entries are not objects")


def _ris(path: Path, text: str, notes: list[str]) -> Iterator[Entry]:
    """Yield the entries of a RIS file: lines `XX  - value`, each entry from TY to ER."""
    names = {"TI": "title", "T1": "title", "CT": "title", "AB": "abstract", "N2": "abstract"}
    entry: dict[str, str] = {}
    last = ""
    begun = 0
    for number, line in enumerate(text.splitlines(), 1):
        found = _RIS.match(line)
        if found is None:
            if last and line.strip():
                entry[last] = f"{entry[last][:MAX_TEXT]} {line.strip()}"
            continue
        tag, value = found[1], found[2].strip()
        last = ""
        if tag == "TY":
            if begun:
                notes.append(f"{path}:{begun}: this entry has no end (a line `ER  -`)")
                yield entry
            entry, begun = {}, number
        elif tag == "ER":
            yield entry
            entry, begun = {}, 0
        elif tag in names and names[tag] not in entry:
            last = names[tag]
            entry[last] = value
    if begun:
        notes.append(f"{path}:{begun}: this entry has no end (a line `ER  -`)")
        yield entry


def _lowered(fields: Entry) -> Entry:
    return {str(name).lower(): value for name, value in fields.items()}


READERS: Final[Mapping[str, Callable[[Path, str, list[str]], Iterable[Entry]]]] = {
    ".bib": _bibtex,
    ".json": _json,
    ".ris": _ris,
}
"""How a library is read, by the suffix of its file name."""
