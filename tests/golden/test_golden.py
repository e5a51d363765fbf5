"""Input and expected output side by side; `make golden` rewrites them, the diff is reviewed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from gallery import ISSUES, shown
from makers import NOW, make_document, make_source

from newsletter.collect.kinds.arxiv import parse_arxiv
from newsletter.store.outbox import as_json

HERE = Path(__file__).parent


def expect(name: str, made: str) -> None:
    """Compare with the golden file, or write it."""
    path = HERE / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(made, "utf-8")
    assert made == path.read_text("utf-8"), f"{name} differs; if it should, run `make golden`"


def test_an_arxiv_document() -> None:
    """arxiv.xml → arxiv.json: every field of every paper."""
    document = make_document((HERE / "arxiv.xml").read_bytes())
    papers = parse_arxiv(document, make_source(kind="arxiv"), NOW).papers
    expect(
        "arxiv.json",
        json.dumps([as_json(paper) for paper in papers], indent=1, ensure_ascii=False, default=str)
        + "\n",
    )


@pytest.mark.parametrize("name", ISSUES)
def test_an_issue(name: str) -> None:
    """HTML, text and headers of five issues that differ in all that can differ."""
    issue = shown(name)
    head = issue.message.partition(b"\r\n\r\n")[0]

    expect(f"{name}.html", issue.html)
    expect(f"{name}.txt", issue.text)
    expect(f"{name}.headers", head.decode("ascii").replace("\r\n", "\n") + "\n")
