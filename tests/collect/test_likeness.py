"""Almost the same title by the same people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_document, make_paper, make_source

from newsletter.collect.identity.duplicates import merge_papers
from newsletter.collect.identity.keys import paper_keys
from newsletter.collect.identity.likeness import near_keys
from newsletter.collect.kinds.table import KINDS
from newsletter.model import Paper

TITLE = "Pre-training Large Language Models on Engines of Thought"
PEOPLE = ("Ada Byron", "Émilie du Châtelet", "Bo Li")


def work(reference: str, title: str = TITLE, authors: tuple[str, ...] = PEOPLE) -> Paper:
    keys = paper_keys(references=(reference,), url="", title=title)
    return make_paper(keys=keys, title=title, authors=authors)


PREPRINT = work("2603.99001")


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        (TITLE, ("Bo Li", "Ada Byron", "E. du Chatelet")),  # another order, other initials
        ("Pretraining large-language models on engines of thought", PEOPLE),
        ("Pre-training Large Language Models on Engines of Thought.", PEOPLE),
        ("Pre-training Large Language Models on the Engines of Thought", PEOPLE),
        (TITLE, ("Byron, Ada", "du Châtelet, Émilie")),  # one author dropped
    ],
)
def test_a_preprint_meets_its_journal_version(title: str, authors: tuple[str, ...]) -> None:
    """Spelling, a word more, another order of authors: the work is the same."""
    (merged,) = merge_papers([PREPRINT, work("10.1000/xyz", title, authors)])

    assert merged.id == "arxiv:2603.99001"
    assert "doi:10.1000/xyz" in merged.keys


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        (TITLE.replace("Large", "Small"), PEOPLE),
        (TITLE + " II", PEOPLE),
        (TITLE + " in Medicine and Law", PEOPLE),
        (TITLE, ("Cy Twombly", "Bo Li", "Dee Dee", "Ed Ed")),
        (TITLE, ()),
    ],
)
def test_other_works_stay_apart(title: str, authors: tuple[str, ...]) -> None:
    """Another word, another part, another subject, other people, or nobody."""
    assert len(merge_papers([PREPRINT, work("10.1000/xyz", title, authors)])) == 2


def test_two_arxiv_ids_are_two_works() -> None:
    """However alike: arXiv keeps versions of a work under one id."""
    other = work("2603.99002", TITLE.replace("Pre-training", "Pretraining"))

    assert len(merge_papers([PREPRINT, other])) == 2


def test_posts_have_no_likeness() -> None:
    """A blog's titles are alike every week: without an id of a work nothing is compared."""
    assert near_keys(make_paper(keys=("url:blog.example/1",))) == ()
    assert near_keys(make_paper(title="Too short")) == ()


@given(st.permutations([PREPRINT, work("10.1000/xyz"), work("10.1000/abc", "A quite other work")]))
def test_the_order_of_sight_does_not_matter(papers: list[Paper]) -> None:
    """Whichever source came first, the same papers meet."""
    assert sorted(len(paper.keys) for paper in merge_papers(papers)) == [1, 2]


def of_arxiv(data: Path) -> dict[str, Paper]:
    """The papers of some days of arXiv metadata, by id."""
    listed = [
        entry
        for path in sorted((data / "arxiv" / "days").glob("*.json"))
        for entry in json.loads(path.read_bytes())["papers"]
    ]
    papers = (
        work(str(entry["arxiv_id"]), entry["title"], tuple(entry["authors"])) for entry in listed
    )
    return {paper.id: paper for paper in papers}


def of_feed(data: Path) -> dict[str, Paper]:
    """The papers of a public feed of the Daily Papers, by id."""
    found: dict[str, Paper] = {}
    for path in sorted((data / "huggingface" / "feed").glob("*.xml")):
        document = make_document(path.read_bytes(), path.as_uri())
        found |= {
            paper.id: paper for paper in KINDS["feed"].parse(document, make_source(), NOW).papers
        }
    return found


@pytest.mark.data
def test_the_same_paper_of_two_real_sources_meets_without_its_id(data: Path) -> None:
    """ArXiv's metadata and the public feed write titles and authors each in their own way."""
    arxiv, feed = of_arxiv(data), of_feed(data)
    both = sorted(arxiv.keys() & feed.keys())

    strangers = [
        make_paper(keys=(f"doi:10.1000/{key}",), title=feed[key].title, authors=feed[key].authors)
        for key in both
    ]
    merged = {paper.id: paper.keys for paper in merge_papers([*arxiv.values(), *strangers])}

    assert len(both) > 10
    assert [key for key in both if f"doi:10.1000/{key}" not in merged[key]] == []
    assert len(merged) == len(arxiv)


@pytest.mark.data
def test_real_papers_under_another_id_are_found_and_no_others(data: Path) -> None:
    """Copies with a journal's DOI, a hyphen less and authors reversed meet their own preprint only."""
    papers = [real for real in (of_feed(data) | of_arxiv(data)).values() if near_keys(real)]

    def copy(number: int, paper: Paper) -> Any:
        title, authors = paper.title.replace("-", " "), paper.authors[::-1]
        keys = (f"doi:10.1000/{number}",)
        return make_paper(keys=keys, title=title, authors=authors)

    copies = [copy(number, paper) for number, paper in enumerate(papers)]
    merged = merge_papers([*papers, *copies])

    pairs = [paper for paper in merged if any(key.startswith("doi:10.1000/") for key in paper.keys)]
    right = sum(
        paper.id.startswith("arxiv:")
        and papers[int(paper.keys[1].rpartition("/")[2])].id == paper.id
        for paper in pairs
        if len(paper.keys) > 1
    )
    assert len(papers) > 1_000
    assert right >= 0.99 * len(papers)
    assert sum(len(paper.keys) > 2 for paper in merged) == 0
