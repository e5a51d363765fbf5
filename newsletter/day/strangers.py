"""What strangers bring, read within limits: a library, and words that could name a file."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from newsletter.collect.answers import Document
from newsletter.collect.reader import DocumentReader
from newsletter.config.topics import LIBRARIES
from newsletter.errors import LibraryError
from newsletter.learn.libraries import Library, parse_library, suffix_of
from newsletter.model.gate import line

MOST_LIBRARY = 3_000_000
"""Bytes of a library that a stranger may bring: some thousand entries with abstracts."""
LIBRARY_SECONDS = 10.0
_LIBRARY = "library"
_PLACE = re.compile(rf"^{_LIBRARY}\.\w+(?::(?P<line>\d+))?: ")


def read_guarded(raw: bytes) -> Library:
    """Return what a stranger's library holds, read in a process with limits of time and memory.

    Call it in a thread. Raises LibraryError for a library that cannot be read, and SourceError for
    one that takes too much.
    """
    if len(raw) > MOST_LIBRARY:
        raise LibraryError(f"it is larger than {MOST_LIBRARY // 1_000_000} MB")
    document = Document(url=f"{_LIBRARY}{suffix_of(raw)}", content=raw)

    async def read() -> Library:
        async with DocumentReader(processes=1, small=0, seconds=LIBRARY_SECONDS) as reader:
            return await reader.call(document, parse_library, Path(document.url), raw)

    return asyncio.run(read())


def no_file(words: str) -> str:
    """Return words that no program takes for the name of a library file."""
    plain = words.strip()
    while plain.lower().endswith(LIBRARIES):
        before, _, suffix = plain.rpartition(".")
        plain = f"{before} {suffix}".strip()
    return plain


def plain_problem(problem: str) -> str:
    """Return a problem of a library or filter as a sentence: with its line, not its path."""
    found = _PLACE.match(problem)
    where = f"line {found['line']}: " if found and found["line"] else ""
    rest = line(problem[found.end() if found else 0 :].replace("`", ""), 200).rstrip(".")
    return f"{where}{rest}" + ("" if rest.endswith("?") else ".")
