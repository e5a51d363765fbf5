"""YAML as newcomers write it: what is wrong is said at the right place, with the mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.documents import parse_document, read_document
from newsletter.errors import ConfigError

LAUGHS = b"""a: &a [x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]
f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]
g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]
"""
MERGED_LAUGHS = b"a: &a {k: 1, l: 2}\n" + b"".join(
    b"%s: &%s {<<: [%s]}\n" % (new, new, b", ".join([b"*" + old] * 9))
    for old, new in zip(
        (b"a", b"b", b"c", b"d", b"e", b"f"), (b"b", b"c", b"d", b"e", b"f", b"g"), strict=True
    )
)

MISTAKES = [
    (b"topics:\n  - name: a\n     title: A\n", ":3:6: `title` is indented differently from `name` above"),
    (b"topics:\n  - name: a\n  title: A\n", ":3:3: `title` is indented differently from what it belongs to: give it 4"),
    (b"a: b\n c: d\n", ":2:2: `c` is indented differently from `a` above it"),
    (b"a:\n    b: 1\n  c: 2\n", ":3:3: `c` is indented differently"),
    (b"topics:\n\t- name: a\n", ":2:1: a tab: YAML wants spaces"),
    (b"topics:\n  - name: a\n    title: A\n\tmatch: [x]\n", ":4:1: a tab: YAML wants spaces"),
    (b'title: "A\nmatch: [x]\n', ":1:8: the quote that opens here is never closed"),
    (b"title: 'A\n", ":1:8: the quote that opens here is never closed"),
    (b"title: 'it's'\n", ":1:12: unexpected text after a value: put the whole value in quotes"),
    (b"a: 1\n---\nb: 2\n", ":2:1: a second document begins here"),
    (b"title: Foo: bar\n", ":1:11: a second colon: a value with a colon goes in quotes"),
    (b"match: [agent, *any*]\n", ':1:16: a value that begins with `*` goes in quotes: "*any*"'),
    (b"match: [@home]\n", ":1:9: a value that begins with `@` goes in quotes"),
    (b"match: [agent\nlimit: 3\n", ":1:8: the `[` that opens here is never closed"),
    (b"theme:\n  colours: {accent: #0b5fff}\n", ":2:21: `#0b5fff` begins a comment, so YAML reads no value"),
    (b"colours:\n  accent: #8a1c4a\n", ":2:9: `#8a1c4a` begins a comment, so `accent` is empty"),
    (b"words:\n  - #agents\n", "`#agents` begins a comment, so this item is empty"),
    ("a: b\u2028c: d: e\n".encode(), ":2:5: a second colon"),
    (b"a: b\rc: d: e\r", ":2:5: a second colon"),
    (b"a:\n  b: [1, {c: 2}, [3]\nd: 4\n", ":2:6: the `[` that opens here is never closed"),
    (b"a: {b: [1, 2]\nc: d\n", ":1:4: the `{` that opens here is never closed"),
    (b"a: #b\n\nd: [1\ne: f\n", ":3:4: the `[` that opens here is never closed"),
    (b"key:value\nb: c\n", ":1:4: a space is missing after the colon: `key: …`"),
    (b"a: |\n x\ny\nz: 1\n", ":3:1: expected `key: value`; is the `:` missing?"),
    (b"a: b\n- c\n", ":2:1: `- c` is indented differently from the lines above"),
    (b"a: *\n", ":1:4: a value that begins with `*` goes in quotes"),
    (b"a: 1\nb: \x07", ":2:4: a control character (U+0007): remove it"),
    (b"\xff\xfea\x00\n\x00", ":1:1: this file is UTF-16: save it as UTF-8"),
    (b"a: 1\nname: caf\xe9\n", ":2:10: not UTF-8 text (is it `é`, saved as Latin-1"),
    (b"a: \x81\n", ":1:4: not UTF-8 text (is it `"),
    (b"a: - b\n", ":1:4: a list begins on a line of its own"),
    (b'a: "\\q"\n', ":1:5: a backslash inside double quotes"),
    (b"a:\n\xdcber: 1\n", ":2:1: not UTF-8 text (is it `Ü`, saved as Latin-1"),
    ("a: ü\n".encode("utf-16"), ":1:1: this file is UTF-16: save it as UTF-8"),
    ("a: b\n".encode("utf-16-le"), "UTF-16|control character"),
    (b"a: \x07\n", ":1:4: a control character (U+0007): remove it"),
    (b"a: !!timestamp 2026-13-45\n", ":1:4: the tag `!!timestamp` means nothing here"),
    (b"a: !!python/object:os.system {}\n", ":1:4: the tag `!!python/object:os.system` means nothing"),
    (b"a: !mine [1]\n", ":1:4: the tag `!mine` means nothing here"),
    (b"!!binary a: 2\n", ":1:1: the tag `!!binary` means nothing here"),
    (b"a: !!int x\n", ":1:4: not a plain value"),
    (b"a: !!int\n", ":1:4: not a plain value"),
    (b"a: 1e999\n", ":1:4: a number must be finite"),
    (b"a: " + b"9" * 5000 + b"\n", ":1:4: not a plain value"),
    (b"<<: 3\na: b\n", ":1:5: `<<` merges a mapping"),
    (b"<<: [3]\na: b\n", ":1:6: `<<` merges a mapping"),
    (b"a: &a {<<: *a}\n", "alias that contains itself"),
    (b"a: &a [*a]\n", "alias that contains itself"),
    (b"a: " + b"[" * 100_000, "never closed"),
    (b"subject: {{ name }}\n", ":1:11: a value that begins with `{{` goes in quotes"),
    (b"true: x\n", ":1:1: a key must be a word"),
    (LAUGHS, "the aliases here stand for more than 10000 values"),
    (MERGED_LAUGHS, "the aliases here stand for more than 10000 values"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), MISTAKES)
def test_each_mistake_has_its_place_and_its_mend(tmp_path: Path, content: bytes, said: str) -> None:
    """The line where the mistake is, not the one where the parser gave up."""
    path = tmp_path / "x.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        read_document(path, {})

    assert any(words in str(caught.value) for words in said.split("|")), str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a {m: 1, n: 2}\nb: {<<: *a, n: 3}\n", {"m": 1, "n": 3}),
        ("a: &a {m: 1}\nb:\n  n: 3\n  <<: [*a, {m: 4, o: 5}]\n", {"m": 1, "n": 3, "o": 5}),
        ("a: &a {m: 1}\nc: &c {<<: *a, n: 2}\nb: {<<: *c}\n", {"m": 1, "n": 2}),
    ],
)
def test_what_is_merged_may_be_overridden(text: str, expected: dict[str, int]) -> None:
    """YAML's `<<`: what is written out counts, and of several the first."""
    assert parse_document(Path("x.yaml"), text, {}).data["b"] == expected


def test_ten_thousand_readers_may_share_their_settings() -> None:
    """An honest use of aliases is far below the limit."""
    people = "".join(f"  - {{<<: *usual, email: r{n}@x.example}}\n" for n in range(10_000))
    text = f"usual: &usual {{topics: [a, b], timezone: UTC}}\npeople:\n{people}"

    found = parse_document(Path("x.yaml"), text, {}).data["people"]

    assert found[9_999] == {
        "email": "r9999@x.example",
        "topics": ["a", "b"],
        "timezone": "UTC",
    }


@given(
    st.lists(
        st.sampled_from(
            "a: |- |\n|  |&x |*x |<<: |\"|'|{|}|[|]|, |#|!!int |!foo |? |---\n|\t|\u2028|\x85|\r|${A}|~|: |k: v\n".split(
                "|"
            )
        ),
        max_size=30,
    )
)
def test_any_yaml_is_data_or_a_mistake_with_its_place(pieces: list[str]) -> None:
    """Whatever stands where, nothing else is raised."""
    try:
        parse_document(Path("x.yaml"), "".join(pieces), {"A": "b"})
    except ConfigError as error:
        assert all(problem.startswith("x.yaml:") for problem in error.problems)
