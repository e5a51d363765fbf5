"""What makes two papers one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_document, make_source

from newsletter.collect.identity.duplicates import merge_papers
from newsletter.collect.identity.keys import (
    arxiv_id,
    canonical_url,
    doi,
    paper_keys,
    surname,
    web_url,
)
from newsletter.collect.kinds.feeds import parse_feed
from newsletter.model import Paper


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://arxiv.org/abs/2410.01234v2", ("2410.01234", 2)),
        ("http://arxiv.org/pdf/2410.01234v3.pdf", ("2410.01234", 3)),
        ("oai:arXiv.org:2607.11111v1", ("2607.11111", 1)),
        ("https://huggingface.co/papers/2410.01234", ("2410.01234", 1)),
        ("https://doi.org/10.48550/arXiv.2410.01234", ("2410.01234", 1)),
        ("http://arxiv.org/abs/quant-ph/0201082v1", ("quant-ph/0201082", 1)),
        ("math.GT/0309136", ("math.GT/0309136", 1)),
        ("2410.01234", ("2410.01234", 1)),
        ("https://ar5iv.org/abs/2410.01234", ("2410.01234", 1)),
        ("https://www.alphaxiv.org/overview/2410.01234v2", ("2410.01234", 2)),
        ("https://example.org/2410.01234", None),
        ("10.1234/example.2607.22222", None),
        ("version 2410.012", None),
    ],
)
def test_arxiv_ids(text: str, expected: tuple[str, int] | None) -> None:
    """An arXiv id is found in links, OAI ids and on its own, and nowhere else."""
    assert arxiv_id(text) == expected


def test_dois_have_no_case() -> None:
    """A DOI is the same with any prefix and in any case."""
    assert doi("https://doi.org/10.1000/ABC.1") == doi("doi:10.1000/abc.1") == "10.1000/abc.1"
    assert doi("https://example.org/10.1000/abc") is None


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("https://www.biorxiv.org/content/10.1101/2026.01.01.123456v2.full.pdf?rss=1", "10.1101/2026.01.01.123456"),
        ("https://onlinelibrary.example/doi/full/10.1002/adma.2026?af=R", "10.1002/adma.2026"),
        ("https://link.example/article/10.1007/s10994-026-0001-2", "10.1007/s10994-026-0001-2"),
        ("https://iop.example/article/10.1088/1361-6471/123456/meta", "10.1088/1361-6471/123456"),
        ("https://academic.oup.example/bib/article/doi/10.1093/bib/bbaa1/6000000", "10.1093/bib/bbaa1"),
        ("https://chem.example/doi/10.26434/chem-2026-abc-v2", "10.26434/chem-2026-abc-v2"),
        ("https://doi.org/10.1000/a%2Fb", "10.1000/a/b"),
        ("https://example.org/blog/10.1-release", None),
        ("https://example.org/doi/suppl/10.1000/abc", None),
    ],
)  # fmt: skip
def test_pages_of_publishers_name_dois(page: str, name: str | None) -> None:
    """A version, a part of the page and a number of the site's own belong to no DOI."""
    assert doi(page) == name


def test_addresses_of_one_page_are_equal() -> None:
    """Scheme, www, tracking parameters, fragment and a final slash do not make another page."""
    assert canonical_url("https://www.Example.org/a/?utm_source=x&b=1#top") == canonical_url(
        "http://example.org/a?b=1"
    )
    assert canonical_url("https://example.org/a?b=1") != canonical_url("https://example.org/a?b=2")


