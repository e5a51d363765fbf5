"""Small models for sentence embeddings in the formats of others, with weights made by a formula."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

WORDS = "[UNK] [PAD] [CLS] [SEP] agents plan tools proteins fold cells with and . robots".split()
SIZE, INNER, LAYERS, HEADS, POSITIONS = 16, 32, 2, 4, 64

CONFIGS: Mapping[str, Mapping[str, object]] = {
    "bert": {"type_vocab_size": 2, "pad_token_id": 1},
    "roberta": {"type_vocab_size": 1, "pad_token_id": 1},
    "mpnet": {"relative_attention_num_buckets": 32, "pad_token_id": 1},
    "distilbert": {"pad_token_id": 1},
}


def write_tokenizer(folder: Path) -> None:
    """Write a tokenizer of whole words, which marks where a text begins and ends."""
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    marks = [("[CLS]", 2), ("[SEP]", 3)]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=marks)
    tokenizer.save(str(folder / "tokenizer.json"))


def write_encoder(folder: Path, kind: str, prefix: str = "") -> Path:
    """Write a transformer of an architecture into `folder`, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    config: dict[str, object] = {"model_type": kind, "vocab_size": len(WORDS), **CONFIGS[kind]}
    config |= {"max_position_embeddings": POSITIONS, "hidden_act": "gelu", "activation": "gelu"}
    config |= {"layer_norm_eps": 1e-5, "hidden_size": SIZE, "num_hidden_layers": LAYERS}
    config |= {"num_attention_heads": HEADS, "intermediate_size": INNER}
    if kind == "distilbert":
        config |= {"dim": SIZE, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": INNER}
        config |= {"layer_norm_eps": 1e-12}
    (folder / "config.json").write_text(json.dumps(config))
    weights = {prefix + name: _made(name, shape) for name, shape in _shapes(kind).items()}
    save_file(weights, folder / "model.safetensors")
    write_tokenizer(folder)
    return folder


def write_static(folder: Path, size: int = 8, **more: Any) -> Path:
    """Write a table of vectors as model2vec does; `more` are further arrays beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "model2vec", "normalize": True}))
    table = {"embeddings": _made("table", (len(WORDS), size))}
    save_file(table | more, folder / "model.safetensors")
    write_tokenizer(folder)
    return folder


def _made(name: str, shape: tuple[int, ...]) -> Any:
    """Return numbers that look random, and are the same on every machine."""
    seed = sum(map(ord, name)) % 97 + 1
    wave = np.sin(np.arange(np.prod(shape)) * (1.7 + seed / 31) + seed)
    if "norm" in name.lower():  # in real models they hardly change what they scale
        wave = 0.2 * wave + (2.0 if name.endswith("weight") else 0.0)
    return (0.5 * wave).astype(np.float32).reshape(shape)


def _shapes(kind: str) -> dict[str, tuple[int, ...]]:
    dense: dict[str, tuple[int, int]] = {}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        if kind == "distilbert":
            start = f"transformer.layer.{layer}."
            names = [f"attention.{part}_lin" for part in ("q", "k", "v", "out")]
            wide, narrow = "ffn.lin1", "ffn.lin2"
            norms += [start + "sa_layer_norm", start + "output_layer_norm"]
        else:
            start = f"encoder.layer.{layer}."
            names = (
                [f"attention.attn.{part}" for part in "qkvo"]
                if kind == "mpnet"
                else [f"attention.self.{part}" for part in ("query", "key", "value")]
                + ["attention.output.dense"]
            )
            wide, narrow = "intermediate.dense", "output.dense"
            first = "attention" if kind == "mpnet" else "attention.output"
            norms += [f"{start}{first}.LayerNorm", f"{start}output.LayerNorm"]
        dense |= {start + name: (SIZE, SIZE) for name in names}
        dense |= {start + wide: (INNER, SIZE), start + narrow: (SIZE, INNER)}
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), SIZE),
        "embeddings.position_embeddings.weight": (POSITIONS, SIZE),
    }
    if kind in ("bert", "roberta"):
        found["embeddings.token_type_embeddings.weight"] = (2 if kind == "bert" else 1, SIZE)
    if kind == "mpnet":
        found["encoder.relative_attention_bias.weight"] = (32, HEADS)
    for name, shape in dense.items():
        found |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in norms:
        found |= {f"{name}.weight": (SIZE,), f"{name}.bias": (SIZE,)}
    return found
