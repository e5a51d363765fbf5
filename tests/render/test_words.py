"""What code says to readers, in words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newsletter
from newsletter.model import Reason, ReasonKind
from newsletter.model.gate import MAX_TEXT, line
from newsletter.render import words
from newsletter.render.phrases import ENGLISH
from newsletter.render.words import say

K = ReasonKind

SAID = [
    (Reason(kind=K.IN_TITLE, words=("a b", "c")), "matches “a b” and “c” in the title"),
    (Reason(kind=K.IN_ABSTRACT, words=("a",)), "matches “a” in the abstract"),
    (Reason(kind=K.IN_AUTHORS, words=("Byron",)), "matches “Byron” among the authors"),
    (Reason(kind=K.IN_TEXT, words=("/a.b/",)), "matches “/a.b/” in the text"),
    (Reason(kind=K.IN_VENUE, words=("ICML",)), "matches “ICML” as its venue"),
    (Reason(kind=K.IN_SOURCE, words=("hf",)), "matches “hf” as its source"),
    (Reason(kind=K.IN_CATEGORY, words=("cs.CL", "cs.LG")), "filed under cs.CL and cs.LG"),
    (Reason(kind=K.VOTES_WANTED, count=20), "20 votes or more"),
    (Reason(kind=K.VOTES, count=1), "1 vote"),
    (Reason(kind=K.VOTES, count=9, name="hf"), "9 votes on hf"),
    (Reason(kind=K.COMMENTS, count=2), "2 comments"),
    (Reason(kind=K.COMMENTS, count=1, name="hf"), "1 comment on hf"),
    (Reason(kind=K.TOP, share=5), "top 5% of today's votes"),
    (Reason(kind=K.STARS, count=1), "its code has 1 star"),
    (Reason(kind=K.STARS, count=12), "its code has 12 stars"),
    (Reason(kind=K.NEW), "new today"),
    (Reason(kind=K.AGE, count=1), "1 day old"),
    (Reason(kind=K.AGE, count=3), "3 days old"),
    (Reason(kind=K.LIKED), "like what you like"),
    (Reason(kind=K.LIKED, words=("knots", "ribbons")), "like what you like: “knots” and “ribbons”"),
    (Reason(kind=K.DISLIKED), "like what you want less of"),
    (Reason(kind=K.DISLIKED, words=("knots",)), "like what you want less of: “knots”"),
    (Reason(kind=K.AUTHOR, name="Ada Byron"), "by Ada Byron"),
    (Reason(kind=K.VENUE, name="ICML 2026"), "at ICML 2026"),
    (Reason(kind=K.NOVEL), "unlike anything sent lately"),
    (Reason(kind=K.SHOWN_ELSEWHERE, name="Agents"), "shown under Agents"),
    (Reason(kind=K.SAYS_THE_SAME, name="Knots"), "says the same as “Knots”"),
    (Reason(kind=K.SAME_AUTHOR, count=2, name="Bo Li"), "2 papers of Bo Li are shown already"),
    (Reason(kind=K.NO_ROOM, count=6, gap=0.125), "6 papers score more: it misses by 0.12"),
    (Reason(kind=K.LEFT_OUT), "left out for variety, or muted"),
]


@pytest.mark.parametrize(("reason", "text"), SAID)
def test_every_kind_of_reason_is_said(reason: Reason, text: str) -> None:
    """In a sentence of its own, with one and with several."""
    assert say(reason) == text


def test_no_kind_of_reason_is_forgotten() -> None:
    """Each is in the table above, and given by some code that picks or learns."""
    package = Path(newsletter.__file__).parent
    given_by_code = {
        node.attr
        for room in ("pick", "learn")
        for path in (package / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ReasonKind"
    }

    assert {reason.kind for reason, _ in SAID} == {*ReasonKind}
    assert given_by_code == {kind.name for kind in ReasonKind}


@given(
    st.builds(
        Reason,
        kind=st.sampled_from(ReasonKind),
        words=st.lists(st.text(), max_size=3).map(tuple),
        name=st.text(),
        count=st.integers(),
        share=st.integers(),
        gap=st.floats(),
    )
)
def test_a_reason_is_one_printable_line(reason: Reason) -> None:
    """Whatever its values, as far as sources and settings could ever give them."""
    said = say(reason)

    assert said
    assert len(said.splitlines()) == 1
    assert said == line(said)
    assert len(said) <= MAX_TEXT


@pytest.mark.parametrize(
    ("count", "days", "mail", "page"),
    [
        (1, 1, "1 paper picked for you, out of 9 new today.", "1 paper picked out of 9 new today."),
        (4, 1, "4 papers picked for you, out of 9 new today.", "4 papers picked out of 9 new today."),
        (1, 7, "1 paper picked for you, out of 9 new this week.", "1 paper picked out of 9 new this week."),
        (4, 7, "4 papers picked for you, out of 9 new this week.", "4 papers picked out of 9 new this week."),
    ],
)  # fmt: skip
def test_a_mail_and_its_page_say_what_they_hold(
    count: int, days: int, mail: str, page: str
) -> None:
    """Of a day or a week, one paper or several."""
    assert words.glance(ENGLISH, count, 9, days) == mail
    assert words.web_glance(ENGLISH, count, 9, days) == page


@pytest.mark.parametrize(
    ("topics", "days", "text"),
    [
        ([("Agents", 1)], 1, "1 paper of 9 new today: Agents 1."),
        ([("Agents", 1)], 7, "1 paper of 9 new this week: Agents 1."),
        ([("Agents", 1), ("Robots", 2)], 1, "3 papers of 9 new today: Agents 1, Robots 2."),
        ([("Agents", 1), ("Robots", 2)], 7, "3 papers of 9 new this week: Agents 1, Robots 2."),
        ([], 1, "0 papers of 9 new today."),
        ([], 7, "0 papers of 9 new this week."),
    ],
)
def test_an_inbox_shows_how_many_papers_of_which_topics(
    topics: list[tuple[str, int]], days: int, text: str
) -> None:
    """Beside the subject, also on a day without any."""
    assert words.preheader(ENGLISH, topics, 9, days) == text


def test_labels_of_a_paper() -> None:
    """Short, and right for one and for many."""
    assert [words.comments(ENGLISH, count) for count in (1, 2, 1_000)] == [
        "1 comment", "2 comments", "1K comments",
    ]  # fmt: skip
    assert [ENGLISH.short_number(count) for count in (0, 999, 1_234)] == ["0", "999", "1.2K"]
    assert words.authors(ENGLISH, ["Ada", "Bo"], 0) == "Ada, Bo"
    assert words.authors(ENGLISH, ["Ada", "Bo"], 3) == "Ada, Bo and 3 more"
    assert (words.greeting(ENGLISH, "Ada"), words.greeting(ENGLISH, "")) == ("Hello Ada", "Hello")
