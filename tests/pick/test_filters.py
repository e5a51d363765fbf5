"""The filter language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper

from newsletter.model import Paper
from newsletter.pick.filters import FilterError, find, fold, fold_paper, matches, parse_match


def hit(match: object, paper: Paper) -> bool:
    return matches(parse_match(match), fold_paper(paper))


@pytest.mark.parametrize(
    ("term", "title"),
    [
        ("language model", "Large Language Models"),
        ("pre-training", "Pre Training at scale"),
        ("naive", "A Naïve method"),
        ("LLM", "llms everywhere"),
        ("policies", "A policy"),
        ("gpt-4", "GPT-4's limits"),
        ("title: scale", "Training at Scale"),
        ('"at scale"', "Training at Scale"),
    ],
)
def test_case_accents_plurals_and_hyphens_do_not_matter(term: str, title: str) -> None:
    """A term finds its words however they are written."""
    assert hit(term, make_paper(title=title, abstract=""))


@pytest.mark.parametrize(
    ("term", "title"), [("art", "Smart cart"), ("rag", "Storage"), ("gas", "Ga"), ("bias", "Bia")]
)
def test_parts_of_words_do_not_match(term: str, title: str) -> None:
    """A term is whole words: `art` is not in `smart`."""
    assert not hit(term, make_paper(title=title, abstract=""))


def test_any_all_and_none_nest() -> None:
    """All of all, one of any, none of none, to any depth."""
    match = {"all": ["agent"], "any": ["tool", {"all": ["web", "search"]}], "none": ["robot"]}

    assert hit(match, make_paper(title="Agents with tools"))
    assert hit(match, make_paper(title="Agents that search the web"))
    assert not hit(match, make_paper(title="Agents that search"))
    assert not hit(match, make_paper(title="Agents with tools on a robot"))


def test_fields() -> None:
    """title:, abstract:, author: and category: look only there; * stands for anything."""
    paper = make_paper(
        title="T", abstract="A", authors=("Geoffrey E. Hinton",), categories=("cs.CL",)
    )

    assert hit("author: Hinton", paper)
    assert hit("author: hinton, geoffrey", paper)
    assert hit("category: cs.*", paper)
    assert hit("Category:CS.cl", paper)
    assert not hit("category: cs.C", paper)
    assert not hit("title: hinton", paper)


def test_the_title_is_named_before_the_abstract() -> None:
    """The place of a hit is the most telling one."""
    match = parse_match("method")
    (term,) = match.any

    found = find(term, fold_paper(make_paper(title="A method", abstract="A method.")))  # type: ignore[arg-type]

    assert found is not None
    assert found.place == "title"


@pytest.mark.parametrize(
    ("match", "message", "path"),
    [
        ({"anny": ["x"]}, "unknown key `anny`; did you mean `any:`", ("anny",)),
        (["titel: x"], "unknown field `titel:`; did you mean `title:`", ("any", 0)),
        ({"any": ["ok", {"all": ["..."]}]}, "no word to look for", ("any", 1, "all", 0)),
        ({"none": ["x"]}, "finds nothing", ()),
        ({"any": {"a": 1}}, "expected a list", ("any",)),
        (None, "a filter is a list", ()),
    ],
)
def test_mistakes_name_their_place(match: object, message: str, path: tuple[object, ...]) -> None:
    """A filter that means nothing says what is wrong and leads to it."""
    with pytest.raises(FilterError, match=message) as caught:
        parse_match(match)

    assert caught.value.path == path


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["any", "all", "none", "x"]), inner)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_any_yaml_is_a_filter_or_a_filter_error(value: object) -> None:
    """No value of any shape raises anything else."""
    try:
        match = parse_match(value)
    except FilterError as error:
        assert str(error)
    else:
        matches(match, fold_paper(make_paper()))


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    """A folded text is its own folding but for plurals of plurals."""
    assert fold(fold(text)).split() == fold(" ".join(fold(text).split())).split()
