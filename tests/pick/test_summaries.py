"""The sentence that says what is new."""

from __future__ import annotations

from pathlib import Path

import pytest
import summaries
from corpora.abstracts import real_abstracts
from hypothesis import example, given
from hypothesis import strategies as st
from makers import make_paper

from newsletter.pick.sentences import sentences
from newsletter.pick.summaries import MAX_LENGTH, MOST_DETAILS, details, shorten, summarise
from newsletter.pick.trimming import stands_alone, trim


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Nets (e.g. ResNets) work. Smith et al. show 3.5 is big.", ["Nets (e.g. ResNets) work.", "Smith et al. show 3.5 is big."]),
        ("By J. Smith. It works.", ["By J. Smith.", "It works."]),
        ("Lee et al. We differ, i.e. We do.", ["Lee et al.", "We differ, i.e. We do."]),
        ("It wins on performance.To show it we run (MPT).Our code runs.", ["It wins on performance.", "To show it we run (MPT).", "Our code runs."]),
        ("A torch.Tensor is in Node.js or at https://a.b/C.We see.", ["A torch.Tensor is in Node.js or at https://a.b/C.We see."]),
        ("It does: (i) one; (ii) two. (iii) Three is more.", ["It does: (i) one; (ii) two.", "(iii) Three is more."]),
        ("See Fig. 3, Eq. (2) and Sec. IV vs. Tab. 1. Is it? No. It is 3.5% in v1.0 of U.S. Data", ["See Fig. 3, Eq. (2) and Sec. IV vs. Tab. 1.", "Is it?", "No.", "It is 3.5% in v1.0 of U.S.", "Data"]),
        ("The U.S. Department is big. In the U.S. We live.", ["The U.S. Department is big.", "In the U.S.", "We live."]),
        ("It fails. (We checked twice.) It works (mostly. Really.) today.", ["It fails.", "(We checked twice.)", "It works (mostly. Really.) today."]),
        ("“Is it? A study” asks. “It is.” We agree.", ["“Is it? A study” asks.", "“It is.”", "We agree."]),
        ("From A ... Z and so on... The end… Done.", ["From A ... Z and so on...", "The end…", "Done."]),
        ("We test mT5. mT5 wins. k-means loses. but not much.", ["We test mT5.", "mT5 wins.", "k-means loses. but not much."]),
        ("这是一句。这是第二句！是吗？「对。是」的。", ["这是一句。", "这是第二句！", "是吗？", "「对。是」的。"]),
        ("यह है। वह है॥ बस", ["यह है।", "वह है॥", "बस"]),
        ("هل هذا؟ نعم.", ["هل هذا؟", "نعم."]),
        ("ไทยไม่มีจุด จบ", ["ไทยไม่มีจุด จบ"]),
        ("It is bad.OBJECTIVE To test AI.METHODS We train.", ["It is bad.", "OBJECTIVE To test AI.", "METHODS We train."]),
        ("No end", ["No end"]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences(text: str, expected: list[str]) -> None:
    """Abbreviations, initials, decimals, brackets and quotations end none; scripts have their own stops."""
    assert sentences(text) == expected


STOPPED = st.lists(
    st.sampled_from([*'ab AZ.。?!…()[]“”"«»3-', "e.g. ", "et al. ", "The ", ".We", "(i) ", "\n"]), max_size=60
).map("".join)  # fmt: skip


@given(st.text(max_size=300) | STOPPED)
def test_no_letter_is_lost_between_sentences(text: str) -> None:
    """All sentences together are the text, but for the spaces between them."""
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "piece", ["(", "[", "“", '"a ', ".", ". A", "a.B", "(a. B", "( ) . A", "e.g. ", "。", "To this ", "we ", "the ", "a, "]
)  # fmt: skip
def test_hostile_repetition_takes_linear_time(piece: str) -> None:
    """Twenty thousand times anything is done with long before the test's time limit."""
    paper = make_paper(abstract=piece * 20_000)

    assert details(paper, summarise(paper)[0]) == ()


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
        abstract="Leaderboards age. The half-life of one is nine months. We propose a date."
    )

    assert summarise(paper)[0] == "The half-life of one is nine months. We propose a date."


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("In this work, we propose a hive (HIVE) of bees.", "We propose a hive of bees."),
        ("Inspired by bees, we build a hive that works for all of us.", "We build a hive that works for all of us."),
        ("To this end, specifically, a hive is built.", "A hive is built."),
        ("To address this, we introduce Xylo, a Thing Building (TB) benchmark.", "We introduce Xylo, a Thing Building benchmark."),
        ("Second, with these insights we build a hive.", "We build a hive."),
        ("RESULTS: We found bees.", "We found bees."),
        ("(ii) We found bees.", "We found bees."),
        # A bracket that is part of a word, changes what is said, or is needed later, stays.
        ("We teach (V)LM agents f(x) maps, key(s) and (multi)modal input.", "We teach (V)LM agents f(x) maps, key(s) and (multi)modal input."),
        ("We prove that (almost) all bees are (not) alike.", "We prove that (almost) all bees are (not) alike."),
        ("Our hive (HIVE) is large, and HIVE is fast.", "Our hive (HIVE) is large, and HIVE is fast."),
        ("We sort bees (Lee et al., 2020) by size (e.g., with Quicksort) in O(n) time.", "We sort bees by size in O(n) time."),
        # What the rest refers to stays, and so does a condition.
        ("To make bees robust and quick, we train them with a large and noisy swarm.", "To make bees robust and quick, we train them with a large and noisy swarm."),
        ("If all bees are alike, we prove that one of them is enough for a hive.", "If all bees are alike, we prove that one of them is enough for a hive."),
        # No capital makes another word of a name.
        ("However, n-gram models win.", "However, n-gram models win."),
        ("However, iBees win.", "However, iBees win."),
        ("However small, we show a bee.", "However small, we show a bee."),
        ("Bees, we find, work.", "Bees, we find, work."),
        ("(All of it.)", "(All of it.)"),
    ],
)  # fmt: skip
def test_what_only_leads_up_to_the_news_is_cut(sentence: str, told: str) -> None:
    """Opening clauses go, and asides that say no more; what is said stays, in the authors' words."""
    assert trim(sentence) == told


