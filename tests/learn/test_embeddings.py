"""Sentence embeddings, where the extra is installed."""

from __future__ import annotations

import numpy as np
import pytest

from newsletter.learn.embeddings import Embedder, find_model
from newsletter.learn.libraries import words_as_paper


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The model, or a reason to skip."""
    folder = find_model()
    if folder is None:
        pytest.skip("the extra `embeddings` is not installed")
    return Embedder(folder)


def test_what_means_the_same_is_near(embedder: Embedder) -> None:
    """Texts with the same meaning in other words are near, whatever else is embedded with them."""
    texts = ("A cat sits on the mat", "A kitten rests on a rug", "Lattice quantum chromodynamics")
    rows = embedder.embed([words_as_paper(text) for text in texts])

    near = rows @ rows.T

    assert rows.shape == (3, 384)
    assert np.allclose(np.diag(near), 1, atol=1e-5)
    assert near[0, 1] > 0.6
    assert near[0, 2] < 0.2


def test_a_text_is_the_same_alone_and_among_longer_ones(embedder: Embedder) -> None:
    """Filling up changes nothing; very long texts and empty ones are read."""
    short, empty = words_as_paper("Agents plan"), words_as_paper("")
    long = words_as_paper("Agents", "plan tools " * 2000)

    alone, among = embedder.embed([short]), embedder.embed([long, short, empty])

    assert np.allclose(alone[0], among[1], atol=1e-5)
    assert np.isfinite(among).all()
