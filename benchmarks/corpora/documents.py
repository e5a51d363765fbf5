"""Which document of the data folder is of which kind, and the texts of papers in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("feeds", "arxiv", "huggingface")
MADE_FOR_PARSERS = ("feedparser", "gofeed")
"""Corpora of odd documents whose texts are meant to hold mark-up."""


def documents(data: Path) -> list[Path]:
    """Return every document below the folders of feeds, in order of path."""
    return sorted(path for name in FOLDERS for path in (data / name).rglob("*") if path.is_file())


def kind_of(path: Path) -> str:
    """Return the kind of source that would show a document."""
    if path.name.startswith("api-"):
        return "huggingface"
    return "arxiv" if "arxiv" in path.parts else "feed"


def is_real(path: Path) -> bool:
    """Tell whether a document was published for readers, not for the tests of a parser."""
    return not any(name in path.parts for name in MADE_FOR_PARSERS)


def holds_papers(path: Path) -> bool:
    """Tell whether a document's texts are titles and abstracts of papers, not posts of a blog."""
    return "arxiv" in path.parts or "huggingface" in path.parts


def listed_papers(path: Path) -> Iterator[str]:
    """Yield titles and abstracts of a day of arXiv metadata, which is a list and no feed."""
    if path.suffix != ".json" or path.parent.name != "days":
        return
    for paper in json.loads(path.read_bytes()).get("papers", ()):
        for name in ("title", "summary"):
            if isinstance(paper.get(name), str):
                yield paper[name]
