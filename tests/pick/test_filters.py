"""The filter language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper

from newsletter.model import Paper
from newsletter.pick.filters.folding import fold, fold_paper
from newsletter.pick.filters.language import FilterError, parse_match
from newsletter.pick.filters.matching import find, matches
from newsletter.pick.filters.scanning import Matcher


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


PAPER = make_paper(
    title="Direct preference optimization (DPO) without a reward model",
    abstract="We align language models with human feedback. It beats RLHF-v2 on 3 of 4 tasks.",
    authors=("Ada Byron",),
    categories=("cs.CL", "stat.ML"),
    venue="ICML 2026",
    votes=12,
)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ('(dpo OR "preference optimization") AND cat:cs.CL NOT protein', True),
        ("dpo AND NOT model", False),
        ("dpo ANDNOT protein", True),
        ("protein OR reward", True),
        ("reward model NOT (rlhf OR protein)", False),
        ("(dpo protein)", False),
        ("(dpo reward)", True),
        ("au:byron AND (ti:dpo OR abs:dpo)", True),
        ('abs: "human feedback" AND votes', False),
        ("NOT protein AND dpo", True),
        ("author: byron OR protein", True),
        ("NOT NOT dpo AND dpo", True),
    ],
)
def test_one_line_queries(query: str, holds: bool) -> None:  # noqa: FBT001  a case of the table
    """AND, OR, NOT in capitals, brackets, quotes and fields; AND may be left out."""
    assert hit(query, PAPER) is holds
    assert hit({"any": [query]}, PAPER) is holds


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("(dpo OR", "nothing follows `OR`"),
        ("dpo AND", "nothing follows `AND`"),
        ("(dpo AND x", "never closed"),
        ("dpo OR x)", "one `\\)` too many"),
        ('dpo AND "x', "quotation mark is never closed"),
        ("NOT dpo", "only says what is not wanted"),
        ("dpo AND titel:x", "unknown field `titel:`"),
        ("(" * 60 + "x AND y" + ")" * 60, "too many brackets"),
    ],
)
def test_queries_that_mean_nothing(query: str, said: str) -> None:
    """Each says where it goes wrong."""
    with pytest.raises(FilterError, match=said):
        parse_match([query])


def test_words_that_are_no_query() -> None:
    """`and` in small letters is a word, and so is a lone hyphen's neighbour."""
    assert hit("with human feedback", PAPER)
    assert not hit("direct and preference", PAPER)


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ({"near(3)": ["align", "feedback"]}, False),
        ({"near(6)": ["align", "feedback"]}, True),
        ({"near(6)": ["feedback", "align"]}, True),
        ({"near(0)": ["direct", "preference optimization"]}, True),
        ({"near(9)": ["align", "protein"]}, False),
        ({"near(50)": ["direct", "feedback"]}, False),
        ({"any": [{"near(6)": ["align", "feedback"]}, "protein"]}, True),
        ({"all": ["dpo"], "near(6)": ["align", "feedback"]}, True),
        ({"all": ["dpo"], "min_votes": 12}, True),
        ({"all": ["dpo"], "min_votes": 13}, False),
        ({"min_votes": 3}, True),
        ("venue: icml", True),
        ("source: test", True),
        ("source: elsewhere", False),
        ("/RLHF-v\\d/", True),
        ("/rlhf-v\\d/", False),
        ("/(?i)rlhf-v\\d/", True),
        ("/AND (OR|x)/", False),
    ],
)
def test_more_than_words(match: object, holds: bool) -> None:  # noqa: FBT001  a case of the table
    """Closeness, votes, venues, sources and expressions."""
    assert hit(match, PAPER) is holds


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ({"near(5)": ["one"]}, "two or more"),
        ([{"title": "x"}], 'goes in quotes: "title: x"'),
        ({"near(5)": ["one", "title: two"]}, "plain words"),
        ({"near": ["a", "b"]}, "unknown key `near`; did you mean `near\\(5\\):`"),
        ({"min_votes": "many"}, "a number of votes"),
        (["/(unclosed/"], "is no expression"),
        (["/(a)\\1/"], "is no expression"),
        ({"all": ["x"], "any": [{"none": ["y"]}]}, "finds nothing"),
    ],
)
def test_what_is_no_filter(match: object, said: str) -> None:
    """Each mistake is one sentence."""
    with pytest.raises(FilterError, match=said):
        parse_match(match)


def test_an_expression_runs_in_linear_time() -> None:
    """What hangs other engines for years is answered at once."""
    assert not hit("/(a+)+$/", make_paper(title="x", abstract="a" * 5000 + "b"))


WORDS = st.sampled_from(
    "agent tool model protein reward title:agent abstract:tool cat:cs.CL".split()
)
FILTERS = st.recursive(
    WORDS | st.sampled_from(["author: byron", "/tool/", "venue: icml", "source: test"]),
    lambda inner: st.fixed_dictionaries(
        {"any": st.lists(inner, min_size=1, max_size=3)},
        optional={
            "all": st.lists(inner, max_size=2),
            "none": st.lists(WORDS, max_size=2),
            "near(2)": st.just(["agent", "tool"]),
            "min_votes": st.integers(1, 3),
        },
    ),
    max_leaves=8,
)
SENTENCES = st.lists(st.sampled_from("agent tools Model protein reward and of the".split())).map(
    " ".join
)


@given(
    filters=st.lists(FILTERS, max_size=6),
    title=SENTENCES,
    abstract=SENTENCES,
    votes=st.integers(0, 4),
    known=st.booleans(),
)
def test_scanning_all_filters_at_once_finds_what_each_would(
    *, filters: list[object], title: str, abstract: str, votes: int, known: bool
) -> None:
    """One automaton for all of them changes nothing but the time it takes."""
    parsed = [parse_match(one) for one in filters]
    paper = fold_paper(
        make_paper(
            title=title,
            abstract=abstract,
            votes=votes,
            categories=("cs.CL",) if known else (),
            venue="ICML" if known else "",
            authors=("Ada Byron",) if known else (),
        )
    )

    found = sorted(Matcher(parsed).holding(paper))

    assert found == [number for number, one in enumerate(parsed) if matches(one, paper)]


@given(st.text(alphabet='()" AND OR NOT ab:/.', max_size=30))
def test_any_query_is_a_filter_or_a_filter_error(text: str) -> None:
    """However it is typed."""
    try:
        match = parse_match(text)
    except FilterError as error:
        assert str(error)
    else:
        assert matches(match, fold_paper(PAPER)) in (True, False)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("(a OR b))", "one `)` too many"),
        ("(a OR b", "a `(` is never closed"),
        ('a AND "b', "a quotation mark is never closed"),
        ("a OR", "nothing follows `OR`"),
        ("a AND NOT", "nothing follows `NOT`"),
        ("(a AND )", "nothing follows `AND`"),
        ("()", "nothing follows `(`"),
        ("OR a", "it is empty"),
        ("NOT a", "it only says what is not wanted"),
        ("(" * 31 + "a" + ")" * 31, "too many brackets in brackets"),
    ],
)
def test_what_is_no_query(query: str, said: str) -> None:
    """Each mistake in one exact sentence, with the word that it is about."""
    with pytest.raises(FilterError) as caught:
        parse_match(query)

    assert said in str(caught.value).split(": ")


def test_brackets_go_as_deep_as_anybody_writes_them() -> None:
    """Thirty of them, and what is inside still counts."""
    deep = "(" * 30 + "agent AND tool" + ")" * 30

    assert hit(deep, make_paper(title="agent tool"))
    assert not hit(deep, make_paper(title="agent", abstract=""))
