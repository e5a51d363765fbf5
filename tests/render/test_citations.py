"""BibTeX and RIS: read back by a BibTeX parser and by our own reader of libraries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bibtexparser.entrypoint import parse_string
from bibtexparser.model import Entry
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper
from pylatexenc.latex2text import LatexNodes2Text

from newsletter.learn.libraries import parse_library
from newsletter.model import Paper
from newsletter.render.citations import bibtex, ris
from newsletter.render.people import Name, byline, name_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
PAPERS = st.lists(
    st.builds(
        make_paper,
        st.integers(1, 50),
        id=TEXT,
        title=TEXT,
        abstract=TEXT,
        authors=st.lists(TEXT, max_size=3).map(tuple),
        venue=TEXT,
        categories=st.lists(TEXT, max_size=2).map(tuple),
        keywords=st.lists(TEXT, max_size=2).map(tuple),
        url=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
        published=st.none() | st.just(NOW),
    ),
    max_size=5,
    unique_by=lambda paper: paper.id,
)


def entries(*papers: Paper) -> list[Entry]:
    library = parse_string(bibtex(papers))
    assert not library.failed_blocks
    return library.entries


def fields(paper: Paper) -> dict[str, str]:
    (entry,) = entries(paper)
    return {name: str(found.value) for name, found in entry.fields_dict.items()}


def said(value: str) -> str:
    """What TeX would print."""
    printed = str(LatexNodes2Text().latex_to_text(re.sub(r"\\vphantom{\\[{}]}", "", value)))
    # pylatexenc prints them as the accents that they look like.
    return printed.replace("ˆ", "^").replace("˜", "~").replace("∖", "\\")


def line(text: str) -> str:
    return " ".join(text.split())


@given(PAPERS)
def test_every_entry_is_read_back(papers: list[Paper]) -> None:
    """Whatever papers hold: as many entries as papers, each with its own key, no brace left open."""
    written = bibtex(papers)
    library = parse_string(written)

    assert not library.failed_blocks
    assert len(library.entries) == len({entry.key for entry in library.entries}) == len(papers)
    for entry in library.entries:
        assert re.fullmatch(r"[a-z0-9]+-[0-9a-f]{8}", entry.key)
    # BibTeX counts braces, also those with a backslash before them.
    assert written.count("{") == written.count("}")


@given(PAPERS)
def test_every_record_is_read_back(papers: list[Paper]) -> None:
    """RIS: one value a line, CRLF, each record from TY to ER; our own reader finds every title."""
    written = ris(papers)

    lines = written.split("\r\n")
    assert all(re.fullmatch(r"([A-Z][A-Z0-9])  - .*|", one) for one in lines)
    assert len(written.splitlines()) == written.count("\r\n")
    assert [one[:2] for one in lines if one[:2] in ("TY", "ER")] == ["TY", "ER"] * len(papers)
    titled = [paper for paper in papers if line(paper.title)]
    if any(
        re.search(r"[^\W\d_]", paper.title) and "<" not in paper.title and "&" not in paper.title
        for paper in titled
    ):
        assert parse_library(Path("x.ris"), written.encode()).notes == ()


@given(st.text("abc \\{}%&#_$~^<>@,=éß東", max_size=40))
def test_texts_say_what_they_said(title: str) -> None:
    """Characters that mean something to TeX come out of it as they went in."""
    paper = make_paper(title=f"A {title}", abstract=title)
    found = fields(paper)

    assert line(said(found["title"])) == line(f"A {title}")


def test_a_preprint() -> None:
    """The fields of arXiv under the names that reference managers know; capitals are protected."""
    paper = make_paper(
        title="BERT & 100% of_it", authors=("Ada Byron", "Émilie du Châtelet", "The X Collaboration"),
        categories=("machine learning", "cs.CL"), keys=("arxiv:2603.99001", "doi:10.1/x_y"),
    )  # fmt: skip
    (entry,) = entries(paper)
    found = fields(paper)

    assert entry.entry_type == "misc"
    assert found["title"] == r"{BERT \& 100\% of\_it}"
    assert found["author"] == "Byron, Ada and du Châtelet, Émilie and {The X Collaboration}"
    assert [found[name] for name in ("eprint", "archivePrefix", "primaryClass", "doi", "year", "month")] == [
        "2603.99001", "arXiv", "cs.CL", "10.1/x_y", "2026", "3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("venue", "kind", "field", "ris_kind"),
    [
        ("", "misc", "", "UNPB"),
        ("Physical Review Letters", "article", "journal", "JOUR"),
        ("Journal of Machine Learning Research", "article", "journal", "JOUR"),
        ("NeurIPS 2026 Oral", "inproceedings", "booktitle", "CPAPER"),
        ("Proceedings of the 43rd Conference on Learning", "inproceedings", "booktitle", "CPAPER"),
        ("Proceedings of the National Academy of Sciences", "article", "journal", "JOUR"),
        ("Workshop on Things", "inproceedings", "booktitle", "CPAPER"),
    ],
)
def test_the_kind_follows_the_venue(venue: str, kind: str, field: str, ris_kind: str) -> None:
    """A conference, a journal, or neither."""
    paper = make_paper(venue=venue)
    (entry,) = entries(paper)

    assert entry.entry_type == kind
    assert not field or fields(paper)[field] == venue
    assert ris([paper]).startswith(f"TY  - {ris_kind}\r\n")
    assert (f"T2  - {venue}\r\n" in ris([paper])) == bool(venue)


@pytest.mark.parametrize(
    ("written", "family", "given", "suffix"),
    [
        ("Ada Byron", "Byron", "Ada", ""),
        ("Émilie du Châtelet", "du Châtelet", "Émilie", ""),
        ("Laurens van der Maaten", "van der Maaten", "Laurens", ""),
        ("J. R. R. Tolkien", "Tolkien", "J. R. R.", ""),
        ("Martin Luther King Jr.", "King", "Martin Luther", "Jr."),
        ("Ludwig van Beethoven III", "van Beethoven", "Ludwig", "III"),
        ("Byron, Ada", "Byron", "Ada", ""),
        ("O'Neil, J. P.", "O'Neil", "J. P.", ""),
        ("van der Berg, Jan Jr.", "van der Berg", "Jan", "Jr."),
        ("King Jr., Martin L.", "King", "Martin L.", "Jr."),
        ("King, Jr., Martin L.", "King", "Martin L.", "Jr."),
        ("Martin King, Jr.", "King", "Martin", "Jr."),
        ("García Márquez, Luis", "García Márquez", "Luis", ""),
        ("田中 愛子", "田中", "愛子", ""),
        ("김 철수", "김", "철수", ""),
        ("田中愛子", "田中愛子", "", ""),
        ("Plato", "Plato", "", ""),
        ("The ATLAS Collaboration", "The ATLAS Collaboration", "", ""),
        ("Gemini Team, Inc.", "Gemini Team Inc.", "", ""),
        ("", "", "", ""),
    ],
)
def test_names_in_parts(written: str, family: str, given: str, suffix: str) -> None:
    """The family's name with its particles; groups and single names stay whole."""
    assert name_of(written) == Name(family=family, given=given, suffix=suffix)


