"""Addresses of services that have a kind of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_source

from newsletter.collect.finding import address_of, already_there, named_apart
from newsletter.collect.kinds.places import source_at
from newsletter.collect.kinds.table import KINDS
from newsletter.errors import SourceError


@pytest.mark.parametrize(
    ("address", "kind", "wanted"),
    [
        ("https://arxiv.org/list/cs.CL/recent", "arxiv", ("cs.CL",)),
        ("http://www.arxiv.org/list/hep-th/new/", "arxiv", ("hep-th",)),
        ("https://rss.arxiv.org/rss/cs.CL+stat.ML", "arxiv", ("cs.CL", "stat.ML")),
        ("https://export.arxiv.org/rss/astro-ph", "arxiv", ("astro-ph",)),
        ("https://www.biorxiv.org/collection/cancer-biology", "biorxiv", ("cancer biology",)),
        (
            "http://connect.biorxiv.org/biorxiv_xml.php?subject=neuroscience",
            "biorxiv",
            ("neuroscience",),
        ),
        ("http://connect.medrxiv.org/medrxiv_xml.php?subject=all", "medrxiv", ()),
        (
            "https://openreview.net/group?id=ICLR.cc/2027/Conference",
            "openreview",
            "ICLR.cc/2027/Conference",
        ),
        ("https://huggingface.co/papers", "huggingface", ()),
        ("https://news.ycombinator.com/", "hackernews", ()),
        ("https://www.reddit.com/r/MachineLearning/", "reddit", "MachineLearning"),
        (
            "https://www.semanticscholar.org/author/Y.-Bengio/1751762",
            "semantic-scholar",
            ("1751762",),
        ),
    ],
)
def test_pages_of_services(address: str, kind: str, wanted: object) -> None:
    """Become sources of their kind, with all that it needs."""
    found = source_at(address)

    assert found is not None
    assert (found.kind, found.location) == (kind, "")
    assert wanted in (found.categories, found.query, found.authors)
    needs = KINDS[kind].needs
    assert not needs or any(getattr(found, name, None) for name in needs)


@pytest.mark.parametrize(
    "address",
    [
        "https://arxiv.org/abs/2410.01234", "https://arxiv.org/list/x;y/new", "https://evil.example/list/cs.CL/recent",
        "https://huggingface.co/blog", "https://openreview.net/forum?id=abc", "https://www.biorxiv.org/content/1",
        "https://arxiv.org.evil.example/list/cs.CL/new", "http://[", "",
    ],
)  # fmt: skip
def test_other_pages_are_none(address: str) -> None:
    """A paper, a blog, somebody who calls himself so."""
    assert source_at(address) is None


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    """In one line, and a second look finds the same."""
    try:
        address = address_of(text)
    except SourceError as error:
        assert "\n" not in str(error)
        return
    assert address.startswith(("http://", "https://"))
    assert address.isascii()
    source_at(address)


def test_addresses_as_people_write_them() -> None:
    """Without a scheme, or with that of feed readers."""
    assert address_of(" example.org/blog ") == "https://example.org/blog"
    assert address_of("feed://example.org/x") == "https://example.org/x"
    assert address_of("feed:https://example.org/x") == "https://example.org/x"
    assert address_of("bücher.example") == "https://xn--bcher-kva.example"


def test_what_is_there_already_is_found() -> None:
    """Also by the other scheme, with a slash, or as some of another's categories."""
    feed = make_source(name="F", location="https://www.a.example/feed/")
    arxiv = make_source(name="X", kind="arxiv", location="", categories=("cs.CL", "cs.LG"))
    known = (feed, arxiv)

    assert already_there(make_source(location="http://a.example/feed"), known) is feed
    assert already_there(make_source(location="http://a.example/other"), known) is None
    some = make_source(kind="arxiv", location="", categories=("cs.LG",))
    assert already_there(some, known) is arxiv
    more = make_source(kind="arxiv", location="", categories=("cs.LG", "cs.RO"))
    assert already_there(more, known) is None


def test_names_are_told_apart_and_name_no_variable() -> None:
    """A page chooses its feed's name: it reads nothing from the environment by it."""
    some = [
        make_source(name=name, location=f"https://{n}.example/f")
        for n, name in enumerate(("A", "A", "${HOME}", " "))
    ]

    assert [one.name for one in named_apart(some, ["A"])] == [
        "A (0.example)",
        "A (1.example)",
        "$(HOME}",
        "feed",
    ]
