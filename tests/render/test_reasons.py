"""Which reasons a reader is told, and what of a paper stands below its sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper, make_pick

from newsletter.model import Reason, ReasonKind
from newsletter.render.phrases import ENGLISH
from newsletter.render.reasons import telling_reasons
from newsletter.render.views import WHOLE, excerpt, paper_view
from newsletter.render.words import say

K = ReasonKind
BY, LIKED, AT = (
    Reason(kind=K.AUTHOR, name="Ada"),
    Reason(kind=K.LIKED),
    Reason(kind=K.VENUE, name="Proc. ICML 26"),
)
IN_TITLE = Reason(kind=K.IN_TITLE, words=("language model",))


def told(
    *reasons: Reason, section: str = "Agents", votes: int = 12, title: str = "On plans"
) -> list[str]:
    paper = make_paper(title=title, votes=votes)
    pick = make_pick(paper, reasons=reasons, tldr="We plan with tools.")
    return [say(reason) for reason in telling_reasons(pick, section)]


@pytest.mark.parametrize(
    "reason",
    [
        IN_TITLE,
        Reason(kind=K.IN_ABSTRACT, words=("language models",)),
        Reason(kind=K.IN_ABSTRACT, words=("large language model", "language models")),
        Reason(kind=K.IN_CATEGORY, words=("cs.CL",)),
        Reason(kind=K.IN_SOURCE, words=("hf",)),
        Reason(kind=K.VOTES, count=1),
        Reason(kind=K.VOTES, count=12, name="Hugging Face"),
        Reason(kind=K.VOTES_WANTED, count=12),
        Reason(kind=K.COMMENTS, count=3),
        Reason(kind=K.STARS, count=3),
        Reason(kind=K.NEW),
        Reason(kind=K.AGE, count=3),
    ],
)
def test_what_the_page_shows_already_is_no_reason(reason: Reason) -> None:
    """The section's title, the badges, and that all is new."""
    assert told(reason, section="Large language models") == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (BY, "by Ada"),
        (LIKED, "like what you like"),
        (AT, "at Proc. ICML 26"),
        (Reason(kind=K.IN_AUTHORS, words=("Ada",)), "matches “Ada” among the authors"),
        (Reason(kind=K.IN_VENUE, words=("ICML",)), "matches “ICML” as its venue"),
        (Reason(kind=K.IN_TEXT, words=("/GPT-\\d/",)), "matches “/GPT-\\d/” in the text"),
        (Reason(kind=K.TOP, share=5), "top 5% of today's votes"),
        (Reason(kind=K.NOVEL), "unlike anything sent lately"),
        (Reason(kind=K.IN_ABSTRACT, words=("robot",)), "matches “robot” in the abstract"),
        (Reason(kind=K.IN_ABSTRACT, words=("R",)), "matches “R” in the abstract"),
    ],
)
def test_what_tells_something_is_said(reason: Reason, said: str) -> None:
    """Whom and what a reader follows and likes, the top of the votes, an unusual match."""
    assert told(reason) == [said]


def test_words_that_can_be_read_beside_are_no_reason() -> None:
    """In the paper's title, or in the sentence told; in another form, as one word or two."""

    def found(word: str) -> Reason:
        return Reason(kind=K.IN_ABSTRACT, words=(word,))

    assert told(found("LLM"), title="Small LLMs") == []
    mixed = Reason(kind=K.IN_ABSTRACT, words=("language model", "LLM"))
    assert told(mixed, section="Language models") == []
    assert told(mixed) == ["matches “language model” and “LLM” in the abstract"]
    assert told(found("planning"), title="A planner") == []
    assert told(found("tool"), found("tools")) == []
    assert told(found("pre-training"), title="Pretraining bees") == []
    assert told(found("art"), title="Smart bees") == ["matches “art” in the abstract"]


def test_nothing_is_said_twice() -> None:
    """A followed author, a venue, what somebody likes: once, the one that says more."""
    by_words = Reason(kind=K.IN_AUTHORS, words=("Ada",))
    at_words = Reason(kind=K.IN_VENUE, words=("ICML",))
    liked = Reason(kind=K.LIKED, words=("plans",))

    assert told(by_words, at_words, BY, AT) == ["by Ada", "at Proc. ICML 26"]
    assert told(LIKED, liked) == ["like what you like: “plans”"]
    assert told(LIKED, section="Close to what you like") == []
    assert told(Reason(kind=K.TOP, share=1), votes=1) == []


@given(
    st.lists(
        st.builds(Reason, kind=st.sampled_from(K), words=st.lists(st.text(), max_size=2).map(tuple))
    ),
    st.text(),
)
def test_reasons_are_among_those_given(reasons: list[Reason], section: str) -> None:
    """Each at most once, and never one that explains why a paper is not shown."""
    pick = make_pick(reasons=tuple(reasons))
    found = telling_reasons(pick, section)

    assert set(found) <= set(reasons)
    assert len({reason.kind for reason in found}) == len(found)


def test_a_view_says_only_what_tells() -> None:
    """The badges have the votes, the heading has the topic: no line is left."""
    pick = make_pick(make_paper(votes=12), reasons=(IN_TITLE, Reason(kind=K.VOTES, count=12)))
    view = paper_view(pick, "Language models", ENGLISH, room=0, density="comfortable")

    assert view.reasons == ()
    assert view.badges[0] == "▲\N{NO-BREAK SPACE}12"


def test_sentences_below_are_whole_and_fit() -> None:
    """One that does not fit is left out; a shorter one after it is not."""
    short = make_pick(details=("It is 5.",))
    several = make_pick(details=("It is 5.", "It is as long as it gets.", "It ends."))

    assert excerpt(several, 20) == "It is 5. It ends."
    assert excerpt(short, 8) == "It is 5."
    assert excerpt(short, 7) == excerpt(make_pick(details=()), 99) == ""
    assert excerpt(short, WHOLE) == short.paper.abstract
