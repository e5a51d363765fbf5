"""Transformer encoders (Vaswani et al. 2017), computed with numpy alone.

BERT (Devlin et al. 2019), RoBERTa (Liu et al. 2019), MPNet (Song et al. 2020) and DistilBERT (Sanh
et al. 2019) do the same arithmetic under different names. Models for sentence embeddings are small,
so nobody has to install gigabytes of a framework.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from newsletter.learn.arrays import Floats

BATCH: Final = 16
_EPSILON: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What an architecture calls its weights, within a layer that `layers` and a number name."""

    layers: str = "encoder.layer"
    query: str = "attention.self.query"
    key: str = "attention.self.key"
    value: str = "attention.self.value"
    attended: str = "attention.output.dense"
    attended_norm: str = "attention.output.LayerNorm"
    inner: str = "intermediate.dense"
    outer: str = "output.dense"
    outer_norm: str = "output.LayerNorm"


_BERT: Final = Naming()
NAMINGS: Final[Mapping[str, Naming]] = {
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "camembert": _BERT,
    "mpnet": Naming(
        query="attention.attn.q",
        key="attention.attn.k",
        value="attention.attn.v",
        attended="attention.attn.o",
        attended_norm="attention.LayerNorm",
    ),
    "distilbert": Naming(
        layers="transformer.layer",
        query="attention.q_lin",
        key="attention.k_lin",
        value="attention.v_lin",
        attended="attention.out_lin",
        attended_norm="sa_layer_norm",
        inner="ffn.lin1",
        outer="ffn.lin2",
        outer_norm="output_layer_norm",
    ),
}
"""By `model_type` in a model's config.json."""
_OFFSET: Final = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})
"""Architectures that count positions from one after that of the padding."""
_PREFIXES: Final = ("bert.", "roberta.", "mpnet.", "distilbert.")


class Transformer:
    """A transformer: token ids → one vector for each text."""

    def __init__(self, config: Mapping[str, object], weights: Mapping[str, Floats]) -> None:
        """Take a model's config.json and its weights.

        Raises KeyError for an architecture or a setting that is not known, or a weight that is not
        there; ValueError for a setting that cannot be.
        """
        kind = str(config["model_type"])
        self._naming = NAMINGS[kind]
        self._weights = {_bare(name): value for name, value in weights.items()}
        # DistilBERT has short names for the same settings.
        self._heads = _whole(config.get("num_attention_heads", config.get("n_heads")))
        self._layers = _whole(config.get("num_hidden_layers", config.get("n_layers")))
        epsilon = config.get("layer_norm_eps", _EPSILON)
        self._epsilon = float(epsilon) if isinstance(epsilon, int | float) else _EPSILON
        padding = config.get("pad_token_id", 1)
        self._first = _whole(padding) + 1 if kind in _OFFSET else 0
        activation = config.get("hidden_act", config.get("activation", "gelu"))
        if activation != "gelu":
            raise ValueError(f"its activation is {activation}, and only gelu is known")
        self.size = self._weights["embeddings.word_embeddings.weight"].shape[1]
        """Numbers in a vector."""
        self.longest = self._weights["embeddings.position_embeddings.weight"].shape[0] - self._first
        """Tokens that it can read."""

    def encode(self, tokens: Sequence[Sequence[int]], *, first_only: bool) -> Floats:
        """Return a vector for each text: the mean over its tokens, or that of its first token."""
        # Group texts of similar length: shorter ones are padded to the longest of their group.
        order = sorted(range(len(tokens)), key=lambda number: len(tokens[number]))
        found = np.zeros((len(tokens), self.size), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            found[some] = self._forward([tokens[number] for number in some], first_only)
        return found

    def _forward(self, tokens: Sequence[Sequence[int]], first_only: bool) -> Floats:  # noqa: FBT001
        length = max(1, *map(len, tokens))
        ids = np.array([[*row, *[0] * (length - len(row))] for row in tokens])
        is_text = np.array([[1.0] * len(row) + [0.0] * (length - len(row)) for row in tokens])
        weights, first = self._weights, self._first
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][first : first + length]
        )
        if "embeddings.token_type_embeddings.weight" in weights:
            hidden = hidden + weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normed(hidden, "embeddings.LayerNorm")
        bias = ((1.0 - is_text) * -1e9).astype(np.float32)[:, None, None, :]
        if "encoder.relative_attention_bias.weight" in weights:
            near = weights["encoder.relative_attention_bias.weight"][_buckets(length)]
            bias = bias + near.transpose(2, 0, 1)[None]
        for layer in range(self._layers):
            hidden = self._layer(hidden, bias, f"{self._naming.layers}.{layer}.")
        if first_only:
            return hidden[:, 0]
        kept = is_text.astype(np.float32)[:, :, None]
        mean: Floats = (hidden * kept).sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
        return mean

    def _layer(self, hidden: Floats, bias: Floats, name: str) -> Floats:
        naming = self._naming
        texts, length, size = hidden.shape

        def heads(part: str) -> Floats:
            rows = self._dense(hidden, name + part)
            split = (texts, length, self._heads, size // self._heads)
            return rows.reshape(split).transpose(0, 2, 1, 3)

        query, key, value = map(heads, (naming.query, naming.key, naming.value))
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(size // self._heads)) + bias
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        context = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, length, size)
        attended = self._dense(context, name + naming.attended)
        hidden = self._normed(attended + hidden, name + naming.attended_norm)
        inner = _gelu(self._dense(hidden, name + naming.inner))
        outer = self._dense(inner, name + naming.outer)
        return self._normed(outer + hidden, name + naming.outer_norm)

    def _dense(self, rows: Floats, name: str) -> Floats:
        flat = rows.reshape(-1, rows.shape[-1])
        found = flat @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return found.reshape(*rows.shape[:-1], -1)

    def _normed(self, rows: Floats, name: str) -> Floats:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self._epsilon)
        scaled: Floats = centred / deviation * self._weights[f"{name}.weight"]
        return scaled + self._weights[f"{name}.bias"]


def _bare(name: str) -> str:
    """Return a weight's name without that of its architecture, which some files put before it."""
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a setting is {value!r} and not a number")
    return value


def _gelu(rows: Floats) -> Floats:
    """Return x Phi(x) (Hendrycks and Gimpel 2016)."""
    from scipy.special import erf  # noqa: PLC0415  slow to import

    found: Floats = rows * 0.5 * (1.0 + erf(rows / np.float32(np.sqrt(2.0))))
    return found


def _buckets(length: int, count: int = 32, most: int = 128) -> npt.NDArray[np.intp]:
    """Return for each pair of positions the bucket of their distance (Raffel et al. 2020, 2.1).

    Near distances have a bucket each, far ones share buckets that grow with the logarithm.
    """
    distance = np.arange(length)[:, None] - np.arange(length)[None, :]
    half = count // 2
    exact = half // 2
    far = np.abs(distance)
    grown = np.log(np.maximum(far, 1) / exact) / np.log(most / exact) * (half - exact)
    large = np.minimum(exact + grown.astype(np.intp), half - 1)
    found: npt.NDArray[np.intp] = np.where(distance < 0, half, 0) + np.where(
        far < exact, far, large
    )
    return found
