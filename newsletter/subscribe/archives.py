"""Files as programs export them: a list, or a ZIP with several."""

from __future__ import annotations

import codecs
import contextlib
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

from newsletter.errors import ImportListError

LARGEST: Final = 500_000_000
"""Bytes of a file, unpacked; a million people with many fields need half of it."""
MOST_FILES: Final = 1_000
_CHUNK = 1_000_000
_SHEET = "a spreadsheet: save it as CSV (UTF-8)"
_FOREIGN: Final = (
    (b"\xd0\xcf\x11\xe0", _SHEET),
    (b"PK\x05\x06", "a ZIP with nothing in it: export it anew"),
    (b"\x1f\x8b", "packed by gzip: unpack it"),
    (b"BZh", "packed by bzip2: unpack it"),
    (b"\xfd7zXZ", "packed by xz: unpack it"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"%PDF", "a PDF: export the list as CSV"),
    (b"SQLite format 3", "a database: export the list as CSV"),
    (b"\xff\xfe\0\0", "in UTF-32: save it as CSV (UTF-8)"),
    (b"<?xml", "XML: export the list as CSV, or save it as CSV (UTF-8)"),
    (b"<!doctype html", "a page of a site, perhaps its login: download the list again"),
    (b"<html", "a page of a site, perhaps its login: download the list again"),
    (b"{", "JSON: export the list as CSV"),
    (b"[", "JSON: export the list as CSV"),
)
"""How files begin that are no list, whatever their name says, and what to do."""


@contextlib.contextmanager
def opened(
    path: Path, on_note: Callable[[str], None]
) -> Iterator[tuple[tuple[str, IO[bytes]], ...]]:
    """Give a block the lists in a file, each with its name.

    Raises ImportListError when the file cannot be read, is damaged or holds more than LARGEST.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_seekable(path))
        file.seek(0, 2)
        if file.tell() > LARGEST:
            raise ImportListError(_too_large(path))
        file.seek(0)
        if file.read(4) == b"PK\x03\x04":
            lists = _unpacked(path, file, stack, on_note)
        else:
            lists = ((path.name, file),)
        for name, some in lists:
            _refuse_foreign(name, some)
        yield lists


def _refuse_foreign(name: str, file: IO[bytes]) -> None:
    """Raise ImportListError for what only has the name of a list."""
    file.seek(0)
    start = file.read(100).removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    for mark, what in _FOREIGN:
        if start.startswith(mark) or (mark.startswith(b"<") and start.lower().startswith(mark)):
            raise ImportListError(f"{name}: {what}")


@contextlib.contextmanager
def _seekable(path: Path) -> Iterator[IO[bytes]]:
    """Give a block a file that can be read twice, which a pipe cannot."""
    try:
        with contextlib.ExitStack() as stack:
            file: IO[bytes] = stack.enter_context(path.open("rb"))
            if not file.seekable():
                spooled = stack.enter_context(tempfile.TemporaryFile())
                _copy(file, spooled, path, LARGEST)
                file = spooled
            yield file
    except OSError as error:
        raise ImportListError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def _unpacked(
    path: Path, file: IO[bytes], stack: contextlib.ExitStack, on_note: Callable[[str], None]
) -> tuple[tuple[str, IO[bytes]], ...]:
    """Return the lists in a ZIP, unpacked; nothing is written where the ZIP says."""
    found: list[tuple[str, IO[bytes]]] = []
    left = LARGEST
    try:
        archive = stack.enter_context(zipfile.ZipFile(file))
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        members = [entry for entry in files if _is_list(entry.filename)]
        if any(entry.filename in _OFFICE for entry in files):
            raise ImportListError(f"{path}: {_SHEET}")
        if any(entry.flag_bits & _ENCRYPTED for entry in members):
            raise ImportListError(
                f"{path}: is encrypted: unpack it with its password, and name the lists"
            )
        if not members or len(members) > MOST_FILES:
            raise ImportListError(
                f"{path}: a ZIP of {len(members):,} CSV files: unpack it, and name those you mean"
            )
        if sum(member.file_size for member in members) > LARGEST:
            raise ImportListError(_too_large(path))
        for member in members:
            unpacked = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  it is
            with archive.open(member) as content:
                left -= _copy(content, unpacked, path, left)
            found.append((PurePosixPath(member.filename).name, unpacked))
    except (*_DAMAGED, OSError) as error:
        raise ImportListError(f"{path}: the ZIP cannot be read ({error}): export it anew") from None
    if len(files) > len(members):
        on_note(f"{path.name}: {len(files) - len(members)} other files in it are not read")
    return tuple(found)


_OFFICE: Final = ("[Content_Types].xml", "META-INF/manifest.xml")
"""Files that every spreadsheet of Excel has in it, and of LibreOffice."""
_ENCRYPTED: Final = 1
"""The flag of a file in a ZIP (APPNOTE 4.4.4)."""
_DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, UnicodeError,
)  # fmt: skip
"""What the library raises for a ZIP that is damaged, encrypted or packed in an unusual way."""


def _is_list(name: str) -> bool:
    path = PurePosixPath(name)
    is_hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return path.suffix.lower() in (".csv", ".tsv", ".txt") and not is_hidden


def _copy(source: IO[bytes], target: IO[bytes], path: Path, most: int) -> int:
    """Copy a file; return its bytes. A ZIP of a few bytes may hold any number of them."""
    copied = 0
    while some := source.read(_CHUNK):
        copied += len(some)
        if copied > most:
            raise ImportListError(_too_large(path))
        target.write(some)
    return copied


def _too_large(path: Path) -> str:
    return f"{path}: holds more than {LARGEST // 1_000_000:,} MB: split it"