def test_a_name_that_the_abstract_uses_is_kept() -> None:
    """Whoever reads on meets it again."""
    assert trim("We build a hive (HIVE).", "We build a hive (HIVE). HIVE works.") == (
        "We build a hive (HIVE)."
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "This allows us to fly.", "These results show it.", "It does so by flying.", "They fly.",
        "We use this difference to fly.", "We do so by flying.", "Our method achieves this by flying.",
        "Such bees fly.", "Both fly.", "All of these fly.", "The proposed method flies.", "The method is fast.",
        "The results suggest that bees fly.", "The former flies.", "Similarly, bees fly.", "However, bees fly.",
        "In these settings, bees fly.", "Together, these bees fly.", "Combining this idea with bees works.",
        "We find that such bees fly.", "2) bees fly.", "Can bees fly?", "We ask: can bees fly? They can.",
        "We have three results:", "Hence the bees fly.",
    ],
)  # fmt: skip
def test_what_asks_or_refers_back_does_not_stand_alone(sentence: str) -> None:
    """Its reader would need the sentence before it."""
    assert not stands_alone(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "This paper studies bees.", "In this work we study bees.", "It is well known that bees fly.",
        "We show that it is possible to fly.", "We show that bees fly because they can.",
        "Both bees and birds fly.", "The method of Lee flies.", "The Transformer is fast.", "Those who fly win.",
        "Bees fly, and this helps.", "We present bees that solve this task.", "Our approach flies.",
        "Experiments show that bees fly.", "2 bees fly.", "蜜蜂会飞。",
    ],
)  # fmt: skip
def test_what_names_all_it_speaks_of_stands_alone(sentence: str) -> None:
    """`This paper` is the text itself, and `it is known that` refers to nothing."""
    assert stands_alone(sentence)


def test_a_question_or_what_refers_back_is_not_told() -> None:
    """Even where it would be the best sentence; the finding is."""
    paper = make_paper(
        title="Can bees fly far?",
        abstract="Can bees fly far? We use this question to study how far all bees can fly. "
        "First, to find out, we follow them. We find that bees fly five miles from any hive to any flower.",
    )

    assert summarise(paper)[0] == "We find that bees fly five miles from any hive to any flower."


def is_run(told: str, abstract: str) -> bool:
    return not summaries.is_altered(told, abstract)


@given(
    st.lists(
        st.sampled_from(
            "We we propose a this (AB) (not) hive, hives. However, To this end, in 3.5 n-gram AB? It".split(
                " "
            )
        ),
        max_size=40,
    ).map(" ".join)
)
@example("We (AB) (not)")
def test_words_are_the_authors(abstract: str) -> None:
    """Whatever stands there, the summary is a run of it, and each detail a part of it as it is."""
    paper = make_paper(abstract=abstract)
    told = summarise(paper)[0]

    assert not told or is_run(told, abstract)
    assert all(sentence in abstract for sentence in details(paper, told))


BEES = (
    "Bees are hard to count, and 90% of all counts are wrong. We introduce Xylo, a way to count bees in a hive. "
    "We introduce Xylo, a new way to count many bees in a hive. It needs 3 seconds. "
    "Xylo counts 97% of the bees in ten hives. Does it sting? Xylo has three layers of wood. "
    "We find fewer mistakes than people make. Code for 3 hives is available at https://bees.example."
)


def test_results_stand_below_the_sentence() -> None:
    """Not background, nor what is said already, nor questions, nor what dangles, nor addresses."""
    paper = make_paper(title="Counting bees with Xylo", abstract=BEES)

    assert details(paper, "We introduce Xylo, a way to count bees in a hive.") == (
        "Xylo counts 97% of the bees in ten hives.",
        "We find fewer mistakes than people make.",
    )


def test_what_a_source_says_is_not_said_again() -> None:
    """A summary by others that says the same as a sentence takes its place."""
    paper = make_paper(title="Counting bees with Xylo", abstract=BEES)

    assert details(paper, "Xylo is a wooden counter that counts 97% of bees in hives.") == (
        "We find fewer mistakes than people make.",
    )


