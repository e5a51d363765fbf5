"""The filter language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper

from newsletter.model import Match, Near, Paper, Term
from newsletter.pick.filters.folding import Folded, fold, fold_paper
from newsletter.pick.filters.language import FilterError, parse_match
from newsletter.pick.filters.matching import Hit, find, hits, matches
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
        ("“human feedback” AND votes", False),
        ("abs:„human feedback“ AND dpo", True),
        ("«feedback human» AND dpo", False),
        ('"feedback “human”" AND dpo', False),
        ("dpo\u00a0AND\u00a0protein", False),
    ],
)
def test_one_line_queries(query: str, *, holds: bool) -> None:
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
        ("dpo AND -author:byron", "write `NOT author:byron` after"),
        ("-name:byron", "write `NOT author:byron` after"),
        ("\u2212cat: cs.CL", "under `none:`"),
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
def test_more_than_words(match: object, *, holds: bool) -> None:
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
    [*"agent tool model protein reward title:agent abstract:tool cat:cs.CL data-set dataset R C++".split(),
     "data set", "reward model", "basis", "vitamin c", "强化学习", "강화 학습"]
)  # fmt: skip
FILTERS = st.recursive(
    WORDS | st.sampled_from(["author: byron", "/tool/i", "venue: icml", "source: test"]),
    lambda inner: st.fixed_dictionaries(
        {"any": st.lists(inner, min_size=1, max_size=3)},
        optional={
            "all": st.lists(inner, max_size=2),
            "none": st.lists(WORDS, max_size=2),
            "near(2)": st.sampled_from([["agent", "tool"], ["dataset", "basis"]]),
            "min_votes": st.integers(1, 3),
        },
    ),
    max_leaves=8,
)
SENTENCES = st.lists(
    st.sampled_from(
        "agent tools Model protein reward and of the data sets data-set dataset R r C++ bases Vitamin C "
        "基于强化学习 강화학습을 강화".split()
    )
).map(" ".join)


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
    parsed = [parse_match(written) for written in filters]
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

    assert found == [number for number, match in enumerate(parsed) if matches(match, paper)]


@pytest.mark.parametrize(
    ("unwanted", "holds"),
    [("protein", False), ("title: protein", False), ("abstract: protein", True)],
)
def test_scanning_minds_what_a_filter_does_not_want(*, unwanted: str, holds: bool) -> None:
    """One wanted word finds the paper, one unwanted word in its place refuses it."""
    match = parse_match({"any": ["agent", "tool"], "none": [unwanted]})
    paper = fold_paper(make_paper(title="An agent for a protein", abstract="A tool."))

    assert Matcher([match]).holding(paper) == ({0} if holds else set())


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


def words(text: str, field: str = "text", shown: str = "") -> Term:
    folded = text if field in ("category", "votes", "regex") else f" {text} "
    return Term(text=shown or text, field=field, words=folded)


A, B, C = words("a"), words("b"), words("c")


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("a", Match(any=(A,))),
        (["a", 7, 1.5], Match(any=(A, words("7"), words("1.5")))),
        ({"any": "a", "none": "b"}, Match(any=(A,), none=(B,))),
        ({"all": ["a"], "any": None}, Match(all=(A,))),
        ({"all": ["a", {"all": ["b"]}]}, Match(all=(A, B))),
        ({"all": ["a", {"all": ["b", "c"]}]}, Match(all=(A, Match(all=(B, C))))),
        ({"all": ["a", {"all": ["b"], "none": ["c"]}]}, Match(all=(A, Match(all=(B,), none=(C,))))),
        ({"all": ["a", {"all": ["b"], "any": ["c"]}]}, Match(all=(A, Match(all=(B,), any=(C,))))),
        ({"all": ["a", {"any": ["b"]}]}, Match(all=(A, Match(any=(B,))))),
        ({"min_votes": 1}, Match(all=(words("1", "votes", "1 votes or more"),))),
        ({"all": ["a"], "min_votes": 9}, Match(all=(A, words("9", "votes", "9 votes or more")))),
        ({"near ( 12 )": ["a", "b"]}, Match(all=(Near(terms=(A, B), within=12, text="a … b"),))),
        (" Title : 'A' ", Match(any=(words("a", "title", "'A'"),))),
        ('ti: "a" ', Match(any=(words("a", "title"),))),
        ("ABS:a", Match(any=(words("a", "abstract"),))),
        ("au:a", Match(any=(words("a", "author"),))),
        ("cat: CS.*", Match(any=(words("cs.*", "category", "CS.*"),))),
        ("venue:a", Match(any=(words("a", "venue"),))),
        ("source:a", Match(any=(words("a", "source"),))),
        ("/a.b/", Match(any=(words("a.b", "regex", "/a.b/"),))),
        ("/AND OR/", Match(any=(words("AND OR", "regex", "/AND OR/"),))),
        ("a AND b", Match(all=(A, B))),
        ("a OR b OR c", Match(any=(A, B, C))),
        ("a b OR c", Match(any=(Match(all=(A, B)), C))),
        ("a NOT b", Match(all=(A,), none=(B,))),
        ("a ANDNOT b", Match(all=(A,), none=(B,))),
        ("a AND NOT NOT b", Match(all=(A, B))),
        ("NOT b AND a", Match(all=(A,), none=(B,))),
        ("(a OR b) AND c", Match(all=(Match(any=(A, B)), C))),
        ("(a)", Match(all=(A,))),
        ("((a b))", Match(all=(A, B))),
        ('ti: "a" AND b', Match(all=(words("a", "title"), B))),
        (["a OR b", "c"], Match(any=(Match(any=(A, B)), C))),
    ],
)
def test_what_a_filter_means(value: object, match: Match) -> None:
    """Part by part: groups, terms with their fields, and queries on one line."""
    assert parse_match(value) == match


GROUP = "this filter finds nothing: give it terms under any: or all:"
KNOWN = "; known are `any:`, `all:`, `none:`, `near(5):`, `min_votes:`"
FIELDS = "; known are `title:`, `abstract:`, `author:`, `category:`, `venue:`, `source:`"
CLOSE = "near(5): takes a list of two or more plain words or phrases"
VOTES = "min_votes: takes a number of votes, 1 or more"


@pytest.mark.parametrize(
    ("value", "said", "path"),
    [
        (5, "a filter is a list of terms, or any:, all: and none: over such", ()),
        ([], GROUP, ()),
        ({"none": ["a"]}, GROUP, ()),
        ({"all": ["a", {"none": ["b"]}]}, GROUP, ("all", 1)),
        ({"any": {"a": 1}}, "expected a list of terms", ("any",)),
        ({"any": 5}, "expected a list of terms", ("any",)),
        ({"zzz": ["a"]}, f"unknown key `zzz`{KNOWN}", ("zzz",)),
        ({"alll": ["a"]}, "unknown key `alll`; did you mean `all:`?", ("alll",)),
        ({"title": "a"}, 'a term with a colon goes in quotes: "title: a"', ("title",)),
        ({"au": 5}, 'a term with a colon goes in quotes: "au: 5"', ("au",)),
        ({"title": ["a"]}, f"unknown key `title`{KNOWN}", ("title",)),
        ({"zzz": "a"}, f"unknown key `zzz`{KNOWN}", ("zzz",)),
        ({5: "a"}, f"unknown key `5`{KNOWN}", ("5",)),
        ({"near(5)": "a"}, CLOSE, ("near(5)",)),
        ({"near(5)": ["a", "title: b"]}, CLOSE, ("near(5)",)),
        ({"near(5)": ["a", {"any": ["b"]}]}, CLOSE, ("near(5)",)),
        ({"min_votes": 0}, VOTES, ("min_votes",)),
        ({"min_votes": True}, VOTES, ("min_votes",)),
        ({"min_votes": "5"}, VOTES, ("min_votes",)),
        (["a", "titel: b"], "unknown field `titel:`; did you mean `title:`?", ("any", 1)),
        (["Zzz:b"], f"unknown field `Zzz:`{FIELDS}", ("any", 0)),
        (["..."], "`...` has no word to look for", ("any", 0)),
        ([None], "`` has no word to look for", ("any", 0)),
        (['title: " "'], '`title: " "` has no word to look for', ("any", 0)),
        ({"all": ["a OR"]}, "`a OR`: nothing follows `OR`", ("all", 0)),
        (
            {"any": ["a", {"all": ["/(/"]}]},
            "`/(/` is no expression: missing ): (",
            ("any", 1, "all", 0),
        ),
        (["/(a/i"], "`/(a/i` is no expression: missing ): (a", ("any", 0)),
        (["a OR titel:b"], "unknown field `titel:`; did you mean `title:`?", ("any", 0)),
    ],
)
def test_each_mistake_in_full(value: object, said: str, path: tuple[object, ...]) -> None:
    """One sentence, and the way to its place."""
    with pytest.raises(FilterError) as caught:
        parse_match(value)

    assert (str(caught.value), caught.value.path) == (said, path)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Networks", "network"), ("Policies", "policy"), ("dies", "die"), ("ties", "tie"), ("series", "series"),
        ("gas", "gas"), ("bus", "bus"), ("this", "this"), ("less", "less"), ("bias", "bias"), ("corpus", "corpus"),
        ("LLMs", "llm"), ("its", "its"), ("ads", "ad"), ("cars", "car"), ("s", "s"), ("", ""),
        ("Straße", "strasse"), ("Naïve Bayes", "naive baye"), ("a_b-c.d", "a b c d"), ("1990s", "1990s"), ("GPT-3.5", "gpt 3.5"), ("GPT-4's", "gpt 4"),
    ],
)  # fmt: skip
def test_words_as_matching_sees_them(text: str, folded: str) -> None:
    """Without case, accents, hyphens and plurals."""
    assert fold(text) == f" {folded} "


def test_a_paper_as_matching_sees_it() -> None:
    """Every text that filters look at; summaries and keywords count as its abstract."""
    sightings = tuple(
        replace(make_paper().sightings[0], source=name) for name in ("One Feed", "two", "One Feed")
    )
    paper = make_paper(
        title="A Title", abstract="An Abstract", summary="Short", keywords=("K One", "two"), votes=3,
        authors=("Li, Bo",), categories=("cs.CL", "stat.ML"), venue="ICML 2026", sightings=sightings,
    )  # fmt: skip

    folded = fold_paper(paper)

    assert folded == Folded(
        title=" a title ", abstract=" an abstract | short K one two ", authors=(" li bo ",),
        categories=("cs.cl", "stat.ml"), venue=" icml 2026 ", sources=(" one feed ", " two "), votes=3,
        written="A Title\nAn Abstract",
    )  # fmt: skip
    assert fold_paper(replace(paper, summary="", keywords=())).abstract == " an abstract "


@pytest.mark.parametrize(
    ("term", "place"),
    [
        ("direct", "title"), ("feedback", "abstract"), ("reward model", "title"), ("title: direct", "title"),
        ("title: feedback", None), ("abstract: feedback", "abstract"), ("abstract: direct", None),
        ("author: ada", "author"), ("author: byron lovelace", None), ("venue: 2026", "venue"), ("venue: neurips", None),
        ("source: test", "source"), ("category: cs.cl", "category"), ("category: ml", None), ("/\\(DPO\\)/", "regex"),
        ("/protein/", None), ("protein", None),
    ],
)  # fmt: skip
def test_where_a_term_stands(term: str, place: str | None) -> None:
    """In the most telling place, or in the field that it names."""
    (wanted,) = parse_match(term).any
    found = find(wanted, fold_paper(PAPER))  # type: ignore[arg-type]

    assert found == (Hit(term=wanted, place=place) if place else None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("within", "text", "holds"),
    [
        (0, "a b", True), (0, "b a", True), (0, "a x b", False), (1, "a x b", True), (1, "a x x b", False),
        (1, "a x x x b x a", True), (2, "b x a x b", True), (0, "a a b", True), (5, "a x x", False), (0, "x a b", True),
        (3, "a x b x x x", True), (0, "ab", False),
    ],
)  # fmt: skip
def test_how_near_two_words_are(within: int, text: str, *, holds: bool) -> None:
    """At most so many other words between them, in either order, wherever they stand."""
    match = {f"near({within})": ["a", "b"]}

    assert hit(match, make_paper(title=text, abstract="")) is holds
    assert hit(match, make_paper(title="", abstract=text, keywords=())) is holds
    near = parse_match(match).all[0]
    found = find(near, fold_paper(make_paper(title=text, abstract="")))  # type: ignore[arg-type]
    assert (found.place if found else None) == ("title" if holds else None)


def test_terms_that_were_found() -> None:
    """Those that are wanted and stand there, also of filters in filters that hold."""
    match = parse_match(
        {"all": ["direct", {"any": ["reward", "protein"]}], "any": ["feedback", {"all": ["dpo", "protein"]}, "x"],
         "none": ["protein"]}
    )  # fmt: skip

    found = [(met.term.text, met.place) for met in hits(match, fold_paper(PAPER))]

    assert found == [("feedback", "abstract"), ("direct", "title"), ("reward", "title")]


def test_a_backslash_that_yaml_ate_is_told() -> None:
    r"""In double quotes YAML makes a backspace of `\b`: the expression would find nothing."""
    with pytest.raises(FilterError, match=r"control character .* single quotes"):
        parse_match(["/gpus?\x08/"])
