"""What likes teach."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import make_paper

from newsletter.learn.models import chances, learn, shared_words
from newsletter.learn.spaces import FEWEST, Space, novelty, words
from newsletter.model import Paper

AGENTS = "agents plan tools with language models and act on the web in many steps".split()
PROTEINS = "proteins fold in cells under heat while enzymes bind membranes of yeast".split()
ROBOTS = "robots walk over rubble by night while gears hum under snow on mountains".split()
KNOTS = "knots and ribbons bound surfaces whose genus lemmas prove by surgery on links".split()


def paper(number: int, about: list[str]) -> Paper:
    chance = random.Random(number)
    title = " ".join(chance.sample(about, 5))
    return make_paper(number, title=title, abstract=" ".join(chance.choices(about, k=40)))


FIELDS = [paper(n, (PROTEINS, AGENTS, ROBOTS, KNOTS)[n % 4]) for n in range(1, 161)]
SPACE = Space(FIELDS)


def values(likes: list[Paper], of: list[Paper], dislikes: list[Paper] | None = None) -> Any:
    return chances(SPACE.see(of), [learn(SPACE, likes, dislikes or [])])[:, 0]


@pytest.mark.parametrize("count", [1, 5, 20])
def test_what_is_like_the_likes_comes_first(count: int) -> None:
    """From one like on, papers of its field are above those of another."""
    likes = [paper(101 + 2 * n, AGENTS) for n in range(count)]
    new = [paper(n, AGENTS if n % 2 else PROTEINS) for n in range(301, 321)]

    found = values(likes, new)

    assert min(found[::2]) > max(found[1::2])
    assert ((found >= 0) & (found <= 1)).all()


def test_words_alone_teach_as_well() -> None:
    """A sentence is enough: `like: "agents that plan"`."""
    sentence = make_paper(title="Agents that plan with tools", abstract="")

    found = values([sentence], [paper(301, AGENTS), paper(302, PROTEINS)])

    assert found[0] > found[1]


def test_dislikes_lower_what_is_like_them() -> None:
    """Other papers keep their mark or get a higher one."""
    likes = [paper(101, AGENTS), paper(102, PROTEINS)]
    new = [paper(301, AGENTS), paper(302, PROTEINS)]

    before, after = values(likes, new), values(likes, new, [paper(104, PROTEINS)])

    assert after[1] - after[0] < before[1] - before[0]


def test_a_model_is_small_and_the_same_every_time() -> None:
    """At most 30 kB, whatever is liked; learnt twice it is equal."""
    first, second = (learn(SPACE, [paper(n, AGENTS) for n in range(101, 141)]) for _ in range(2))

    assert first.nbytes <= 30_000
    assert np.array_equal(first.weights, second.weights)
    assert np.array_equal(first.senses.liked, second.senses.liked)
    assert first.shift == second.shift


def test_meanings_are_one_more_view() -> None:
    """With embeddings, papers that share no word with the likes are found by what they mean."""

    def embed(papers: Sequence[Paper]) -> Any:
        """Two directions: of walking, in whatever words, and of everything else."""
        walks = [any(w in work.title for w in ("walk", "stroll", "rubble")) for work in papers]
        rows = np.array(
            [[1.0, 0.2] if is_walk else [0.2, 1.0] for is_walk in walks], dtype=np.float32
        )
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    space = Space(FIELDS, embed)
    like = make_paper(title="rubble walk", abstract="")
    stroll, other = (make_paper(title=title, abstract="") for title in ("A stroll", "A ballot"))

    model = learn(space, [like])
    found = chances(space.see([stroll, other]), [model])[:, 0]
    blind = chances(SPACE.see([stroll, other]), [learn(SPACE, [like])])[:, 0]

    assert found[0] > found[1]
    assert abs(blind[0] - blind[1]) < 1e-6
    assert model.nbytes <= 20_000


def test_many_readers_at_once_are_marked_as_each_alone() -> None:
    """A column for each reader; none at all for nobody."""
    readers = [learn(SPACE, [paper(101, AGENTS)]), learn(SPACE, [paper(102, PROTEINS)])]
    seen = SPACE.see([paper(n, AGENTS) for n in range(301, 305)])

    together = chances(seen, readers)

    assert np.allclose(together[:, 0], chances(seen, readers[:1])[:, 0], atol=1e-6)
    assert np.allclose(together[:, 1], chances(seen, readers[1:])[:, 0], atol=1e-6)
    assert chances(seen, []).shape == (4, 0)


def test_reasons_are_words_of_the_paper_that_speak_for_it() -> None:
    """Without those words the paper is marked lower; words it does not hold are never named."""
    model = learn(SPACE, [paper(101, AGENTS)])
    shown = make_paper(title="Agents use tools", abstract="They were seen on the web.")

    named = shared_words(SPACE, model, shown)

    assert named
    assert all(word in f"{shown.title} {shown.abstract}".lower() for word in named)
    poorer = make_paper(
        title=" ".join(w for w in shown.title.split() if w.lower() not in " ".join(named)),
        abstract=shown.abstract,
    )
    rich, poor = chances(SPACE.see([shown, poorer]), [model])[:, 0]
    assert rich > poor
    assert shared_words(SPACE, model, make_paper(title="Zzz", abstract="Qqq.")) == ()


def test_a_background_of_a_few_papers_says_nothing() -> None:
    """On the first day there are too few papers to compare with, so likes have no effect yet."""
    with pytest.raises(ValueError, match=str(FEWEST)):
        Space(FIELDS[: FEWEST - 1])


def test_titles_count_three_times() -> None:
    """Stems and pairs of them; words that every text has are left out."""
    found = words(make_paper(title="Planning agents", abstract="The agents planned."))

    assert found.count("plan") == 3 + 1
    assert found.count("plan agent") == 1
    assert "the" not in found


@settings(max_examples=20)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=3), st.text(max_size=60))
def test_any_texts_give_marks_between_zero_and_one(likes: list[str], title: str) -> None:
    """Empty ones, other scripts, words that nobody else used."""
    found = values(
        [make_paper(title=liked, abstract="") for liked in likes],
        [make_paper(title=title, abstract="")],
    )

    assert 0 <= found[0] <= 1


def test_what_was_sent_is_not_new() -> None:
    """The same paper is not new at all, one of its field less so than one of another."""
    sent, near, far = paper(101, AGENTS), paper(103, AGENTS), paper(102, PROTEINS)

    same, alike, other = novelty(SPACE.see([sent, near, far]), SPACE.see([sent]))

    assert same < 0.01
    assert same < alike < other <= 1