def test_few_results_are_told_and_those_with_numbers_first() -> None:
    """In the order of the abstract, and at most MOST_DETAILS."""
    many = [
        "Honey improves with sunshine.", "Wooden frames outperform straw.",
        "Queens prove patient mothers.", "Drones show little courage.",
    ]  # fmt: skip
    number = "Hives grow by 30%."
    paper = make_paper(abstract=" ".join(["We count bees.", *many, number]))

    assert details(paper, "We count bees.") == (*many[: MOST_DETAILS - 1], number)


def test_nothing_adds_to_an_abstract_of_one_sentence() -> None:
    """Then nothing stands below it."""
    paper = make_paper(abstract="To address this, we introduce Xylo, a benchmark of 500 things.")

    assert details(paper, summarise(paper)[0]) == ()


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
    assert means[1] >= 20.5
    assert means[2] >= 34


@pytest.mark.data
def test_real_summaries_are_unaltered_and_stand_alone(data: Path) -> None:
    """Of a part of the real abstracts; `benchmarks/summaries.py` counts them all."""
    counted = summaries.faults(real_abstracts(data)[::8], is_shown=False)

    assert counted["altered"] == 0
    assert counted["dangling"] <= 0.01
    assert counted["said_twice"] == 0


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


@pytest.mark.parametrize(
    "sentence",
    [
        "10.1093/bioinformatics/btp344",
        "3.",
        "Contact: ann@lab.example 10.1093/nar/gkn866",
        "Magn Reson Med 44:625-632, 2000.",
        "Experiments on many benchmarks demonstrate the superiority and efficiency of our method.",
        "On both benchmarks, this approach beats its 3 rivals.",
        "Taken together, these findings shed light on 3 hives.",
        "Our findings are of two kinds: (1) Hives grow by 30% in warm weather.",
        "We hope that it improves hives by 30% one day.",
        "All data is publicly available at bees.example for 3 years.",
    ],
)
def test_what_adds_nothing_is_no_detail(sentence: str) -> None:
    """An address, praise without a result, half a list, a hope, what hangs on a sentence before it."""
    paper = make_paper(abstract=f"We count bees in a garden. Hives grow by 30% in June. {sentence}")

    assert details(paper, "We count bees in a garden.") == ("Hives grow by 30% in June.",)


def test_a_hope_and_an_address_are_not_what_is_new() -> None:
    """They may be the most like the title; with nothing else, they are told."""
    hope = "We hope that Hive serves as a rigorous benchmark of counting bees for many years."
    where = "Our code for counting bees is available at https://bees.example/counting-code-and-data"
    news = "We introduce Hive, a set of ten thousand pictures of bees in which each bee is marked."
    title = "Hive: a rigorous benchmark of counting bees"

    assert summarise(make_paper(title=title, abstract=f"{news} {hope} {where}")) == (news, "")
    assert summarise(make_paper(title=title, abstract=hope)) == (hope, "")
    short = "We introduce Hive for counting bees."
    assert summarise(make_paper(title=title, abstract=f"{short} {where}")) == (short, "")


def test_the_first_of_a_list_shows_that_more_follows() -> None:
    """The sentence ends where the second thing begins."""
    first = (
        "We study ten hives of bees in gardens and report three findings: (1) Bees like sunshine."
    )
    paper = make_paper(abstract=f"{first} (2) They like rain. (3) They like wind.")

    assert summarise(paper) == (f"{first[:-1]}…", "")
    whole = "We study ten hives of bees in gardens and show that (1) bees fly and (2) bees sleep."
    assert summarise(make_paper(abstract=whole)) == (whole, "")


def test_two_sentences_stand_as_they_stood() -> None:
    """No space is put between sentences of a script that has none."""
    text = "我们提出新方法。它快30%。"

    assert summarise(make_paper(abstract=text)) == (text, "")


@pytest.mark.parametrize("gap", ["", " "])
def test_headings_in_capitals_are_no_words_of_a_sentence(gap: str) -> None:
    """Structured abstracts, whose headings lost their own lines, are cut and told without them."""
    told = "We propose a model of sleep that was trained on the records of 3,000 patients."
    abstract = f"BACKGROUND Sleep is short in the ICU.{gap}METHODS {told}{gap}RESULTS It works."

    assert summarise(make_paper(title="Sleep", abstract=abstract)) == (told, "")


@pytest.mark.parametrize(
    "question",
    [
        "A key question is whether scaling continues to help at all",
        "It remains unclear why models of this size fail at arithmetic",
        "An open question is how such models plan over long horizons",
        "However, it is still largely unknown what makes prompts work",
    ],
)
def test_a_question_without_a_mark_is_no_finding(question: str) -> None:
    """Nor is what nobody knows yet: the answer is told."""
    answer = "We show that scaling helps up to ten billion parameters on twelve tasks."

    told, _ = summarise(make_paper(title="Scaling", abstract=f"{question}. {answer}"))

    assert not stands_alone(question)
    assert told == answer
