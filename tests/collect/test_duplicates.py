"""One paper seen by several sources."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper

from newsletter.collect.duplicates import merge_papers
from newsletter.collect.identity import paper_keys
from newsletter.model import Sighting


def test_the_best_of_each_field_is_kept() -> None:
    """Longest abstract, fullest author list, most votes, earliest date, every sighting."""
    feed = make_paper(abstract="Short.", authors=("A", "B", "C"), votes=0)
    later = Sighting(source="votes", seen_at=NOW + dt.timedelta(hours=1), url="https://b.example")
    page = make_paper(abstract="Much longer.", authors=("A",), votes=9, sightings=(later,))

    (merged,) = merge_papers([feed, page])

    assert (merged.abstract, merged.authors, merged.votes) == ("Much longer.", ("A", "B", "C"), 9)
    assert [seen.source for seen in merged.sightings] == ["test", "votes"]


def test_papers_meet_through_a_third() -> None:
    """A preprint and its journal page become one when a source knows both ids."""
    preprint = make_paper(keys=("arxiv:1",))
    journal = make_paper(2, keys=("doi:10.1/x",), title="Journal title", url="https://j.example")
    both = make_paper(3, keys=("arxiv:1", "doi:10.1/x"))

    (merged,) = merge_papers([journal, preprint, both])

    assert set(merged.keys) == {"arxiv:1", "doi:10.1/x"}
    assert merged.id == "doi:10.1/x"
    assert merged.title == preprint.title


@given(st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=3), max_size=12))
def test_no_two_merged_papers_share_a_key(groups: list[set[int]]) -> None:
    """Whatever the order, every key ends up in exactly one paper, and none is lost."""
    papers = [make_paper(keys=tuple(f"url:{key}" for key in sorted(group))) for group in groups]

    merged = [key for paper in merge_papers(papers) for key in paper.keys]

    assert sorted(merged) == sorted({f"url:{key}" for group in groups for key in group})


def test_a_preprint_meets_its_journal_version() -> None:
    """Equal title and first author, however they are written, when both are known works."""
    authors, title = ("Émilie du Châtelet", "Ada Byron"), "On the Motion of Large Language Models"
    preprint = paper_keys(references=("2603.99001",), url="", title=title, authors=authors)
    journal = paper_keys(
        references=("10.1000/xyz",), url="https://j.example/1", title="On the motion of large-language models", authors=("Chatelet, E.",),
    )  # fmt: skip

    (merged,) = merge_papers([make_paper(keys=preprint), make_paper(keys=journal)])

    assert merged.id == "arxiv:2603.99001"
    assert "doi:10.1000/xyz" in merged.keys


@pytest.mark.parametrize(
    ("title", "authors", "references"),
    [
        ("On the Motion of Large Language Models", ("Bo Li",), ("10.1000/xyz",)),
        ("On the Motion of Small Language Models", ("Ada Byron",), ("10.1000/xyz",)),
        ("On the Motion of Large Language Models", ("Ada Byron",), ()),
        ("On the Motion of Large Language Models", (), ("10.1000/xyz",)),
    ],
)
def test_others_stay_apart(
    title: str, authors: tuple[str, ...], references: tuple[str, ...]
) -> None:
    """Another author, another title, a blog post of the same title, or no author at all."""
    paper = paper_keys(
        references=("2603.99001",),
        url="",
        title="On the Motion of Large Language Models",
        authors=("Ada Byron",),
    )
    other = paper_keys(
        references=references, url="https://b.example/1", title=title, authors=authors
    )

    assert not set(paper) & set(other)