def test_authors_one_a_line() -> None:
    """RIS: `Family, Given, Suffix`."""
    record = ris([make_paper(authors=("Martin Luther King Jr.", "The X Team", ""))])

    assert re.findall("AU  - (.*)\r\n", record) == ["King, Martin Luther, Jr.", "The X Team"]


def test_a_key_is_the_same_in_every_file() -> None:
    """Papers that are alike do not change each other's keys; a paper given twice is one entry."""
    first, second = make_paper(1, title="Same words"), make_paper(2, title="Same words")

    assert [entry.key for entry in entries(first, second, first)] == [
        entries(first)[0].key, entries(second)[0].key,
    ]  # fmt: skip
    assert ris([first, second, first]).count("TY  - ") == 2


def test_our_own_readers_read_it() -> None:
    """What we give can be given back as likes."""
    paper = make_paper(title="Braces {and} C++ at 100%")
    for name, text in (("x.bib", bibtex([paper])), ("x.ris", ris([paper]))):
        (found,) = parse_library(Path(name), text.encode()).papers
        assert "C++ at 100" in found.title


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Byron, Ada", "Ada Byron"),
        ("van der Berg, Jan Jr.", "Jan van der Berg Jr."),
        ("Ada Byron", "Ada Byron"),
        ("田中 愛子", "田中 愛子"),
        ("Example, Inc.", "Example, Inc."),
        ("The Research Team, Example and Partners", "The Research Team, Example and Partners"),
    ],
)
def test_names_in_a_byline(written: str, said: str) -> None:
    """Commas there part one name from the next."""
    assert byline(written) == said
