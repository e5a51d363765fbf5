"""The sentence that says what is new."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper

from newsletter.pick.summaries import MAX_LENGTH, sentences, shorten, summarise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        (
            "Nets (e.g. ResNets) work. Smith et al. show 3.5 is big.",
            ["Nets (e.g. ResNets) work.", "Smith et al. show 3.5 is big."],
        ),
        ("By J. Smith. It works.", ["By J. Smith.", "It works."]),
        ("No end", ["No end"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    """Abbreviations, initials and decimals end no sentence."""
    assert sentences(text) == expected


def test_the_sentence_that_says_what_is_new_comes_first() -> None:
    """Not the background that abstracts begin with."""
    background = "Language models are large and have been studied for a very long time by many."
    news = "In this paper we propose a small one that reads only the first half of every sentence it gets."

    assert summarise(make_paper(abstract=f"{background} {news} It works.")) == (news, "")


def test_a_short_sentence_is_completed_by_the_next() -> None:
    """`We propose X.` alone says too little."""
    paper = make_paper(abstract="Background. We propose Xylo. It halves the cost of training.")

    assert summarise(paper)[0] == "We propose Xylo. It halves the cost of training."


def test_a_short_last_sentence_is_begun_by_the_one_before() -> None:
    """`We propose a date.` at the end of an abstract says nothing without what it answers."""
    paper = make_paper(
        abstract="Leaderboards age. Their half-life is nine months. We propose a date."
    )

    assert summarise(paper)[0] == "Their half-life is nine months. We propose a date."


def test_a_sources_own_summary_is_marked() -> None:
    """A summary that a source wrote goes first and says whose it is."""
    paper = make_paper(summary="It reads.", summary_by="AI, Hugging Face")

    assert summarise(paper) == ("It reads.", "AI, Hugging Face")


def test_no_abstract_gives_nothing() -> None:
    """A paper without abstract has no summary, and nothing breaks."""
    assert summarise(make_paper(abstract="")) == ("", "")


@given(st.text(max_size=900), st.integers(20, 400))
def test_shortening_never_passes_the_length(text: str, length: int) -> None:
    """A cut text ends with an ellipsis and fits."""
    short = shorten(text, length)

    assert len(short) <= max(length, 1)
    assert short == text or short.endswith("…")
    assert len(summarise(make_paper(abstract=text))[0]) <= MAX_LENGTH
