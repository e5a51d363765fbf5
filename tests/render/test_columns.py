"""Text as wide as it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from newsletter.render.columns import COLUMNS, fill, padded, underlined, width

WORDS = st.lists(
    st.one_of(
        st.text(
            st.sampled_from("aé1,.。、」「（）あっー漢字数学한국กำआ👩\u200d🔬🇩🇪e\u0301\u00a0"),
            max_size=90,
        ),
        st.just("https://example.org/" + "x" * 90),
    ),
    max_size=20,
)


@given(WORDS, st.sampled_from(["", "  ", "    "]))
def test_lines_fit_and_nothing_is_lost(words: list[str], indent: str) -> None:
    """Whatever the script: 72 columns, but for an address that is alone; no character is cut."""
    text = " ".join(words)
    lines = fill(text, indent=indent).split("\n")

    assert all(width(line) <= COLUMNS or "://" in line.split()[-1] for line in lines)
    assert "".join("".join(lines).split(" ")) == "".join(text.split(" "))
    assert all(line.startswith(indent) for line in lines if line)
    whole = list(iter_graphemes(text.replace(" ", "")))
    cut = [sign for line in lines for sign in iter_graphemes(line.replace(" ", ""))]
    # What is only joined by taking out the spaces between words may count as one character.
    assert len(cut) >= len(whole)


@pytest.mark.parametrize(
    "sentence",
    [
        "空白のない長い文章がここにあります。",
        "「引用」、（括弧）、そして…",
        "データベース・ネットワークについて、ちょっとずつ。",
        "我们提出了一种新的方法，它比以前的方法更快！",
    ],
)
def test_no_line_begins_with_what_ends_a_sentence(sentence: str) -> None:
    """Closing marks, small kana and marks that lengthen stay with what they follow, and an opening
    bracket with what it opens (JIS X 4051), wherever the line ends.
    """
    for shift in range(40):
        lines = fill("あ" * shift + sentence * 12).split("\n")

        assert len(lines) > 3
        assert all(66 <= width(line) <= COLUMNS for line in lines[:-1])
        assert not [line for line in lines[1:] if line[0] in "。、，！」）…・ーっょ"]
        assert not [line for line in lines if line[-1] in "「（"]


def test_words_stay_whole_where_there_are_spaces() -> None:
    """English and Korean break at spaces; one word of 100 letters is cut, an address never is."""
    korean = "한국어 문장은 띄어쓰기가 있습니다"
    assert {*fill(f"{korean} " * 9).split()} == {*korean.split()}
    assert fill("word " * 30).split() == ["word"] * 30
    assert [width(line) for line in fill("x" * 100).split("\n")] == [72, 28]
    address = "https://example.org/" + "x" * 90
    assert f"\n  {address}\n" in fill(f"Read {address} now", indent="  ")
    assert fill(f"詳しくは{address}を見る").split("\n") == ["詳しくは", address, "を見る"]


def test_a_space_that_does_not_break() -> None:
    """`10\N{NO-BREAK SPACE}km` stays on one line."""
    lines = fill(f"{'x' * 69} 10\u00a0km").split("\n")

    assert lines == ["x" * 69, "10\u00a0km"]


def test_indents() -> None:
    """A number hangs before its title; an indent as wide as the text is refused."""
    assert fill("one " * 30, indent="    ", first="1. ").startswith("1. one")
    assert fill("one " * 30, indent="    ", first="1. ").split("\n")[1].startswith("    one")
    assert fill("", indent="  ") == ""
    with pytest.raises(ValueError, match="72 columns or more"):
        fill("x", indent=" " * 72)


def test_the_line_below_a_heading_is_as_wide() -> None:
    """Also below Chinese, emoji, and a heading of two lines."""
    for heading in ("Agents", "日本語の論文", "🎉 News", "A long heading " * 8):
        *above, below = underlined(heading).split("\n")

        assert {*below} == {"="}
        assert width(below) == max(map(width, above)) <= COLUMNS


@pytest.mark.parametrize(
    "text", ["One.", "日本語の前文。", "🎉" * 70, "x" * 199, "x" * 200, "x" * 260]
)
def test_a_preheader_fills_its_line(text: str) -> None:
    """Up to 200 columns, with signs that inboxes keep: neither white space nor one after another."""
    line = padded(text)

    assert line.startswith(text)
    assert width(line) == max(200, width(text))
    assert not line.removeprefix(text).strip("\u034f\u200c\u00a0")
    assert padded("") == ""
