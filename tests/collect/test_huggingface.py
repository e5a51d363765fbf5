"""The Hugging Face Daily Papers API."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_document, make_source

from newsletter.collect.kinds.huggingface import parse_daily_papers
from newsletter.errors import SourceError

PAPER = {
    "paper": {
        "id": "2603.99011",
        "title": "Agents That Read",
        "summary": "We introduce\nan agent.",
        "authors": [{"name": "Ada Byron", "hidden": False}, {"hidden": True}, "Bo Li"],
        "publishedAt": "2026-03-16T00:00:00.000Z",
        "upvotes": 184,
        "githubRepo": "https://github.com/example/x",
        "githubStars": 12,
        "ai_summary": "An agent reads.",
        "ai_keywords": ["agent", None],
    },
    "numComments": 3,
}


def parse(answer: object) -> tuple[object, ...]:
    document = make_document(json.dumps(answer))
    return parse_daily_papers(document, make_source(kind="huggingface"), NOW).papers


def test_every_field_is_used() -> None:
    """Votes, comments, code, stars, summary and keywords arrive; the abstract stays the authors'."""
    parsed = parse_daily_papers(make_document(json.dumps([PAPER])), make_source(), NOW)

    (paper,) = parsed.papers
    assert (paper.id, paper.abstract) == ("arxiv:2603.99011", "We introduce an agent.")
    assert (paper.votes, paper.comments, paper.stars) == (184, 3, 12)
    assert paper.authors == ("Ada Byron", "Bo Li")
    assert (paper.summary, paper.summary_by) == ("An agent reads.", "AI, Hugging Face")
    assert paper.code_url == "https://github.com/example/x"
    assert paper.discussion_url == "https://huggingface.co/papers/2603.99011"


@pytest.mark.parametrize(
    "name",
    [
        "summary",
        "authors",
        "publishedAt",
        "upvotes",
        "githubRepo",
        "ai_summary",
        "ai_keywords",
        "id",
    ],
)
@pytest.mark.parametrize("odd", [None, "", 7, -1, [], {}, [None], "javascript:alert(1)"])
def test_an_odd_field_loses_that_field_only(name: str, odd: object) -> None:
    """Whatever stands in one field, the paper is there."""
    answer = {**PAPER, "paper": {**PAPER["paper"], name: odd}}  # type: ignore[dict-item]

    assert len(parse([answer])) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["paper", "title", "id", "authors", "x"]), inner)
        ),
    )
)
def test_any_json_gives_papers_or_a_reason(answer: object) -> None:
    """No answer raises anything but SourceError."""
    try:
        parse(answer)
    except SourceError as error:
        assert str(error)
