"""Sentence embeddings, by the packaged model and by those that users bring."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import WORDS, write_encoder, write_static

from newsletter.errors import ModelError
from newsletter.learn.embeddings import Embedder, find_folder, find_model
from newsletter.learn.libraries import words_as_paper
from newsletter.model import Paper

TEXT = Paper(
    id="x",
    keys=("x",),
    url="",
    title="agents plan with tools and . proteins fold",
    abstract="robots plan and cells fold with proteins . " * 5,
)
# Computed by transformers 5 and torch 2.13 from the same files: the mean over all tokens, and the
# first token, each of length 1.
EXPECTED = {
    "bert": (
        (0.0861, -0.0987, -0.1911, -0.108, 0.3584, 0.2469),
        (-0.0526, -0.2765, -0.2471, -0.3272, 0.1118, 0.0352),
    ),
    "roberta": (
        (0.104, -0.0282, -0.097, -0.0927, 0.3094, 0.174),
        (0.0109, -0.1604, -0.3429, -0.2931, 0.2664, 0.2008),
    ),
    "mpnet": (
        (-0.0006, -0.468, -0.1843, -0.0677, -0.0453, -0.0025),
        (-0.1272, -0.3088, -0.331, -0.2463, 0.0322, 0.08),
    ),
    "distilbert": (
        (-0.1434, -0.0117, 0.414, -0.43, 0.2268, 0.1833),
        (-0.0642, -0.1721, 0.4288, -0.4111, 0.2327, 0.0966),
    ),
}


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The packaged model, or a reason to skip."""
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


@pytest.mark.parametrize("kind", EXPECTED)
def test_an_encoder_computes_what_its_framework_computes(kind: str, tmp_path: Path) -> None:
    """Of each architecture; the model's own settings say which tokens count."""
    folder = write_encoder(tmp_path / kind, kind)
    (mean,) = Embedder(folder).embed([TEXT])
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    (first,) = Embedder(folder).embed([TEXT])

    assert np.allclose(mean[:6], EXPECTED[kind][0], atol=1e-4)
    assert np.allclose(first[:6], EXPECTED[kind][1], atol=1e-4)


def test_weights_may_have_the_name_of_their_architecture_before_theirs(tmp_path: Path) -> None:
    """Models for other tasks are saved so."""
    bare = Embedder(write_encoder(tmp_path / "a", "bert")).embed([TEXT])
    named = Embedder(write_encoder(tmp_path / "b", "bert", prefix="bert.")).embed([TEXT])

    assert np.array_equal(bare, named)


def test_a_text_is_the_same_alone_and_among_longer_ones(tmp_path: Path) -> None:
    """Filling up changes nothing; very long texts and empty ones are read."""
    model = Embedder(write_encoder(tmp_path, "mpnet"))
    short, empty = words_as_paper("agents plan"), words_as_paper("")
    long = words_as_paper("agents", "plan tools " * 2000)

    alone, among = model.embed([short]), model.embed([long, short, empty])

    assert np.allclose(alone[0], among[1], atol=1e-5)
    assert np.isfinite(among).all()


def test_static_embeddings_are_the_mean_of_a_texts_tokens(tmp_path: Path) -> None:
    """Without marks for beginning and end, and without what the table does not know."""
    size = 4
    weights = np.arange(len(WORDS), dtype=np.float32)
    mapping = np.arange(len(WORDS), dtype=np.int64)[::-1].copy()
    model = Embedder(write_static(tmp_path, size, weights=weights, mapping=mapping))
    table = Embedder(write_static(tmp_path / "plain", size))
    pair, unknown = words_as_paper("agents", "plan zebra"), words_as_paper("zebra")

    found = model.embed([pair, unknown])
    plain = table.embed([words_as_paper(word) for word in reversed(WORDS)])

    assert np.allclose(np.linalg.norm(found[0]), 1, atol=1e-5)
    assert np.array_equal(found[1], model.embed([words_as_paper("")])[0])
    assert found.shape == (2, size)
    assert not np.allclose(found[0], plain[0])


def test_static_embeddings_as_sentence_transformers_keeps_them(tmp_path: Path) -> None:
    """In a folder of their own."""
    plain = Embedder(write_static(tmp_path / "plain")).embed([TEXT])
    folder = tmp_path / "other"
    folder.mkdir()
    shutil.copytree(tmp_path / "plain", folder / "0_StaticEmbedding")

    assert np.array_equal(Embedder(folder).embed([TEXT]), plain)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=200), min_size=1, max_size=4))
def test_any_text_has_a_vector_of_length_one_or_none(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Whatever it is written in."""
    model = Embedder(write_encoder(tmp_path_factory.mktemp("model"), "distilbert"))

    rows = model.embed([words_as_paper(text) for text in texts])

    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"config.json": '{"model_type": "t5"}'}, "a model of type t5; known are bert"),
        ({"config.json": "{"}, "not a model that can be read"),
        ({"tokenizer.json": "[]"}, "not a model that can be read"),
        ({"model.safetensors": "zzzzzzzzzzzz"}, "not a model that can be read"),
        ({"model.safetensors": None}, "model.safetensors"),
        ({"config.json": '{"model_type": "bert", "hidden_act": "relu"}'}, "only gelu is known"),
    ],
)
def test_what_is_no_model_is_told(broken: dict[str, str | None], said: str, tmp_path: Path) -> None:
    """With its folder, and why."""
    folder = write_encoder(tmp_path / "model", "bert")
    for name, content in broken.items():
        if content is None:
            (folder / name).unlink()
        else:
            settings_ = json.loads((folder / "config.json").read_text())
            text = content
            if content.startswith('{"'):
                text = json.dumps(settings_ | json.loads(content))
            (folder / name).write_text(text)

    with pytest.raises(ModelError) as caught:
        Embedder(folder)

    assert str(folder) in str(caught.value)
    assert said in str(caught.value)


def test_a_folder_comes_before_a_name_on_the_hub(tmp_path: Path) -> None:
    """What is neither is told, with what may stand there."""
    (tmp_path / "owner" / "model").mkdir(parents=True)

    assert find_folder("owner/model", tmp_path) == tmp_path / "owner" / "model"
    for name in ("./missing", "../missing", "/missing/model", "minilmm"):
        with pytest.raises(ModelError, match="no such folder"):
            find_folder(name, tmp_path, may_fetch=False)
