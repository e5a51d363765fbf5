"""What a stranger types into one field, and what of it a subscription stores."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper, make_topic

from newsletter.day.interests import MOST_LIKES, Interest, interest_wishes, read_interest
from newsletter.day.strangers import no_file
from newsletter.model import Topic, Wishes
from newsletter.pick.filters.language import parse_match
from newsletter.store import Database, PaperStore, SearchStore, open_database

READ = Callable[..., Interest]
TOPICS: tuple[Topic, ...] = (
    make_topic("agents"),
    make_topic("language-models", title="Talk, and models"),
)
TITLE = "Untying Knots, Slowly: A Study of Patience in Machines"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = open_database("sqlite:///interests.db", tmp_path_factory.mktemp("interests"))
    papers = [make_paper(number) for number in range(1, 20)]
    papers += [
        make_paper(30, title=TITLE),
        make_paper(31, title="On other boats", keys=("doi:10.1000/boats", "url:boats.example/p")),
        make_paper(32, title="Posts about nothing", keys=("url:blog.example/post",)),
    ]
    PaperStore(database).save(papers, NOW)
    return database


@pytest.fixture(scope="module")
def read(database: Database) -> READ:
    papers, search = PaperStore(database), SearchStore(database)

    def reading(text: str, library: bytes = b"") -> Interest:
        return read_interest(text, library=library, topics=TOPICS, papers=papers, search=search)

    return reading


KNOTS = "arxiv:2603.99030"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Interest()),
        (" , ;\n\n. ", Interest()),
        ("agents", Interest(topics=("agents",))),
        ("Agents; talk and models", Interest(topics=("agents", "language-models"))),
        ("2603.99030", Interest(likes=(KNOTS,))),
        ("https://arxiv.org/pdf/2603.99030v3", Interest(likes=(KNOTS,))),
        ("arXiv:2603.99030, 2401.00001v2", Interest(likes=(KNOTS, "arxiv:2401.00001"), asked=("2401.00001",))),
        ("10.1000/boats", Interest(likes=("doi:10.1000/boats",))),
        ("https://doi.org/10.1000/BOATS", Interest(likes=("doi:10.1000/boats",))),
        ("https://www.blog.example/post?utm_source=x", Interest(likes=("url:blog.example/post",))),
        (TITLE, Interest(likes=(KNOTS,))),
        ("untying knots slowly - a study of patience in machines.", Interest(likes=(KNOTS,))),
        ("Untying Knots, Slowly: A Study of Patiense in Machines", Interest(likes=(KNOTS,))),
        ("protein folding", Interest(words=("protein folding",), likes=("protein folding",))),
        ("GPT-4", Interest(words=("GPT-4",), likes=("GPT-4",))),
        ("BERT: what now", Interest(words=("(bert AND now)",), likes=("BERT: what now",))),
        ("机器学习", Interest(words=("机器学习",), likes=("机器学习",))),
        (
            "diffusion models for proteins",
            Interest(words=("(diffusion AND model AND protein)",), likes=("diffusion models for proteins",)),
        ),
        (
            "how large language models plan their work with other people in the office",
            Interest(likes=("how large language models plan their work with other people in the office",)),
        ),
        ("author: Ada Byron", Interest(words=("author: Ada Byron",))),
        ('(dpo OR "preference, optimization") AND cat:cs.CL', Interest(words=('(dpo OR "preference, optimization") AND cat:cs.CL',))),
        ('"preference optimization"', Interest(words=('"preference optimization"',))),
        ("cat:cs.*", Interest(words=("cat:cs.*",))),
        ("snow, snow\nsnow", Interest(words=("snow",), likes=("snow",))),
    ],
)  # fmt: skip
def test_one_field_takes_whatever_says_what_somebody_likes(
    read: READ, text: str, wanted: Interest
) -> None:
    """Topics, papers by id, address or title, queries and words."""
    found = read(text)

    assert found == wanted
    assert found.is_empty == (found == Interest())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("regex: a+", "“regex: a+” is a regular expression, and only the newsletter's own topics may have these"),
        ("/(a+)+b/i", "is a regular expression"),
        ("(/a+b/ AND snow)", "is a regular expression"),
        ("(snow AND", "“(snow AND” cannot be understood: nothing follows AND."),
        ('(snow AND "ice', "a quotation mark is never closed"),
        ("NOT snow", "it only says what is not wanted"),
        ("cat:*a*b*c", "a category takes one asterisk"),
        ("the of", "says too little"),
        ("my.bib", "“my.bib” looks like a file: choose it as your library instead."),
        ("../../x.json", "looks like a file"),
        ("https://nowhere.example/x", "We know no paper at “https://nowhere.example/x”"),
        ("(a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd ee ff)", "many words"),
        (" ".join(["word"] * 1000), "only the first 2,000 characters count"),
        ("\n".join(f"snow{number}" for number in range(30)), "only the first 20 count"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_told_in_plain_words(read: READ, text: str, said: str) -> None:
    """And the rest counts all the same."""
    found = read(f"{text}, knots")

    assert said in " ".join(map(str, found.problems))
    if "only the first" not in said:
        assert found.words == ("knots",)


def test_a_doi_that_nobody_knows_counts_when_it_comes(read: READ) -> None:
    """The person is told so."""
    found = read("doi:10.1000/unknown")

    assert found.likes == ("doi:10.1000/unknown",)
    assert (*map(str, found.notes),) == (
        "We do not know “doi:10.1000/unknown” yet; it counts as soon as we do.",
    )


@pytest.mark.parametrize(
    "name", ["x.bib", "a title.JSON", "x.ris.bib", " .bib", ".json", "a b.ris "]
)
def test_no_word_is_the_name_of_a_file(name: str) -> None:
    """A like that ends as a library does would be read from the disk."""
    assert not no_file(name).lower().endswith((".bib", ".json", ".ris"))


BIB = (
    "@article{a, title={{" + TITLE + "}}, abstract={Knots.}}\n"
    "@misc{b, title={Something new.json}}\n@misc{c, title={Never closed\n"
)


@pytest.mark.parametrize("pasted", [True, False])
def test_a_library_is_papers_and_titles(read: READ, pasted: bool) -> None:  # noqa: FBT001  a case
    """Stored papers by their ids, others by their titles; what cannot be read is told with its line."""
    found = read(BIB) if pasted else read("agents", BIB.encode())

    assert found.likes == (KNOTS, "Something new json")
    assert found.topics == (() if pasted else ("agents",))
    assert str(found.notes[0]) == "We read 2 papers in your library."
    assert (
        str(found.notes[1])
        == "1 place in your library could not be read well: line 3: this entry cannot be read: is a closing brace missing?"
    )


@pytest.mark.parametrize(
    "library",
    [
        json.dumps([{"title": TITLE}, {"title": "Something new"}]).encode(),
        f"TY  - JOUR\nTI  - {TITLE}\nER  -\nTY  - JOUR\nTI  - Something new\nER  -\n".encode(),
    ],
)
def test_the_contents_tell_the_format(read: READ, library: bytes) -> None:
    """CSL JSON and RIS."""
    assert read("", library).likes == (KNOTS, "Something new")


def test_of_a_large_library_some_count(read: READ) -> None:
    """They are taken evenly from all of it."""
    titles = [f"Something new about number{number}" for number in range(400)]
    found = read("", json.dumps([{"title": title} for title in titles]).encode())

    assert len(found.likes) == MOST_LIKES
    assert found.likes[0] == titles[0]
    assert found.likes[25] == titles[200]
    assert (*map(str, found.notes),) == (
        "We read 400 papers in your library; 50, taken evenly, count.",
    )


@pytest.mark.parametrize(
    ("library", "said"),
    [
        (b"<html><body>Sign in</body></html>", "Your library cannot be read: line 1: a web page, not a library"),
        (b'[{"title": 3', "Your library cannot be read: line 1: not valid JSON"),
        (b"[" * 100_000, "Your library cannot be read: line 1: JSON that cannot be read."),
        (b"   ", "Your library cannot be read: line 1: an empty file."),
        (b"x" * 3_000_001, "Your library cannot be read: it is larger than 3 MB."),
        (b"@misc{a, note={no title}}", "Your library cannot be read: line 1: no entry with a title in it."),
        (b"\x00\xff\xfe", "Your library cannot be read"),
    ],
)  # fmt: skip
def test_a_library_that_cannot_be_read_is_told(read: READ, library: bytes, said: str) -> None:
    """With the line, without a path, and the text beside it counts."""
    found = read("knots", library)

    assert said in " ".join(map(str, found.problems))
    assert found.words == ("knots",)


def test_hostile_libraries_take_a_bounded_time(read: READ, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that reads them is ended."""
    monkeypatch.setattr("newsletter.day.strangers.LIBRARY_SECONDS", 0.5)
    monkeypatch.setattr("newsletter.collect.reader.SECONDS_PER_MEGABYTE", 0.1)
    start = time.monotonic()
    found = read("", b"@a{" * 900_000)

    assert time.monotonic() - start < 15
    assert "Your library cannot be read" in " ".join(map(str, found.problems))


@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                [
                    '"',
                    "(",
                    ")",
                    ",",
                    "AND",
                    "OR",
                    "NOT",
                    "/",
                    "cat:",
                    "*",
                    " ",
                    "\n",
                    "snow",
                    "regex:",
                    ".bib",
                    "2603.99030",
                ]
            )
        ).map("".join),
    )
)
def test_whatever_somebody_types_makes_wishes(database: Database, text: str) -> None:
    """Nothing raises, nothing is an expression or a file, and every filter can be read again."""
    found = read_interest(
        text, topics=TOPICS, papers=PaperStore(database), search=SearchStore(database)
    )
    wishes = interest_wishes(found)

    assert not any(like.lower().endswith((".bib", ".json", ".ris")) for like in wishes.likes)
    assert "field='regex'" not in repr(parse_match(wishes.words) if wishes.words else "")


def test_wishes_are_small_and_plain(read: READ) -> None:
    """Just what a subscription stores."""
    found = interest_wishes(read("agents, protein folding, 2603.99030"))

    assert found == Wishes(
        topics=("agents",), words=["protein folding"], likes=("protein folding", KNOTS)
    )
    assert interest_wishes(Interest()) == Wishes()
