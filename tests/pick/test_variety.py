"""Not all alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper, make_pick, make_topic

from newsletter.model import Pick
from newsletter.pick.variety import choose

TOPICS = [make_topic("one", limit=3), make_topic("two", limit=3)]


def pick(number: int, total: float, topic: str = "one", **changes: object) -> Pick:
    return make_pick(make_paper(number, **changes), topic, total)


def test_what_says_the_same_is_folded_into_the_better_one() -> None:
    """It is named there, takes no room, and is not shown again under another topic."""
    text = make_paper(1).abstract
    twin = make_paper(9, title="Paper 1 on language models, revised", abstract=text)
    picks = [
        pick(1, 0.9), make_pick(twin, "one", 0.8), make_pick(twin, "two", 0.85), pick(2, 0.5), pick(3, 0.4),
    ]  # fmt: skip

    chosen = choose(picks, TOPICS)

    assert [picked.paper.id[-1] for picked in chosen] == ["1", "2", "3"]
    assert chosen[0].also == (twin,)
    assert chosen[1].also == ()


def test_short_texts_are_told_apart_by_their_titles() -> None:
    """Without abstracts, words in common say little."""
    picks = [
        pick(1, 0.9, title="Agents plan", abstract=""),
        pick(2, 0.8, title="Agents plan well", abstract=""),
        pick(3, 0.7, title="agents plan", abstract=""),
    ]

    first, second = choose(picks, TOPICS)

    assert (first.paper.id[-1], second.paper.id[-1]) == ("1", "2")
    assert [paper.id[-1] for paper in first.also] == ["3"]


def test_one_sentence_under_all_entries_makes_no_twins() -> None:
    """`Read the whole post on our site` says nothing of a paper."""
    text = "Read the whole of this post, and all the others that we wrote, on our own site today."
    picks = [
        pick(1, 0.9, title="Agents plan", abstract=text),
        pick(2, 0.8, title="Of cats", abstract=text),
    ]

    assert [picked.also for picked in choose(picks, TOPICS)] == [(), ()]


def test_no_group_fills_an_issue() -> None:
    """Of one author's papers so many are shown; a collaboration of hundreds is no group."""
    group = [pick(n, 1 - n / 10, authors=("Ada Byron", f"Guest {n}")) for n in range(1, 4)]
    crowd = tuple(f"Member {n}" for n in range(300))
    crowds = [pick(n, 0.1, "two", authors=crowd) for n in range(4, 7)]

    assert [picked.paper.id[-1] for picked in choose(group, TOPICS, per_author=2)] == ["1", "2"]
    assert len(choose(group, TOPICS)) == 3
    assert len(choose(crowds, TOPICS, per_author=1)) == 3


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from(["one", "two"]), st.floats(0, 1)), max_size=20
    ),
    st.integers(1, 3),
)
def test_every_paper_is_shown_folded_or_left_out_once(
    rows: list[tuple[int, str, float]], per_author: int
) -> None:
    """Whatever is wanted, nothing appears twice, and no author too often."""
    text = "the same words in every abstract of this test so that some papers are all alike here"
    picks = [
        pick(
            n,
            total,
            topic,
            abstract=text if n % 2 else make_paper(n).abstract,
            authors=(f"A{n % 3}",),
        )
        for n, topic, total in {(n, t): (n, t, s) for n, t, s in rows}.values()
    ]

    chosen = choose(picks, TOPICS, per_author=per_author)

    shown = [paper.id for picked in chosen for paper in (picked.paper, *picked.also)]
    assert len(shown) == len(set(shown))
    for author in ("A0", "A1", "A2"):
        assert sum(picked.paper.authors == (author,) for picked in chosen) <= per_author


def test_variety_puts_other_papers_before_more_of_the_same() -> None:
    """With weight on it the second place goes to a paper unlike the first, at some cost in score."""
    shared = "tokens words heads layers keys values queries caches pages blocks tiles warps"
    picks = [
        pick(1, 0.9, title="Attention by pages", abstract=f"{shared} one two three four five six"),
        pick(
            2,
            0.8,
            title="Caches by blocks",
            abstract=f"{shared} seven eight nine ten eleven twelve",
        ),
        pick(3, 0.7, title="Ribbons and knots", abstract="genus surgery links lemma bound surface"),
    ]

    def order(variety: float) -> list[str]:
        return [picked.paper.id[-1] for picked in choose(picks, TOPICS, variety=variety)]

    assert order(0.0) == ["1", "2", "3"]
    assert order(0.5) == ["1", "3", "2"]
