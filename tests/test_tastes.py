"""What topics and readers like, from ids, libraries and words."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from makers import NOW, make_paper

from newsletter.errors import ConfigError
from newsletter.store import PaperStore, open_database
from newsletter.tastes import Tastes, read_library

BIB = r"""@article{byron1843, title = {{E}ngines that {P}lan with $\alpha$}, year = 1843,
  abstract = "They plan \emph{tools}."}
@misc{empty, year = 2020}
@inproceedings{li, TITLE = {Agents on the web}}"""
WORDS = "agents plan tools with models act web steps proteins fold cells heat enzymes yeast".split()


@pytest.fixture
def tastes(tmp_path: Path) -> Tastes:
    """A store of papers of four fields."""
    store = PaperStore(open_database("sqlite:///test.db", tmp_path))
    fields = (WORDS[:8], WORDS[8:], ["robots", "walk", "snow", "night"], ["knots", "genus", "link"])
    papers = [
        make_paper(n, title=" ".join(random.Random(n).choices(fields[n % 4], k=6)), abstract="")
        for n in range(1, 161)
    ]
    store.save(papers, NOW)
    return Tastes(store, tmp_path)


def test_libraries_of_both_kinds(tmp_path: Path) -> None:
    """BibTeX, and the CSL JSON that Zotero exports; entries without a title teach nothing."""
    (tmp_path / "mine.bib").write_text(BIB, "utf-8")
    csl = [{"title": "On <i>Engines</i>", "abstract": "We do."}, {"type": "book"}, 3]
    (tmp_path / "mine.json").write_text(json.dumps(csl), "utf-8")

    bib, zotero = read_library(tmp_path / "mine.bib"), read_library(tmp_path / "mine.json")

    assert [one.title for one in bib] == ["Engines that Plan with α", "Agents on the web"]
    assert bib[0].abstract == "They plan tools."
    assert [(one.title, one.abstract) for one in zotero] == [("On Engines", "We do.")]


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.json", b"{"), ("x.json", b"3"), ("x.bib", b"\xff\xfe"), ("y.bib", None)],
)
def test_a_library_that_cannot_be_read_is_said(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    """With its path, in one line."""
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(ConfigError, match=name) as caught:
        read_library(tmp_path / name)

    assert "\n" not in str(caught.value)


def test_likes_are_ids_libraries_and_words(tastes: Tastes, tmp_path: Path) -> None:
    """Each of them brings papers of its field to the top."""
    (tmp_path / "mine.bib").write_text("@misc{a, title={Agents plan tools on the web}}", "utf-8")
    agents, proteins = (
        make_paper(400, title="Agents plan steps"),
        make_paper(401, title="Cells fold"),
    )

    for like in (
        "2603.99004",
        "https://arxiv.org/abs/2603.99004v2",
        "mine.bib",
        "agents that plan",
    ):
        found = tastes.marks([agents, proteins], [like])
        assert found[agents.id].value > found[proteins.id].value, like


def test_nothing_is_learnt_from_nothing(tastes: Tastes, tmp_path: Path) -> None:
    """No likes, an unknown id, or a store with too few papers."""
    new = [make_paper(400)]
    empty = Tastes(PaperStore(open_database("sqlite:///empty.db", tmp_path)), tmp_path)

    assert tastes.marks(new, []) == {}
    assert tastes.marks(new, ["2401.00001"]) == {}
    assert tastes.marks([], ["agents"]) == {}
    assert empty.marks(new, ["agents"]) == {}


def test_ids_that_nobody_knows_are_told(tastes: Tastes) -> None:
    """So that arXiv can be asked for them."""
    likes = ["2603.99004", "2401.00001v3", "a sentence", "x.bib", "https://doi.org/10.1/x"]

    assert tastes.unknown(likes) == ("2401.00001",)


def test_novelty_goes_by_what_was_sent(tastes: Tastes) -> None:
    """Nothing is known where nothing was sent."""
    sent = make_paper(400, title="Agents plan steps with tools", abstract="")
    other = make_paper(401, title="Cells fold proteins under heat", abstract="")

    found = tastes.novelty([sent, other], [sent])

    assert found[sent.id] < found[other.id]
    assert tastes.novelty([sent], []) == {}
