"""Every real abstract of the folder of data, from all kinds of documents in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from corpora.documents import documents, holds_papers, kind_of
from corpora.papers import NOW, feed_papers
from newsletter.collect.answers import Document
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.plain.text import plain_text
from newsletter.errors import NewsletterError
from newsletter.model import Paper, Source


def real_abstracts(data: Path) -> list[Paper]:
    """Return every paper with an abstract, each text once, without other people's summaries."""
    found = {
        paper.abstract: replace(paper, summary="", summary_by="")
        for paper in (*feed_papers(data), *_answered(data), *_listed(data))
        if paper.abstract
    }
    return list(found.values())


def _answered(data: Path) -> Iterator[Paper]:
    """Yield the papers of the answers of services, and of feeds that hold papers."""
    for path in documents(data):
        if not holds_papers(path) or path.parent.name == "feed":
            continue
        kind = kind_of(path)
        source = Source(name="x", kind=kind, location="x")
        document = Document(url=path.resolve().as_uri(), content=path.read_bytes())
        try:
            yield from KINDS[kind].parse(document, source, NOW).papers
        except NewsletterError:
            continue  # an answer that is no answer: others test how that is told


def _listed(data: Path) -> Iterator[Paper]:
    """Yield the papers of days of arXiv metadata, of readers' libraries, and of SciTLDR."""
    for path in sorted(data.glob("arxiv/days/*.json")):
        for row in json.loads(path.read_text("utf-8"))["papers"]:
            yield _paper(row["title"], row["summary"])
    for path in (*sorted(data.glob("tldr/*.jsonl")), *sorted(data.glob("readers/papers.jsonl"))):
        for line in path.read_text("utf-8").strip().split("\n"):
            row = json.loads(line)
            yield _paper(row.get("title") or "", " ".join(row.get("source") or [row["abstract"]]))


def _paper(title: str, abstract: str) -> Paper:
    return Paper(
        id="x", keys=("x",), url="", title=plain_text(title), abstract=plain_text(abstract)
    )
