"""Libraries of likes: what people export is read, and what cannot be read says why and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import LibraryError
from newsletter.learn.libraries import Library, read_library

BIB = r"""
@article{a, Title = {{Engines} that {Plan} with $\alpha$}, abstract={They plan tools.}}
@inproceedings{b, title = "Agents on the web"}
@misc{c, year = 2024}
"""


def library(folder: Path, name: str, content: bytes | str) -> Library:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_library(path)


def titles(found: Library) -> list[str]:
    return [paper.title for paper in found.papers]


def test_bibtex(tmp_path: Path) -> None:
    """Titles and abstracts without braces and LaTeX; entries without a title teach nothing."""
    found = library(tmp_path, "mine.bib", BIB)

    assert titles(found) == ["Engines that Plan with α", "Agents on the web"]
    assert found.papers[0].abstract == "They plan tools."
    assert found.notes == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            '[{"title": "On <i>Engines</i>", "abstract": "We do."}, {"type": "book"}]',
            ["On Engines"],
        ),
        ('{"config": {}, "items": [{"title": "BBT", "abstractNote": "Yes."}]}', ["BBT"]),
        ('[{"key": "x", "data": {"title": "From the API"}}]', ["From the API"]),
    ],
)
def test_json_of_every_kind(tmp_path: Path, content: str, expected: list[str]) -> None:
    """CSL JSON, Better BibTeX JSON and Zotero's own API."""
    assert titles(library(tmp_path, "mine.json", content)) == expected


def test_abstracts_of_better_bibtex(tmp_path: Path) -> None:
    """This program calls the field `abstractNote`."""
    content = '{"items": [{"title": "BBT", "abstractNote": "Yes."}]}'

    assert library(tmp_path, "x.json", content).papers[0].abstract == "Yes."


def test_ris(tmp_path: Path) -> None:
    """One entry from TY to ER; values go on in lines without a tag; either name of a field."""
    content = (
        "TY  - JOUR\r\nTI  - Planning\r\n  agents\r\nAB  - We plan.\r\nER  - \r\n"
        "TY  - CONF\r\nT1  - Other\r\nN2  - So.\r\nER  -\r\nTY  - BOOK\r\nTI  - Cut off\r\n"
    )
    found = library(tmp_path, "z.ris", content)

    assert titles(found) == ["Planning agents", "Other", "Cut off"]
    assert [paper.abstract for paper in found.papers] == ["We plan.", "So.", ""]
    assert found.notes == (f"{tmp_path}/z.ris:10: this entry has no end (a line `ER  -`)",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with or without its mark, what Windows wrote, and UTF-16."""
    content = "@article{a, title={Café résumé}}".encode(encoding)

    assert titles(library(tmp_path, "x.bib", content)) == ["Café résumé"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("@article{k, title={First}}\n@article{k, title={Second}}\n@article{K, title={Third}}",
         {"First", "Second", "Third"}),
        ("@article{k1, title={Twice}, year=2020, year=2021}\n@article{k2, title={Other}}",
         {"Twice", "Other"}),
        ("@article{k1, title={One}, title={Two}}", {"One"}),
    ],
)  # fmt: skip
def test_nothing_is_lost_when_a_key_stands_twice(
    tmp_path: Path, content: str, expected: set[str]
) -> None:
    """Neither an entry's key nor a field's costs an entry; of a field the first counts."""
    found = library(tmp_path, "x.bib", content)

    assert set(titles(found)) == expected
    assert found.notes == ()


def test_a_broken_entry_costs_itself(tmp_path: Path) -> None:
    """The others are read, and the line where it begins is told."""
    content = (
        "@article{a, title={Good}}\n\n@article{x,\n title = {Unclosed\n}\n\n@misc{b, title={Too}}"
    )
    found = library(tmp_path, "x.bib", content)

    assert titles(found) == ["Good", "Too"]
    assert found.notes == (
        f"{tmp_path}/x.bib:3: this entry cannot be read: is a closing brace missing?",
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.json", '[{"title": "x",]', "x.json:1: not valid JSON"),
        ("x.json", "[\n\n{]", "x.json:3: not valid JSON"),
        ("x.json", "3", "x.json:1: neither CSL JSON"),
        ("x.json", '{"a": 1}', "x.json:1: neither CSL JSON"),
        ("x.json", "[1, 2]", "x.json:1: 2 entries are not objects"),
        ("x.json", "[" * 100_000, "x.json:1: JSON that cannot be read"),
        ("x.bib", "", "x.bib:1: an empty file"),
        ("x.bib", " \n", "x.bib:1: an empty file"),
        ("x.bib", "<!DOCTYPE html><html><body>Sign in</body></html>", "x.bib:1: a web page"),
        ("x.bib", "just words", "x.bib:1: no entry with a title"),
        ("x.bib", "\n@article{x, title = {No end", "x.bib:2: this entry cannot be read"),
        ("x.ris", "TY  - JOUR\nER  - \n", "x.ris:1: no entry with a title"),
        ("x.ris", "<html>", "x.ris:1: a web page"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, content: str, said: str) -> None:
    """The error gives the file, the line and the reason."""
    with pytest.raises(LibraryError) as caught:
        library(tmp_path, name, content)

    assert said in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    """For a missing file or a folder, the error names the path."""
    (tmp_path / "folder.bib").mkdir()

    for name in ("gone.bib", "folder.bib"):
        with pytest.raises(LibraryError, match=name):
            read_library(tmp_path / name)


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(str.encode)
    | st.text('@{}"=,#%\\\n article title', max_size=300).map(str.encode)
    | st.text("TYERI - \n\r", max_size=200).map(str.encode)
    | st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["items", "title", "data", "abstract"]), inner)).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([".bib", ".json", ".ris"]),
)  # fmt: skip
def test_any_bytes_are_a_library_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    """Nothing else is raised, and every title is a line of plain text."""
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    try:
        found = read_library(path)
    except LibraryError as error:
        assert str(path) in str(error)
    else:
        assert all(paper.title and "\n" not in paper.title for paper in found.papers)
