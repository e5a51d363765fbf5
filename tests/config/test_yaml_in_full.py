"""What is said of text that is no YAML, word for word, and where each value stood."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.documents import MAX_BYTES, YamlDocument, parse_document, read_document
from newsletter.config.nodes import REPEATED
from newsletter.errors import ConfigError

TAB = "a tab: YAML wants spaces for indentation"
QUOTE = "the quote that opens here is never closed"
SECOND = "a second colon: a value with a colon goes in quotes"
AFTER = "unexpected text after a value: put the whole value in quotes"
LATIN = "not UTF-8 text (is it `{}`, saved as Latin-1 or Windows-1252?): save it as UTF-8"
OPEN = "the `{}` that opens here is never closed, or has a comma too few or too many"
SPACE = "expected `key: value`; is a space missing after a `:` above?"
EATEN = "`{}` begins a comment, so YAML reads no value: put it in quotes"
MERGE = "`<<` merges a mapping: write `<<: *name` of one"
NEIGHBOURS = "`{}` is indented differently from the lines above: line it up with its neighbours"
BELONGS = (
    "`{}` is indented differently from what it belongs to: give it {} spaces, "
    "as the text after `- ` above"
)
BESIDE = "`{}` is indented differently from `{}` above it: line them up"
BELOW = ", or remove `{}` if it belongs below"
UNSET = (
    "the environment variable NOPE is not set, or is empty: export it, write it into the file .env "
    "beside config/, or name a file that holds it in NOPE_FILE"
)

LOOKS = "a character that looks like a space and is none (U+{}): use plain spaces"
SAID = [
    # indentation
    (b"topics:\n  - name: a\n     title: A\n", ":3:6: " + BESIDE.format("title", "name")),
    (b"a: b\n c: d\n", ":2:2: " + BESIDE.format("c", "a") + BELOW.format("b")),
    (b"a: 1\n\n\n  b: 2\n", ":4:3: " + BESIDE.format("b", "a") + BELOW.format("1")),
    (b"topics:\n  - name: a\n  title: A\n", ":3:3: " + BELONGS.format("title", 4)),
    (b"- a\n\nb: c\n", ":3:1: " + BELONGS.format("b", 2)),
    (b"a:\n    b: 1\n  c: 2\n", ":3:3: " + NEIGHBOURS.format("c")),
    (b"a: b\n- c\n", ":2:1: " + NEIGHBOURS.format("- c")),
    (b"a:\n  - b: 1\n    - c\n", ":3:5: " + NEIGHBOURS.format("- c")),
    (b"topics:\n\t- name: a\n", ":2:1: " + TAB),
    (b"a:\n\tb: 1\n", ":2:1: " + TAB),
    (b"topics:\n  - name: a\n\tmatch: [x]\n", ":3:1: " + TAB),
    # colons
    (b"title: Foo: bar\n", ":1:11: " + SECOND),
    (b"a: b: c\n", ":1:5: " + SECOND),
    (b"a: [1]: 2\n", ":1:7: " + SECOND),
    (b"key:value\nb: c\n", ":1:4: a space is missing after the colon: `key: …`"),
    (b"a: b\n# x\nkey:value\n\nb: c\n", ":3:4: a space is missing after the colon: `key: …`"),
    ("name：x\nb: c\n".encode(), ":1:5: a space is missing after the colon: `name: …`"),
    (b"a: b\n  c: d\n", ":2:3: `c` is indented differently from `a` above it: line them up, or remove `b` if it belongs below"),
    ("a:\n\u00a0\u00a0b: 1\n".encode(), ":2:1: " + LOOKS.format("00A0")),
    ("a:\n  b: 1\n \u200bc: 1\n".encode(), ":3:2: " + LOOKS.format("200B")),
    ("a: 1\n\ufeffb: 2\n".encode(), ":2:1: " + LOOKS.format("FEFF")),
    (b"a: & x\n", ":1:4: a value that begins with `&` goes in quotes"),
    (b"a: >x\n", ":1:4: a value that begins with `>` goes in quotes"),
    (b"a: | x\n", ":1:4: a value that begins with `|` goes in quotes"),
    (b"a: ? x\n", ":1:4: a value that begins with `?` goes in quotes"),
    (rb'a: "C:\Users\x"' + b"\n", ":1:9: a backslash inside double quotes: use single quotes, or write `\\\\`"),
    (b'a: "x\nb: 1\nc: "y"\n', ":1:4: the quote that opens here ends on line 3 only: close it where its value ends"),
    (b"a: 'x\nb: 'y'\n", ":1:4: the quote that opens here ends on line 2 only: close it where its value ends"),
    (b"a: 1\n...\nb: 2\n", ":3:1: `...` ends the file, and here is more: remove the line with the dots"),
    (b"[delivery]\nhost: x\n", ":2:1: expected nothing more: above is a value alone, where a file has `key: value` lines"),
    (b"a:\n  -name: x\n", ":2:3: an item of a list begins with `- `: a hyphen and a space"),
    ("a:\n  – name: x\n".encode(), ":2:3: an item of a list begins with `- `: a hyphen and a space"),
    ("a: 1\n".encode("utf-16-le"), ":1:1: this file is UTF-16: save it as UTF-8"),
    ("a: 1\n".encode("utf-32"), ":1:1: this file is UTF-16: save it as UTF-8"),
    (b"a b\nc: d\n", ":2:2: " + SPACE),
    (b"a:\n - b\n  c: d\n", ":3:4: " + SPACE),
    (b"a: |\n x\ny\nz: 1\n", ":3:1: expected `key: value`; is the `:` missing?"),
    (b"key : value\nb\n", ":2:1: expected `key: value`; is the `:` missing?"),
    # quotes
    (b'title: "A\nmatch: [x]\n', ":1:8: " + QUOTE),
    (b"title: 'A\n", ":1:8: " + QUOTE),
    (b"- 'x\n", ":1:3: " + QUOTE),
    (b"title: 'it's'\n", ":1:12: " + AFTER),
    (b"a: 'b' c\n", ":1:8: " + AFTER),
    (b"a: [x] y\n", ":1:8: " + AFTER),
    (b"match: [agent, *any*]\n", ':1:16: a value that begins with `*` goes in quotes: "*any*"'),
    (b"a: *\n", ':1:4: a value that begins with `*` goes in quotes: "*"'),
    (b"a: &x 1\nb: *y\n", ':2:4: a value that begins with `*` goes in quotes: "*y"'),
    (b"match: [@home]\n", ":1:9: a value that begins with `@` goes in quotes"),
    (b"a: %x\n", ":1:4: a value that begins with `%` goes in quotes"),
    (b"subject: {{ name }}\n", ":1:11: a value that begins with `{{` goes in quotes"),
    (b'a: "\\q"\n', ":1:5: a backslash inside double quotes: use single quotes, or write `\\\\`"),
    # brackets
    (b"match: [agent\nlimit: 3\n", ":1:8: " + OPEN.format("[")),
    (b"a: [1,\n", ":1:4: " + OPEN.format("[")),
    (b"a:\n  b: [1, {c: 2}, [3]\nd: 4\n", ":2:6: " + OPEN.format("[")),
    (b"a: {b: [1, 2]\nc: d\n", ":1:4: " + OPEN.format("{")),
    (b"a: #b\n\nd: [1\ne: f\n", ":3:4: " + OPEN.format("[")),
    # comments
    (b"theme:\n  colours: {accent: #0b5fff}\n", ":2:21: " + EATEN.format("#0b5fff")),
    (b"a: [#x]\n", ":1:5: " + EATEN.format("#x")),
    (b"a: {b: 1, c: #d}\nz: 1\n", ":1:14: " + EATEN.format("#d")),
    (
        b"colours:\n  accent: #8a1c4a\n",
        ':2:9: `#8a1c4a` begins a comment, so `accent` is empty: put it in quotes, "#8a1c4a"',
    ),
    (
        b"list:\n  - b\n  - #x\n",
        ':3:4: `#x` begins a comment, so this item is empty: put it in quotes, "#x"',
    ),
    # characters
    (b"a: 1\nb: \x07", ":2:4: a control character (U+0007): remove it"),
    (b"a: \x07\n", ":1:4: a control character (U+0007): remove it"),
    (b"\xff\xfea\x00\n\x00", ":1:1: this file is UTF-16: save it as UTF-8"),
    (b"\xfe\xff\x00a\x00\n", ":1:1: this file is UTF-16: save it as UTF-8"),
    (b"\x00\xe9\x00:\x00 \x00b", ":1:1: this file is UTF-16: save it as UTF-8"),
    (b"name: caf\xe9\n", ":1:10: " + LATIN.format("é")),
    (b"a: 1\nname: caf\xe9 \xe8\n", ":2:10: " + LATIN.format("é")),
    (b"a: \xc3\xa9\nb: \xc3\xa9\x80\n", ":2:5: " + LATIN.format("€")),
    (b"a:\n\xdcber: 1\n", ":2:1: " + LATIN.format("Ü")),
    (b"a: \x81\n", ":1:4: " + LATIN.format("�")),
    # keys, tags and values
    (b"a: 1\na: 2\n", ":2:1: `a` is here a second time (first on line 1); keep one"),
    (b"a: 1\nb: {c: 1, c: 2}\n", ":2:11: `c` is here a second time (first on line 2); keep one"),
    (b"true: x\n", ":1:1: a key must be a word"),
    (b"[a]: b\n", ":1:1: a key must be a word"),
    (b"<<: 3\na: b\n", ":1:5: " + MERGE),
    (b"<<: [3]\na: b\n", ":1:6: " + MERGE),
    (b"a: !mine [1]\n", ":1:4: the tag `!mine` means nothing here: remove it"),
    (b"a: !mine {b: 1}\n", ":1:4: the tag `!mine` means nothing here: remove it"),
    (b"a: !!timestamp 2026\n", ":1:4: the tag `!!timestamp` means nothing here: remove it"),
    (b"a: !!int x\n", ":1:4: not a plain value (invalid literal for int() with base 10: 'x')"),
    (b"a: !!bool maybe\n", ":1:4: not a plain value ('maybe')"),
    (b"a: 1e999\n", ":1:4: a number must be finite"),
    (b"a: !!float nan\n", ":1:4: a number must be finite"),
    # the whole
    (b"a: 1\n---\nb: 2\n", ":2:1: a second document begins here (`---`): a file holds one; remove this line"),
    (b"a: - b\n", ":1:4: a list begins on a line of its own, below its key"),
    (b"%YAML 3.0\n---\na: b\n", ":1:1: not valid YAML: found incompatible YAML document"),
    (b"a: ]\n", ":1:4: a value that begins with `]` goes in quotes"),
    (b"a: &a [*a]\n", ": nested too deeply, or an alias that contains itself"),
    # variables
    (b"a: ${x}\n", ":1:4: `${x}` names no environment variable (capitals, digits and _)"),
    (b"a:\n - b${9X}\n", ":2:4: `${9X}` names no environment variable (capitals, digits and _)"),
    (b"a: x${NOPE}\n", ":1:4: " + UNSET),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), SAID)
def test_a_mistake_is_said_in_one_whole_line(tmp_path: Path, content: bytes, said: str) -> None:
    """File, line and column, what is wrong there, and what to write instead."""
    path = tmp_path / "x.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        read_document(path, {})

    assert caught.value.problems == (f"{path}{said}",)


def problems_of(text: str, environment: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse_document(Path("x.yaml"), text, environment or {})
    return caught.value.problems


def test_every_mistake_of_a_file_is_said() -> None:
    """Each in its place, in the order of the file, and what is right in between is read on."""
    text = "a: !x 1\nb: ${y}\nc: {d: 1, d: 2}\ne: [true, #f\n  ]\nnull: g\nh: ${OUT}-${OUT}\n"

    assert problems_of(text, {"OUT": ""}) == (
        "x.yaml:1:4: the tag `!x` means nothing here: remove it",
        "x.yaml:2:4: `${y}` names no environment variable (capitals, digits and _)",
        "x.yaml:3:11: `d` is here a second time (first on line 3); keep one",
        "x.yaml:6:1: a key must be a word",
    )


def test_files_that_cannot_be_read_are_told_by_their_path(tmp_path: Path) -> None:
    """Missing, a folder, or a path through a file."""
    (tmp_path / "file").write_text("a: 1\n", "utf-8")
    told = {
        "none.yaml": "no such file; `newsletter init` writes a working configuration",
        ".": "a folder, where a YAML file was expected",
        "file/x.yaml": "Not a directory",
    }
    for name, said in told.items():
        with pytest.raises(ConfigError) as caught:
            read_document(tmp_path / name, {})
        assert caught.value.problems == (f"{tmp_path / name}: {said}",)


def test_a_file_has_a_hundred_megabytes_at_most(tmp_path: Path) -> None:
    """One byte more is refused, unread: the file here has holes and takes no room."""
    path = tmp_path / "x.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    with pytest.raises(ConfigError) as caught:
        read_document(path, {})
    assert caught.value.problems == (f"{path}: larger than 100 MB",)


def laughs(copies: int) -> str:
    """Return a document in which `copies` values come from aliases."""
    return "a: &a 1\nb: [" + ", ".join(["*a"] * copies) + "]\n"


def test_aliases_may_stand_for_ten_thousand_values() -> None:
    """One more is refused where it stands: a hundred bytes could stand for millions."""
    assert len(parse_document(Path("x.yaml"), laughs(REPEATED), {}).data["b"]) == REPEATED

    # What is told is the place of what the alias stands for.
    assert problems_of(laughs(REPEATED + 1)) == (
        (
            "x.yaml:1:4: the aliases here stand for more than 10000 values: write fewer of them "
            "inside each other"
        ),
    )


def test_a_file_that_is_long_itself_may_have_more_aliases() -> None:
    """Ten times as many as it writes out: a thousand readers may share what a few lines say."""
    text = "a: &a {b: 1, c: 2}\nd:\n" + "  - [1, 2, 3, 4, 5, 6, 7, 8, *a]\n" * 4_000

    assert len(parse_document(Path("x.yaml"), text, {}).data["d"]) == 4_000


TEXT = """\
name: x
list:
  - one
  - {two: 2, "three": [a, b]}