@given(st.text())
def test_any_text_has_a_key_and_raises_nothing(text: str) -> None:
    """Whatever a feed puts into its links, a paper gets at least one key."""
    assert paper_keys(references=(text,), url=web_url(text), title=text)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "/relative", "http://", "http://["]
)
def test_only_web_addresses_pass(link: str) -> None:
    """A link that is not http(s) with a host is dropped."""
    assert web_url(link) == ""


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (("Ada Byron", "Byron, Ada", "A. Byron"), "byron"),
        (("Jan van der Berg Jr.", "van der Berg, Jan Jr.", "van der Berg, J."), "berg"),
        (("Luis García Márquez", "García Márquez, Luis"), "marquez"),
        (("Martin King III", "King, III, Martin", "King, Martin, III"), "king"),
        (("Plato",), "plato"),
        (("", " , "), ""),
    ],
)
def test_a_family_name_is_one_in_all_orders(names: tuple[str, ...], family: str) -> None:
    """Sources write one author in different ways; duplicates are told by it."""
    assert {surname(name) for name in names} == {family}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://e.example/news#1", "https://e.example/news#2"),
        ("https://e.example/#/post/a", "https://e.example/#/post/b"),
        ("https://e.example/?ref=10", "https://e.example/?ref=11"),
        ("https://e.example/?source=1", "https://e.example/?source=2"),
        ("https://e.example/?rss=7", "https://e.example/?rss=8"),
        ("https://e.example/?share=17", "https://e.example/"),
        ("https://e.example/?first", "https://e.example/?second"),
    ],
)
def test_what_may_tell_pages_apart_is_kept(left: str, right: str) -> None:
    """Fragments and parameters that are not known to be for tracking."""
    assert canonical_url(left) != canonical_url(right)


@pytest.mark.parametrize(
    "more",
    ["?ref=rss", "?source=rss----abc", "?dgcid=rss_sd_all", "?fbclid=x&utm_medium=y", "?rss=1", "?share=twitter",
        "?PHPSESSID=7",
        "?srsltid=x", "?gad_source=1&gad_campaignid=2", "?itm_source=x", "?utm-source=x", "?_branch_match_id=1", ";jsessionid=7", "#comments", "#atom-everything", "#:~:text=x"],
)  # fmt: skip
def test_what_is_known_to_track_is_dropped(more: str) -> None:
    """Where a reader came from, and the places that every page has."""
    assert canonical_url(f"https://e.example/a{more}") == "e.example/a"


@pytest.mark.parametrize(
    "link",
    [
        "https://hf.co/papers/2611.00001", "https://www.semanticscholar.org/arxiv/2611.00001",
        "https://www.emergentmind.com/papers/2611.00001", "https://doi.org/10.48550%2FarXiv.2611.00001",
    ],
)  # fmt: skip
def test_pages_about_an_arxiv_paper_name_it(link: str) -> None:
    """Their address holds its id."""
    assert arxiv_id(link) == ("2611.00001", 1)


def test_a_doi_may_be_percent_encoded() -> None:
    """As programs write it that build an address from it."""
    assert doi("https://doi.org/10.1000%2Fx.1") == "10.1000/x.1"


def posts(*links: str, guids: tuple[str, ...] = ("tag:e,1", "tag:e,2")) -> list[Paper]:
    items = "".join(
        f"<item><title>Post {number}</title><link>{link}</link>"
        f"<guid isPermaLink='false'>{guid}</guid></item>"
        for number, (link, guid) in enumerate(zip(links, guids, strict=True))
    )
    document = make_document(f"<rss version='2.0'><channel>{items}</channel></rss>")
    return list(parse_feed(document, make_source(), NOW).papers)


def test_entries_without_links_are_told_apart_by_their_ids() -> None:
    """Though they have the same title."""
    items = "".join(f"<item><title>Errata</title><guid>{guid}</guid></item>" for guid in (1, 2))
    document = make_document(f"<rss version='2.0'><channel>{items}</channel></rss>")
    papers = parse_feed(document, make_source(), NOW).papers

    assert len(merge_papers(papers, alike=False)) == 2


def test_the_guid_counts_where_links_change() -> None:
    """A post whose link is new is the same post; an id that all entries share is none."""
    before = posts("https://e.example/a?sid=1", "https://e.example/old-slug")
    after = posts("https://e.example/a?sid=2", "https://e.example/new-slug")
    alike = posts("https://e.example/a", "https://e.example/b", guids=("0", "0"))

    assert len(merge_papers([*before, *after])) == 2
    assert len(merge_papers(alike)) == 2
