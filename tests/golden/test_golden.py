"""Input and expected output side by side; `make golden` rewrites them, the diff is reviewed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from makers import NOW, make_document, make_source, play_demo

from newsletter.collect.arxiv import parse_arxiv
from newsletter.store.outbox import as_json

HERE = Path(__file__).parent
EDITION = "alignment+theory"


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
        json.dumps([as_json(paper) for paper in papers], indent=1, ensure_ascii=False) + "\n",
    )


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the demo wrote."""
    return play_demo(tmp_path_factory.mktemp("golden")).folder


def test_the_html_of_an_issue(outbox: Path) -> None:
    """The demo's edition on alignment and theory as HTML."""
    expect("issue.html", (outbox / f"{EDITION}.html").read_text("utf-8"))


def test_the_text_of_an_issue(outbox: Path) -> None:
    """The same as plain text."""
    expect("issue.txt", (outbox / f"{EDITION}.txt").read_text("utf-8"))


def test_the_headers_of_an_issue(outbox: Path) -> None:
    """The header block of its first reader."""
    head = (outbox / f"{EDITION}.eml").read_bytes().partition(b"\r\n\r\n")[0]
    expect("issue.headers", head.decode("ascii").replace("\r\n", "\n") + "\n")
