"""What each reader gets of the picks, as the settings of the newsletter ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from makers import NOW, make_issue, make_paper, make_pick, write_newsletter

from newsletter.config.files import load_config
from newsletter.day import steps
from newsletter.day.drafts import Draft
from newsletter.day.pools import Pool
from newsletter.model import Pick
from newsletter.pick.papers import Candidates
from newsletter.store import open_database
from newsletter.world.days import day_of

TOPICS = "topics: [{name: agents, title: Agents, match: [agent], limit: 3}]\n"
PLAIN = "{email: bo@readers.example}"
PERSONAL = "{email: ada@readers.example, mute: [proteins]}"


def draft_of(folder: Path, root: Path, reader: str, more: str) -> Draft:
    write_newsletter(
        folder,
        root,
        newsletter=f"name: x\nfrom: a@letters.example\n{more}\n",
        topics=TOPICS,
        subscribers=f"subscribers:\n  - {reader}\n",
    )
    config = load_config(folder / "config", {})
    day = day_of(config, open_database("sqlite:///test.db", folder), clock=lambda: NOW)
    steps.follow_list(day)
    papers = [picked.paper for picked in PICKS]
    pool = Pool(day=day, candidates=Candidates(papers, NOW), picks=PICKS)
    return Draft(day=day, issue=make_issue(), pool=pool)


def pick(number: int, title: str, total: float, *authors: str) -> Pick:
    own = " ".join(f"{title.rsplit(maxsplit=1)[-1]}{place}" for place in range(20))
    paper = make_paper(number, title=title, abstract=f"{title} {own}", authors=authors)
    return make_pick(paper, topic="agents", total=total)


PICKS = (
    pick(1, "agent planning with tools on the web", 0.9, "Ada Byron"),
    pick(2, "agent planning with tools on the desk", 0.89, "Ada Byron"),
    pick(3, "agent memory for robots in snow", 0.88, "Ada Byron"),
    pick(4, "agent safety under pressure", 0.5, "Bo Li"),
)


def shown(draft: Draft) -> list[str]:
    (found,) = draft.editions()
    picks = found.selection.picks
    return [picked.paper.title.split()[1] + picked.paper.title.split()[-1] for picked in picks]


@pytest.mark.parametrize("reader", [PLAIN, PERSONAL])
def test_of_one_author_as_many_as_the_newsletter_says(
    tmp_path: Path, root: Path, reader: str
) -> None:
    """`per_author` holds for readers with settings of their own and for those without."""
    assert len(shown(draft_of(tmp_path / "a", root, reader, "per_author: 5"))) == 3
    assert shown(draft_of(tmp_path / "b", root, reader, "per_author: 1")) == [
        "planningweb",
        "safetypressure",
    ]


@pytest.mark.parametrize("reader", [PLAIN, PERSONAL])
def test_variety_moves_what_is_like_others_down(tmp_path: Path, root: Path, reader: str) -> None:
    """`variety` holds for both as well: with room for three, the second of two twins is left out."""
    plain = shown(draft_of(tmp_path / "a", root, reader, "per_author: 5"))
    varied = shown(draft_of(tmp_path / "b", root, reader, "per_author: 5\nvariety: 0.9"))

    assert plain == ["planningweb", "planningdesk", "memorysnow"]
    assert varied == ["planningweb", "memorysnow", "safetypressure"]


def test_the_page_for_everybody_keeps_both_settings(tmp_path: Path, root: Path) -> None:
    """The page shows all topics and belongs to no single reader."""
    _, chosen = draft_of(tmp_path, root, PLAIN, "per_author: 1").page()

    assert [picked.paper.title.split()[-1] for picked in chosen] == ["web", "pressure"]
