"""Answers of services that enrich papers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from makers import NOW, open_test_database

from newsletter.store import FactStore


def test_answers_are_kept_by_service_and_age(tmp_path: Path) -> None:
    """An empty answer is one too; what is too old is asked for again."""
    store = FactStore(open_test_database(tmp_path))
    store.save("github", {"a/b": {"stars": 1}, "c/d": {}}, NOW)
    store.save("crossref", {"a/b": {"venue": "x"}}, NOW)
    store.save("github", {"a/b": {"stars": 2}}, NOW + dt.timedelta(days=1))

    assert store.known("github", ["a/b", "c/d", "e/f"], NOW) == {"a/b": {"stars": 2}, "c/d": {}}
    assert store.known("github", ["a/b", "c/d"], NOW + dt.timedelta(hours=1)) == {
        "a/b": {"stars": 2}
    }


def test_many_subjects(tmp_path: Path) -> None:
    """More than one statement may hold."""
    store = FactStore(open_test_database(tmp_path))
    store.save("github", {f"a/{n}": {"stars": n} for n in range(1200)}, NOW)

    assert len(store.known("github", [f"a/{n}" for n in range(1200)], NOW)) == 1200
