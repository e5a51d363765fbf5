"""Sentence embeddings, each made once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from makers import make_paper, open_test_database

from newsletter.model import Paper
from newsletter.store import vectors
from newsletter.store.vectors import VectorStore


class Maker:
    """Makes a row of each title's length, and counts."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, papers: Sequence[Paper]) -> Any:
        self.made += [paper.title for paper in papers]
        return np.array([[len(paper.title), 0.5] for paper in papers], dtype=np.float32)


def test_an_embedding_is_made_once(tmp_path: Path) -> None:
    """By its text: another paper of the same words is the same row."""
    database, make = open_test_database(tmp_path), Maker()
    short, long = (make_paper(n, title="a" * n, abstract="") for n in (1, 2))
    same = make_paper(9, title="a", abstract="")

    first = VectorStore(database, make).embed([short, long, same])
    again = VectorStore(database, make).embed([long, short])

    assert first.tolist() == [[1, 0.5], [2, 0.5], [1, 0.5]]
    assert again.tolist() == [[2, 0.5], [1, 0.5]]
    assert make.made == ["a", "aa"]


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newsletter of years does not keep those of years ago."""
    monkeypatch.setattr(vectors, "KEPT", 3)
    make = Maker()
    store = VectorStore(open_test_database(tmp_path), make)
    papers = [make_paper(n, title="a" * n, abstract="") for n in range(1, 6)]

    for paper in papers:
        store.embed([paper])
    store.embed([papers[0], papers[4]])

    assert make.made == ["a", "aa", "aaa", "aaaa", "aaaaa", "a"]


def test_models_do_not_share_embeddings(tmp_path: Path) -> None:
    """Each has its own of the same paper."""
    database, first, second = open_test_database(tmp_path), Maker(), Maker()
    paper = make_paper(1, title="a", abstract="")

    VectorStore(database, first, "one").embed([paper])
    VectorStore(database, second, "two").embed([paper])
    VectorStore(database, first, "one").embed([paper])

    assert (first.made, second.made) == (["a"], ["a"])


def test_what_is_made_is_kept_when_the_rest_fails(tmp_path: Path) -> None:
    """A first run takes minutes: one that is ended goes on where it was, and tells how far it is."""
    database, told = open_test_database(tmp_path), list[tuple[int, int]]()
    papers = [make_paper(n, title="a" * n, abstract="") for n in range(1, vectors.BATCH + 11)]
    make = Maker()

    def fails(some: Sequence[Paper]) -> Any:
        if papers[-1] in some:
            raise KeyboardInterrupt
        return make(some)

    with pytest.raises(KeyboardInterrupt):
        VectorStore(database, fails, on_made=lambda *count: told.append(count)).embed(papers)
    VectorStore(database, make, on_made=lambda *count: told.append(count)).embed(papers)

    assert make.made == [paper.title for paper in papers]
    assert told == [(vectors.BATCH, len(papers)), (10, 10)]
