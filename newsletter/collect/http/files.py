"""Documents from disk."""

from __future__ import annotations

import stat
import zlib
from pathlib import Path

from newsletter.collect.answers import Document
from newsletter.errors import SourceError

FOLDER_SUFFIXES = frozenset({"", ".xml", ".rss", ".atom", ".rdf", ".json", ".feed", ".opml"})
"""Suffixes of the files in a folder that are read; others (README, backups) are not feeds."""


def read_files(path: Path, max_bytes: int) -> tuple[Document, ...]:
    """Return a file, or a folder's feed files sorted by name; raises SourceError."""
    try:
        files = (
            sorted(file for file in path.iterdir() if _is_feed_file(file))
            if path.is_dir()
            else [path]
        )
        for file in files:
            # Reading a pipe or device may never end.
            if not stat.S_ISREG((status := file.stat()).st_mode):
                raise SourceError(f"{file}: neither a file nor a folder")
            if status.st_size > max_bytes:
                raise SourceError(f"{file}: more than {max_bytes // 1_000_000} MB")
        documents = tuple(
            Document(
                url=file.resolve().as_uri(),
                content=unzipped(file.read_bytes(), max_bytes, str(file)),
            )
            for file in files
        )
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if not documents:
        kinds = " ".join(sorted(FOLDER_SUFFIXES)).strip()
        raise SourceError(f"{path}: no feed in this folder (looked for {kinds})")
    return documents


_GZIP = b"\x1f\x8b\x08"
_LAYERS = 2
"""Servers compress a file that is compressed already, once more."""


def unzipped(content: bytes, max_bytes: int, name: str) -> bytes:
    """Return a document without the gzip around it, if there is any; raises SourceError.

    Servers send files such as `feed.xml.gz` as they are, or call the encoding `x-gzip`.
    """
    for _ in range(_LAYERS):
        if not content.startswith(_GZIP):
            break
        unpacking = zlib.decompressobj(wbits=31)
        try:
            content = unpacking.decompress(content, max_bytes + 1)
        except zlib.error:
            raise SourceError(f"{name}: the compression is damaged") from None
        if len(content) > max_bytes:
            raise SourceError(f"{name}: more than {max_bytes // 1_000_000} MB after decompression")
    return content


def _is_feed_file(path: Path) -> bool:
    return path.is_file() and path.suffix in FOLDER_SUFFIXES and not path.name.startswith(".")
