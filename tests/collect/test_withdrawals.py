"""Papers that were taken back, and those that only speak of it."""

from __future__ import annotations

import pytest
from makers import make_paper

from newsletter.collect.withdrawals import is_withdrawn, remarks_withdrawn


@pytest.mark.parametrize(
    "abstract",
    [
        "This paper has been withdrawn by the author due to an error.",
        "Withdrawn",
        "Paper withdrawn by author",
        "Abstract withdrawn.",
        "[Withdrawn] We study sheep.",
        "Due to an error in the proof of Lemma 3, this paper has been withdrawn.",
        "Because of a bug we withdraw this paper.",
        "Please note this version has been withdrawn.",
        "This is a withdrawn paper.",
    ],
)
def test_an_abstract_says_so(abstract: str) -> None:
    """In one of the ways that authors and arXiv write it, also after the reason."""
    assert is_withdrawn(make_paper(title="On sheep", abstract=abstract))


@pytest.mark.parametrize(
    "abstract",
    [
        "Withdrawn from the market, drugs still sell.",
        "Retracted by muscles, the claw is safe.",
        "We study papers that have been withdrawn from arXiv.",
        "Due to side effects, the drug was withdrawn in 3% of patients.",
        "This paper was withdrawn from ICLR 2026 and revised; we study sheep.",
    ],
)
def test_an_abstract_that_only_speaks_of_it(abstract: str) -> None:
    """Drugs, claws and other papers."""
    assert not is_withdrawn(make_paper(title="On sheep", abstract=abstract))


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("WITHDRAWN: On sheep", True),
        ("On sheep (withdrawn)", True),
        ("On sheep [RETRACTED]", True),
        ("Withdrawn patients: a study", False),
        ("Water (withdrawn) in dry years", False),
    ],
)
def test_a_title_says_so(title: str, said: bool) -> None:  # noqa: FBT001
    """Before the title or after it, apart from it."""
    assert is_withdrawn(make_paper(title=title, abstract="We count sheep.")) is said


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("v2 withdrawn", True),
        ("12 pages, withdrawn due to an error", True),
        ("The first version was withdrawn because of a mistake; this one is right", False),
    ],
)
def test_a_comment_says_so(comment: str, said: bool) -> None:  # noqa: FBT001
    """Of this version, not of the one before."""
    assert remarks_withdrawn(comment) is said
