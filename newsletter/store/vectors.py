"""Sentence embeddings of papers, stored so that each is computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from newsletter.model import Paper
from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.database import Database
from newsletter.store.dialects import inserting
from newsletter.store.tables import vectors

Rows = np.ndarray[Any, np.dtype[np.float32]]
BATCH = 64
"""Embeddings that are made at a time."""
KEPT = 20_000
"""Embeddings that are kept, the newest ones: 15 MB."""


class VectorStore:
    """Embeddings in the database, by a digest of the text and the model's name."""

    def __init__(
        self,
        database: Database,
        make: Callable[[Sequence[Paper]], Rows],
        model: str = "",
        on_made: Callable[[int, int], None] = lambda _made, _wanted: None,
    ) -> None:
        """Use an open `database`; `make` computes the embeddings that it lacks.

        Models give a paper different embeddings, so `model` is part of what they are found by.
        `on_made` is told how many of the missing ones there are so far.
        """
        self._database = database
        self._make = make
        self._model = model
        self._on_made = on_made

    def embed(self, papers: Sequence[Paper]) -> Rows:
        """Return one row for each paper; missing rows are computed and stored."""
        digests = [_digest(self._model, paper) for paper in papers]
        known: dict[str, Rows] = {}
        with self._database.transaction() as connection:
            for some in chunks(dict.fromkeys(digests), CHUNK):
                query = sa.select(vectors.c.digest, vectors.c.data).where(
                    vectors.c.digest.in_(some)
                )
                for row in connection.execute(query):
                    known[row.digest] = np.frombuffer(row.data, dtype=np.float16)
        wanted = dict(zip(digests, papers, strict=True))
        missing = [(digest, paper) for digest, paper in wanted.items() if digest not in known]
        # A few at a time: on the first run this takes minutes, and what is made is not lost.
        done = 0
        for pairs in chunks(missing, BATCH):
            rows = self._make([paper for _, paper in pairs])
            made = dict(zip((digest for digest, _ in pairs), rows, strict=True))
            known |= made
            self._save(made)
            done += len(made)
            self._on_made(done, len(missing))
        return np.array([known[digest] for digest in digests], dtype=np.float32)

    def _save(self, made: dict[str, Rows]) -> None:
        with self._database.transaction() as connection:
            for some in chunks(made.items(), CHUNK):
                connection.execute(
                    inserting(connection, vectors).on_conflict_do_nothing(
                        index_elements=["digest"]
                    ),
                    [
                        {"digest": digest, "data": row.astype(np.float16).tobytes()}
                        for digest, row in some
                    ],
                )
            newest = sa.select(vectors.c.number).order_by(vectors.c.number.desc()).limit(KEPT)
            connection.execute(vectors.delete().where(vectors.c.number.not_in(newest)))


def _digest(model: str, paper: Paper) -> str:
    text = f"{model}\n" if model else ""
    text += f"{paper.title}\n{paper.abstract}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
