"""Sentence embeddings of papers, stored so that each is computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from newsletter.model import Paper
from newsletter.store.database import Database
from newsletter.store.papers import CHUNK, chunks
from newsletter.store.tables import vectors

Rows = np.ndarray[Any, np.dtype[np.float32]]
KEPT = 20_000
"""Embeddings that are kept, the newest ones: 15 MB."""


class VectorStore:
    """Embeddings in the database, by a digest of the text."""

    def __init__(self, database: Database, make: Callable[[Sequence[Paper]], Rows]) -> None:
        """Use an open `database`; `make` computes the embeddings that it lacks."""
        self._database = database
        self._make = make

    def embed(self, papers: Sequence[Paper]) -> Rows:
        """Return one row for each paper; missing rows are computed and stored."""
        digests = [_digest(paper) for paper in papers]
        known: dict[str, Rows] = {}
        with self._database.transaction() as connection:
            for some in chunks(dict.fromkeys(digests), CHUNK):
                query = sa.select(vectors.c.digest, vectors.c.data).where(
                    vectors.c.digest.in_(some)
                )
                for row in connection.execute(query):
                    known[row.digest] = np.frombuffer(row.data, dtype=np.float16)
        wanted = dict(zip(digests, papers, strict=True))
        missing = {digest: paper for digest, paper in wanted.items() if digest not in known}
        if missing:
            made = self._make(list(missing.values()))
            known |= dict(zip(missing, made, strict=True))
            self._save(dict(zip(missing, made, strict=True)))
        return np.array([known[digest] for digest in digests], dtype=np.float32)

    def _save(self, made: dict[str, Rows]) -> None:
        with self._database.transaction() as connection:
            for some in chunks(made.items(), CHUNK):
                connection.execute(
                    vectors.insert().prefix_with("OR IGNORE"),
                    [
                        {"digest": digest, "data": row.astype(np.float16).tobytes()}
                        for digest, row in some
                    ],
                )
            newest = sa.select(vectors.c.number).order_by(vectors.c.number.desc()).limit(KEPT)
            connection.execute(vectors.delete().where(vectors.c.number.not_in(newest)))


def _digest(paper: Paper) -> str:
    return hashlib.sha256(f"{paper.title}\n{paper.abstract}".encode()).hexdigest()[:32]