<<: {name: hidden, more: 7}
"""


def read(text: str, environment: dict[str, str] | None = None) -> YamlDocument:
    return parse_document(Path("x.yaml"), text, environment or {})


def test_a_document_knows_where_everything_stood() -> None:
    """Keys and values have places of their own; what was merged has that where it was written."""
    document = read(TEXT)

    assert document.data == {
        "name": "x", "list": ["one", {"two": 2, "three": ["a", "b"]}], "more": 7,
    }  # fmt: skip
    assert document.places == {
        (): (1, 1),
        ("name",): (1, 1),
        ("list",): (2, 1),
        ("list", 0): (3, 5),
        ("list", 1): (4, 5),
        ("list", 1, "two"): (4, 6),
        ("list", 1, "three"): (4, 14),
        ("list", 1, "three", 0): (4, 24),
        ("list", 1, "three", 1): (4, 27),
        ("more",): (5, 20),
    }
    assert document.values == {
        (): (1, 1),
        ("name",): (1, 7),
        ("list",): (3, 3),
        ("list", 0): (3, 5),
        ("list", 1): (4, 5),
        ("list", 1, "two"): (4, 11),
        ("list", 1, "three"): (4, 23),
        ("list", 1, "three", 0): (4, 24),
        ("list", 1, "three", 1): (4, 27),
        ("more",): (5, 26),
    }


@pytest.mark.parametrize(
    ("path", "key", "value", "at"),
    [
        (("name",), "1:1", "1:7", "x"),
        (("list", 1, "two"), "4:6", "4:11", 2),
        (("list", 1, "nine"), "4:5", "4:5", None),
        (("list", 9), "2:1", "3:3", None),
        (("list", "one"), "2:1", "3:3", None),
        (("name", 0, "y"), "1:1", "1:7", None),
        (("nothing",), "1:1", "1:1", None),
        ((), "1:1", "1:1", None),
    ],
)
def test_what_is_not_there_has_the_place_of_what_is_above_it(
    path: tuple[str | int, ...], key: str, value: str, at: object
) -> None:
    """So that a missing key is told where it belongs."""
    document = read(TEXT)

    assert document.where(path) == f"x.yaml:{key}"
    assert document.where(path, value=True) == f"x.yaml:{value}"
    if path:
        assert document.at(path) == at


def test_a_document_without_places_is_told_by_its_beginning() -> None:
    """Nothing is known of where it stood."""
    document = YamlDocument(path=Path("y.yaml"), data={}, places={}, values={})

    assert document.where(("a",)) == document.where((), value=True) == "y.yaml:1:1"
    assert (document.variables, document.within, document.unset) == (frozenset(), {}, {})


def test_what_comes_from_the_environment_is_known() -> None:
    """As a whole, in part, or missing; an empty variable is missing where it is all there is."""
    document = read(
        "a: ${ONE}\nb: x${ONE}y${TWO}${EMPTY}\nc: ${EMPTY}\nd: [$ONE, '${NONE}']\ne: $\n",
        {"ONE": "1", "TWO": "zwei", "EMPTY": ""},
    )

    assert document.data == {"a": "1", "b": "x1yzwei", "c": "", "d": ["$ONE", ""], "e": "$"}
    assert document.variables == {("a",), ("c",), ("d", 1)}
    assert document.within == {("b",): {"1", "zwei"}}
    assert {path: told.split()[3] for path, told in document.unset.items()} == {
        ("c",): "EMPTY",
        ("d", 1): "NONE",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("True", True), ("FALSE", False), ("truee", "truee"), ("yes", "yes"),
        ("7", 7), ("-7", -7), ("+7", 7), ("7a", "7a"), ("0x10", "0x10"),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-1.5E-1", -0.15), ("1.5.6", "1.5.6"),
        ("~", None), ("null", None), ("Null", None), ("NULL", None), ("", None), ("nully", "nully"),
        (".inf", ".inf"), ("2026-11-24", "2026-11-24"), ("10:30", "10:30"),
        ("'7'", "7"), ('"true"', "true"), ("!!str 7", "7"),
    ],
)  # fmt: skip
def test_plain_words_are_what_they_look_like(text: str, value: object) -> None:
    """YAML 1.2's core schema: numbers, truth, nothing; all else is text."""
    found = read(f"a: {text}\n").data["a"]

    assert (found, type(found)) == (value, type(value))


def test_of_several_merged_mappings_the_first_counts() -> None:
    """What is written out counts before all of them, and those that they merge come last."""
    document = read(
        "a: &a {x: 1, y: 1, z: 1}\nb: &b {x: 2, w: 2, <<: {v: 3, w: 3}}\n"
        "c:\n  <<: [*b, *a]\n  z: 9\n"
    )

    assert document.data["c"] == {"z": 9, "x": 2, "w": 2, "v": 3, "y": 1}


def test_an_empty_file_is_an_empty_mapping() -> None:
    """Its mistakes are the missing keys, and not that it is empty."""
    assert read("").data == read("# nothing yet\n").data == {}
