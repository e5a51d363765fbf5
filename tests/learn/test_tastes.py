"""What topics and readers like, from ids, libraries and words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, make_paper, open_test_database

from newsletter.errors import ModelError
from newsletter.learn.tastes import Tastes, named
from newsletter.model import Border, Fault, Paper, ReasonKind
from newsletter.store import PaperStore

WORDS = "agents plan tools with models act web steps proteins fold cells heat enzymes yeast".split()


@pytest.fixture
def tastes(tmp_path: Path) -> Tastes:
    """A store of papers of four fields."""
    store = PaperStore(open_test_database(tmp_path))
    fields = (WORDS[:8], WORDS[8:], ["robots", "walk", "snow", "night"], ["knots", "genus", "link"])
    papers = [
        make_paper(n, title=" ".join(random.Random(n).choices(fields[n % 4], k=6)), abstract="")
        for n in range(1, 161)
    ]
    store.save(papers, NOW)
    return Tastes(store, tmp_path)


def test_a_bad_library_costs_its_owner_that_library_only(tastes: Tastes, tmp_path: Path) -> None:
    """It is told once, with its content; other likes of the same reader go on teaching."""
    (tmp_path / "bad.bib").write_bytes(b"<!DOCTYPE html><html>Sign in</html>")
    agents, proteins = (
        make_paper(400, title="Agents plan steps"),
        make_paper(401, title="Cells fold"),
    )

    faults: list[Fault] = []
    tastes.on_fault = faults.append
    tastes.marks([agents, proteins], ["bad.bib"])
    found = tastes.marks([agents, proteins], ["bad.bib", "gone.ris", "agents that plan"])

    assert found[agents.id].value > found[proteins.id].value
    assert [(fault.border, fault.name) for fault in faults] == [
        (Border.LIBRARY, "bad.bib"), (Border.LIBRARY, "gone.ris"),
    ]  # fmt: skip
    assert "a web page, not a library" in faults[0].problem
    assert faults[0].content.startswith(b"<!DOCTYPE")
    assert "no such file" in faults[1].problem


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


def test_papers_that_are_not_on_arxiv_are_liked_by_their_ids(tastes: Tastes) -> None:
    """By DOI, OpenReview id, address or title; an id that nobody knows teaches nothing."""
    agents, proteins = (
        make_paper(400, title="Agents plan steps"),
        make_paper(401, title="Cells fold"),
    )
    for key in ("doi:10.1/a", "openreview:abcdef", "url:a.example/p", "title:" + "0af1" * 5):
        liked = make_paper(402, title="Agents plan tools", keys=(key,))
        tastes.papers.save([liked], NOW)
        found = tastes.marks([agents, proteins], [key])
        assert found[agents.id].value > found[proteins.id].value, key
    assert tastes.marks([agents], ["doi:10.1/b", "url:a.example"]) == {}


def test_nothing_is_learnt_from_nothing(tastes: Tastes, tmp_path: Path) -> None:
    """No likes, an unknown id, or a store with too few papers."""
    new = [make_paper(400)]
    empty = Tastes(PaperStore(open_test_database(tmp_path, "empty.db")), tmp_path)

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


def test_what_likes_name_is_known_by_the_keys_of_papers() -> None:
    """Ids and addresses as people write them, keys as feedback has them; words name nothing."""
    title = "title:0123456789abcdef0123"
    likes = [
        "2603.99004v2", "https://arxiv.org/abs/2603.99005", "arxiv:2603.99006", "doi:10.1/x.y",
        "openreview:AbCd_1234", "url:example.org/a?b=1", title, "title: scaling", "mine.bib", "knots",
    ]  # fmt: skip

    assert named(likes) == {
        "arxiv:2603.99004", "arxiv:2603.99005", "arxiv:2603.99006", "doi:10.1/x.y",
        "openreview:AbCd_1234", "url:example.org/a?b=1", title,
    }  # fmt: skip


def test_dislikes_alone_are_marks_against_papers(tastes: Tastes) -> None:
    """A paper near to them has a high mark; its reason says so, and never that it is liked."""
    near, far = make_paper(400, title="Knots genus link"), make_paper(401, title="Robots walk snow")

    found = tastes.marks([near, far], [], ["knots of a genus that link"])
    both = tastes.marks([near, far], ["robots"], ["knots of a genus that link"])

    assert found[near.id].is_near
    assert not found[far.id].is_near
    assert found[near.id].against
    assert found[near.id].reason().kind is ReasonKind.DISLIKED
    assert not both[near.id].against
    assert both[far.id].reason().kind is ReasonKind.LIKED


def test_a_model_that_cannot_be_read_costs_only_itself(tastes: Tastes) -> None:
    """It is told once; likes go on teaching by words."""
    faults: list[Fault] = []
    tastes.on_fault = faults.append

    def embed(_papers: Sequence[Paper]) -> Any:
        raise ModelError("models/gone: no such folder")

    tastes.embed = embed
    agents, proteins = (
        make_paper(400, title="Agents plan steps"),
        make_paper(401, title="Cells fold"),
    )

    tastes.marks([agents, proteins], ["agents that plan"])
    found = tastes.marks([agents, proteins], ["agents that plan"])

    assert found[agents.id].chance > found[proteins.id].chance
    assert [str(fault) for fault in faults] == ["model embeddings: models/gone: no such folder"]


def test_what_was_liked_since_makes_a_like_count_less(tastes: Tastes) -> None:
    """The same likes in the other order bring the other field to the top."""
    agents = [f"agents plan tools number{n}" for n in range(60)]
    proteins = [f"proteins fold cells number{n}" for n in range(60)]
    both = (make_paper(400, title="Agents plan steps"), make_paper(401, title="Cells fold"))

    first, second = (tastes.marks(both, likes) for likes in (agents + proteins, proteins + agents))

    assert first[both[0].id].chance < first[both[1].id].chance
    assert second[both[0].id].chance > second[both[1].id].chance


def test_the_floor_says_what_is_near_enough(tastes: Tastes) -> None:
    """Whoever wants fewer and surer papers raises it."""
    (mark,) = tastes.marks([make_paper(400, title="Agents plan steps")], WORDS[:3]).values()
    tastes.floor = mark.chance + 0.01
    (higher,) = tastes.marks([make_paper(400, title="Agents plan steps")], WORDS[:3]).values()

    assert not higher.is_near
    assert (higher.chance, higher.value) == (mark.chance, mark.value)
