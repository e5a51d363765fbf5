"""One paper seen by several sources."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper

from newsletter.collect.identity.duplicates import attach_mentions, merge_papers
from newsletter.collect.identity.keys import paper_keys
from newsletter.model import Mention, Paper, Sighting


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


TITLE = "On the Motion of Large Language Models"


def work(references: tuple[str, ...], title: str, *authors: str, url: str = "") -> Paper:
    keys = paper_keys(references=references, url=url, title=title)
    return make_paper(keys=keys, title=title, authors=authors)


def test_a_preprint_meets_its_journal_version() -> None:
    """Equal title and first author, however they are written, when both are known works."""
    preprint = work(("2603.99001",), TITLE, "Émilie du Châtelet", "Ada Byron", "Bo Li")
    journal = work(
        ("10.1000/xyz",),
        "On the motion of large-language models",
        "Chatelet, E.",
        url="https://j.example/1",
    )

    (merged,) = merge_papers([preprint, journal])

    assert merged.id == "arxiv:2603.99001"
    assert "doi:10.1000/xyz" in merged.keys


@pytest.mark.parametrize(
    "other",
    [
        work(("10.1000/xyz",), TITLE, "Bo Li"),
        work(("10.1000/xyz",), TITLE.replace("Large", "Small"), "Ada Byron"),
        work((), TITLE, "Ada Byron", url="https://b.example/1"),
        work(("10.1000/xyz",), TITLE),
    ],
)
def test_others_stay_apart(other: Paper) -> None:
    """Another author, another title, a blog post of the same title, or no author at all."""
    paper = work(("2603.99001",), TITLE, "Ada Byron")

    assert len(merge_papers([paper, other])) == 2


def test_votes_of_a_sighting_are_those_of_its_last_time() -> None:
    """Each source's own votes are kept, and the time it was first seen."""
    early = Sighting(source="hn", seen_at=NOW, url="https://h.example/1", votes=3)
    late = replace(early, seen_at=NOW + dt.timedelta(days=1), votes=30, comments=4)

    (merged,) = merge_papers([make_paper(sightings=(early,)), make_paper(sightings=(late,))])

    assert merged.sightings == (replace(early, votes=30, comments=4),)


def test_discussions_are_attached_to_the_papers_they_are_about() -> None:
    """The liveliest is where the reader is led to, unless the paper has a page of its own."""
    paper = make_paper()
    quiet, lively = (
        Sighting(source="hn", seen_at=NOW, url=f"https://h.example/{n}", votes=n) for n in (1, 50)
    )
    mentions = [
        Mention(keys=paper.keys, sighting=lively),
        Mention(keys=("url:other.example", *paper.keys), sighting=quiet),
        Mention(keys=("arxiv:2603.99009",), sighting=lively),
    ]

    (talked,) = attach_mentions([paper, make_paper(2)], mentions)

    assert talked.discussion_url == "https://h.example/50"
    assert [sighting.url for sighting in talked.sightings if sighting.source == "hn"] == [
        "https://h.example/1",
        "https://h.example/50",
    ]
    own = make_paper(discussion_url="https://own.example")
    assert attach_mentions([own], mentions)[0].discussion_url == "https://own.example"
