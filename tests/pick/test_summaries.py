"""The sentence that says what is new."""

from __future__ import annotations

from pathlib import Path

import pytest
import summaries
from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper

from newsletter.pick.sentences import trim
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

    told = news.replace("In this paper we", "We")
    assert summarise(make_paper(abstract=f"{background} {news} It works.")) == (told, "")


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


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("In this work, we propose a hive (HIVE) of bees.", "We propose a hive of bees."),
        ("Inspired by bees, we build a hive that works for all of us.", "We build a hive that works for all of us."),
        ("To this end, specifically, a hive is built.", "A hive is built."),
        ("We sort (fast) in O(n) time (or so).", "We sort in O(n) time."),
        ("Bees, we find, work.", "Bees, we find, work."),
        ("(All of it.)", "(All of it.)"),
    ],
)  # fmt: skip
def test_what_only_leads_up_to_the_news_is_cut(sentence: str, told: str) -> None:
    """Asides and opening clauses go; what is said stays, in the authors' words."""
    assert trim(sentence) == told


@given(st.text(max_size=200))
def test_trimming_leaves_something(text: str) -> None:
    """Whatever the sentence, unless there is none."""
    assert bool(trim(text).strip()) or not text.strip() or text.isspace()


@pytest.mark.data
def test_the_sentence_is_near_to_what_people_wrote(data: Path) -> None:
    """On SciTLDR, by ROUGE against the summaries of authors and reviewers."""
    abstracts = summaries.read(data)
    scored = [summaries.best(summaries.ours(abstract), abstract.targets) for abstract in abstracts]

    means = [100 * sum(scores[n] for scores in scored) / len(scored) for n in range(3)]
    assert means[0] >= 42
    assert means[1] >= 20
    assert means[2] >= 34


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
